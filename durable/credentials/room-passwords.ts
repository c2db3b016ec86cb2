/**
 * The passwords that rooms have let us in with (MUC-15), sealed, in the table `room_password`; in the clear while the process lives.
 * To seal takes its time and a turn of the policy has none: a password is stored a moment after it was set, one at a time, and only
 * if it still holds then. What is replaced or deleted is out of the table in the same turn, so that nothing false is in it whenever
 * the process dies. At worst a password is missing, and somebody has to say it again.
 */
import * as v from "valibot";
import type { SecretStore } from "../../bouncer/ports.ts";
import { seal, unseal } from "./sealed-box.ts";

/** A box says whose it is: in the row of another room it is worth nothing. */
const boxSchema = v.pipe(v.string(), v.parseJson(), v.strictTuple([v.string(), v.string()]));

export class RoomPasswords implements SecretStore {
  readonly #sql: SqlStorage;
  readonly #secret: string;
  readonly #account: string;
  readonly #passwords = new Map<string, string>();
  /** Rooms whose password is yet to be stored. */
  readonly #unsaved = new Set<string>();
  #saving: Promise<void> | undefined;

  constructor(sql: SqlStorage, secret: string, account: string) {
    this.#sql = sql;
    this.#secret = secret;
    this.#account = account;
  }

  /** Reads what is stored. What does not open, under another CREDENTIALS_KEY for one, is as if it were not there. */
  async load(): Promise<void> {
    const rows = this.#sql.exec<{ jid: string; sealed: ArrayBuffer }>(
      "SELECT jid, sealed FROM room_password",
    );
    await Promise.all(
      rows.toArray().map(async ({ jid, sealed }) => {
        const box = await unseal(this.#secret, this.#account, new Uint8Array(sealed));
        const parsed = v.safeParse(boxSchema, box);
        if (parsed.success && parsed.output[0] === jid) this.#passwords.set(jid, parsed.output[1]);
      }),
    );
  }

  get(jid: string): string | undefined {
    return this.#passwords.get(jid);
  }

  set(jid: string, password: string): void {
    if (this.#passwords.get(jid) === password) return;
    this.delete(jid);
    this.#passwords.set(jid, password);
    this.#unsaved.add(jid);
    this.#saving ??= this.#save();
  }

  delete(jid: string): void {
    this.#passwords.delete(jid);
    this.#unsaved.delete(jid);
    this.#sql.exec("DELETE FROM room_password WHERE jid = ?", jid);
  }

  /** Ends when all that was set is stored. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  async #save(): Promise<void> {
    try {
      for (let [jid] = this.#unsaved; jid !== undefined; [jid] = this.#unsaved) {
        // oxlint-disable-next-line no-await-in-loop -- one at a time, so that at most one is on its way
        await this.#saveOne(jid, this.#passwords.get(jid) ?? "");
      }
    } catch {
      // What cannot be stored, perhaps because the account was forgotten (FORGET-1), is known to this process alone.
      this.#unsaved.clear();
    } finally {
      this.#saving = undefined;
    }
  }

  async #saveOne(jid: string, password: string): Promise<void> {
    const sealed = await seal(this.#secret, this.#account, JSON.stringify([jid, password]));
    if (this.#passwords.get(jid) !== password || !this.#unsaved.delete(jid)) return;
    this.#sql.exec("INSERT OR REPLACE INTO room_password (jid, sealed) VALUES (?, ?)", jid, sealed);
  }
}
