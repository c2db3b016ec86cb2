/**
 * An account's storage for one life of the account: from its first use until it is forgotten (FORGET-1). Whoever still holds it
 * then, over some `await`, can neither read nor write, whatever comes to be stored in the object after that.
 */
import { migrate } from "./schema.ts";

export class Lease {
  readonly sql: SqlStorage;
  readonly #storage: DurableObjectStorage;
  #isOver = false;

  constructor(storage: DurableObjectStorage) {
    migrate(storage);
    this.#storage = storage;
    const { sql } = storage;
    this.sql = Object.create(sql, {
      exec: {
        value: (query: string, ...bindings: SqlStorageValue[]) => {
          if (this.#isOver) throw new Error("The account was forgotten");
          return sql.exec(query, ...bindings);
        },
      },
      databaseSize: { get: () => sql.databaseSize },
    });
  }

  async setAlarm(atMs: number): Promise<void> {
    if (!this.#isOver) await this.#storage.setAlarm(atMs);
  }

  end(): void {
    this.#isOver = true;
  }
}
