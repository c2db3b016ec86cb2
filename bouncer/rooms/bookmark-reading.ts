/** MUC-17: how far the account's bookmarks are read in this session, as far as this process knows. */
export class BookmarkReading {
  /** How often the account's server has told of changes. */
  changes = 0;
  readonly #ask: () => void;
  #state: "unread" | "asked" | "read" = "unread";
  #round = 0;

  /** `ask`: begins to read them. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  get areRead(): boolean {
    return this.#state === "read";
  }

  /** They are asked for anew. Says whether what comes is the answer to that. */
  begin(): () => boolean {
    this.#state = "asked";
    this.#round += 1;
    const round = this.#round;
    return () => this.#round === round;
  }

  end(): void {
    this.#state = "read";
  }

  /** Somebody waits for them: a process before this one may have asked, and not heard the answer. */
  need(): void {
    if (this.#state === "unread") this.#ask();
  }
}
