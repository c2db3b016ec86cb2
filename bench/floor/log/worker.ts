/**
 * An account's log, and nothing else of an account, in an object for each path's first part: filled with messages, and asked
 * again and again, by bench/log-size.ts and bench/log-import.ts. What is measured is the code that runs in an account.
 */
import { DurableObject } from "cloudflare:workers";
import { readQuery } from "../../../bouncer/search/words.ts";
import { exportLog } from "../../../durable/owner/export.ts";
import { importLog } from "../../../durable/owner/import.ts";
import { AccountLog } from "../../../durable/storage/account-log.ts";
import { migrate } from "../../../durable/storage/schema.ts";

interface LogEnv {
  LOG: DurableObjectNamespace<LogObject>;
}

const ACCOUNT = "alice@example.org";
/** Nothing is old but where the bench says what time it is. */
const SETTINGS = { days: 365, megabytes: 9_000 };
const SPAN = { peer: undefined, sinceMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
const MESSAGES = 1_000_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const VOCABULARY = 50_000;
/** Of five messages four are rooms', of which there are few. */
/** Statements whose rows are yet to be added up. */
const MAX_CURSORS = 10_000;
const ROOM_SHARE = 0.8;
const ROOMS = 10;
const CONTACTS = 200;

/** The same messages each time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** As in languages: the n-th most common word comes about 1/n as often as the first. */
function wordOf(random: () => number): string {
  return `w${Math.floor(VOCABULARY ** random())}`;
}

interface Counts {
  /** Since the object is there; what FTS does inside of a statement is not among them. */
  written(): number;
  /** Since it was asked last, by statements that are through. */
  read(): number;
}

/** From now on the rows that statements write and read, as the platform counts them. */
function countRows(sql: SqlStorage): Counts {
  const exec = sql.exec.bind(sql);
  let written = 0;
  let before = 0;
  let cursors: { rowsRead: number }[] = [];
  const fold = (): number => {
    before += cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
    cursors = [];
    return before;
  };
  Object.defineProperty(sql, "exec", {
    value: (query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings);
      written += cursor.rowsWritten;
      if (cursors.length >= MAX_CURSORS) fold();
      cursors.push(cursor);
      return cursor;
    },
  });
  return {
    written: () => written,
    read: () => {
      const read = fold();
      before = 0;
      return read;
    },
  };
}

export class LogObject extends DurableObject<LogEnv> {
  readonly #log: AccountLog;
  readonly #rows: Counts;

  constructor(ctx: DurableObjectState, env: LogEnv) {
    super(ctx, env);
    migrate(ctx.storage);
    this.#rows = countRows(ctx.storage.sql);
    this.#log = new AccountLog(ctx.storage.sql, SETTINGS);
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname: path, searchParams } = new URL(request.url);
    const pathname = path.slice(path.indexOf("/", 1));
    const times = Number(searchParams.get("times") ?? "1");
    if (pathname === "/fill") {
      const series = searchParams.get("series") ?? "id";
      const share = Number(searchParams.get("rooms") ?? ROOM_SHARE);
      const head = this.#fill(series, Number(searchParams.get("from")), times, share);
      this.#rows.read();
      return Response.json(head);
    }
    if (pathname === "/export") {
      return exportLog(this.#log.reader, { account: ACCOUNT, format: "jsonl", span: SPAN });
    }
    if (pathname === "/import") {
      const options = { account: ACCOUNT, sinceMs: Number.NEGATIVE_INFINITY };
      return await importLog(this.#log.imports, request.body, options);
    }
    this.#rows.read();
    let last: unknown;
    let rowsRead = 0;
    for (let count = 0; count < times; count += 1) {
      last = this.#do(pathname, searchParams);
      rowsRead = this.#rows.read();
    }
    return Response.json({ answer: last ?? null, rowsRead });
  }

  #do(what: string, parameters: URLSearchParams): unknown {
    const { store, search } = this.#log;
    switch (what) {
      case "/keep-up":
        return this.#log.keepUp(Number(parameters.get("now") ?? "0"));
      case "/facts":
        return this.#facts();
      case "/page": {
        const page = store.page(store.head() - Number(parameters.get("behind")), {
          count: 100,
          length: 256_000,
          exceptFrom: "x",
        });
        return page.messages.length;
      }
      case "/begin-of":
        return store.head() - store.beginOf(200, YEAR_MS - 3 * DAY_MS);
      case "/select":
        return this.#select(parameters);
      case "/peer":
        return store.ofPeer(parameters.get("peer") ?? "", 0, 100).length;
      case "/search": {
        const terms = readQuery(parameters.get("words") ?? "") ?? [];
        const peer = parameters.get("peer") ?? undefined;
        const { hits, next } = search.search({
          ...SPAN,
          terms,
          peer,
          before: Number.POSITIVE_INFINITY,
          count: 50,
        });
        return { hits: hits.length, more: next !== undefined };
      }
      case "/delete":
        return this.#log.delete(parameters.get("peer") ?? undefined);
      default:
        throw new Error(`Nothing is called ${what}`);
    }
  }

  /** A page of 50, as a client of the archive asks for it; `after` and `before` are places in the log. */
  #select(parameters: URLSearchParams): unknown {
    const number = (name: string, otherwise: number): number => Number(parameters.get(name) ?? otherwise);
    const { messages, rest, total } = this.#log.store.select({
      filter: {
        peer: parameters.get("with") ?? undefined,
        fullJid: parameters.get("full") ?? undefined,
        rooms: parameters.has("rooms"),
        fromMs: number("start", -Infinity),
        toMs: number("end", Infinity),
        after: -Infinity,
        before: Infinity,
        only: undefined,
      },
      after: number("after", -Infinity),
      before: number("before", Infinity),
      latest: parameters.has("latest"),
      skip: 0,
      count: 50,
      length: 1_000_000,
    });
    return `${messages.length}, ${rest}, ${total?.count ?? "not counted"}`;
  }

  /** `series`: messages of two have other ids, and are of the same time. */
  #fill(series: string, from: number, count: number, roomShare: number): number {
    const random = randomFrom(from + 1);
    for (let number = from; number < from + count; number += 1) {
      const isRoom = random() < roomShare;
      const peer = isRoom
        ? `room${Math.floor(ROOMS * random())}@muc.example.org`
        : `contact${Math.floor(CONTACTS * random())}@example.org`;
      const words = Array.from({ length: 4 + Math.floor(16 * random()) }, () => wordOf(random));
      // Three messages have a word that no other has.
      if (number % 400_000 === 100_000) words.push("needle");
      const attrs = isRoom ? `from="${peer}/somebody" type="groupchat"` : `from="${peer}/phone" type="chat"`;
      const messageId = `${series}-${number}`;
      const stanzaId = `${series}-${1_700_000_000_000 + number}`;
      const by = isRoom ? peer : ACCOUNT;
      this.#log.store.append({
        atMs: Math.floor((number / MESSAGES) * YEAR_MS),
        sent: false,
        device: undefined,
        peer,
        room: isRoom,
        messageId,
        stanzaId,
        frame:
          `<message xmlns="jabber:client" ${attrs} id="${messageId}"><body>${words.join(" ")}</body>` +
          `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${stanzaId}"/></message>`,
      });
    }
    return this.#log.store.head();
  }

  #facts(): Record<string, number> {
    const { sql } = this.ctx.storage;
    const number = (query: string): number => sql.exec<{ n: number }>(query).one().n;
    return {
      bytes: sql.databaseSize,
      messages: number("SELECT count(*) AS n FROM log"),
      documents: number("SELECT count(*) AS n FROM log_doc"),
      stanzaBytes: number("SELECT sum(length(stanza)) AS n FROM log"),
      changes: number("SELECT total_changes() AS n"),
      rowsWritten: this.#rows.written(),
    };
  }
}

export default {
  fetch: (request, env) =>
    env.LOG.getByName(new URL(request.url).pathname.split("/")[1] ?? "").fetch(request),
} satisfies ExportedHandler<LogEnv>;
