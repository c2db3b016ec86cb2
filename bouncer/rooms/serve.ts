/**
 * MUC-2: what a client that joins is told, in the order of XEP-0045 section 7.1: the others, itself, what was said, the
 * subject. All of it from what we know; the room is not asked.
 */
import xml, { type Element } from "@xmpp/xml";
import { STATUS, statusCodes } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { clone } from "../../xmpp/xml/element.ts";
import type { ClientId } from "../ports.ts";
import type { Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";

/** How we came in, or under which name, is not what the next client is to hear. */
const OF_ONE_JOIN = new Set<string | undefined>([STATUS.created, STATUS.nickAssigned, STATUS.nickChanged]);

/** All who wait become members. `fresh`: our own presence as it just came, which the first who asked gets as it is. */
export function serveWaiters(context: RoomContext, room: Room, fresh?: Element): void {
  const waiters = room.waiters.splice(0);
  for (const [index, waiter] of waiters.entries()) {
    const isFirst = index === 0 && waiter.nick === room.nick;
    room.members.set(waiter.client, { presence: waiter.presence, owed: waiter.limits });
    serveOccupants(context, room, waiter.client, isFirst && fresh ? fresh : selfFor(room, waiter.nick));
    if (room.phase === "joined") context.tellings.goOn(room, waiter.client);
  }
}

/** What comes after the history. */
export function serveSubject(
  { outlet, session }: Pick<RoomContext, "outlet" | "session">,
  room: Room,
  client: ClientId,
): void {
  const subject = room.subject ? clone(room.subject) : noSubject(room);
  subject.attrs.to = session.fullJid;
  outlet.deliver({ rule: "MUC-2", stanza: subject, to: [client], reason: "the subject comes last" });
}

function serveOccupants({ outlet }: RoomContext, room: Room, client: ClientId, self: Element): void {
  const decision = { rule: "MUC-2", stanza: self, to: [client] };
  outlet.replay({ ...decision, reason: "those who are in the room" }, presencesOf(room));
  outlet.deliver({ ...decision, reason: "its own presence, after the others'" });
}

function* presencesOf(room: Room): Generator<string> {
  for (const [, presence] of room.occupants.entries()) yield presence;
}

/** Our own presence for a client that asked for this nickname (XEP-0045 section 7.2.3). */
function selfFor(room: Room, askedNick: string): Element {
  const self = room.self ? clone(room.self) : empty();
  const user = self.getChild("x", NS.mucUser) ?? self.cnode(xml("x", { xmlns: NS.mucUser }));
  user.children = user.children.filter(
    (child) =>
      typeof child === "string" || child.getName() !== "status" || !OF_ONE_JOIN.has(child.attrs.code),
  );
  const has = new Set(statusCodes(self));
  if (!has.has(STATUS.self)) user.append(xml("status", { code: STATUS.self }));
  // MUC-3
  if (askedNick !== room.nick) user.append(xml("status", { code: STATUS.nickAssigned }));
  return self;
}

/** XEP-0045 section 7.2.16: a room without a subject says so. */
function noSubject(room: Room): Element {
  return xml("message", { xmlns: NS.client, from: room.jid, type: "groupchat" }, xml("subject"));
}

function empty(): Element {
  return xml("presence", { xmlns: NS.client });
}
