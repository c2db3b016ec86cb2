/** What a room says of those who are in it (XEP-0045 sections 7 to 9): kept, and told to the members. */
import type { Element } from "@xmpp/xml";
import { isDestroyed, nickOf, occupantItem, STATUS, statusCodes } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { check } from "./check.ts";
import { outside, refused } from "./enter.ts";
import { Occupants } from "./occupants.ts";
import { inBrief, sayPresence } from "./own-presence.ts";
import { wasRight } from "./passwords.ts";
import { answerPingers } from "./pingers.ts";
import { RESTART_STEP, rejoinDelayMs } from "./rejoin.ts";
import { revive, type Room } from "./room.ts";
import { type RoomContext, tellMembers } from "./room-context.ts";
import { serveWaiters } from "./serve.ts";
import { tellIfReplaced, tellWhoIsGone } from "./who-is-gone.ts";

/** MUC-10: by somebody's will, or for good: nobody should come back by himself. */
const DELIBERATE = [STATUS.banned, STATUS.kicked, STATUS.affiliationLost, STATUS.membersOnly];

/** A presence from the room or an occupant of it. */
export function presenceFromRoom(context: RoomContext, room: Room, presence: Element): void {
  const { from = "", type } = presence.attrs;
  if (type === "error") return errorFromRoom(context, room, presence);
  forgetHolding(context, presence);
  const nick = nickOf(from);
  const isOurs = statusCodes(presence).includes(STATUS.self) || (room.isIn && nick === room.nick);
  room.heardMs = context.ports.clock.nowMs();
  switch (room.phase) {
    case "outside":
      return context.outlet.withhold("MUC-5", presence, "we are not in that room");
    case "leaving":
      if (isOurs && type === "unavailable") context.list.drop(room);
      return context.outlet.withhold("MUC-6", presence, "the room is being left");
    case "joining":
    case "entered":
    case "joined":
      if (isOurs)
        return type === undefined ? ourselves(context, room, presence) : weAreOut(context, room, presence);
      return somebodyElse(context, room, presence, nick);
  }
}

/** That our own server held it back because nobody was looking (XEP-0352 section 4) is nothing that the room says. */
function forgetHolding({ session }: RoomContext, presence: Element): void {
  const domain = session.bareJid.slice(session.bareJid.indexOf("@") + 1);
  for (const delay of presence.getChildren("delay", NS.delay)) {
    if (delay.attrs.from === domain) presence.remove(delay);
  }
}

function somebodyElse(context: RoomContext, room: Room, presence: Element, nick: string): void {
  const text = serialize(presence);
  const { before } = room;
  const last = before?.get(nick);
  const isNews = before === undefined || last !== text;
  const isAvailable = presence.attrs.type === undefined;
  if (isNews && isAvailable) tellIfReplaced(context, room, revive(last), presence);
  const isKept = isAvailable && context.list.hasRoomFor(text);
  const chunk = isKept ? room.occupants.set(nick, text) : room.occupants.delete(nick);
  if (!isAvailable) before?.delete(nick);
  // While we enter, all of it is stored at once in the end.
  if (room.isIn) context.list.saveOccupants(room, chunk);
  if (isNews)
    tellMembers(context, room, presence, { rule: "MUC-5", reason: "an occupant, to those in the room" });
}

/** Our own presence there: we are in, or have changed. */
function ourselves(context: RoomContext, room: Room, presence: Element): void {
  const wasEntering = room.phase === "joining";
  if (wasEntering) {
    wasRight(context.list, room);
    context.fills.entered(room);
  }
  const last = room.self;
  const isNews = last === undefined || serialize(last) !== serialize(inBrief(presence));
  room.nick = nickOf(presence.attrs.from ?? "");
  room.self = inBrief(presence);
  room.renaming = undefined;
  if (!wasEntering) {
    context.list.save(room);
    return tellMembers(context, room, presence, {
      rule: "MUC-5",
      reason: "our own presence, to those in the room",
    });
  }
  room.phase = "entered";
  room.sinceMs = context.ports.clock.nowMs();
  room.failures = 0;
  room.nicksTried = 0;
  room.occupants.delete(room.nick);
  tellWhoIsGone(context, room);
  if (isNews) {
    tellIfReplaced(context, room, last, presence);
    tellMembers(context, room, presence, { rule: "MUC-11", reason: "we are in the room again" });
  }
  serveWaiters(context, room, presence);
  context.list.saveAllOccupants(room);
  context.list.save(room);
  answerPingers(context, room, "inside");
  sayPresence(context, room);
}

/** `unavailable` of ours: another nickname, or the end. */
function weAreOut(context: RoomContext, room: Room, presence: Element): void {
  const codes = statusCodes(presence);
  const { nick } = occupantItem(presence);
  if (room.phase === "joining") {
    // Of a stay before this one: what came before it was of that stay as well.
    room.occupants = new Occupants();
    return context.outlet.withhold("MUC-6", presence, "the room was left before it was entered again");
  }
  const isRename = codes.includes(STATUS.nickChanged) && nick !== undefined;
  const reason = isRename ? "another nickname, for all of us" : "we are out of the room";
  tellMembers(context, room, presence, { rule: isRename ? "MUC-9" : "MUC-10", reason });
  if (isRename) {
    room.nick = nick;
    return context.list.save(room);
  }
  const isDeliberate =
    isDestroyed(presence) || codes.some((code) => DELIBERATE.some((known) => known === code));
  const isTechnical = codes.includes(STATUS.technical) || codes.includes(STATUS.shutdown);
  context.tellings.allLeft(room);
  room.members.clear();
  room.self = undefined;
  room.occupants = new Occupants();
  room.retryAtMs = isDeliberate && !isTechnical ? undefined : comesBackMs(context.ports);
  context.list.saveAllOccupants(room);
  outside(context, room);
}

/** MUC-10: when a room that went away for a moment is tried again. */
function comesBackMs({ chance, clock }: RoomContext["ports"]): number {
  return clock.nowMs() + rejoinDelayMs(RESTART_STEP, chance.next());
}

function errorFromRoom(context: RoomContext, room: Room, error: Element): void {
  const { outlet } = context;
  const { renaming } = room;
  switch (room.phase) {
    case "joining":
      return refused(context, room, error);
    case "entered":
    case "joined":
      if (renaming && nickOf(error.attrs.from ?? "") === renaming.nick) {
        room.renaming = undefined;
        const to = [renaming.client];
        return outlet.deliver({ rule: "MUC-9", stanza: error, to, reason: "the nickname it asked for" });
      }
      // The room may not know us any more. Whether it does is found out before anybody is told.
      outlet.withhold("MUC-12", error, "presence came back: are we still in the room?");
      return check(context, room);
    case "leaving":
      return context.list.drop(room);
    case "outside":
      return outlet.withhold("MUC-5", error, "we are not in that room");
  }
}
