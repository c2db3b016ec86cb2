// SEARCH-1, SEARCH-4, SEARCH-5: what of a message can be looked for, and what cannot be seen or is undone.

import { describe, expect, it } from "vitest";
import { readSearchable } from "../../../../bouncer/search/searchable.ts";

const message = (inner: string, attrs = `from="bob@example.org/a" id="1" type="chat"`): string =>
  `<message xmlns="jabber:client" ${attrs}>${inner}</message>`;

const room = (nick: string, id = "1"): string =>
  `from="room@muc.example.org/${nick}" id="${id}" type="groupchat"`;

describe("SEARCH-1 bodies and subjects", () => {
  it.each([
    ["a body", "<body>hi &amp; bye</body>", "hi & bye"],
    [
      "two languages and a subject",
      `<subject>S</subject><body>a</body><body xml:lang="de">b</body>`,
      "S\na\nb",
    ],
    [
      "a forwarded one's",
      `<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client"><body>x</body></message></forwarded>`,
      "",
    ],
    ["another namespace's", `<x xmlns="urn:x"><body>x</body></x>`, ""],
    ["a receipt", `<received xmlns="urn:xmpp:receipts" id="1"/>`, ""],
  ])("SEARCH-1 %s", (_name, inner, text) => {
    expect(readSearchable(message(inner), undefined)).toMatchObject({ text, sealed: false });
  });
});

describe("SEARCH-4 encrypted messages", () => {
  it.each([
    [
      "OMEMO, as it is used",
      `<encrypted xmlns="eu.siacs.conversations.axolotl"><payload>x</payload></encrypted>`,
    ],
    ["OMEMO 2", `<encrypted xmlns="urn:xmpp:omemo:2"/>`],
    ["OX", `<openpgp xmlns="urn:xmpp:openpgp:0">x</openpgp>`],
    ["OpenPGP", `<x xmlns="jabber:x:encrypted">x</x>`],
    ["announced", `<encryption xmlns="urn:xmpp:eme:0" namespace="urn:other"/>`],
    ["OTR", ""],
  ])("SEARCH-4 %s, whatever stands beside it", (name, inner) => {
    const body = name === "OTR" ? "?OTR:AAMD" : "You cannot read this";
    expect(readSearchable(message(`<body>${body}</body>${inner}`), undefined)).toMatchObject({
      text: "",
      sealed: true,
    });
  });
});

describe("SEARCH-5 what a message undoes", () => {
  const retract = `<retract xmlns="urn:xmpp:message-retract:1" id="1"/>`;
  const correct = `<body>x</body><replace xmlns="urn:xmpp:message-correct:0" id="1"/>`;

  it.each([
    [
      "a correction",
      message(correct, `from="bob@example.org/b" id="2" type="chat"`),
      message("<body>o</body>"),
      undefined,
      true,
    ],
    [
      "a retraction",
      message(retract, `from="bob@example.org/b" id="2" type="chat"`),
      message("<body>o</body>"),
      undefined,
      true,
    ],
    [
      "somebody else's",
      message(retract, `from="eve@example.org/b" id="2" type="chat"`),
      message("<body>o</body>"),
      undefined,
      false,
    ],
    [
      "another's in a room",
      message(correct, room("eve", "2")),
      message("<body>o</body>", room("bob")),
      undefined,
      false,
    ],
    [
      "one's own in a room",
      message(correct, room("bob", "2")),
      message("<body>o</body>", room("bob")),
      undefined,
      true,
    ],
    [
      "by the room's id",
      message(retract, room("bob", "2")),
      message("<body>o</body>", room("bob", "x")),
      "1",
      true,
    ],
    [
      "by the room itself",
      message(retract, `from="room@muc.example.org" type="groupchat"`),
      message("<body>o</body>", room("bob", "x")),
      "1",
      true,
    ],
    [
      "by somebody else in the room",
      message(retract, room("eve", "2")),
      message("<body>o</body>", room("bob", "x")),
      "1",
      false,
    ],
  ])("SEARCH-5 %s", (_name, later, earlier, stanzaId, expected) => {
    const { undoes } = readSearchable(later, undefined);
    const { names } = readSearchable(earlier, stanzaId);
    expect(undoes !== undefined && names.includes(undoes)).toBe(expected);
  });
});
