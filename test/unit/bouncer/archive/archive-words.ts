// What the scripts about the archive of our own share: messages, queries and what answers them.

import type { Script } from "../../../support/scenario.ts";

export const MAM = "urn:xmpp:mam:2";
export const OURS = { archive: "has-not" } as const;
export const DELAY = '<delay xmlns="urn:xmpp:delay" stamp="$_"/>';
export const DISCO = '<query xmlns="http://jabber.org/protocol/disco#info"/>';

export const stanzaId = (id: string): string => `<stanza-id xmlns="urn:xmpp:sid:0" by="$bare" id="${id}"/>`;
export const chat = (n: number, peer = "bob@example.org/a", inside = ""): string =>
  `<message xmlns="jabber:client" from="${peer}" to="$full" type="chat" id="m${n}"><body>${n}</body>${inside}</message>`;
export const sent = (n: number, from = ""): string =>
  `<message xmlns="jabber:client"${from} to="bob@example.org" type="chat" id="s${n}"><body>${n}</body></message>`;
export const field = (name: string, ...values: string[]): string =>
  `<field var="${name}">${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
export const form = (...fields: string[]): string =>
  `<x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", MAM)}${fields.join("")}</x>`;
export const set = (inside: string): string => `<set xmlns="http://jabber.org/protocol/rsm">${inside}</set>`;
export const result = (id: string, message: string, queryId = ""): string =>
  `<message from="$bare" to="$full"><result xmlns="${MAM}"${queryId} id="${id}">` +
  `<forwarded xmlns="urn:xmpp:forward:0">${DELAY}${message}</forwarded></result></message>`;
export const fin = (page: string, complete = ' complete="true"'): string =>
  `<iq type="result" id="q"><fin xmlns="${MAM}"${complete}>${set(page)}</fin></iq>`;
export const error = (type: string, condition: string): string =>
  `<iq type="error" id="q"><error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>` +
  `<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">$_</text></error></iq>`;

/** Asks, and gets these results and this answer. */
export function asks(query: string, results: string[], answer: string, attributes = ""): Script {
  return [
    {
      from: "alice/one",
      send: `<iq type="set" id="q"><query xmlns="${MAM}"${attributes}>${query}</query></iq>`,
    },
    ...results.map((expected): Script[number] => ({ to: "alice/one", expect: expected })),
    { to: "alice/one", expect: answer },
    { upstream: "silent" },
  ];
}

/** Three messages of bob's and carol's, whose ids are $a, $b and $c. */
export const HISTORY: Script = [
  { attach: "alice/one" },
  { upstream: "sends", xml: chat(1) },
  { to: "alice/one", expect: chat(1, undefined, stanzaId("$a")) },
  { waitSeconds: 60 },
  { upstream: "sends", xml: chat(2, "carol@example.org/b") },
  { to: "alice/one", expect: chat(2, "carol@example.org/b", stanzaId("$b")) },
  { waitSeconds: 60 },
  { upstream: "sends", xml: chat(3) },
  { to: "alice/one", expect: chat(3, undefined, stanzaId("$c")) },
];
export const [ONE, TWO, THREE] = [
  result("$a", chat(1)),
  result("$b", chat(2, "carol@example.org/b")),
  result("$c", chat(3)),
];
export const ALL = [ONE, TWO, THREE];
export const page = (first: string, last: string, index: number, count: number): string =>
  `<first index="${index}">${first}</first><last>${last}</last><count>${count}</count>`;
/** The first message comes in the first seconds of the account's time, the others a minute later each. */
export const AT = { first: "2026-01-01T00:00:30Z", second: "2026-01-01T00:01:30Z" };
