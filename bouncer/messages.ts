/**
 * Messages: every one from upstream to every client (MSG-in), every one from a client upstream and as a sent carbon
 * to the others (MSG-out). Pure decisions: who gets which form, and why.
 */
import type { Element } from "@xmpp/xml";
import { carbonIneligibility, carbonOf, readCarbon } from "../xmpp/carbons.ts";
import { bareJidOf } from "../xmpp/jid.ts";
import type { Clients } from "./clients.ts";
import type { Delivery } from "./outlet.ts";
import type { ClientId } from "./ports.ts";

/** MSG-in: who gets a message that the server sent. */
export function fanOutMessage(message: Element, clients: Clients, bareJid: string): Delivery[] {
  const carbon = readCarbon(message, bareJid);
  if (!carbon) {
    return [
      { rule: "MSG-1", stanza: message, to: clients.allIds(), reason: "every message to every client" },
    ];
  }
  const withCarbons = clients.idsWhere((client) => client.carbons);
  const without = clients.idsWhere((client) => !client.carbons);
  const raw: Delivery = {
    rule: "MSG-2",
    stanza: message,
    to: withCarbons,
    reason: `the server's ${carbon.direction} carbon, to clients that enabled carbons`,
  };
  const inner: Delivery =
    carbon.direction === "received"
      ? {
          rule: "MSG-3",
          stanza: carbon.message,
          to: without,
          reason: "no carbons enabled: the message itself",
        }
      : { rule: "MSG-4", stanza: carbon.message, to: [], reason: "no carbons enabled: no sent copies" };
  return without.length === 0 ? [raw] : [raw, inner];
}

/**
 * MSG-out: the copies of a message that `sender` sent, for its siblings. The copy carries the full JID as `from`,
 * as the server would have stamped it before it made the carbon.
 */
export function sentCopies(
  message: Element,
  sender: ClientId,
  clients: Clients,
  account: { bareJid: string; fullJid: string },
): Delivery {
  const withheld = (reason: string): Delivery => ({ rule: "MSG-6", stanza: message, to: [], reason });
  const ineligible = carbonIneligibility(message);
  if (ineligible !== undefined) return withheld(ineligible);
  const { to } = message.attrs;
  // XEP-0280 section 6.1: who gets the original must not get a copy; the server returns this one to every client.
  if (to === undefined || bareJidOf(to) === account.bareJid) return withheld("to the account itself");
  message.attrs.from = account.fullJid;
  const copy = carbonOf(message, "sent", account.bareJid, account.fullJid);
  const siblings = clients.idsWhere((client) => client.carbons && client.id !== sender);
  return { rule: "MSG-5", stanza: copy, to: siblings, reason: "sent carbon to the other clients" };
}
