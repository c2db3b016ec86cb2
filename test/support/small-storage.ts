// What an account keeps on its server for itself (XEP-0049) and for others (XEP-0054), as much as the scenarios need.

import xml, { type Element } from "@xmpp/xml";
import { iqPayload } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";

const PRIVATE = "jabber:iq:private";
const VCARD = "vcard-temp";

export class SmallStorage {
  /** By namespace. */
  readonly #stored = new Map<string, Element>();

  /** The payload of the answer, if this is for the storage: nothing for what was stored. */
  answer(request: Element): Element[] | undefined {
    const payload = iqPayload(request);
    const [what = payload] = payload?.is("query", PRIVATE) ? payload.getChildElements() : [];
    if (!payload || !what || (what === payload && !payload.is("vCard", VCARD))) return undefined;
    const { xmlns = "" } = what.attrs;
    if (request.attrs.type === "set") {
      this.#stored.set(xmlns, clone(what));
      return [];
    }
    const found = clone(this.#stored.get(xmlns) ?? what);
    return [what === payload ? found : xml("query", { xmlns: PRIVATE }, found)];
  }
}
