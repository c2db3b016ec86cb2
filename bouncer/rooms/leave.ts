/** MUC-6 and MUC-7: a client leaves a room by itself; the account leaves with the last one, unless it is to stay. */
import xml, { type Element } from "@xmpp/xml";
import { occupantItem, occupantUnavailable, STATUS } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { clone } from "../../xmpp/xml/element.ts";
import type { ClientId } from "../ports.ts";
import { sayPresence } from "./own-presence.ts";
import type { Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";

/** A room that does not confirm in this time is taken to be left. */
export const LEAVE_TIMEOUT_MS = 60_000;

/** A client whose device has just attached anew enters its rooms again in this time, if it does so by itself. */
const LINGER_MS = 10_000;

/**
 * Takes a client out of the room; false when it was not in. `goodbye`: what it said, and so what it is to hear. `isReplaced`: its
 * device is attaching anew, and its rooms need not see that it was gone.
 */
export function takeOut(
  context: RoomContext,
  room: Room,
  client: ClientId,
  { goodbye, isReplaced = false }: { goodbye?: Element; isReplaced?: boolean } = {},
): boolean {
  const waited = room.waiters.some((waiter) => waiter.client === client);
  context.tellings.left(room, client);
  const was = room.members.delete(client) || waited;
  if (!was) return false;
  room.waiters = room.waiters.filter((waiter) => waiter.client !== client);
  room.pingers = room.pingers.filter((pinger) => pinger.client !== client);
  if (goodbye) {
    const stanza = ownUnavailable(context, room, goodbye);
    context.outlet.deliver({
      rule: "MUC-6",
      stanza,
      to: [client],
      reason: "it has left; the room need not know",
    });
  }
  if (isReplaced && room.isEmpty && wasSaid(room)) linger(context, room);
  else settle(context, room, goodbye);
  return true;
}

function linger({ list, ports }: RoomContext, room: Room): void {
  room.lingerUntilMs = ports.clock.nowMs() + LINGER_MS;
  list.save(room);
}

/** Somebody is back, or nobody comes. */
export function lingerNoMore(context: RoomContext, room: Room): void {
  if (room.lingerUntilMs === undefined) return;
  room.lingerUntilMs = undefined;
  settle(context, room);
}

/** What becomes of the room after somebody has left, or it is to be kept no more. */
export function settle(context: RoomContext, room: Room, goodbye?: Element): void {
  if (room.lingerUntilMs !== undefined && room.isEmpty) return context.list.save(room);
  if (!room.isEmpty || room.isKept) {
    sayPresence(context, room);
    return context.list.save(room);
  }
  if (room.phase === "leaving") return;
  if (!wasSaid(room)) return context.list.drop(room);
  room.phase = "leaving";
  room.said = false;
  // MUC-15: who enters before the room has answered needs the password as anybody does.
  context.list.setPassword(room, undefined);
  context.list.save(room);
  if (context.session.connected) sayGoodbye(context, room, goodbye);
}

/** Does the room know of us, as far as we can tell? */
function wasSaid(room: Room): boolean {
  return room.isIn || (room.phase === "joining" && (room.said || room.mayBeIn));
}

/** Tells the room that we are gone. */
export function sayGoodbye({ outlet, ports }: RoomContext, room: Room, goodbye?: Element): void {
  const address = { to: room.address, type: "unavailable" };
  const presence = xml("presence", { xmlns: NS.client, ...address }, ...statusOf(goodbye));
  room.said = outlet.toUpstream("MUC-6", presence, "the last client has left");
  room.sinceMs = ports.clock.nowMs();
}

/** What the room would have told a client that leaves (XEP-0045 section 7.14). */
function ownUnavailable({ session }: RoomContext, room: Room, goodbye: Element): Element {
  const { affiliation } = room.self ? occupantItem(room.self) : {};
  const address = { from: room.address, to: session.fullJid };
  const stanza = occupantUnavailable(address, { affiliation }, [STATUS.self]);
  stanza.append(...statusOf(goodbye));
  return stanza;
}

function statusOf(presence: Element | undefined): Element[] {
  return presence?.getChildren("status").map(clone) ?? [];
}
