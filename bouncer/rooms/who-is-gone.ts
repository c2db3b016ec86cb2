/** MUC-11: the room was entered anew, and not everybody is there who was there before. */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { nickOf, occupantId, occupantItem, occupantUnavailable } from "../../xmpp/muc.ts";
import { clone } from "../../xmpp/xml/element.ts";
import { revive, type Room } from "./room.ts";
import { type RoomContext, tellMembers } from "./room-context.ts";

/** All who were there, and are not. */
export function tellWhoIsGone(context: RoomContext, room: Room): void {
  const { before, occupants } = room;
  room.before = undefined;
  if (!before || room.members.size === 0) return;
  for (const [nick, text] of before.entries()) {
    if (occupants.has(nick) || nick === room.nick || nick === "") continue;
    const last = revive(text);
    tellGone(context, room, { nick, last, affiliation: last && occupantItem(last).affiliation });
  }
}

/**
 * Somebody else has the nickname now, or a room that was made anew knows the same person by another id (XEP-0421): without
 * this, a client that goes by ids has both. `last` is what was known of the nickname, `now` what came.
 */
export function tellIfReplaced(
  context: RoomContext,
  room: Room,
  last: Element | undefined,
  now: Element,
): void {
  const nick = nickOf(now.attrs.from ?? "");
  if (last && nickOf(last.attrs.from ?? "") === nick && isSomebodyElse(last, now)) {
    // What the room made of the other one is not known.
    tellGone(context, room, { nick, last, affiliation: "none" });
  }
}

function isSomebodyElse(last: Element, now: Element): boolean {
  const [id, other] = [occupantId(last), occupantId(now)];
  if (id !== undefined && other !== undefined) return id.attrs.id !== other.attrs.id;
  const [jid, otherJid] = [occupantItem(last).jid, occupantItem(now).jid];
  return jid !== undefined && otherJid !== undefined && bareJidOf(jid) !== bareJidOf(otherJid);
}

function tellGone(
  context: RoomContext,
  room: Room,
  who: { nick: string; last: Element | undefined; affiliation: string | undefined },
): void {
  const address = { from: `${room.jid}/${who.nick}`, to: context.session.fullJid };
  const stanza = occupantUnavailable(address, { affiliation: who.affiliation }, []);
  const id = who.last && occupantId(who.last);
  if (id) stanza.append(clone(id));
  tellMembers(context, room, stanza, { rule: "MUC-11", reason: "it left while we were away" });
}
