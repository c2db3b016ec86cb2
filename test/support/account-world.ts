// A World that is nothing but the account's policy: recording ports, a clock that only moves when told, counting ids.

import type { Element } from "@xmpp/xml";
import { Account, type AccountOptions } from "../../bouncer/account.ts";
import type { Ports } from "../../bouncer/ports.ts";
import type { SearchQuery, SearchResult } from "../../bouncer/search/search.ts";
import type { TraceEntry } from "../../bouncer/trace.ts";
import { isIqRequest, stanzaKind } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { MemoryDevices, MemoryLog } from "./memory-log.ts";
import { memoryStores } from "./memory-store.ts";
import { ARCHIVE, BOOKMARKS, ROOM_ARCHIVE } from "./own-questions.ts";
import { OWNER_STATUS } from "./owner-status.ts";
import { play, type Script, type World } from "./scenario.ts";
import { SentCounts } from "./sent-counts.ts";
import { parse } from "./xml-shape.ts";

const BARE = "alice@example.org";
export const FULL = "alice@example.org/xmpproxy-1";

/** 2026-01-01T00:00:00Z */
const BEGIN_MS = 1_767_225_600_000;

/** What a device that was never here is told of the past, unless a test is about that. */
const NOTHING = { count: 0, ageMs: 0 };
export const SCRIPTED = "scripted";

interface Beginning {
  /** "up": there is a session, and what it began with is over. "down": there was one once. "new": there never was. */
  session: "up" | "down" | "new";
  detachedShow: string;
  newDevice: AccountOptions["newDevice"];
  /** The items of the server's roster, which is told whenever we ask; SCRIPTED where that is for the script to do. */
  roster: string;
  rosterVersioning: boolean;
  /** false: what a new session asks for bookmarks is answered with an error, and not shown. */
  bookmarks: boolean;
  /** What the server says of its archive when a new session asks; SCRIPTED where that is for the script to do. */
  archive: Archiving;
  /** The same of every room when it is asked. */
  roomArchive: Archiving;
  /** What chance has it, in [0, 1): with 0 waits are as short as they can be. */
  chance: number;
}

type Archiving = "has" | "has-not" | "error" | typeof SCRIPTED;

interface Restart {
  /** Clients whose sessions did not survive. */
  lost?: readonly string[];
  /** Clients whose connections the platform kept. */
  connected?: readonly string[];
  /** Since when all the others are gone; since now when not given. */
  suspendedAtMs?: number;
}

export class AccountWorld implements World {
  readonly variables = { bare: BARE, full: FULL, domain: "example.org" };
  account: Account;
  nowMs = BEGIN_MS;
  /** Does the port to the server take anything more? */
  hasRoom = true;
  readonly log = new MemoryLog();
  readonly devices = new MemoryDevices();
  /** What outlives the process. */
  readonly stores = memoryStores(this.devices);
  /** What the log was searched for, and what is found there. */
  readonly searches: SearchQuery[] = [];
  /** Conversations that were deleted. */
  readonly deleted: string[] = [];
  found: SearchResult = { hits: [], next: undefined, sealed: 0 };
  readonly #counts = new SentCounts();
  /** Clients without Stream Management. */
  readonly unmanaged = this.#counts.unmanaged;
  /** What rooms say of their archives. */
  roomArchive: Archiving;
  /** What the server was told last about whether anybody is looking (XEP-0352). */
  upstreamActive: boolean | undefined;
  readonly #ports: Ports;
  readonly #options: AccountOptions;
  readonly #came = new Map<string, string[]>();
  readonly #attached = new Set<string>();
  readonly #replaced = new Set<string>();
  /** How often something was handed over for clients, whatever their number. */
  handovers = 0;
  /** Requests made without a session. */
  readonly #waiting: Element[] = [];
  /** The ids under which the roster is asked for. */
  readonly #rosterAsked: string[] = [];
  #connected = false;
  readonly #roster: string;
  readonly #features: { rosterVersioning: boolean };
  readonly #asksForBookmarks: boolean;
  /** The ids under which bookmarks are asked for. */
  readonly #bookmarksAsked: string[] = [];
  readonly #archive: Archiving;
  /** Who was asked whether there is an archive, and under which id; the server by no address. */
  readonly #archiveAsked: { id: string; to: string | undefined }[] = [];
  #lastDecision: TraceEntry | undefined;
  #ids = 0;

  constructor({
    session = "up",
    detachedShow = "away",
    newDevice = NOTHING,
    roster = "",
    rosterVersioning = false,
    bookmarks = false,
    archive = "error",
    chance = 0.999,
    roomArchive = "error",
  }: Partial<Beginning> = {}) {
    this.#roster = roster;
    this.#features = { rosterVersioning };
    this.#asksForBookmarks = bookmarks;
    this.#archive = archive;
    this.roomArchive = roomArchive;
    this.#ports = {
      upstream: {
        send: (stanza) => {
          if (!this.hasRoom) return false;
          if (this.#connected || stanzaKind(stanza) !== "iq" || !isIqRequest(stanza)) this.#toServer(stanza);
          else this.#waiting.push(clone(stanza));
          return true;
        },
        setClientState: (active) => void (this.upstreamActive = active),
      },
      clients: {
        send: (clients, frame, logSeq) => {
          this.handovers += 1;
          for (const client of clients) {
            this.#record(client, frame);
            this.#counts.add(client, logSeq);
          }
        },
        ...this.#counts.ports,
        replace: (client) => void this.#replaced.add(client),
      },
      store: this.stores,
      log: this.log,
      clock: {
        nowMs: () => this.nowMs,
        stamp: (atMs) => new Date(atMs).toISOString(),
        parse: (stamp) => Date.parse(stamp),
      },
      owner: {
        status: () => OWNER_STATUS,
        search: (query) => {
          this.searches.push(query);
          return this.found;
        },
        deleteLog: (peer) => this.deleted.push(peer ?? "everything"),
        isNamed: false,
        forget: () => this.deleted.push("the account"),
      },
      chance: { next: () => chance },
      ids: { next: () => `id-${(this.#ids += 1)}` },
    };
    const fullJid = session === "new" ? "" : FULL;
    this.#options = { bareJid: BARE, fullJid, detachedShow, newDevice };
    this.account = new Account(this.#ports, this.#options);
    if (session === "up") this.upstreamBound(FULL);
    this.#came.clear();
    this.#happens();
  }

  attach(client: string, device: string): void {
    this.#happens();
    this.#attached.add(client);
    const lastActiveMs = this.nowMs;
    const wants = { carbons: false, interested: false, active: true, presence: undefined };
    this.account.attach({ id: client, device, ...wants, lastActiveMs });
  }

  leave(client: string): void {
    this.#happens();
    this.account.detach(client);
  }

  breakOff(client: string): void {
    this.#happens();
    this.account.suspend(client);
  }

  resume(client: string): void {
    this.#happens();
    this.account.resume(client);
  }

  /** The client acknowledges all that it was sent (XEP-0198). */
  acknowledge(client: string): void {
    this.#happens();
    const anew = this.#counts.acknowledge(client);
    if (anew) this.account.acknowledged(client, anew.logSeq);
  }

  /** What was not stored is gone; the shell hands over the records of those that may resume. */
  restart({ lost = [], connected = [], suspendedAtMs }: Restart = {}): void {
    this.#happens();
    const records = [...this.#attached].flatMap((client) => {
      const record = lost.includes(client) ? undefined : this.account.record(client);
      return record ? [{ ...record, suspendedAtMs }] : [];
    });
    this.#counts.restart();
    this.account = new Account(this.#ports, { ...this.#options, fullJid: FULL });
    this.#connected = false;
    this.account.revive(records);
    for (const client of connected) this.account.resume(client);
    this.account.prune();
    this.#lastDecision = undefined;
  }

  /** The client says whether a person is looking at it (XEP-0352). */
  setClientState(client: string, active: boolean): void {
    this.#happens();
    this.account.setClientState(client, active);
  }

  send(client: string, xml: string): void {
    this.#happens();
    this.account.fromClient(client, parse(xml));
    this.#tellRoster();
  }

  upstreamSends(xml: string): void {
    this.#happens();
    this.account.fromUpstream(parse(xml));
    this.#tellArchive();
  }

  upstreamLost(reason: string): void {
    this.#happens();
    this.#connected = false;
    this.account.upstreamLost(reason);
  }

  upstreamResumed(): void {
    this.#happens();
    this.#connected = true;
    this.account.upstreamResumed();
    this.#release();
    this.#tellRoster();
    this.#tellArchive();
  }

  upstreamBound(fullJid: string): void {
    this.#happens();
    this.#connected = true;
    this.account.upstreamBound(fullJid, this.#features);
    this.#release();
    this.#tellRoster();
    this.#tellNoBookmarks();
    this.#tellArchive();
  }

  /** Time passes; whatever falls due is seen to at its time, as the shell's timer does. */
  wait(seconds: number): void {
    this.#happens();
    const untilMs = this.nowMs + seconds * 1000;
    for (;;) {
      const dueMs = this.account.nextDeadlineMs();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.account.tick();
      this.#tellArchive();
      if (this.account.nextDeadlineMs() === dueMs) throw new Error("a deadline that tick() does not see to");
    }
    this.nowMs = untilMs;
  }

  /** How many rows this store has. */
  countOf(store: "contacts" | "held" | "inbound" | "peerSessions" | "pep" | "receipts" | "requests"): number {
    return this.#ports.store[store].entries().length;
  }

  next(place: string): string | undefined {
    const queue = this.#came.get(place);
    const first = queue?.shift();
    if (queue?.length === 0) this.#came.delete(place);
    return first;
  }

  isReplaced(client: string): boolean {
    return this.#replaced.has(client);
  }

  leftovers(): Record<string, string[]> {
    return Object.fromEntries(this.#came);
  }

  /** How many rows the tables have that clients and contacts fill. */
  rows(): Record<string, number> {
    const { requests, inbound, held, blockList, directed, roster } = this.#ports.store;
    const tables = Object.entries({ requests, inbound, held, blockList, directed, roster });
    return Object.fromEntries(tables.map(([name, store]) => [name, store.entries().length]));
  }

  decisions(): TraceEntry[] {
    const trace = this.account.trace();
    return trace.slice(this.#lastDecision ? trace.indexOf(this.#lastDecision) + 1 : 0);
  }

  /** What waited goes out, as the shell's queue does, but for what nobody waits for any more. */
  #release(): void {
    for (const request of this.#waiting.splice(0)) {
      if (!this.account.isGivenUp(request.attrs.id ?? "")) this.#toServer(request);
    }
  }

  #toServer(stanza: Element): void {
    const isRosterGet =
      stanza.attrs.type === "get" && stanza.getChild("query", "jabber:iq:roster") !== undefined;
    const { id = "", to } = stanza.attrs;
    if (this.#archive !== SCRIPTED && ARCHIVE.test(serialize(stanza))) {
      this.#archiveAsked.push({ id, to });
    } else if (this.roomArchive !== SCRIPTED && ROOM_ARCHIVE.test(serialize(stanza))) {
      this.#archiveAsked.push({ id, to });
    } else if (!this.#asksForBookmarks && BOOKMARKS.test(serialize(stanza))) {
      this.#bookmarksAsked.push(stanza.attrs.id ?? "");
    } else if (this.#roster === SCRIPTED || !isRosterGet) this.#record("upstream", serialize(stanza));
    else this.#rosterAsked.push(stanza.attrs.id ?? "");
  }

  /** The server's part in what most scripts are not about. */
  #tellRoster(): void {
    for (const id of this.#rosterAsked.splice(0)) {
      const query = `<query xmlns="jabber:iq:roster">${this.#roster}</query>`;
      const result = `<iq type="result" to="${FULL}" id="${id}">${query}</iq>`;
      this.account.fromUpstream(parse(result, SERVER_LIMITS));
    }
  }

  #tellArchive(): void {
    for (let asked = this.#archiveAsked.shift(); asked; asked = this.#archiveAsked.shift()) {
      const archive = asked.to === undefined ? this.#archive : this.roomArchive;
      const from = asked.to === undefined ? "" : ` from="${asked.to}"`;
      const features = archive === "has" ? '<feature var="urn:xmpp:mam:2"/>' : "";
      const query = `<query xmlns="http://jabber.org/protocol/disco#info">${features}</query>`;
      const [type, payload] = archive === "error" ? ["error", ""] : ["result", query];
      this.account.fromUpstream(
        parse(`<iq type="${type}"${from} to="${FULL}" id="${asked.id}">${payload}</iq>`),
      );
    }
  }

  #tellNoBookmarks(): void {
    for (let id = this.#bookmarksAsked.shift(); id !== undefined; id = this.#bookmarksAsked.shift()) {
      this.account.fromUpstream(parse(`<iq type="error" to="${FULL}" id="${id}"/>`));
    }
  }

  /** No two things happen in the same millisecond, so that who was active last is never a tie. */
  #happens(): void {
    this.nowMs += 1;
    this.#lastDecision = this.account.trace().at(-1);
  }

  #record(place: string, frame: string): void {
    const queue = this.#came.get(place);
    if (queue) queue.push(frame);
    else this.#came.set(place, [frame]);
  }
}

/** Plays a script against the policy alone. */
export async function playPolicy(script: Script, beginning: Partial<Beginning> = {}): Promise<void> {
  await play(script, new AccountWorld(beginning));
}
