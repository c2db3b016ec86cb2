// What is asked of a small room, of its archive, and of an occupant through it (XEP-0045 sections 8 to 10, XEP-0313, XEP-0410).

import xml, { type Element } from "@xmpp/xml";
import { readForm } from "../../xmpp/data-forms.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { nickOf, STATUS } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { iqPayload, iqResult, isIqRequest } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";
import type { Occupant, SmallRoom } from "./small-room.ts";

const ADMIN = `${NS.muc}#admin`;
const OWNER = `${NS.muc}#owner`;
const CONFIG = "muc#roomconfig_";

export function requestInRoom(room: SmallRoom, iq: Element, sender: Occupant | undefined): void {
  const payload = iqPayload(iq);
  const nick = nickOf(iq.attrs.to ?? "");
  if (nick !== "") return toOccupant(room, iq, sender, nick);
  if (!isIqRequest(iq)) return;
  switch (`${iq.attrs.type} ${payload?.getNS()}`) {
    case `set ${ADMIN}`:
      return decrees(room, iq, payload?.getChildren("item") ?? [], sender);
    case `get ${OWNER}`:
    case `set ${OWNER}`:
      return owns(room, iq, payload);
    case `set ${NS.mam}`:
      return readsArchive(room, iq, payload);
    default:
      return room.refuse(iq, "service-unavailable");
  }
}

function toOccupant(room: SmallRoom, iq: Element, sender: Occupant | undefined, nick: string): void {
  const asked = room.occupants.get(nick);
  if (!sender) return isIqRequest(iq) ? room.refuse(iq, "not-acceptable") : undefined;
  if (!asked) return isIqRequest(iq) ? room.refuse(iq, "item-not-found") : undefined;
  if (asked === sender && iq.getChild("ping", NS.ping)) return room.around.send(iqResult(iq));
  const copy = clone(iq);
  Object.assign(copy.attrs, { from: `${room.jid}/${sender.nick}`, to: asked.fullJid });
  room.around.send(copy);
}

/** Roles by nickname, affiliations by address. */
function decrees(
  room: SmallRoom,
  iq: Element,
  items: readonly Element[],
  sender: Occupant | undefined,
): void {
  if (sender?.role !== "moderator") return room.refuse(iq, "forbidden");
  for (const item of items) {
    const { nick, role, jid, affiliation } = item.attrs;
    const reason = item.getChildText("reason") ?? undefined;
    const telling = reason === undefined ? {} : { reason };
    const occupant = nick === undefined ? undefined : room.occupants.get(nick);
    if (occupant && role === "none") room.takeOut(occupant, { codes: [STATUS.kicked], ...telling });
    else if (occupant && role !== undefined) {
      occupant.role = role;
      room.tellAll(occupant, telling);
    } else if (jid !== undefined && affiliation !== undefined) affiliate(room, jid, affiliation, telling);
  }
  room.around.send(iqResult(iq));
}

function affiliate(room: SmallRoom, jid: string, affiliation: string, telling: { reason?: string }): void {
  room.affiliations.set(jid, affiliation);
  for (const occupant of room.occupants.values()) {
    if (bareJidOf(occupant.fullJid) !== jid) continue;
    if (affiliation === "outcast") room.takeOut(occupant, { codes: [STATUS.banned], ...telling });
    else if (affiliation === "none" && room.has("membersonly"))
      room.takeOut(occupant, { codes: [STATUS.affiliationLost], ...telling });
    else {
      occupant.role = room.roleOf(jid);
      room.tellAll(occupant, telling);
    }
  }
}

function owns(room: SmallRoom, iq: Element, payload: Element | undefined): void {
  if (room.affiliationOf(iq.attrs.from ?? "") !== "owner") return room.refuse(iq, "forbidden");
  const destroy = payload?.getChild("destroy");
  const form = payload?.getChild("x", NS.dataForms);
  if (destroy) {
    const told = clone(destroy);
    delete told.attrs.xmlns;
    room.destroy(told);
  } else if (form) configure(room, form);
  else return room.around.send(iqResult(iq, xml("query", { xmlns: OWNER }, formOf(room))));
  room.around.send(iqResult(iq));
}

function configure(room: SmallRoom, form: Element): void {
  for (const [name, [value = ""]] of readForm(form)) {
    if (name.startsWith(CONFIG)) room.settings.set(name.slice(CONFIG.length), value);
  }
  const strangers = [...room.occupants.values()].filter(
    ({ fullJid }) => room.has("membersonly") && room.affiliationOf(fullJid) === "none",
  );
  for (const stranger of strangers) room.takeOut(stranger, { codes: [STATUS.membersOnly] });
  for (const { fullJid } of room.occupants.values()) {
    const head = { xmlns: NS.client, type: "groupchat", from: room.jid, to: fullJid };
    room.around.send(xml("message", head, xml("x", { xmlns: NS.mucUser }, xml("status", { code: "104" }))));
  }
}

function formOf(room: SmallRoom): Element {
  const fields = ["roomname", "membersonly", "moderatedroom", "passwordprotectedroom"].map((name) =>
    xml("field", { var: CONFIG + name }, xml("value", {}, room.settings.get(name) ?? "")),
  );
  return xml("x", { xmlns: NS.dataForms, type: "form" }, ...fields);
}

function readsArchive(room: SmallRoom, iq: Element, query: Element | undefined): void {
  const { queryid } = query?.attrs ?? {};
  for (const [index, { stamp, message }] of room.history.entries()) {
    const forwarded = xml(
      "forwarded",
      { xmlns: NS.forward },
      xml("delay", { xmlns: NS.delay, stamp }),
      clone(message),
    );
    const result = xml("result", { xmlns: NS.mam, queryid, id: `archived-${index}` }, forwarded);
    room.around.send(xml("message", { xmlns: NS.client, from: room.jid, to: iq.attrs.from }, result));
  }
  room.around.send(iqResult(iq, xml("fin", { xmlns: NS.mam, complete: "true" })));
}
