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

/** A client comes as most do: carbons on, available. */
export function arrives(client: string, { device = client } = {}): Script {
  return [{ attach: client, device }, ...enablesCarbons(client), { from: client, send: `<presence/>` }];
}

/** The copy of a message that another client of the account has sent (XEP-0280). */
export function copyOf(message: string): string {
  const inner = message.replace("<message", `<message xmlns="jabber:client" from="$full"`);
  return `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></sent></message>`;
}

/** A client asks for the roster and is told these items. */
export function asksForRosterOf(client: string, items: string): Script {
  return [
    { from: client, send: `<iq type="get" id="roster"><query xmlns="jabber:iq:roster"/></iq>` },
    {
      to: client,
      expect: `<iq type="result" id="roster"><query xmlns="jabber:iq:roster" ver="$_">${items}</query></iq>`,
    },
  ];
}

/** A client is available and says what it can do (XEP-0115). It is asked what that is, unless its software is known. */
export function hasCapabilities(client: string, features: readonly string[], { known = false } = {}): Script {
  const disco = "http://jabber.org/protocol/disco#info";
  const node = "urn:example:program";
  const caps = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="${node}" ver="v"/>`;
  const says: Script = [{ from: client, send: `<presence>${caps}</presence>` }];
  const all = features.map((feature) => `<feature var="${feature}"/>`).join("");
  const isAsked: Script = [
    {
      to: client,
      expect: `<iq type="get" id="$capsQuestion"><query xmlns="${disco}" node="${node}#v"/></iq>`,
    },
    {
      from: client,
      send: `<iq type="result" to="$bare" id="$capsQuestion"><query xmlns="${disco}" node="${node}#v">${all}</query></iq>`,
    },
  ];
  return known ? says : [...says, ...isAsked];
}

/** The command `copies-raw`, begun, or with these devices filled in. */
export function copiesRawCommand(session?: string, devices: readonly string[] = []): string {
  const form = `<x xmlns="jabber:x:data" type="submit"><field var="devices">${valuesOf(devices)}</field></x>`;
  const [attribute, inside] = session === undefined ? ["", ""] : [` sessionid="${session}"`, form];
  return `<iq xmlns="jabber:client" type="set" to="$full" id="raw"><command xmlns="http://jabber.org/protocol/commands" node="copies-raw"${attribute}>${inside}</command></iq>`;
}

/** The owner asks which devices get sent messages as they are, is shown these, and names others in their place. */
export function copiesRaw(client: string, before: readonly string[], after: readonly string[]): Script {
  const session = `$raw${before.length}to${after.length}`;
  const answer = (status: string, inside: string): string =>
    `<iq type="result" from="$full" id="raw"><command xmlns="http://jabber.org/protocol/commands" node="copies-raw" sessionid="${session}" status="${status}" xml:lang="en">${inside}</command></iq>`;
  const form =
    `<actions execute="complete"><complete/></actions><x xmlns="jabber:x:data" type="form"><title>$_</title>` +
    `<instructions>$_</instructions><field var="devices" label="Devices" type="text-multi">${valuesOf(before)}</field></x>`;
  return [
    { from: client, send: copiesRawCommand() },
    { to: client, expect: answer("executing", form) },
    { from: client, send: copiesRawCommand(session, after) },
    { to: client, expect: answer("completed", `<note type="info">Saved.</note>`) },
  ];
}

function valuesOf(devices: readonly string[]): string {
  return devices.map((device) => `<value>${device}</value>`).join("");
}
