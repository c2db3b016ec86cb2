/**
 * What an account's object knows of its password: what logs in upstream again, and the verifiers that clients' SCRAM is
 * checked against. Stored sealed; in memory while the process lives.
 */
import * as v from "valibot";
import type { Credentials } from "../../xmpp/initiating/state.ts";
import {
  keysMatchVerifier,
  saltBytes,
  type ScramHash,
  type ScramVerifier,
  verifierFromKeys,
} from "../../xmpp/sasl/scram-keys.ts";
import { deriveKeys } from "./derive-keys.ts";
import { seal, unseal } from "./sealed-box.ts";
import { base64 } from "@scure/base";

/** RFC 7677 section 4 asks for 4096 at least; more costs each client that derives keys in JavaScript. */
const VERIFIER_ITERATIONS = 10_000;
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
  /** The server refused what is stored: only a person can help. */
  refused: v.boolean(),
});

export type Stored = v.InferOutput<typeof storedSchema>;

export class Vault {
  readonly #sql: SqlStorage;
  readonly #secret: string;
  readonly #account: string;
  #stored: Stored | undefined;

  constructor(sql: SqlStorage, secret: string, account: string) {
    this.#sql = sql;
    this.#secret = secret;
    this.#account = account;
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

  get needsLogin(): boolean {
    return this.#stored === undefined || this.#stored.refused;
  }

  /** SASL-D3: clients may use SCRAM only against a password that the server is known to accept. */
  verifierFor(hash: ScramHash): ScramVerifier | undefined {
    return this.needsLogin ? undefined : this.#stored?.verifiers.find((verifier) => verifier.hash === hash);
  }

  /** Is this the password the server last accepted? */
  async matches(password: string): Promise<boolean> {
    const verifier = this.verifierFor("SHA-256");
    if (!verifier) return false;
    const derived = await deriveKeys(password, verifier);
    return derived.ok && keysMatchVerifier(derived.keys, verifier);
  }

  /** The server accepted this password: stores what logs in again, and new verifiers. */
  async accept(password: string, credentials: Credentials, mechanism: string): Promise<void> {
    const verifiers = await Promise.all(HASHES.map((hash) => makeVerifier(password, hash)));
    await this.#save({ credentials, verifiers, strongestSeen: mechanism, refused: false });
  }

  /** The server refused what is stored. */
  async refuse(): Promise<void> {
    if (this.#stored && !this.#stored.refused) await this.#save({ ...this.#stored, refused: true });
  }

  async #save(stored: Stored): Promise<void> {
    this.#stored = stored;
    const sealed = await seal(this.#secret, this.#account, JSON.stringify(stored));
    this.#sql.exec("INSERT OR REPLACE INTO credential (id, sealed) VALUES (1, ?)", sealed);
  }
}

async function makeVerifier(password: string, hash: ScramHash): Promise<ScramVerifier> {
  const salt = base64.encode(crypto.getRandomValues(new Uint8Array(saltBytes)));
  const parameters = { hash, salt, iterations: VERIFIER_ITERATIONS };
  const derived = await deriveKeys(password, parameters);
  // The server accepted this very password, through the same preparation.
  if (!derived.ok) throw new Error("An accepted password has no SCRAM keys");
  return verifierFromKeys(parameters, derived.keys);
}
