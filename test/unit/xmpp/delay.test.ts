// SM-11, UP-11, LOG-6: saying when a message that waited came (XEP-0203, XEP-0297 section 3).

import { expect, it } from "vitest";
import { withDelay } from "../../../xmpp/delay.ts";

const STAMP = "2026-01-01T00:00:00.000Z";
const DELAY = `<delay xmlns="urn:xmpp:delay" stamp="${STAMP}"/>`;
const INNER = `<message xmlns="jabber:client"><body>x</body></message>`;

it.each([
  ["a message, at its end", `<message><body>x</body></message>`, `<message><body>x</body>${DELAY}</message>`],
  [
    "a carbon, beside what it forwards",
    `<message from="a@b"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${INNER}</forwarded></sent></message>`,
    `<message from="a@b"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${DELAY}${INNER}</forwarded></sent></message>`,
  ],
  [
    "a message that only forwards another one, at its end",
    `<message><forwarded xmlns="urn:xmpp:forward:0">${INNER}</forwarded></message>`,
    `<message><forwarded xmlns="urn:xmpp:forward:0">${INNER}</forwarded>${DELAY}</message>`,
  ],
])("SM-11 stamps %s", (_name, stanza, expected) => {
  expect(withDelay(stanza, STAMP)).toBe(expected);
});

it.each([
  ["a message that is stamped already", `<message><delay xmlns="urn:xmpp:delay" stamp="x"/></message>`],
  ["presence", `<presence><status>x</status></presence>`],
  ["an empty message", `<message/>`],
])("SM-11 leaves %s as it is", (_name, stanza) => {
  expect(withDelay(stanza, STAMP)).toBe(stanza);
});
