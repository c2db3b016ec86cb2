/**
 * MUC-5 and MUC-13: messages of a room go to the clients that are in it, and one client's go to the room once: the room
 * sends them back to all. Private messages through the room are not sent back, so siblings get copies.
 */
import xml, { type Element } from "@xmpp/xml";
import { carbonIneligibility, carbonOf } from "../../xmpp/carbons.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { errorCondition, isInvitation, isSubject, nickOf, STATUS, statusCodes } from "../../xmpp/muc.ts";
import { errorReply } from "../../xmpp/stanza.ts";
import type { ClientId } from "../ports.ts";
import { check } from "./check.ts";
import type { Room } from "./room.ts";
import { isCaughtUp, type RoomContext, tellMembers } from "./room-context.ts";

/** A message from the room or an occupant. False when it is not the room's business. */
export function messageFromRoom(context: RoomContext, room: Room, message: Element): boolean {
  const { type } = message.attrs;
  // Of the room's archive (XEP-0313): for who asked. Invitations (MUC-18) and errors of those who are not in: for all.
  if (isArchiveResult(message) || isInvitation(message)) return false;
  if (type === "error" && message.attrs.from === room.jid) doubted(context, room, message);
  if (type !== "groupchat") {
    // What is said to us in person, and what came back, is for somebody even if nobody is there.
    if (room.members.size === 0) return false;
    const isPrivate = nickOf(message.attrs.from ?? "") !== "";
    const reason = isPrivate ? "a private message through the room" : "a word of the room itself";
    tellMembers(context, room, message, { rule: isPrivate ? "MUC-13" : "MUC-5", reason });
    return true;
  }
  room.heardMs = context.ports.clock.nowMs();
  if (isSubject(message)) subject(context, room, message);
  else if (message.getChild("delay", NS.delay) && room.phase !== "joined") past(context, room, message);
  else {
    if (room.phase === "entered") caughtUp(context, room, message);
    live(context, room, message);
  }
  return true;
}

/**
 * MUC-4: the room's own history has ended, with the subject, something new (`next`), or too long a silence; with the subject,
 * once what is fetched from its archive has come as well (MAM-13).
 */
export function caughtUp(context: RoomContext, room: Room, next?: Element): void {
  const beforeSeq = next && context.log.messages.placeOf(next)?.seq;
  context.fills.begin(room);
  room.phase = "joined";
  for (const client of room.members.keys()) context.tellings.goOn(room, client, beforeSeq);
  context.list.save(room);
}

/** A client speaks in the room, or to somebody through it. False when it is not the room's business. */
export function messageToRoom(context: RoomContext, room: Room, client: ClientId, message: Element): boolean {
  const { outlet } = context;
  const isPrivate = nickOf(message.attrs.to ?? "") !== "";
  const isGroupchat = message.attrs.type === "groupchat";
  const isError = message.attrs.type === "error";
  // Invitations, voice requests and the like (XEP-0045 sections 7.8 and 7.13) are messages to the room like any others.
  if (!isError && !isPrivate && !isGroupchat) return false;
  const isThere = room.members.has(client) || room.waiters.some((waiter) => waiter.client === client);
  if (isError) {
    // Whoever is in the room goes by MSG-5. RFC 6120 section 8.3.1: nobody else is told, since an error is not answered.
    if (!isThere) outlet.withhold("MUC-5", message, "an error, from who has not joined the room");
    return !isThere;
  }
  if (!isThere) {
    const stanza = errorReply(message, { type: "cancel", condition: "not-acceptable" });
    outlet.deliver({ rule: "MUC-5", stanza, to: [client], reason: "it has not joined the room" });
    return true;
  }
  // MSG-5 does all that is to be done: once to the room, which sends it back to all of us.
  if (isGroupchat) return false;
  if (!outlet.toUpstream("MUC-13", message, "a private message goes to the room once", client)) {
    outlet.refuse(message, client);
  } else {
    context.onSent(client, message);
    copyToSiblings(context, room, client, message);
  }
  return true;
}

/** XEP-0045 section 7.4: so a room answers who is not in it. Whether we are is found out now, not after a long silence. */
function doubted(context: RoomContext, room: Room, error: Element): void {
  if (errorCondition(error) !== "not-acceptable" || !room.isIn) return;
  room.heardMs = undefined;
  check(context, room);
}

function subject(context: RoomContext, room: Room, message: Element): void {
  const isNews =
    room.phase === "joined" || room.subject?.getChildText("subject") !== message.getChildText("subject");
  room.subject = message;
  if (isNews) {
    const caught = (id: ClientId): boolean => isCaughtUp(room, id);
    tellMembers(context, room, message, { rule: "MUC-5", reason: "the subject", of: caught });
  }
  if (room.phase === "entered" && !context.fills.begin(room)) caughtUp(context, room);
  else context.list.save(room);
}

/** History that the room sends while we enter: news to those who were there before, if the log did not have it. */
function past(context: RoomContext, room: Room, message: Element): void {
  if (context.log.messages.wasThere(message)) context.fills.knewBefore(room, message);
  if (!context.log.messages.placeOf(message)) {
    return context.outlet.withhold("MUC-11", message, "it was heard before");
  }
  const caught = (id: ClientId): boolean => isCaughtUp(room, id);
  tellMembers(context, room, message, {
    rule: "MUC-11",
    reason: "it was said while we were away",
    of: caught,
  });
}

function live(context: RoomContext, room: Room, message: Element): void {
  // MAM-13: what is fetched from the archive may come first, and is told then.
  if (context.log.messages.wasThere(message) && !message.getChild("delay", NS.delay)) {
    return context.outlet.withhold("LOG-4", message, "it came before");
  }
  if (message.attrs.from === room.jid) configured(context, room, statusCodes(message));
  const isLogged = context.log.messages.placeOf(message) !== undefined;
  const of = (id: ClientId): boolean => !isLogged || isCaughtUp(room, id);
  tellMembers(context, room, message, { rule: "MUC-5", reason: "what is said in the room", of });
}

/** XEP-0045 section 10.2.1: what a joiner is told of the room's privacy is what it is now. */
function configured(context: RoomContext, room: Room, codes: readonly string[]): void {
  const user = room.self?.getChild("x", NS.mucUser);
  if (!user) return;
  const set = (code: string, on: boolean): void => {
    user.children = user.children.filter((child) => typeof child === "string" || child.attrs.code !== code);
    if (on) user.append(xml("status", { code }));
  };
  if (codes.includes(STATUS.nowNonAnonymous)) set(STATUS.nonAnonymous, true);
  if (codes.includes(STATUS.nowSemiAnonymous)) set(STATUS.nonAnonymous, false);
  if (codes.includes(STATUS.loggingOn)) set(STATUS.loggingOn, true);
  if (codes.includes(STATUS.loggingOff)) set(STATUS.loggingOn, false);
  if (codes.length > 0) context.list.save(room);
}

/** XEP-0045 section 7.5 and XEP-0280 section 6.1: to those in the room, marked as what it is. */
function copyToSiblings(context: RoomContext, room: Room, sender: ClientId, message: Element): void {
  const { clients, outlet, rawCopies, session } = context;
  if (!message.getChild("x", NS.mucUser)) message.append(xml("x", { xmlns: NS.mucUser }));
  const client = clients.get(sender);
  const logged = client && context.log.messages.sent(message, client.device);
  const ineligible = carbonIneligibility(message);
  if (ineligible !== undefined) return outlet.withhold("MUC-13", message, ineligible);
  const stanza = carbonOf(message, "sent", session.bareJid, session.fullJid);
  const isOther = (id: ClientId): boolean => id !== sender && room.members.has(id);
  const to = clients.idsWhere(({ id, carbons }) => carbons && isOther(id));
  const logSeq = logged?.outcome === "logged" ? logged.place.seq : undefined;
  outlet.deliver({ rule: "MUC-13", stanza, to, reason: "a copy for the others there", logSeq });
  const raw = clients.idsWhere((other) => isOther(other.id) && rawCopies.isFor(other));
  const reason = "no carbons enabled, and its owner wants copies there";
  if (raw.length > 0) outlet.deliver({ rule: "MSG-8", stanza: message, to: raw, reason, logSeq });
}

function isArchiveResult(message: Element): boolean {
  const result = message.getChildElements().find((child) => child.getName() === "result");
  return result?.getNS()?.startsWith("urn:xmpp:mam:") === true;
}
