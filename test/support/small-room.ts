// As much of a room (XEP-0045) as the scenarios need: people come, speak and go.

import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { stanzaKind } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";

export class SmallRoom {
  readonly #jid: string;
  readonly #send: (stanza: Element) => void;
  /** Full JIDs by nickname. */
  readonly #occupants = new Map<string, string>();

  constructor(jid: string, send: (stanza: Element) => void) {
    this.#jid = jid;
    this.#send = send;
  }

  receive(stanza: Element): void {
    const { from = "", to = "", type } = stanza.attrs;
    if (stanzaKind(stanza) === "presence") {
      const nick = to.slice(this.#jid.length + 1);
      if (type === "unavailable") this.#leave(nick);
      else this.#enter(nick, from);
    } else if (type === "groupchat") this.#say(stanza, from);
  }

  #enter(nick: string, fullJid: string): void {
    const isNew = !this.#occupants.has(nick);
    if (isNew) {
      for (const other of this.#occupants.keys()) this.#send(this.#presence(other, fullJid));
      this.#occupants.set(nick, fullJid);
    }
    this.#tellAll(nick);
    if (!isNew) return;
    const subject = { xmlns: NS.client, type: "groupchat", from: this.#jid, to: fullJid };
    this.#send(xml("message", subject, xml("subject", {})));
  }

  #leave(nick: string): void {
    this.#tellAll(nick, "unavailable");
    this.#occupants.delete(nick);
  }

  #say(message: Element, from: string): void {
    const nick = [...this.#occupants].find(([, fullJid]) => fullJid === from)?.[0];
    if (nick === undefined) return;
    for (const to of this.#occupants.values()) {
      const copy = clone(message);
      Object.assign(copy.attrs, { from: `${this.#jid}/${nick}`, to });
      this.#send(copy);
    }
  }

  #tellAll(nick: string, type?: string): void {
    const own = this.#occupants.get(nick);
    for (const to of this.#occupants.values()) {
      const presence = this.#presence(nick, to, type);
      if (to === own) presence.getChild("x")?.append(xml("status", { code: "110" }));
      this.#send(presence);
    }
  }

  #presence(nick: string, to: string, type?: string): Element {
    const role = type === "unavailable" ? "none" : "participant";
    const attrs = { xmlns: NS.client, from: `${this.#jid}/${nick}`, to, ...(type && { type }) };
    return xml(
      "presence",
      attrs,
      xml("x", { xmlns: NS.mucUser }, xml("item", { affiliation: "none", role })),
    );
  }
}
