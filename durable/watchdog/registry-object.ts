/**
 * The Durable Object that knows which accounts should be online, one for the whole deployment: an account registers when it
 * has something to keep alive, and the cron trigger has all of them looked after. It does not know why an account is here,
 * nor anything else about it.
 *
 * The platform lets one event make 50 requests (free plan) or 1,000, so a round goes page by page, each page in an alarm of
 * its own; where it stands is stored, and the next cron picks up a round whose alarm got lost.
 */
import { DurableObject } from "cloudflare:workers";
import { isAllowed, readConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { within } from "../time-limit.ts";
import { isStuck } from "./is-stuck.ts";

/** Of the accounts' objects the registry only ever wakes them. */
interface RegistryEnv extends Omit<Env, "ACCOUNT"> {
  ACCOUNT: { getByName(bareJid: string): { wake(bareJid: string): Promise<boolean> } };
}

type Entry = { bare_jid: string; on_loopback: number };

/** The one instance's name. */
export const REGISTRY_NAME = "watchdog";

/** Below the free plan's 50 requests of one event. */
const PAGE = 40;
/** Of more accounts nobody asks at once. */
const MAX_ASKED = 1_000;
/** An account that takes longer to wake is left to itself. */
const WAKE_LIMIT_MS = 20_000;

export class RegistryObject extends DurableObject<RegistryEnv> {
  constructor(ctx: DurableObjectState, env: RegistryEnv) {
    super(ctx, env);
    ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS account (bare_jid TEXT PRIMARY KEY, on_loopback INTEGER NOT NULL) WITHOUT ROWID;
       CREATE TABLE IF NOT EXISTS round (id INTEGER PRIMARY KEY CHECK (id = 1), after_jid TEXT NOT NULL)`,
    );
  }

  /** This account is to be online. `onLoopback`: it was let in as one whose client is on this machine (CFG-1). */
  add(bareJid: string, onLoopback: boolean): void {
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO account (bare_jid, on_loopback) VALUES (?, ?)",
      bareJid,
      onLoopback ? 1 : 0,
    );
  }

  /** Nothing keeps this account online any more: it needs a login. */
  remove(bareJid: string): void {
    this.ctx.storage.sql.exec("DELETE FROM account WHERE bare_jid = ?", bareJid);
  }

  /** Those of the accounts that have logged in, and need not do so again. At most a thousand are looked at. */
  registered(bareJids: readonly string[]): string[] {
    return this.ctx.storage.sql
      .exec<Entry>(
        "SELECT bare_jid, on_loopback FROM account WHERE bare_jid IN (SELECT value FROM json_each(?))",
        JSON.stringify(bareJids.slice(0, MAX_ASKED)),
      )
      .toArray()
      .map(({ bare_jid: bareJid }) => bareJid);
  }

  /** For the cron: begins a round, or sees to it that the one under way goes on. */
  async round(): Promise<void> {
    const { sql } = this.ctx.storage;
    if (this.#after() === undefined) {
      sql.exec("INSERT INTO round (id, after_jid) VALUES (1, '')");
    } else if (!isStuck(await this.ctx.storage.getAlarm(), Date.now())) return;
    await this.ctx.storage.setAlarm(Date.now());
  }

  /** One page of the round. */
  override async alarm(): Promise<void> {
    const after = this.#after();
    if (after === undefined) return;
    const settings = readConfig(this.env);
    // With a mistake in the settings no account's object can be loaded either.
    const page = settings.ok ? this.#page(after, [...settings.config.accounts.keys()]) : [];
    const last = page.at(-1);
    // Forward first: an account that kills this process must not be met again and again.
    if (last === undefined || page.length < PAGE) this.ctx.storage.sql.exec("DELETE FROM round");
    else {
      this.ctx.storage.sql.exec("UPDATE round SET after_jid = ?", last.bare_jid);
      await this.ctx.storage.setAlarm(Date.now());
    }
    if (!settings.ok) return;
    const wanted = page.filter((entry) =>
      isAllowed(settings.config, entry.bare_jid, entry.on_loopback === 1),
    );
    await Promise.allSettled(
      wanted.map(({ bare_jid: bareJid }) =>
        within(WAKE_LIMIT_MS, this.env.ACCOUNT.getByName(bareJid).wake(bareJid)),
      ),
    );
  }

  /** Behind which account the round under way goes on; undefined when there is none. */
  #after(): string | undefined {
    const [row] = this.ctx.storage.sql.exec<{ after_jid: string }>("SELECT after_jid FROM round");
    return row?.after_jid;
  }

  /** The next accounts in order: those registered, and those of the ACCOUNTS secret (CFG-4). */
  #page(after: string, named: readonly string[]): Entry[] {
    return this.ctx.storage.sql
      .exec<Entry>(
        `SELECT bare_jid, max(on_loopback) AS on_loopback FROM (
           SELECT * FROM (SELECT * FROM account WHERE bare_jid > ?1 ORDER BY bare_jid LIMIT ?3)
           UNION ALL SELECT value, 0 FROM json_each(?2) WHERE value > ?1)
         GROUP BY bare_jid ORDER BY bare_jid LIMIT ?3`,
        after,
        JSON.stringify(named),
        PAGE,
      )
      .toArray();
  }
}
