/**
 * MUC-14: what a room sees of us: the presence there of the member that was active last, with our capabilities; the
 * detached one while no member is there.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { languageOf } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { PATIENCE_MS } from "../clients.ts";
import { MAX_PRESENCE_LENGTH } from "./occupants.ts";
import type { Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";

/** Neither a member's own business: our capabilities stand for all, a join is not repeated, rooms know no priority. */
const NOT_KEPT = new Set<string | undefined>([NS.caps, NS.caps2, NS.muc]);

/** What a client says of itself in a room, without addresses. */
export function presenceContent(presence: Element): Element {
  const content = xml("presence", { xmlns: NS.client, ...languageOf(presence) });
  for (const child of presence.getChildElements()) {
    if (!NOT_KEPT.has(child.getNS()) && child.getName() !== "priority") content.append(clone(child));
  }
  return inBrief(content);
}

/** MUC-16: of a presence that is too long to keep, what matters most. */
export function inBrief(presence: Element): Element {
  if (serialize(presence).length <= MAX_PRESENCE_LENGTH) return presence;
  const brief = xml("presence", presence.attrs);
  for (const child of presence.getChildElements()) {
    if (child.getNS() === NS.mucUser || child.getName() === "show") brief.append(clone(child));
  }
  return brief;
}

/** Our presence for a room, without `<x/>`. It is taken to be sent. */
export function ownPresence(context: RoomContext, room: Room): Element {
  const presence = contentNow(context, room);
  room.lastPresence = serialize(presence);
  presence.attrs.to = room.address;
  return presence;
}

/** Says what we are, to a room that we are in, when that has changed. */
export function sayPresence(context: RoomContext, room: Room): void {
  if (!room.isIn || !context.session.connected || room.lingerUntilMs !== undefined) return;
  const text = serialize(contentNow(context, room));
  // What was said before this process began was the same, as far as anybody can know.
  const before = (room.lastPresence ??= text);
  if (before === text) return;
  const isSent = context.outlet.toUpstream(
    "MUC-14",
    ownPresence(context, room),
    "what the room sees of us has changed",
  );
  if (!isSent) room.lastPresence = before;
}

/** When a member that is gone for now stops to count; undefined when there is none such. */
export function nextPatienceMs({ clients, ports }: RoomContext, room: Room): number | undefined {
  let next: number | undefined;
  for (const id of room.members.keys()) {
    const since = clients.get(id)?.suspendedAtMs;
    if (since === undefined || since + PATIENCE_MS <= ports.clock.nowMs()) continue;
    next = Math.min(next ?? Infinity, since + PATIENCE_MS);
  }
  return next;
}

function contentNow(context: RoomContext, room: Room): Element {
  const content = leader(context, room);
  const presence = content ? clone(content) : xml("presence", { xmlns: NS.client });
  if (!content && context.detachedShow !== "") presence.append(xml("show", {}, context.detachedShow));
  presence.append(context.caps.element());
  return presence;
}

function leader({ clients, ports }: RoomContext, room: Room): Element | undefined {
  const nowMs = ports.clock.nowMs();
  const there = clients
    .byRecency()
    .filter(({ suspendedAtMs }) => suspendedAtMs === undefined || nowMs - suspendedAtMs < PATIENCE_MS);
  const asked = (id: string): Element | undefined =>
    room.members.get(id)?.presence ?? room.waiters.find(({ client }) => client === id)?.presence;
  for (const { id } of there) {
    const presence = asked(id);
    if (presence) return presence;
  }
  return undefined;
}
