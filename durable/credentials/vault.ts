/**
 * What an account's object knows of its password: what logs in upstream again, and the verifiers that clients' SCRAM is
 * checked against. Stored sealed; in memory while the process lives.
 */
import * as v from "valibot";
import type { Credentials, FastToken } from "../../xmpp/initiating/state.ts";
import {
  keysMatchVerifier,
  saltBytes,
  type ScramHash,
  type ScramVerifier,
  verifierFromKeys,
} from "../../xmpp/sasl/scram-keys.ts";
import { fakeVerifier } from "../../xmpp/sasl/scram-server.ts";
import { Settings } from "../storage/settings.ts";
import { deriveKeys } from "./derive-keys.ts";
import { seal, unseal } from "./sealed-box.ts";
import { base64 } from "@scure/base";

/** RFC 7677 section 4 asks for 4096 at least; more costs each client that derives keys in JavaScript. */
export const VERIFIER_ITERATIONS = 10_000;
const HASHES: readonly ScramHash[] = ["SHA-512", "SHA-256", "SHA-1"];

const hashSchema = v.picklist(["SHA-512", "SHA-256", "SHA-1"]);
const parametersSchema = v.object({ hash: hashSchema, salt: v.string(), iterations: v.number() });
const storedSchema = v.object({
  credentials: v.variant("type", [
    v.object({ type: v.literal("password"), password: v.string() }),
    v.object({
      type: v.literal("scram"),
      parameters: parametersSchema,
      keys: v.object({ clientKey: v.string(), serverKey: v.string() }),
    }),
  ]),
  verifiers: v.array(v.object({ ...parametersSchema.entries, storedKey: v.string(), serverKey: v.string() })),
  strongestSeen: v.optional(v.string()),
  /** Logs in ahead of the credentials (XEP-0484). */
  token: v.optional(v.object({ token: v.string(), expiresAtMs: v.number() })),
  /** The server refused what is stored: only a person can help. */
  refused: v.boolean(),
});

export type Stored = v.InferOutput<typeof storedSchema>;

export class Vault {
  readonly #sql: SqlStorage;
  readonly #secret: string;
  readonly #account: string;
  readonly #onNewPassword: () => void;
  #stored: Stored | undefined;
  /** Ends when everything is written that was to be written; in order, for sealing takes its time. */
  #saving: Promise<void> = Promise.resolve();

  /** `onNewPassword`: what the password vouched for is good no longer. */
  constructor(sql: SqlStorage, secret: string, account: string, onNewPassword: () => void) {
    this.#sql = sql;
    this.#secret = secret;
    this.#account = account;
    this.#onNewPassword = onNewPassword;
  }

  /** Has the account ever logged in? Asks storage: nobody need have loaded it. */
  static isFilled(sql: SqlStorage): boolean {
    return sql.exec("SELECT 1 FROM credential").toArray().length > 0;
  }

  /** Reads what is stored. Under another CREDENTIALS_KEY it does not open, and the account has to log in anew. */
  async load(): Promise<void> {
    const [row] = this.#sql.exec<{ sealed: ArrayBuffer }>("SELECT sealed FROM credential WHERE id = 1");
    if (!row) return;
    const text = await unseal(this.#secret, this.#account, new Uint8Array(row.sealed));
    const parsed =
      text === undefined ? undefined : v.safeParse(v.pipe(v.string(), v.parseJson(), storedSchema), text);
    this.#stored = parsed?.success ? parsed.output : undefined;
  }

  /** What logs in upstream, unless the server refused it. */
  credentials(): Credentials | undefined {
    return this.#stored && !this.#stored.refused ? this.#stored.credentials : undefined;
  }

  strongestSeen(): string | undefined {
    return this.#stored?.strongestSeen;
  }

  /**
   * FAST-2: a token that logs in, with a count that is higher than at any use before; undefined without one that is still
   * good. The count is written at once and so is durable before it leaves; it never begins anew, which a server that
   * remembers it by the token cannot mind.
   */
  token(nowMs: number): { token: string; count: number } | undefined {
    const known = this.needsLogin ? undefined : this.#stored?.token;
    if (!known || known.expiresAtMs <= nowMs) return undefined;
    const settings = new Settings(this.#sql);
    const count = Number(settings.get("token-count") ?? "0") + 1;
    settings.set("token-count", String(count));
    return { token: known.token, count };
  }

  get needsLogin(): boolean {
    return this.#stored === undefined || this.#stored.refused;
  }

  /** SASL-D3: clients may use SCRAM only against a password that the server is known to accept. */
  verifierFor(hash: ScramHash): ScramVerifier | undefined {
    return this.needsLogin ? undefined : this.#stored?.verifiers.find((verifier) => verifier.hash === hash);
  }

  /** SASL-8: for anybody but the account, and where there is no verifier: like one, the same each time, and nobody's. */
  fakeVerifierFor(username: string, hash: ScramHash): ScramVerifier {
    const iterations = this.#stored?.verifiers[0]?.iterations ?? VERIFIER_ITERATIONS;
    return fakeVerifier(this.#secret, `${username}\0${this.#account}`, hash, iterations);
  }

  /** Is this the password the server last accepted? */
  async matches(password: string): Promise<boolean> {
    const verifier = this.verifierFor("SHA-256");
    if (!verifier) return false;
    const derived = await deriveKeys(password, verifier);
    return derived.ok && keysMatchVerifier(derived.keys, verifier);
  }

  /** The server accepted this password: stores what logs in again, and new verifiers. What belonged to another is gone. */
  async accept(
    password: string,
    credentials: Credentials,
    mechanism: string,
    token: FastToken | undefined,
  ): Promise<void> {
    const known = (await this.matches(password)) ? this.#stored?.verifiers : undefined;
    const verifiers = known ?? (await Promise.all(HASHES.map((hash) => makeVerifier(password, hash))));
    if (!known) this.#onNewPassword();
    const kept = token && readToken(token);
    await this.#save({
      credentials,
      verifiers,
      strongestSeen: mechanism,
      refused: false,
      ...(kept && { token: kept }),
    });
  }

  /** The server gave a token, which takes the place of the one before. */
  async keepToken(token: FastToken): Promise<void> {
    const kept = readToken(token);
    if (this.#stored && kept) await this.#save({ ...this.#stored, token: kept });
  }

  /** FAST-3: the server refused the token. */
  async dropToken(): Promise<void> {
    if (this.#stored) await this.#save(withoutToken(this.#stored));
  }

  /** The server refused what is stored. */
  async refuse(): Promise<void> {
    if (!this.#stored || this.#stored.refused) return;
    this.#onNewPassword();
    await this.#save({ ...withoutToken(this.#stored), refused: true });
  }

  #save(stored: Stored): Promise<void> {
    this.#stored = stored;
    const written = this.#saving.then(() => this.#write(stored));
    this.#saving = written.catch(() => undefined);
    return written;
  }

  async #write(stored: Stored): Promise<void> {
    const sealed = await seal(this.#secret, this.#account, JSON.stringify(stored));
    this.#sql.exec("INSERT OR REPLACE INTO credential (id, sealed) VALUES (1, ?)", sealed);
  }
}

/** Undefined when it does not say when it expires, as it has to (XEP-0484 section 3.3). */
function readToken({ token, expiry }: FastToken): Stored["token"] {
  const expiresAtMs = Date.parse(expiry);
  return Number.isNaN(expiresAtMs) ? undefined : { token, expiresAtMs };
}

function withoutToken(stored: Stored): Stored {
  const { token, ...others } = stored;
  return token ? others : stored;
}

async function makeVerifier(password: string, hash: ScramHash): Promise<ScramVerifier> {
  const salt = base64.encode(crypto.getRandomValues(new Uint8Array(saltBytes)));
  const parameters = { hash, salt, iterations: VERIFIER_ITERATIONS };
  const derived = await deriveKeys(password, parameters);
  // The server accepted this very password, through the same preparation.
  if (!derived.ok) throw new Error("An accepted password has no SCRAM keys");
  return verifierFromKeys(parameters, derived.keys);
}
