// What is said in a small room, to somebody through it, and to it (XEP-0045 sections 7.4, 7.5, 7.8, 7.13, 8.1, 8.6).

import xml, { type Element } from "@xmpp/xml";
import { readForm } from "../../xmpp/data-forms.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { isSubject, nickOf } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { clone } from "../../xmpp/xml/element.ts";
import type { Occupant, SmallRoom } from "./small-room.ts";

const REQUEST = `${NS.muc}#request`;

export function messageInRoom(room: SmallRoom, message: Element, sender: Occupant | undefined): void {
  if (message.attrs.type === "error") return;
  if (!sender) return room.refuse(message, "not-acceptable");
  if (message.attrs.type === "groupchat") return saysToAll(room, message, sender);
  if (nickOf(message.attrs.to ?? "") !== "") return saysToOne(room, message, sender);
  const invite = message.getChild("x", NS.mucUser)?.getChild("invite");
  if (invite) return invites(room, invite, sender);
  const form = message.getChild("x", NS.dataForms);
  if (form) asksForVoice(room, form, sender);
}

function saysToAll(room: SmallRoom, message: Element, sender: Occupant): void {
  if (room.has("moderatedroom") && sender.role === "visitor") return room.refuse(message, "forbidden");
  const said = clone(message);
  said.attrs.from = `${room.jid}/${sender.nick}`;
  if (isSubject(message)) room.subject = said;
  else if (message.getChild("body")) room.history.push({ stamp: room.around.stamp(), message: clone(said) });
  for (const { fullJid } of room.occupants.values()) {
    const copy = clone(said);
    copy.attrs.to = fullJid;
    room.around.send(copy);
  }
}

function saysToOne(room: SmallRoom, message: Element, sender: Occupant): void {
  const to = room.occupants.get(nickOf(message.attrs.to ?? ""));
  if (!to) return room.refuse(message, "item-not-found");
  const copy = clone(message);
  Object.assign(copy.attrs, { from: `${room.jid}/${sender.nick}`, to: to.fullJid });
  if (!copy.getChild("x", NS.mucUser)) copy.append(xml("x", { xmlns: NS.mucUser }));
  room.around.send(copy);
}

function invites(room: SmallRoom, invite: Element, sender: Occupant): void {
  const { to = "" } = invite.attrs;
  const told = xml("invite", { from: bareJidOf(sender.fullJid) }, ...invite.getChildElements().map(clone));
  const head = { xmlns: NS.client, from: room.jid, to };
  room.around.send(xml("message", head, xml("x", { xmlns: NS.mucUser }, told)));
}

const field = (name: string, value: string): Element => xml("field", { var: name }, xml("value", {}, value));

/** A visitor asks, a moderator answers. */
function asksForVoice(room: SmallRoom, form: Element, sender: Occupant): void {
  const values = readForm(form);
  const isAnswer = sender.role === "moderator" && values.has("muc#request_allow");
  if (!isAnswer) {
    const fields = [
      field("FORM_TYPE", REQUEST),
      field("muc#role", "participant"),
      field("muc#roomnick", sender.nick),
      field("muc#request_allow", "0"),
    ];
    for (const { role, fullJid } of room.occupants.values()) {
      const head = { xmlns: NS.client, from: room.jid, to: fullJid };
      const asks = xml("x", { xmlns: NS.dataForms, type: "form" }, ...fields.map(clone));
      if (role === "moderator") room.around.send(xml("message", head, asks));
    }
    return;
  }
  const asker = room.occupants.get(values.get("muc#roomnick")?.[0] ?? "");
  if (!asker || values.get("muc#request_allow")?.[0] === "0") return;
  asker.role = "participant";
  room.tellAll(asker);
}
