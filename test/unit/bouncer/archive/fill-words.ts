// What the scripts about filling the log from the server's archive share: messages, questions and answers.

import { expect } from "vitest";
import type { AccountWorld } from "../../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_PRESENCE } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";

export const MAM = "urn:xmpp:mam:2";
export const HAS = { archive: "has" } as const;
export const SAID = "2026-01-01T00:00:05.250Z";
export const STAMPED = `<delay xmlns="urn:xmpp:delay" stamp="${SAID}"/>`;

export const stanzaId = (id: string): string => `<stanza-id xmlns="urn:xmpp:sid:0" by="$bare" id="${id}"/>`;
export const chat = (n: number, inside = "", address = 'from="bob@example.org/a" to="$bare"'): string =>
  `<message xmlns="jabber:client" ${address} type="chat" id="m${n}"><body>${n}</body>${inside}</message>`;
export const archived = (n: number, inside = ""): string => chat(n, stanzaId(`a${n}`) + inside);
export const elsewhere = (n: number, inside = ""): string =>
  chat(n, inside, 'from="$bare/elsewhere" to="bob@example.org"');
export const result = (id: string, message: string, query = "$q"): string =>
  `<message from="$bare" to="$full"><result xmlns="${MAM}" queryid="${query}" id="${id}"><forwarded xmlns="urn:xmpp:forward:0">` +
  `<delay xmlns="urn:xmpp:delay" stamp="${SAID}"/>${message}</forwarded></result></message>`;
export const asCarbon = (message: string): string =>
  `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${message}${STAMPED}</forwarded></sent></message>`;

export const begins = (presence: string): Script => [
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: presence },
];
export const asksAfter = (id: string, query = "$q"): Script[number] => ({
  upstream: "gets",
  xml:
    `<iq type="set" id="${query}"><query xmlns="${MAM}" queryid="${query}"><set xmlns="http://jabber.org/protocol/rsm">` +
    `<max>100</max><after>${id}</after></set></query></iq>`,
});
export const asksSince = (stamp: string, query: string): Script[number] => ({
  upstream: "gets",
  xml:
    `<iq type="set" id="${query}"><query xmlns="${MAM}" queryid="${query}"><x xmlns="jabber:x:data" type="submit">` +
    `<field var="FORM_TYPE" type="hidden"><value>${MAM}</value></field><field var="start"><value>${stamp}</value></field></x>` +
    `<set xmlns="http://jabber.org/protocol/rsm"><max>100</max></set></query></iq>`,
});
export const sends = (...stanzas: string[]): Script => stanzas.map((xml) => ({ upstream: "sends", xml }));
export const ends = (last: string | undefined, complete = true, query = "$q"): Script => {
  const page = last === undefined ? "" : `<first>$_</first><last>${last}</last>`;
  const fin = `<fin xmlns="${MAM}"${complete ? ' complete="true"' : ""}><set xmlns="http://jabber.org/protocol/rsm">${page}</set></fin>`;
  return sends(`<iq type="result" id="${query}" from="$bare" to="$full">${fin}</iq>`);
};
export const fails = (type: string, condition: string, query = "$q"): Script =>
  sends(
    `<iq type="error" id="${query}" to="$full"><error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );

/** Two clients, of which one has carbons; the last that the log has is the archive's a1. */
export const CONVERSATION: Script = [
  { attach: "alice/one" },
  ...enablesCarbons("alice/one"),
  ...comesOnline("alice/one"),
  { attach: "alice/two" },
  ...comesOnline("alice/two", { later: true }),
  ...sends(archived(1)),
  { to: ["alice/one", "alice/two"], expect: archived(1) },
];
export const OUTAGE: Script = [
  ...CONVERSATION,
  { upstream: "lost", reason: "gone" },
  { waitSeconds: 9 },
  ...begins(OUR_PRESENCE),
  asksAfter("a1"),
];

/** Why the log may have missed something. */
export function holesOf(world: AccountWorld): string[] {
  return world.account.holes().map(({ fromMs, toMs, reason }) => {
    expect(fromMs).toBeLessThan(toMs);
    return reason;
  });
}
