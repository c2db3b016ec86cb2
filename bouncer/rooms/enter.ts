/**
 * MUC-1: getting into a room, once for all clients. Asking, being refused, and trying again; what is done once we are in
 * is serve.ts.
 */
import type { Element } from "@xmpp/xml";
import { errorCondition, joinElement, occupantItem, occupantUnavailable, STATUS } from "../../xmpp/muc.ts";
import { errorReply } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";
import { HISTORY_SIZE } from "./history.ts";
import { Occupants } from "./occupants.ts";
import { ownPresence } from "./own-presence.ts";
import { knowsAnother, passwordFor, passwordOf, wasWrong } from "./passwords.ts";
import { answerPingers } from "./pingers.ts";
import { rejoinDelayMs } from "./rejoin.ts";
import type { Room, Waiter } from "./room.ts";
import { type RoomContext, tellMembers } from "./room-context.ts";

/** A room that says neither yes nor no in this time is given up for now. */
export const JOIN_TIMEOUT_MS = 60_000;
/** Nicknames that we try, one underscore longer each, to get back into a room. */
const MAX_NICKS = 5;
/** Clocks differ: history is asked for from a little before what we have. */
const CLOCK_SLACK_MS = 60_000;
/** What will not change by waiting (XEP-0045 section 7.2.15). */
const LASTING = new Set([
  "forbidden",
  "gone",
  "item-not-found",
  "jid-malformed",
  "not-acceptable",
  "not-allowed",
  "not-authorized",
  "registration-required",
]);

/** Asks to enter: now, or when there is a session. */
export function enter(context: RoomContext, room: Room): void {
  const [first] = room.waiters;
  if (first && room.members.size === 0) room.nick = first.nick;
  const seen = seenByMembers(room);
  room.before = room.members.size > 0 ? seen : undefined;
  room.occupants = new Occupants();
  room.phase = "joining";
  room.retryAtMs = undefined;
  room.said = false;
  if (context.session.connected) askToEnter(context, room);
  context.list.save(room);
}

/** Says to the room that we want in; also when the process that did so before is gone (XEP-0045 section 17.3). */
export function askToEnter(context: RoomContext, room: Room): void {
  const { fills, history, log, outlet, ports } = context;
  const nowMs = ports.clock.nowMs();
  // MAM-15: what the archive will tell, in order, the room need not.
  room.isHistoryAsked = !fills.isExpected(room);
  // DELETE-6: nor is what was deleted to come back.
  const knownMs = history.lastMs(room.jid) ?? log.messages.deleted.at(room.jid)?.atMs;
  const lastMs = room.isHistoryAsked ? knownMs : undefined;
  const since = lastMs === undefined ? undefined : ports.clock.stamp(lastMs - CLOCK_SLACK_MS);
  const maxstanzas = room.isHistoryAsked ? HISTORY_SIZE : 0;
  room.mayBeIn = false;
  room.password = passwordFor(room);
  room.refusal = undefined;
  const presence = ownPresence(context, room);
  presence.append(joinElement({ password: room.password, maxstanzas, since }));
  room.sinceMs = nowMs;
  room.said = outlet.toUpstream("MUC-1", presence, "one join for all clients");
  if (!room.said) failLater(context, room, "resource-constraint");
}

/** The room has refused us: MUC-8 says who is told, MUC-9 and MUC-11 what is tried. */
export function refused(context: RoomContext, room: Room, error: Element): void {
  const condition = errorCondition(error);
  const isPassword = condition === "not-authorized";
  const hasMembers = room.members.size > 0;
  if (isPassword) wasWrong(context.list, room);
  if (isPassword && room.autojoin && !context.bookmarks.areRead)
    return waitForBookmarks(context, room, error);
  if (room.waiters.length > 0 && !hasMembers) return failWaiters(context, room, error);
  if (condition === "conflict" && room.nicksTried < MAX_NICKS) {
    room.nicksTried += 1;
    takeNick(context, room, `${room.nick}_`);
    return askToEnter(context, room);
  }
  if (isPassword && knowsAnother(room)) return askToEnter(context, room);
  if (!LASTING.has(condition) && condition !== "conflict") return failLater(context, room, condition, error);
  tellWaiters(context, room, error, room.waiters);
  expel(context, room);
  room.retryAtMs = undefined;
  outside(context, room);
}

/** MUC-17: the right password may stand in the bookmark, and members are not told before that is known. */
function waitForBookmarks(context: RoomContext, room: Room, error: Element): void {
  room.refusal = error;
  room.sinceMs = context.ports.clock.nowMs();
  context.list.save(room);
  context.bookmarks.need();
}

/** MUC-8: those who asked for what was refused are told; somebody who asked otherwise may be let in. */
function failWaiters(context: RoomContext, room: Room, error: Element): void {
  const condition = errorCondition(error);
  const same = (waiter: Waiter): boolean => {
    const password = passwordOf(room, waiter);
    const isRefused =
      password === room.password || (password === undefined && condition === "not-authorized");
    return waiter.nick === room.nick && isRefused;
  };
  const others = room.waiters.filter((waiter) => !same(waiter));
  // A join that the room answered under another name than it was asked for is over as well.
  const isOver = others.length === room.waiters.length;
  tellWaiters(context, room, error, isOver ? room.waiters : room.waiters.filter(same));
  room.waiters = isOver ? [] : others;
  if (room.waiters.length > 0) return enter(context, room);
  // MUC-7: what one client asked for was wrong; the account is to stay there all the same.
  if (room.isKept && (!LASTING.has(condition) || knowsAnother(room))) tryLater(context, room);
  outside(context, room);
}

/** It may work later: members stay, whoever has just asked is told. */
function failLater(context: RoomContext, room: Room, condition: string, error?: Element): void {
  const known = condition === "resource-constraint" ? condition : "remote-server-timeout";
  tellWaiters(context, room, error ?? errorFrom(room, known), room.waiters);
  if (room.members.size > 0 || room.isKept) tryLater(context, room);
  outside(context, room);
}

function tryLater({ ports }: RoomContext, room: Room): void {
  room.retryAtMs = ports.clock.nowMs() + rejoinDelayMs(room.failures, ports.chance.next());
  room.failures += 1;
}

/** Nobody has answered in time. */
export function timedOut(context: RoomContext, room: Room): void {
  failLater(context, room, "remote-server-timeout");
}

/** We are not in the room, and nobody waits for it any more. Members, if any, are told nothing: they may yet be. */
export function outside(context: RoomContext, room: Room): void {
  room.waiters = [];
  room.phase = "outside";
  room.said = false;
  room.refusal = undefined;
  room.occupants = seenByMembers(room);
  room.before = undefined;
  answerPingers(context, room, room.members.size > 0 ? "unknown" : "outside");
  if (room.isEmpty && !room.isKept) context.list.drop(room);
  else context.list.save(room);
}

/** Whom members believe to be there: those before, as far as none of them is told anew. */
function seenByMembers({ before, occupants }: Room): Occupants {
  if (!before) return occupants;
  for (const [nick, presence] of occupants.entries()) before.set(nick, presence);
  return before;
}

/** MUC-9: members know us by another name from now on; who has the old one may be told next. */
function takeNick(context: RoomContext, room: Room, nick: string): void {
  const address = { from: room.address, to: context.session.fullJid };
  const { affiliation } = room.self ? occupantItem(room.self) : {};
  const stanza = occupantUnavailable(address, { affiliation, nick }, [STATUS.nickChanged, STATUS.self]);
  tellMembers(context, room, stanza, { rule: "MUC-9", reason: "our nickname was taken while we were away" });
  room.nick = nick;
}

/** MUC-11: there is no way back in: members learn that they are out, by no will of anybody (status 333). */
function expel(context: RoomContext, room: Room): void {
  if (room.members.size === 0) return;
  const address = { from: room.address, to: context.session.fullJid };
  const stanza = occupantUnavailable(address, {}, [STATUS.self, STATUS.technical]);
  tellMembers(context, room, stanza, { rule: "MUC-11", reason: "the room lets us in no more" });
  context.tellings.allLeft(room);
  room.members.clear();
  room.before = undefined;
  room.occupants = new Occupants();
  room.self = undefined;
  context.list.saveAllOccupants(room);
}

/** Each under the name it asked for. */
function tellWaiters(
  { outlet, session }: RoomContext,
  room: Room,
  error: Element,
  waiters: readonly Waiter[],
): void {
  for (const { client, nick } of waiters) {
    const stanza = clone(error);
    stanza.attrs.from = `${room.jid}/${nick}`;
    stanza.attrs.to = session.fullJid;
    outlet.deliver({ rule: "MUC-8", stanza, to: [client], reason: "the room did not let it in" });
  }
}

function errorFrom(room: Room, condition: "resource-constraint" | "remote-server-timeout"): Element {
  const text = "The room did not answer; try again later.";
  const presence = ownAddress(room);
  return errorReply(presence, { type: "wait", condition, text });
}

function ownAddress(room: Room): Element {
  return occupantUnavailable({ from: "", to: room.address }, {}, []);
}
