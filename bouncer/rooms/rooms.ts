/**
 * MUC: rooms (XEP-0045). The account is one occupant however many of its clients are in a room; towards each client we
 * are the room. This file leads each stanza and event to its rule; PRES knows nothing of rooms that were entered this way.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { asksToJoin, nickOf, occupantUnavailable, readPassword, STATUS } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { errorReply, iqPayload, stanzaKind } from "../../xmpp/stanza.ts";
import type { Departure } from "../clients.ts";
import type { Part, PartContext } from "../part.ts";
import type { ClientId } from "../ports.ts";
import { BookmarkReading } from "./bookmark-reading.ts";
import { readBookmarkEvent } from "./bookmarks.ts";
import { check, clientPings, nextCheckMs } from "./check.ts";
import { askToEnter, enter, JOIN_TIMEOUT_MS, timedOut } from "./enter.ts";
import { RoomHistory } from "./history.ts";
import { readLimits } from "./history-limits.ts";
import { changeBookmarks, fetchBookmarks, pin, unpin } from "./keeping.ts";
import { LEAVE_TIMEOUT_MS, lingerNoMore, sayGoodbye, settle, takeOut } from "./leave.ts";
import { caughtUp, messageFromRoom, messageToRoom } from "./messages.ts";
import { nextPatienceMs, ownPresence, presenceContent, sayPresence } from "./own-presence.ts";
import { presenceFromRoom } from "./presence-in.ts";
import type { Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";
import { RoomFills } from "./room-fills.ts";
import { RoomList } from "./room-list.ts";
import { serveWaiters } from "./serve.ts";
import { Tellings } from "./tellings.ts";

/** A room that never sends a subject has nothing more to say after this. */
const SUBJECT_TIMEOUT_MS = 10_000;

export class Rooms implements Part {
  readonly #context: RoomContext;

  constructor(context: PartContext) {
    const { ports } = context;
    const list = new RoomList(ports.store, ports.clock.nowMs(), ports.chance);
    const history = new RoomHistory(ports, context.log.places);
    const bookmarks = new BookmarkReading(() => fetchBookmarks(this.#context));
    const shared = { ...context, list, history, bookmarks };
    const tellings = new Tellings(shared, (room) => this.#context.fills.isOpen(room));
    const telling = { ...shared, tellings };
    this.#context = { ...telling, fills: new RoomFills(telling) };
  }

  /** Is this bare JID a room that the account is in, or wants to be? */
  isRoom(bareJid: string): boolean {
    return this.#context.list.at(bareJid) !== undefined;
  }

  /** MUC-21: those of our clients that are in the room. */
  clientsAt(bareJid: string): ReadonlySet<ClientId> | undefined {
    const room = this.#context.list.at(bareJid);
    return room && new Set(room.members.keys());
  }

  /** MUC-7: stays in a room although no client is there. False when there are too many rooms. */
  pin(room: string, nick?: string): boolean {
    return pin(this.#context, room, nick);
  }

  unpin(room: string): void {
    unpin(this.#context, room);
  }

  /** The bare JIDs of the rooms that are pinned. */
  pinned(): string[] {
    return this.#context.list.all().flatMap(({ pinned, jid }) => (pinned ? [jid] : []));
  }

  fromUpstream(stanza: Element): boolean {
    const kind = stanzaKind(stanza);
    const room = this.#context.list.at(stanza.attrs.from);
    if (kind === "presence") {
      const { type } = stanza.attrs;
      if (!room || (type !== undefined && type !== "unavailable" && type !== "error")) return false;
      presenceFromRoom(this.#context, room, stanza);
      return true;
    }
    if (kind !== "message") return false;
    if (this.#context.fills.fromUpstream(stanza)) return true;
    if (room) return messageFromRoom(this.#context, room, stanza);
    const changes = readBookmarkEvent(stanza, this.#context.session.bareJid);
    if (changes) changeBookmarks(this.#context, changes);
    return false;
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    if (this.#context.tellings.fromClient(id, stanza)) return true;
    switch (stanzaKind(stanza)) {
      case "presence":
        return this.#presence(id, stanza);
      case "message":
        return this.#message(id, stanza);
      case "iq":
        return this.#iq(id, stanza);
      case undefined:
        return false;
    }
  }

  acknowledged(id: ClientId): void {
    this.#context.tellings.acknowledged(id);
  }

  resumed(id: ClientId): void {
    this.#sayWhereIs(id);
    this.#context.tellings.resumed(id);
  }

  detached(id: ClientId, how: Departure): void {
    this.#context.tellings.detached(id);
    for (const room of this.#context.list.all())
      takeOut(this.#context, room, id, { isReplaced: how === "replaced" });
  }

  /** Clients that did not survive the process are in no room, and nobody was in those that lingered. */
  revived(): void {
    const { clients, list } = this.#context;
    for (const room of list.all()) {
      const known = [...room.members.keys(), ...room.waiters.map(({ client }) => client)];
      for (const id of known) if (!clients.get(id)) takeOut(this.#context, room, id);
      if (known.length === 0 && !room.isKept) settle(this.#context, room);
    }
    this.#context.tellings.revived();
  }

  /** MUC-11: the session's server knows of no room. */
  upstreamBound(): void {
    const { list } = this.#context;
    for (const room of list.all()) {
      if (room.phase === "leaving" || (room.isEmpty && !room.isKept)) list.drop(room);
      else enter(this.#context, room);
    }
    fetchBookmarks(this.#context);
  }

  upstreamResumed(): void {
    for (const room of this.#context.list.all()) {
      room.sinceMs = this.#context.ports.clock.nowMs();
      if (room.phase === "joining" && !room.said) askToEnter(this.#context, room);
      else if (room.phase === "leaving" && !room.said) sayGoodbye(this.#context, room);
      else sayPresence(this.#context, room);
    }
    this.#context.fills.upstreamResumed();
  }

  upstreamLost(): void {
    this.#context.fills.upstreamLost();
  }

  tick(nowMs: number): void {
    this.#context.fills.tick(nowMs);
    this.#context.tellings.tick(nowMs);
    for (const room of this.#context.list.all()) {
      const dueMs = this.#dueMs(room);
      if (dueMs !== undefined && dueMs <= nowMs) this.#due(room);
      sayPresence(this.#context, room);
    }
  }

  nextDeadlineMs(): number | undefined {
    let next = this.#context.tellings.nextDeadlineMs();
    if (!this.#context.session.connected) return next;
    const filling = this.#context.fills.nextDeadlineMs();
    if (filling !== undefined) next = Math.min(next ?? Infinity, filling);
    for (const room of this.#context.list.all()) {
      for (const dueMs of [this.#dueMs(room), nextPatienceMs(this.#context, room)]) {
        if (dueMs !== undefined) next = Math.min(next ?? Infinity, dueMs);
      }
    }
    return next;
  }

  #dueMs(room: Room): number | undefined {
    if (!this.#context.session.connected) return undefined;
    return room.lingerUntilMs ?? this.#phaseDueMs(room);
  }

  #phaseDueMs(room: Room): number | undefined {
    switch (room.phase) {
      case "outside":
        return room.retryAtMs;
      case "joining":
        return room.sinceMs + JOIN_TIMEOUT_MS;
      case "entered":
        return room.sinceMs + SUBJECT_TIMEOUT_MS;
      case "joined":
        return nextCheckMs(room);
      case "leaving":
        return room.sinceMs + LEAVE_TIMEOUT_MS;
    }
  }

  #due(room: Room): void {
    if (room.lingerUntilMs !== undefined) return lingerNoMore(this.#context, room);
    switch (room.phase) {
      case "outside":
        return enter(this.#context, room);
      case "joining":
        return timedOut(this.#context, room);
      case "entered":
        return caughtUp(this.#context, room);
      case "joined":
        return check(this.#context, room);
      case "leaving":
        return this.#context.list.drop(room);
    }
  }

  #presence(id: ClientId, presence: Element): boolean {
    const { list } = this.#context;
    const { to, type } = presence.attrs;
    if (to === undefined) {
      // RFC 6121 section 4.6.3: the end of its presence is told wherever it was directed to.
      if (type === "unavailable") {
        for (const room of list.all()) takeOut(this.#context, room, id, { goodbye: presence });
      }
      return false;
    }
    if (asksToJoin(presence)) {
      this.#join(id, presence, to);
      return true;
    }
    const room = list.at(to);
    if (!room || (type !== undefined && type !== "unavailable")) return false;
    if (type === "unavailable") {
      if (!takeOut(this.#context, room, id, { goodbye: presence })) {
        this.#context.outlet.withhold("MUC-6", presence, "it is not in that room");
      }
    } else this.#update(id, room, presence);
    return true;
  }

  /** MUC-1: asks to enter, or waits with others, or is served from what we know. */
  #join(id: ClientId, presence: Element, to: string): void {
    const { list, outlet, ports } = this.#context;
    const nick = nickOf(to);
    const jid = bareJidOf(to);
    const refuse = (stanza: Element): void =>
      outlet.deliver({ rule: "MUC-16", stanza, to: [id], reason: "the room cannot be asked" });
    // XEP-0045 section 7.2.1
    if (nick === "") return refuse(errorReply(presence, { type: "modify", condition: "jid-malformed" }));
    const room = list.open(jid, nick);
    if (!room) return refuse(errorReply(presence, { type: "wait", condition: "resource-constraint" }));
    const password = readPassword(presence.getChild("x", NS.muc));
    const limits = readLimits(presence, (stamp) => ports.clock.parse(stamp));
    room.waiters = room.waiters.filter(({ client }) => client !== id);
    room.waiters.push({ client: id, nick, password, presence: presenceContent(presence), limits });
    this.#context.tellings.left(room, id);
    room.members.delete(id);
    room.lingerUntilMs = undefined;
    if (room.isIn) {
      serveWaiters(this.#context, room);
      sayPresence(this.#context, room);
    } else if (room.phase !== "joining") enter(this.#context, room);
    list.save(room);
  }

  /** Its presence there has changed, or it wants another nickname for us. */
  #update(id: ClientId, room: Room, presence: Element): void {
    const { list, outlet, session } = this.#context;
    const member = room.members.get(id);
    const nick = nickOf(presence.attrs.to ?? "");
    const waiter = room.waiters.find(({ client }) => client === id);
    if (waiter) {
      waiter.presence = presenceContent(presence);
      return list.save(room);
    }
    if (!member) {
      // XEP-0045 section 7.2.17: it believes to be in the room, and has to learn that it is not.
      const address = { from: `${room.jid}/${nick}`, to: session.fullJid };
      const codes = [STATUS.self, STATUS.kicked, STATUS.technical];
      const stanza = occupantUnavailable(address, {}, codes);
      return outlet.deliver({ rule: "MUC-19", stanza, to: [id], reason: "it has not joined the room" });
    }
    member.presence = presenceContent(presence);
    list.save(room);
    if (nick === "" || nick === room.nick) return sayPresence(this.#context, room);
    if (!room.isIn) return outlet.withhold("MUC-9", presence, "the room is being entered");
    // MUC-9: for all of us; those who are in the room are told by the room.
    room.renaming = { client: id, nick };
    const asking = ownPresence(this.#context, room);
    asking.attrs.to = `${room.jid}/${nick}`;
    outlet.toUpstream("MUC-9", asking, "another nickname, for all clients");
  }

  #message(id: ClientId, message: Element): boolean {
    const room = this.#context.list.at(message.attrs.to);
    const isClaimed = room !== undefined && messageToRoom(this.#context, room, id, message);
    this.#sayWhereIs(id);
    return isClaimed;
  }

  #iq(id: ClientId, iq: Element): boolean {
    const room = this.#context.list.at(iq.attrs.to);
    const isPing = iq.attrs.type === "get" && iqPayload(iq)?.is("ping", NS.ping) === true;
    const nick = nickOf(iq.attrs.to ?? "");
    if (!room || !isPing || nick === "") return false;
    // A member may ping others; whoever is in no room has nobody to ping there but itself.
    if (nick !== room.nick && room.members.has(id)) return false;
    clientPings(this.#context, room, id, iq);
    return true;
  }

  /** A client was active: what the rooms see of us may be its presence now. */
  #sayWhereIs(id: ClientId): void {
    for (const room of this.#context.list.all()) {
      if (room.members.has(id)) sayPresence(this.#context, room);
    }
  }
}
