// What the scripts about filling the log from a room's archive share.

import { expect } from "vitest";
import type { AccountWorld } from "../../../support/account-world.ts";
import { OUR_AWAY } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";
import { both, joinsUpstream, occupant, ROOM, says, subject, twoInRoom } from "./words.ts";

const MAM = "urn:xmpp:mam:2";
export const HAS = { roomArchive: "has" } as const;
export const SAID = "2026-01-01T00:00:05Z";

export const stanzaId = (id: string): string => `<stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="${id}"/>`;
/** The room archives the message m1 as r1, and so on. */
export const live = (n: number): string => says("bob", `m${n}`, stanzaId(`r${n}`));
export const plain = (n: number, inside = ""): string =>
  `<message xmlns="jabber:client" from="${ROOM}/bob" type="groupchat" id="m${n}"><body>m${n}</body>${inside}</message>`;
export const result = (id: string, message: string, query = "$q"): string =>
  `<message from="${ROOM}" to="$full"><result xmlns="${MAM}" queryid="${query}" id="${id}"><forwarded xmlns="urn:xmpp:forward:0">` +
  `<delay xmlns="urn:xmpp:delay" stamp="${SAID}"/>${message}</forwarded></result></message>`;
export const results = (...numbers: number[]): string[] => numbers.map((n) => result(`r${n}`, plain(n)));
/** As it is told to who was there before. */
export const told = (n: number, stamp = "2026-01-01T00:00:05.000Z"): string =>
  says("bob", `m${n}`, `<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="${stamp}"/>${stanzaId(`r${n}`)}`);

export const sends = (...stanzas: string[]): Script => stanzas.map((xml) => ({ upstream: "sends", xml }));
export const tells = (to: readonly string[], ...stanzas: string[]): Script =>
  stanzas.flatMap((stanza) => to.map((client) => ({ to: client, expect: stanza })));
export const asksAfter = (id: string, query = "$q"): Script[number] => ({
  upstream: "gets",
  xml:
    `<iq type="set" to="${ROOM}" id="${query}"><query xmlns="${MAM}" queryid="${query}">` +
    `<set xmlns="http://jabber.org/protocol/rsm"><max>100</max><after>${id}</after></set></query></iq>`,
});
export const asksSince = (stamp: string, query = "$q"): Script[number] => ({
  upstream: "gets",
  xml:
    `<iq type="set" to="${ROOM}" id="${query}"><query xmlns="${MAM}" queryid="${query}"><x xmlns="jabber:x:data" type="submit">` +
    `<field var="FORM_TYPE" type="hidden"><value>${MAM}</value></field><field var="start"><value>${stamp}</value></field></x>` +
    `<set xmlns="http://jabber.org/protocol/rsm"><max>100</max></set></query></iq>`,
});
export const asksWhether = (id: string): Script[number] => ({
  upstream: "gets",
  xml: `<iq type="get" to="${ROOM}" id="${id}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
});
export const hasArchive = (id: string): Script =>
  sends(
    `<iq type="result" id="${id}" from="${ROOM}" to="$full"><query xmlns="http://jabber.org/protocol/disco#info"><feature var="${MAM}"/></query></iq>`,
  );
export const ends = (last: string | undefined, { complete = true, query = "$q" } = {}): Script => {
  const page = last === undefined ? "" : `<first>$_</first><last>${last}</last>`;
  const fin = `<fin xmlns="${MAM}"${complete ? ' complete="true"' : ""}><set xmlns="http://jabber.org/protocol/rsm">${page}</set></fin>`;
  return sends(`<iq type="result" id="${query}" from="${ROOM}" to="$full">${fin}</iq>`);
};
export const fails = (type: string, condition: string, query = "$q"): Script =>
  sends(
    `<iq type="error" id="${query}" from="${ROOM}" to="$full"><error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );

const begins: Script = [
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: OUR_AWAY },
];
/** One and two are in the room, and the last that they have heard is r1; three is attached. */
export const HEARD: Script = [...twoInRoom, ...sends(live(1)), ...tells(both, live(1))];
/** The session is lost, and another begins. */
export const ANEW: Script = [{ upstream: "lost", reason: "gone" }, { waitSeconds: 9 }, ...begins];
/** The room is entered again, and tells nothing of what was said. */
export const ENTERS: Script = [
  { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
  ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
];
export const OUTAGE: Script = [...HEARD, ...ANEW, ...ENTERS, asksAfter("r1")];

/** What the log has of the room: archive ids, where there are any. */
export function logged(world: AccountWorld): (string | undefined)[] {
  return world.log.messages.map(({ room, peer, sent, stanzaId: id }) => {
    expect({ room, peer, sent }).toEqual({ room: true, peer: ROOM, sent: false });
    return id;
  });
}

/** Why the log may have missed something in the room. */
export function holesOf(world: AccountWorld): string[] {
  return world.account.holes().map(({ fromMs, toMs, room, reason }) => {
    expect(room).toBe(ROOM);
    expect(fromMs).toBeLessThan(toMs);
    return reason;
  });
}
