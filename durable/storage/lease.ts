/**
 * An account's storage for one life of the account: from its first use until it is forgotten (FORGET-1). Whoever still holds it
 * then, over some `await`, can neither read nor write, whatever comes to be stored in the object after that.
 */
import { type Postpone, Postponed } from "./postponed.ts";
import { migrate } from "./schema.ts";

/** Whatever else a statement is, it may write. */
const READS = /^\s*SELECT\b/;

export class Lease {
  readonly sql: SqlStorage;
  readonly #storage: DurableObjectStorage;
  readonly #postponed = new Postponed();
  #isOver = false;

  constructor(storage: DurableObjectStorage) {
    migrate(storage);
    this.#storage = storage;
    const { sql } = storage;
    this.sql = Object.create(sql, {
      exec: {
        value: (query: string, ...bindings: SqlStorageValue[]) => {
          if (this.#isOver) throw new Error("The account was forgotten");
          if (!READS.test(query)) this.#postponed.beforeWrite();
          return sql.exec(query, ...bindings);
        },
      },
      databaseSize: { get: () => sql.databaseSize },
    });
  }

  /** COST-4: puts a write off that need not be on disk before anything leaves. */
  get later(): Postpone {
    return this.#postponed.later;
  }

  /** Makes now what was put off. */
  save(): void {
    this.#postponed.save();
  }

  /** To be called at the end of whatever an event has caused. */
  endTurn(): void {
    this.#postponed.endTurn();
  }

  async setAlarm(atMs: number): Promise<void> {
    if (!this.#isOver) await this.#storage.setAlarm(atMs);
  }

  end(): void {
    this.#isOver = true;
    this.#postponed.end();
  }
}
