/**
 * MUC-12: are we still in the room? Asked once for all clients by a ping to ourselves through the room (XEP-0410), when the
 * room has been silent for long, or when a client wants to know and nothing has shown it lately.
 */
import xml, { type Element } from "@xmpp/xml";
import { errorCondition } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import type { ClientId } from "../ports.ts";
import { enter } from "./enter.ts";
import { answerPinger, answerPingers } from "./pingers.ts";
import type { Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";

/** A room that was silent for this long is asked. XEP-0410 section 3 has 15 minutes for an example. */
const SILENCE_MS = 600_000;
/** And this long at most after that: others have heard its last word at the same moment. */
const SPREAD_MS = 60_000;
/** What the room showed within this time answers a client's question. */
const FRESH_MS = 120_000;
/** An answer that decides nothing: ask again after this. */
const UNDECIDED_MS = 120_000;
/** Errors of somebody who was reached: we are in the room, under this nickname or another (section 3.1). */
const INSIDE = new Set(["service-unavailable", "feature-not-implemented", "item-not-found"]);
const UNDECIDED = new Set(["remote-server-not-found", "remote-server-timeout", "resource-constraint"]);
/** Questions that clients may have open at once. */
const MAX_PINGERS = 100;

/** When to ask by ourselves; undefined while that makes no sense. */
export function nextCheckMs(room: Room): number | undefined {
  if (room.phase !== "joined" || room.checking) return undefined;
  const silenceMs = SILENCE_MS + room.jitter * SPREAD_MS;
  return Math.max(room.checkAtMs, (room.heardMs ?? -Infinity) + silenceMs);
}

/** A client pings itself through the room. */
export function clientPings(context: RoomContext, room: Room, client: ClientId, request: Element): void {
  const { ports, session } = context;
  const pinger = { client, request };
  const isThere = room.members.has(client) || room.waiters.some((waiter) => waiter.client === client);
  if (!isThere) return answerPinger(context, pinger, "outside");
  if (!session.connected || room.pingers.length >= MAX_PINGERS)
    return answerPinger(context, pinger, "unknown");
  const isFresh = room.heardMs !== undefined && ports.clock.nowMs() - room.heardMs < FRESH_MS;
  if (room.isIn && isFresh) return answerPinger(context, pinger, "inside");
  room.pingers.push(pinger);
  check(context, room);
}

/** Asks the room, unless that is under way. */
export function check(context: RoomContext, room: Room): void {
  if (!room.isIn || room.checking || !context.session.connected) return;
  room.checking = true;
  const ping = xml(
    "iq",
    { xmlns: NS.client, type: "get", to: room.address },
    xml("ping", { xmlns: NS.ping }),
  );
  context.iq.ask(ping, (answer) => answered(context, room, answer));
}

function answered(context: RoomContext, room: Room, answer: Element): void {
  const { list, ports } = context;
  room.checking = false;
  if (list.at(room.jid) !== room || !room.isIn) return;
  const condition = answer.attrs.type === "result" ? undefined : errorCondition(answer);
  if (condition === undefined || INSIDE.has(condition)) {
    room.heardMs = ports.clock.nowMs();
    return answerPingers(context, room, "inside");
  }
  room.checkAtMs = ports.clock.nowMs() + UNDECIDED_MS;
  if (UNDECIDED.has(condition)) return answerPingers(context, room, "unknown");
  // Those who ask get their answer when we are in again, or cannot be.
  enter(context, room);
}
