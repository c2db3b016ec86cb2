/**
 * Pushes from the account's own server (roster, RFC 6121 section 2.1.6; block list, XEP-0191 section 3.4.3): answered
 * upstream once, and re-issued to each client that wants them under an id of its own.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { iqPayload } from "../xmpp/stanza.ts";
import { clone } from "../xmpp/xml/element.ts";
import type { Client } from "./clients.ts";

type PushKind = "roster" | "blocking";

/** Is this IQ a push that the account's own server may send? Anybody else's is forged (RFC 6121 section 2.1.6). */
export function pushKind(iq: Element, bareJid: string): PushKind | undefined {
  if (iq.attrs.type !== "set") return undefined;
  if (iq.attrs.from !== undefined && iq.attrs.from !== bareJid) return undefined;
  const namespace = iqPayload(iq)?.getNS();
  if (namespace === NS.roster) return "roster";
  return namespace === NS.blocking ? "blocking" : undefined;
}

export function wantsPush(client: Client, kind: PushKind): boolean {
  return kind === "roster" ? client.interested : true;
}

export function reissue(push: Element, id: string): Element {
  const copy = clone(push);
  copy.attrs.id = id;
  return copy;
}
