// Turns of conversation that many scripts share.

import type { Script } from "./scenario.ts";

/** The capabilities that our own presence carries; the hash is captured once and the same from then on. */
export const OUR_CAPS = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$ourCaps"/>`;

/** Presence that says nothing but "available", as we broadcast it. */
export const OUR_PRESENCE = `<presence>${OUR_CAPS}</presence>`;

/** As we broadcast it while no client is available. */
export const OUR_AWAY = `<presence><show>away</show>${OUR_CAPS}</presence>`;

/** A client switches carbons on (XEP-0280 section 4). */
export function enablesCarbons(client: string): Script {
  return [
    { from: client, send: `<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
    { to: client, expect: `<iq type="result" id="carbons"/>` },
  ];
}

/** The first client, or one that is `later`, sends its initial presence. */
export function comesOnline(client: string, { later = false } = {}): Script {
  const begins: Script = [{ from: client, send: `<presence/>` }];
  return later ? begins : [...begins, { upstream: "gets", xml: OUR_PRESENCE }];
}

/** A client asks for the roster, which is empty, and so is interested in pushes (RFC 6121 section 2.1.6). */
export function asksForRoster(client: string): Script {
  return [
    { from: client, send: `<iq type="get" id="roster"><query xmlns="jabber:iq:roster"/></iq>` },
    { to: client, expect: `<iq type="result" id="roster"><query xmlns="jabber:iq:roster" ver="$_"/></iq>` },
  ];
}
