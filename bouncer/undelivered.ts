/**
 * UP-16, UP-17: what is told of messages that went out and are not sent again: that nobody knows whether they have arrived, or
 * that the server does not take them. Pure decisions: who is told what, and why.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, type StanzaError } from "../xmpp/stanza.ts";
import type { Clients } from "./clients.ts";
import type { Delivery } from "./outlet.ts";
import type { ClientId } from "./ports.ts";
import type { Session } from "./session.ts";

export interface Undelivered {
  stanza: Element;
  /** Who had sent it; undefined where that is not known. */
  sender: ClientId | undefined;
  /** `unconfirmed`: the connection was lost before the server confirmed it. `refused`: it ends every stream over it. */
  reason: "unconfirmed" | "refused";
}

/** Of those whom messages were for, so many are named. */
const MAX_NAMED = 5;

/**
 * `wait`, since to send it again is a person's decision and may well succeed; `remote-server-timeout`, because what is known
 * is that a server did not answer in time, and nothing of the recipient (RFC 6120 section 8.3.3.16).
 */
const UNCONFIRMED: StanzaError = {
  type: "wait",
  condition: "remote-server-timeout",
  text: "The connection was lost before the server confirmed this message: it may have arrived, or not.",
};
const REFUSED: StanzaError = {
  type: "modify",
  condition: "policy-violation",
  text: "The server ends the connection over this; it is not sent again.",
};

/** The error that answers a stanza in the name of whom it was for. */
export function undeliveredError({ stanza, reason }: Undelivered, fullJid: string): Element {
  const reply = errorReply(stanza, reason === "refused" ? REFUSED : UNCONFIRMED);
  reply.attrs.to = fullJid;
  return reply;
}

/**
 * Each message's error goes to every client, as errors from the server do (ERR-1), for all of them may show it as sent. Where
 * its sender is gone for good, a notice says so too: nobody else can know the message by its id.
 */
export function reportUndelivered(
  messages: readonly Undelivered[],
  clients: Clients,
  session: Session,
): Delivery[] {
  const worthTelling = messages.filter(({ stanza }) => isWorthTelling(stanza));
  const to = clients.allIds();
  const errors = worthTelling.map((message): Delivery => {
    const rule = message.reason === "refused" ? "UP-17" : "UP-16";
    const stanza = undeliveredError(message, session.fullJid);
    return { rule, stanza, to, reason: "a message error, to every client" };
  });
  const orphans = worthTelling.filter(({ sender }) => sender === undefined || !clients.get(sender));
  if (orphans.length === 0) return errors;
  const stanza = notice(orphans, session.bareJid);
  return [...errors, { rule: "UP-16", stanza, to, reason: "whose sender is gone" }];
}

/** What a person has written, as far as that can be seen: not errors, and not what is worth nothing later (XEP-0085). */
function isWorthTelling(message: Element): boolean {
  if (message.attrs.type === "error") return false;
  return message.getChildElements().some((child) => {
    const namespace = child.getNS();
    return namespace !== NS.chatStates && namespace !== NS.hints && child.getName() !== "thread";
  });
}

function notice(orphans: readonly Undelivered[], bareJid: string): Element {
  const domain = bareJid.slice(bareJid.indexOf("@") + 1);
  const names = [...new Set(orphans.map(({ stanza }) => bareJidOf(stanza.attrs.to ?? bareJid)))];
  const others = names.length - MAX_NAMED;
  const named = [...names.slice(0, MAX_NAMED), ...(others > 0 ? [`${others} others`] : [])].join(", ");
  const what = orphans.length === 1 ? "a message" : `${orphans.length} messages`;
  const body =
    `It is not known whether ${what} to ${named} arrived: the connection to ${domain} was lost` +
    " before the server confirmed that. It was not sent again.";
  return xml("message", { xmlns: NS.client, from: domain, type: "headline" }, xml("body", {}, body));
}
