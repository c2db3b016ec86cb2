/**
 * MUC-4, MUC-22: tells clients that join what was said before, a page at a time, the next when the last is acknowledged, over
 * all rooms of a client together; what is said there meanwhile waits in the log, and the subject comes when all was told. How
 * far a client is is stored with its device, so that a new process goes on with it.
 */
import xml from "@xmpp/xml";
import type { Element } from "@xmpp/xml";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { RoundTrips } from "../log/round-trips.ts";
import type { RoomPlace } from "../log/log-store.ts";
import type { ClientId } from "../ports.ts";
import { type HistoryPage, PAGE } from "./history.ts";
import { earliestMs } from "./history-limits.ts";
import type { Member, Owed, Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";
import { serveSubject } from "./serve.ts";

/** A client that acknowledges nothing gets a page at most this often. */
const PATIENCE_MS = 2_000;

/** What a client was told and has not acknowledged, of all its rooms. */
interface Flow {
  count: number;
  length: number;
  /** Acknowledged when this is; undefined without Stream Management. */
  mark: number | undefined;
  /** When to go on, whatever it does. */
  dueMs: number | undefined;
}

export class Tellings {
  readonly #context: Omit<RoomContext, "fills" | "tellings">;
  /** Is something yet to be fetched of what was said in a room? */
  readonly #isFilling: (room: Room) => boolean;
  readonly #flows = new Map<ClientId, Flow>();
  readonly #roundTrips: RoundTrips;

  constructor(context: Omit<RoomContext, "fills" | "tellings">, isFilling: (room: Room) => boolean) {
    this.#context = context;
    this.#isFilling = isFilling;
    this.#roundTrips = new RoundTrips(context.ports, context.session);
  }

  /** Tells a member what it is owed, as much as may be on its way; what is in the log from `beforeSeq` on it gets as it comes. */
  goOn(room: Room, client: ClientId, beforeSeq?: number): void {
    const { clients, log, ports } = this.#context;
    const member = room.members.get(client);
    const known = clients.get(client);
    // It goes on when it is back.
    if (!member?.owed || !known || known.suspendedAtMs !== undefined) return;
    const wasBegun = member.owed.isBegun === true;
    const from = wasBegun ? log.places.at(client, room.jid) : undefined;
    const place = from ?? this.#begin(room, client, member, member.owed);
    const page = this.#page(room, client, member.owed, { place, beforeSeq });
    this.#send(client, page);
    // One whose queue has run over is gone by now.
    if (room.members.get(client) !== member) return;
    if (page.isLast && room.phase === "joined") {
      this.#finish(room, client, member, member.owed);
      const after = beforeSeq === undefined ? ports.log.head() : beforeSeq - 1;
      log.places.sent(client, room.jid, { after }, { live: true });
    } else if (!wasBegun || page.messages.length > 0) {
      log.places.sent(client, room.jid, page.place, { live: false });
    }
    if (page.messages.length > 0) this.#awaitAck(client);
  }

  /** A client is in a room no more; what it was sent until now it need not be told again. */
  left({ jid, members }: Room, client: ClientId): void {
    const { history, log } = this.#context;
    if (!members.has(client)) return;
    history.forget(jid, client);
    log.places.left(client, jid);
  }

  allLeft(room: Room): void {
    for (const client of room.members.keys()) this.left(room, client);
  }

  acknowledged(client: ClientId): void {
    const { log, ports } = this.#context;
    log.places.acknowledged(client);
    const flow = this.#flows.get(client);
    if (flow && (flow.mark === undefined || !ports.clients.hasAcknowledged(client, flow.mark))) return;
    this.#flows.delete(client);
    this.#goOnEverywhere(client);
  }

  /** Something from a client. True when it is the answer to a question of ours. */
  fromClient(client: ClientId, stanza: Element): boolean {
    const got = this.#roundTrips.fromClient(client, stanza);
    if (!got) return false;
    this.#context.log.places.answered(client);
    this.#flows.delete(client);
    this.#goOnEverywhere(client);
    return got.answer;
  }

  resumed(client: ClientId): void {
    if (!this.#flows.has(client)) this.#goOnEverywhere(client);
  }

  detached(client: ClientId): void {
    this.#flows.delete(client);
    this.#roundTrips.forget(client);
  }

  /** In a new process nobody waits for what the one before has sent. */
  revived(): void {
    for (const client of this.#context.clients.allIds()) this.#goOnEverywhere(client);
  }

  tick(nowMs: number): void {
    for (const [client, { dueMs }] of this.#flows) {
      if (dueMs === undefined || dueMs > nowMs) continue;
      this.#flows.delete(client);
      this.#goOnEverywhere(client);
    }
  }

  nextDeadlineMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#flows.values()) {
      if (dueMs !== undefined) next = Math.min(next ?? Infinity, dueMs);
    }
    return next;
  }

  #goOnEverywhere(client: ClientId): void {
    for (const room of this.#context.list.all()) {
      if (room.members.get(client)?.owed?.isBegun === true) this.goOn(room, client);
    }
  }

  #begin(room: Room, client: ClientId, member: Member, limits: Owed): RoomPlace {
    const { history, list, log, ports } = this.#context;
    const place = history.begin(room.jid, client, limits);
    const sinceMs = earliestMs(limits, ports.clock.nowMs());
    // From now on a number of seconds means a time.
    const { maxchars, maxstanzas } = limits;
    const since = sinceMs === -Infinity ? {} : { sinceMs };
    member.owed = { maxchars, maxstanzas, ...since, isBegun: true };
    log.places.begins(client, room.jid, place);
    list.save(room);
    return place;
  }

  #page(
    room: Room,
    client: ClientId,
    { sinceMs = -Infinity }: Owed,
    { place, beforeSeq }: { place: RoomPlace; beforeSeq: number | undefined },
  ): HistoryPage {
    const { history, session } = this.#context;
    const { count = 0, length = 0 } = this.#flows.get(client) ?? {};
    const rest = { count: PAGE.count - count, length: PAGE.length - length };
    return history.page(room.jid, client, place, { to: session.fullJid, sinceMs, beforeSeq, ...rest });
  }

  #send(client: ClientId, { messages, length }: HistoryPage): void {
    if (messages.length === 0) return;
    const reason = "what was said, within what it asks for";
    const about = xml("message");
    this.#context.outlet.replay(
      { rule: "MUC-4", stanza: about, to: [client], reason },
      messages.map((message) => serialize(message)),
    );
    const flow = this.#flows.get(client) ?? { count: 0, length: 0, mark: undefined, dueMs: undefined };
    flow.count += messages.length;
    flow.length += length;
    this.#flows.set(client, flow);
  }

  /** It gets from now on what is said as it is said, and what is fetched late, unless it has enough. */
  #finish(room: Room, client: ClientId, member: Member, limits: Owed): void {
    this.#context.history.forget(room.jid, client);
    const early = this.#isFilling(room) ? limits : undefined;
    room.members.set(client, { presence: member.presence, owed: undefined, early });
    this.#context.list.save(room);
    serveSubject(this.#context, room, client);
  }

  #awaitAck(client: ClientId): void {
    const { clock, clients } = this.#context.ports;
    const flow = this.#flows.get(client);
    if (!flow) return;
    flow.mark = clients.mark(client);
    if (clients.askForAck(client)) return;
    clients.send([client], serialize(this.#roundTrips.ask(client, 0)));
    flow.dueMs = clock.nowMs() + PATIENCE_MS;
  }
}
