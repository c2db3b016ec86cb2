// As much of a room (XEP-0045) as the scenarios need: who is in it and what they are there, and what all are told of that.
// What they say is small-room-messages.ts, what they ask small-room-requests.ts.

import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { asksToJoin, nickOf, STATUS } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { iqPayload, stanzaKind } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";
import { messageInRoom } from "./small-room-messages.ts";
import { requestInRoom } from "./small-room-requests.ts";

export interface Occupant {
  readonly fullJid: string;
  nick: string;
  role: string;
  /** What it says of itself. */
  content: Element[];
}

export interface Surroundings {
  send(stanza: Element): void;
  /** Now (XEP-0082). */
  stamp(): string;
}

/** What a presence tells beside what the occupant is. */
interface Telling {
  codes?: readonly string[];
  /** The nickname it will have. */
  nick?: string;
  reason?: string;
  /** In `<x/>`. */
  destroy?: Element;
}

export class SmallRoom {
  readonly jid: string;
  /** By nickname. */
  readonly occupants = new Map<string, Occupant>();
  /** By bare JID. */
  readonly affiliations = new Map<string, string>();
  /** By the names of XEP-0045's form, without `muc#roomconfig_`. */
  readonly settings = new Map<string, string>();
  readonly history: { stamp: string; message: Element }[] = [];
  subject: Element | undefined;
  readonly around: Surroundings;

  constructor(jid: string, around: Surroundings) {
    this.jid = jid;
    this.around = around;
  }

  receive(stanza: Element): void {
    const sender = this.at(stanza.attrs.from ?? "");
    switch (stanzaKind(stanza)) {
      case "presence":
        return this.#presence(stanza, sender);
      case "message":
        return messageInRoom(this, stanza, sender);
      case "iq":
        return requestInRoom(this, stanza, sender);
      case undefined:
        throw new Error(`not a stanza: ${stanza.name}`);
    }
  }

  at(fullJid: string): Occupant | undefined {
    return [...this.occupants.values()].find((occupant) => occupant.fullJid === fullJid);
  }

  affiliationOf(jid: string): string {
    return this.affiliations.get(bareJidOf(jid)) ?? "none";
  }

  has(setting: string): boolean {
    return this.settings.get(setting) === "1";
  }

  refuse(stanza: Element, condition: string): void {
    const { from, to, id } = stanza.attrs;
    const head = { xmlns: NS.client, from: to, to: from, id, type: "error" };
    const error = xml("error", { type: "cancel" }, xml(condition, { xmlns: NS.stanzaErrors }));
    const payload = stanzaKind(stanza) === "iq" ? iqPayload(stanza) : undefined;
    this.around.send(xml(stanza.getName(), head, payload && clone(payload), error));
  }

  /** Everybody is told what the occupant is now. */
  tellAll(occupant: Occupant, telling: Telling = {}): void {
    for (const { fullJid } of this.occupants.values())
      this.around.send(this.#showing(occupant, fullJid, telling));
  }

  /** It goes, with these words, or has to. */
  takeOut(occupant: Occupant, telling: Telling = {}, content: Element[] = []): void {
    Object.assign(occupant, { role: "none", content });
    this.tellAll(occupant, telling);
    this.occupants.delete(occupant.nick);
  }

  /** Section 10.9: each is told of itself, and that is all. */
  destroy(destroy: Element): void {
    this.affiliations.clear();
    for (const occupant of this.occupants.values()) {
      Object.assign(occupant, { role: "none", content: [] });
      this.around.send(this.#showing(occupant, occupant.fullJid, { destroy }));
    }
    this.occupants.clear();
  }

  /** As its affiliation has it (section 5.1.2). */
  roleOf(jid: string): string {
    const affiliation = this.affiliationOf(jid);
    return affiliation === "owner" || affiliation === "admin" ? "moderator" : "participant";
  }

  #presence(presence: Element, sender: Occupant | undefined): void {
    const { from = "", to = "", type } = presence.attrs;
    const content = presence.getChildElements().filter((child) => child.getNS() !== NS.muc);
    if (type === "unavailable" || type === "error") {
      if (sender) this.takeOut(sender, {}, content);
      return;
    }
    const nick = nickOf(to);
    const holder = this.occupants.get(nick);
    if (holder && holder !== sender) return this.refuse(presence, "conflict");
    if (!sender) return this.#enter(presence, { fullJid: from, nick, role: this.roleOf(from), content });
    sender.content = content;
    if (sender.nick !== nick) this.#rename(sender, nick);
    this.tellAll(sender);
  }

  #enter(presence: Element, newcomer: Occupant): void {
    if (!asksToJoin(presence)) return this.#isNotIn(presence);
    const obstacle = this.#obstacle(presence, newcomer.fullJid);
    if (obstacle) return this.refuse(presence, obstacle);
    const isNew = this.occupants.size === 0 && this.affiliations.size === 0;
    if (isNew) this.affiliations.set(bareJidOf(newcomer.fullJid), "owner");
    newcomer.role = this.roleOf(newcomer.fullJid);
    for (const other of this.occupants.values()) this.around.send(this.#showing(other, newcomer.fullJid, {}));
    this.occupants.set(newcomer.nick, newcomer);
    this.tellAll(newcomer, isNew ? { codes: [STATUS.created] } : {});
    this.#tellPast(presence, newcomer.fullJid);
  }

  /** Sections 7.2.5 to 7.2.7. */
  #obstacle(presence: Element, fullJid: string): string | undefined {
    const affiliation = this.affiliationOf(fullJid);
    if (affiliation === "outcast") return "forbidden";
    if (this.has("membersonly") && affiliation === "none") return "registration-required";
    const password = presence.getChild("x", NS.muc)?.getChildText("password");
    const isLocked = this.has("passwordprotectedroom") && affiliation !== "owner";
    return isLocked && password !== this.settings.get("roomsecret") ? "not-authorized" : undefined;
  }

  /** Sections 7.2.13 and 7.2.16. */
  #tellPast(presence: Element, to: string): void {
    const { maxstanzas, since = "" } = presence.getChild("x", NS.muc)?.getChild("history")?.attrs ?? {};
    const past = this.history.filter(({ stamp }) => stamp >= since);
    for (const { stamp, message } of past.slice(-Number(maxstanzas ?? 20) || past.length)) {
      if (maxstanzas === "0") break;
      const copy = clone(message);
      copy.attrs.to = to;
      copy.append(xml("delay", { xmlns: NS.delay, from: this.jid, stamp }));
      this.around.send(copy);
    }
    const empty = xml("message", { xmlns: NS.client, type: "groupchat", from: this.jid }, xml("subject", {}));
    const subject = clone(this.subject ?? empty);
    subject.attrs.to = to;
    this.around.send(subject);
  }

  #rename(occupant: Occupant, nick: string): void {
    const { role } = occupant;
    this.tellAll(occupant, { codes: [STATUS.nickChanged], nick });
    this.occupants.delete(occupant.nick);
    this.occupants.set(nick, occupant);
    Object.assign(occupant, { nick, role });
  }

  /** Section 7.2.17: it believes to be in. */
  #isNotIn({ attrs: { from = "", to = "" } }: Element): void {
    const codes = [STATUS.self, STATUS.kicked, STATUS.technical];
    const statuses = codes.map((code) => xml("status", { code }));
    const item = xml("item", { affiliation: this.affiliationOf(from), role: "none" });
    const head = { xmlns: NS.client, from: to, to: from, type: "unavailable" };
    this.around.send(xml("presence", head, xml("x", { xmlns: NS.mucUser }, item, ...statuses)));
  }

  #showing(occupant: Occupant, to: string, { codes = [], nick, reason, destroy }: Telling): Element {
    const isGoing = occupant.role === "none" || nick !== undefined;
    const attrs = {
      affiliation: this.affiliationOf(occupant.fullJid),
      role: occupant.role,
      nick,
    };
    const item = xml("item", attrs, reason === undefined ? undefined : xml("reason", {}, reason));
    const all = to === occupant.fullJid ? [STATUS.self, ...codes] : codes;
    const statuses = all.map((code) => xml("status", { code }));
    const head = { xmlns: NS.client, from: `${this.jid}/${occupant.nick}`, to };
    const user = xml("x", { xmlns: NS.mucUser }, item, destroy && clone(destroy), ...statuses);
    const type = isGoing ? { type: "unavailable" } : {};
    return xml(
      "presence",
      { ...head, ...type },
      ...(nick === undefined ? occupant.content.map(clone) : []),
      user,
    );
  }
}
