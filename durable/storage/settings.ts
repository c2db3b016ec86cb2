/** Single values that outlive the process, in the table `setting`. */
export type SettingName =
  | "account"
  | "resource"
  | "full-jid"
  | "boots"
  | "user-agent"
  | "token-count"
  // The account's last client came from this machine: "1" or "0".
  | "on-loopback"
  // JSON, see owner/history.ts.
  | "history"
  // How the account stands in the watchdog's registry (watchdog/registration.ts).
  | "registered";

export class Settings {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(name: SettingName): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM setting WHERE name = ?", name);
    return row?.value;
  }

  /** Writes only what differs: rows written cost money. */
  set(name: SettingName, value: string): void {
    if (this.get(name) === value) return;
    this.#sql.exec("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", name, value);
  }
}
