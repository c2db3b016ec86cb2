/**
 * The tokens that clients log in with instead of a password (FAST, XEP-0484), in the table `client_token`. What is stored
 * recognises a token and answers for it, but logs nobody in: without channel binding a token's proof is always the same, so
 * that its hash is enough. Each device has two places, as XEP-0484 section 5.1 advises: the token that it uses, and one that
 * was given in its place and may never have arrived.
 */
import { isTokenProof, tokenVerifier } from "../../xmpp/sasl/hashed-token.ts";
import { nonce } from "../random.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A device that stays away for longer needs its password again. */
const LIFETIME_MS = 30 * DAY_MS;
/** A token that was given longer ago is replaced when it is used. */
const ROTATE_AFTER_MS = DAY_MS;
/** The one that would expire first gives way. */
const MAX_DEVICES = 100;

export interface GivenToken {
  token: string;
  /** XEP-0082. */
  expiry: string;
}

export type TokenVerdict =
  { ok: true; answer: string } | { ok: false; condition: "credentials-expired" | "not-authorized" };

type Row = {
  slot: "current" | "new";
  check_hash: string;
  answer: string;
  expires_ms: number;
  count: number;
};

const REFUSED: TokenVerdict = { ok: false, condition: "not-authorized" };

export class ClientTokens {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Is this the proof (base64) of one of the device's tokens? Then it is the one that the device uses from now on.
   * @param count of attempts with this token, as the client counts them: it has to be higher than any before
   */
  use(device: string, proof: string, count: number | undefined, nowMs: number): TokenVerdict {
    const found = this.#rows(device).find(({ check_hash: check, answer }) =>
      isTokenProof({ check, answer }, proof),
    );
    if (!found) return REFUSED;
    if (found.expires_ms <= nowMs) {
      this.invalidate(device);
      return { ok: false, condition: "credentials-expired" };
    }
    if (count !== undefined && count <= found.count) return REFUSED;
    if (found.slot === "new") {
      this.#delete(device, "new");
      this.#write(device, { ...found, slot: "current", count: count ?? found.count });
    } else if (count !== undefined) this.#write(device, { ...found, count });
    return { ok: true, answer: found.answer };
  }

  /** Is the device's token old enough to be replaced? */
  isDue(device: string, nowMs: number): boolean {
    const current = this.#rows(device).find(({ slot }) => slot === "current");
    return current !== undefined && current.expires_ms - LIFETIME_MS + ROTATE_AFTER_MS <= nowMs;
  }

  /** A new token. The one that the device uses stays good until this one is used. */
  give(device: string, nowMs: number): GivenToken {
    const token = nonce();
    const { check, answer } = tokenVerifier(token);
    const expiresMs = nowMs + LIFETIME_MS;
    // A count begins at 0 with each token (section 3.4), and 0 itself may be its first.
    this.#write(device, { slot: "new", check_hash: check, answer, expires_ms: expiresMs, count: -1 });
    this.#makeRoom();
    return { token, expiry: new Date(expiresMs).toISOString() };
  }

  /** Section 3.6: the device is logged out. */
  invalidate(device: string): void {
    this.#sql.exec("DELETE FROM client_token WHERE device = ?", device);
  }

  /** The password that vouched for all of them is no longer good. */
  clear(): void {
    this.#sql.exec("DELETE FROM client_token");
  }

  #rows(device: string): Row[] {
    const columns = "slot, check_hash, answer, expires_ms, count";
    return this.#sql.exec<Row>(`SELECT ${columns} FROM client_token WHERE device = ?`, device).toArray();
  }

  #write(device: string, { slot, check_hash, answer, expires_ms, count }: Row): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO client_token (device, slot, check_hash, answer, expires_ms, count)
       VALUES (?, ?, ?, ?, ?, ?)`,
      device,
      slot,
      check_hash,
      answer,
      expires_ms,
      count,
    );
  }

  #delete(device: string, slot: Row["slot"]): void {
    this.#sql.exec("DELETE FROM client_token WHERE device = ? AND slot = ?", device, slot);
  }

  #makeRoom(): void {
    this.#sql.exec(
      `DELETE FROM client_token WHERE device IN (SELECT device FROM client_token GROUP BY device
         ORDER BY max(expires_ms) DESC LIMIT -1 OFFSET ?)`,
      MAX_DEVICES,
    );
  }
}
