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
import type { RawCopies } from "./raw-copies.ts";

/** MSG-in: who gets a message that the server sent. */
export function fanOutMessage(
  message: Element,
  clients: Clients,
  bareJid: string,
  rawCopies: Pick<RawCopies, "isFor">,
): Delivery[] {
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
  if (without.length === 0) return [raw];
  if (carbon.direction === "sent") return [raw, ...sentElsewhere(carbon.message, clients, rawCopies)];
  const reason = "no carbons enabled: the message itself";
  return [raw, { rule: "MSG-3", stanza: carbon.message, to: without, reason }];
}

/** What a direct client of the account has sent, for those without carbons: at least one of them is there. */
function sentElsewhere(message: Element, clients: Clients, rawCopies: Pick<RawCopies, "isFor">): Delivery[] {
  const ineligible = carbonIneligibility(message);
  if (ineligible !== undefined) return [{ rule: "MSG-6", stanza: message, to: [], reason: ineligible }];
  const copies = rawCopy(message, clients, rawCopies);
  const isForAll = clients.idsWhere((client) => !client.carbons && !rawCopies.isFor(client)).length === 0;
  if (isForAll) return copies;
  return [
    ...copies,
    { rule: "MSG-4", stanza: message, to: [], reason: "no carbons enabled: no sent copies" },
  ];
}

/** MSG-8: the message itself, for whom the owner has switched that on. Nothing where that is nobody. */
function rawCopy(
  message: Element,
  clients: Clients,
  rawCopies: Pick<RawCopies, "isFor">,
  sender?: ClientId,
): Delivery[] {
  const to = clients.idsWhere((client) => client.id !== sender && rawCopies.isFor(client));
  const reason = "no carbons enabled, and its owner wants copies there";
  return to.length === 0 ? [] : [{ rule: "MSG-8", stanza: message, to, reason }];
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
  rawCopies: Pick<RawCopies, "isFor">,
): Delivery[] {
  const withheld = (reason: string): Delivery[] => [{ rule: "MSG-6", stanza: message, to: [], reason }];
  const ineligible = carbonIneligibility(message);
  if (ineligible !== undefined) return withheld(ineligible);
  const { to } = message.attrs;
  // XEP-0280 section 6.1: who gets the original must not get a copy; the server returns this one to every client.
  if (to === undefined || bareJidOf(to) === account.bareJid) return withheld("to the account itself");
  message.attrs.from = account.fullJid;
  const copy = carbonOf(message, "sent", account.bareJid, account.fullJid);
  const siblings = clients.idsWhere((client) => client.carbons && client.id !== sender);
  return [
    { rule: "MSG-5", stanza: copy, to: siblings, reason: "sent carbon to the other clients" },
    ...rawCopy(message, clients, rawCopies, sender),
  ];
}
