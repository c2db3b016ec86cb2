/**
 * How many wrong guesses are too many, over all connections: few from one network address, many more from all of them
 * together, so that a stranger is stopped long before the owner is. In the table `login_address`, since it must not begin
 * anew with the process. Knows no password.
 */
import { base64urlnopad } from "@scure/base";
import { hmacOf } from "../../xmpp/sasl/scram-keys.ts";

export const WINDOW_MS = 600_000;
/** Wrong guesses from one address within the window: after these the account's server is asked about no further one. */
const ASK_LIMIT = 10;
/** After these nothing is checked at all. Where the owner has logged in from, a forgotten client may go on for longer. */
export const ADDRESS_LIMIT = 10;
const KNOWN_LIMIT = 60;
/** From all addresses together; those that the owner has logged in from do not care. */
export const ACCOUNT_LIMIT = 100;
const KNOWN_FOR_MS = 30 * 24 * 3600 * 1000;
/** That an address is known is written down no more often. */
const KNOWN_WRITE_MS = 24 * 3600 * 1000;
const MAX_KNOWN = 50;
/** Counts for all addresses together: no key is as short. */
const EVERYBODY = "*";

type Row = { address: string; failures: number; since_ms: number; succeeded_ms: number };

/** What decides how much is guessed. */
export type Throttle = Pick<
  LoginThrottle,
  "keyOf" | "isKnown" | "refusal" | "serverRefusal" | "failed" | "succeeded"
>;

export class LoginThrottle {
  readonly #sql: SqlStorage;
  readonly #secret: Uint8Array;

  constructor(sql: SqlStorage, secret: string) {
    this.#sql = sql;
    this.#secret = new TextEncoder().encode(secret);
  }

  /** What stands for an address here: nobody can tell from it which. Where none is known, all are one. */
  keyOf(address: string | undefined): string {
    return base64urlnopad.encode(
      hmacOf("SHA-256", this.#secret, `network address\0${address ?? ""}`).slice(0, 16),
    );
  }

  /** Has the owner logged in from there lately? */
  isKnown(key: string, nowMs: number): boolean {
    return isKnown(this.#row(key), nowMs);
  }

  /** In words why nothing is checked now for this address; undefined when it is. */
  refusal(key: string, nowMs: number): string | undefined {
    const row = this.#row(key);
    const limit = isKnown(row, nowMs) ? KNOWN_LIMIT : ADDRESS_LIMIT;
    if (failuresOf(row, nowMs) >= limit) return tooMany(row, nowMs);
    const all = isKnown(row, nowMs) ? undefined : this.#row(EVERYBODY);
    return failuresOf(all, nowMs) >= ACCOUNT_LIMIT ? tooMany(all, nowMs) : undefined;
  }

  /** LOGIN-7: in words why the account's server is not asked about another password; undefined when it is. */
  serverRefusal(key: string, nowMs: number): string | undefined {
    const row = this.#row(key);
    return failuresOf(row, nowMs) >= ASK_LIMIT ? tooMany(row, nowMs) : this.refusal(key, nowMs);
  }

  /** A wrong guess. */
  failed(key: string, nowMs: number): void {
    this.#count(key, nowMs);
    this.#count(EVERYBODY, nowMs);
  }

  /** The owner has logged in from there. */
  succeeded(key: string, nowMs: number): void {
    const row = this.#row(key);
    const isFresh = row !== undefined && row.succeeded_ms > nowMs - KNOWN_WRITE_MS;
    if (isFresh && row.failures === 0) return;
    this.#write({ address: key, failures: 0, since_ms: nowMs, succeeded_ms: nowMs });
    this.#sql.exec(
      `DELETE FROM login_address WHERE succeeded_ms > 0 AND address IN
         (SELECT address FROM login_address ORDER BY succeeded_ms DESC LIMIT -1 OFFSET ?)`,
      MAX_KNOWN,
    );
  }

  #count(key: string, nowMs: number): void {
    const row = this.#row(key);
    if (!row) this.#forgetOld(nowMs);
    const failures = failuresOf(row, nowMs);
    const since = failures > 0 && row ? row.since_ms : nowMs;
    this.#write({
      address: key,
      failures: failures + 1,
      since_ms: since,
      succeeded_ms: row?.succeeded_ms ?? 0,
    });
  }

  /** Unknown addresses are few at any time: no more than ACCOUNT_LIMIT within the window. */
  #forgetOld(nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM login_address WHERE since_ms <= ? AND succeeded_ms <= ?",
      nowMs - WINDOW_MS,
      nowMs - KNOWN_FOR_MS,
    );
  }

  #row(key: string): Row | undefined {
    const [row] = this.#sql.exec<Row>("SELECT * FROM login_address WHERE address = ?", key);
    return row;
  }

  #write({ address, failures, since_ms, succeeded_ms }: Row): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO login_address (address, failures, since_ms, succeeded_ms) VALUES (?, ?, ?, ?)",
      address,
      failures,
      since_ms,
      succeeded_ms,
    );
  }
}

function isKnown(row: Row | undefined, nowMs: number): boolean {
  return row !== undefined && row.succeeded_ms > nowMs - KNOWN_FOR_MS;
}

function failuresOf(row: Row | undefined, nowMs: number): number {
  return row !== undefined && row.since_ms > nowMs - WINDOW_MS ? row.failures : 0;
}

function tooMany(row: Row | undefined, nowMs: number): string {
  return tooManyGuesses(row?.since_ms ?? nowMs, nowMs);
}

/** In words; `sinceMs`: when the first of them was. */
export function tooManyGuesses(sinceMs: number, nowMs: number): string {
  const minutes = Math.ceil((sinceMs + WINDOW_MS - nowMs) / 60_000);
  return `Too many wrong passwords; try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}
