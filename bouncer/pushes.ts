/**
 * Pushes from the account's own server (roster, RFC 6121 section 2.1.6; block list, XEP-0191 section 3.4.3): answered
 * upstream once, and re-issued to each client that wants them under an id of its own.
 */
import type { Element } from "@xmpp/xml";
import { clone } from "../xmpp/xml/element.ts";

/** May this be a push? One that comes from anybody else is forged (RFC 6121 section 2.1.6). */
export function isFromOwnServer(iq: Element, bareJid: string): boolean {
  return iq.attrs.from === undefined || iq.attrs.from === bareJid;
}

export function reissue(push: Element, id: string): Element {
  const copy = clone(push);
  copy.attrs.id = id;
  return copy;
}
