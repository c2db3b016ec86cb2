// LOG-1 to LOG-3: which messages are in the log, and what the log knows of them.

import { describe, expect, it } from "vitest";
import { shouldLogReceived, shouldLogSent } from "../../../../bouncer/log/loggable.ts";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { parse } from "../../../support/xml-shape.ts";

const BARE = "alice@example.org";
const BODY = "<body>Hi</body>";
const CHAT = `from="bob@example.org/a" to="${FULL}" type="chat" id="m"`;
const hint = (name: string): string => `<${name} xmlns="urn:xmpp:hints"/>`;
const typing = `<composing xmlns="http://jabber.org/protocol/chatstates"/>`;
const stanzaId = (by: string, id = "arc"): string =>
  `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;
const carbon = (direction: string, inner: string, from = BARE): string =>
  `<message from="${from}" to="${FULL}"><${direction} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${direction}></message>`;

describe("LOG-2 of what comes, this is logged", () => {
  it.each<[what: string, xml: string, known: object]>([
    [
      "a chat message",
      `<message ${CHAT}>${BODY}${stanzaId(BARE)}</message>`,
      { peer: "bob@example.org", sent: false, room: false, stanzaId: "arc" },
    ],
    ["a normal one", `<message from="bob@example.org/a">${BODY}</message>`, { peer: "bob@example.org" }],
    ["one of a type that nobody knows", `<message from="b@example.org" type="x">${BODY}</message>`, {}],
    [
      "one from the account's server, which names no sender",
      `<message>${BODY}</message>`,
      { peer: BARE, sent: false },
    ],
    ["a receipt", `<message ${CHAT}><received xmlns="urn:xmpp:receipts" id="1"/></message>`, {}],
    ["a marker", `<message ${CHAT}><displayed xmlns="urn:xmpp:chat-markers:0" id="1"/></message>`, {}],
    ["a reaction", `<message ${CHAT}><reactions xmlns="urn:xmpp:reactions:0" id="1"/></message>`, {}],
    [
      "an encrypted message, which nobody can look into",
      `<message ${CHAT}><encrypted xmlns="eu.siacs.conversations.axolotl"><header sid="1"/></encrypted>${hint("store")}</message>`,
      {},
    ],
    [
      "an invitation through a room",
      `<message from="room@muc.example.org"><x xmlns="http://jabber.org/protocol/muc#user"><invite from="bob@example.org"/></x></message>`,
      { peer: "room@muc.example.org", room: false },
    ],
    [
      "a room's message that ejabberd marks as archived",
      `<message from="room@muc.example.org/bob" type="groupchat">${BODY}<archived xmlns="urn:xmpp:mam:tmp" by="room@muc.example.org" id="a"/></message>`,
      { peer: "room@muc.example.org", room: true },
    ],
    ["a call", `<message ${CHAT}><propose xmlns="urn:xmpp:jingle-message:0" id="c"/></message>`, {}],
    ["what asks to be stored", `<message ${CHAT}>${typing}${hint("store")}</message>`, {}],
    [
      "groupchat, with the room's own archive id",
      `<message from="Room@MUC.example.org/bob" type="groupchat" id="g">${BODY}${stanzaId("room@muc.example.org", "r")}${stanzaId(BARE)}</message>`,
      { peer: "room@muc.example.org", room: true, stanzaId: "r" },
    ],
    [
      "of a received carbon, the message inside",
      carbon("received", `<message xmlns="jabber:client" ${CHAT}>${BODY}</message>`),
      { peer: "bob@example.org", sent: false },
    ],
    [
      "of a sent carbon, the message inside",
      carbon(
        "sent",
        `<message xmlns="jabber:client" from="${BARE}/x" to="bob@example.org">${BODY}</message>`,
      ),
      { peer: "bob@example.org", sent: true },
    ],
  ])("LOG-2 %s", (_what, xml, known) => {
    expect(shouldLogReceived(parse(xml), BARE)).toMatchObject({ log: true, ...known });
  });

  it("LOG-2 an archive id counts only where that archive made it", () => {
    const forged = `<message ${CHAT}>${BODY}${stanzaId("bob@example.org")}</message>`;
    expect(shouldLogReceived(parse(forged), BARE)).toMatchObject({ log: true, stanzaId: undefined });
  });
});

describe("LOG-2 of what comes, this is not", () => {
  it.each([
    ["an error", `<message ${CHAT.replace("chat", "error")}>${BODY}</message>`, "an error"],
    [
      "a headline",
      `<message ${CHAT.replace("chat", "headline")}>${BODY}</message>`,
      "headlines are not conversation",
    ],
    ["no-store", `<message ${CHAT}>${BODY}${hint("no-store")}</message>`, "<no-store/> hint"],
    [
      "regression: in-band bytes, which are for the client that has the session",
      `<message ${CHAT}><data xmlns="http://jabber.org/protocol/ibb" sid="s" seq="0">AAAA</data>${hint("store")}</message>`,
      "bytes of a session, for the client that has it (JING-4)",
    ],
    [
      "no-permanent-store",
      `<message ${CHAT}>${BODY}${hint("no-permanent-store")}${hint("store")}</message>`,
      "<no-permanent-store/> hint",
    ],
    [
      "a state of typing",
      `<message ${CHAT}>${typing}<thread>t</thread>${hint("no-copy")}<delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/></message>`,
      "it says nothing to be kept",
    ],
    ["nothing at all", `<message ${CHAT}/>`, "it says nothing to be kept"],
    [
      "an event",
      `<message ${CHAT}><event xmlns="http://jabber.org/protocol/pubsub#event"/></message>`,
      "a notification of an event",
    ],
    [
      "an archive's result",
      `<message from="${BARE}"><result xmlns="urn:xmpp:mam:2"/></message>`,
      "a result from an archive",
    ],
    [
      "a carbon from somebody else",
      carbon("received", `<message xmlns="jabber:client" ${CHAT}>${BODY}</message>`, "eve@example.org"),
      "a carbon that nobody vouches for",
    ],
    [
      "a room's subject",
      `<message from="room@muc.example.org/bob" type="groupchat"><subject>s</subject></message>`,
      "it says nothing to be kept",
    ],
    [
      "a change of a room's configuration",
      `<message from="room@muc.example.org" type="groupchat"><x xmlns="http://jabber.org/protocol/muc#user"><status code="104"/></x></message>`,
      "it says nothing to be kept",
    ],
  ])("LOG-2 %s", (_what, xml, reason) => {
    expect(shouldLogReceived(parse(xml), BARE)).toEqual({ log: false, reason });
  });
});

describe("LOG-3 of what clients send, once", () => {
  it.each<[what: string, xml: string, decision: object]>([
    [
      "a chat message",
      `<message to="bob@example.org/b">${BODY}</message>`,
      { log: true, peer: "bob@example.org", sent: true },
    ],
    [
      "a private message, which is no business of the siblings, but of the log",
      `<message to="b@example.org">${BODY}<private xmlns="urn:xmpp:carbons:2"/></message>`,
      { log: true },
    ],
    [
      "groupchat, as its room sends it back",
      `<message to="room@muc.example.org" type="groupchat">${BODY}</message>`,
      { log: false, reason: "its room sends it back" },
    ],
    [
      "a message to oneself, as it comes back",
      `<message to="${BARE}/x">${BODY}</message>`,
      { log: false, reason: "to the account itself: it comes back" },
    ],
    ["one without an address", `<message>${BODY}</message>`, { log: false }],
    ["no-store", `<message to="b@example.org">${BODY}${hint("no-store")}</message>`, { log: false }],
  ])("LOG-3 %s", (_what, xml, decision) => {
    expect(shouldLogSent(parse(xml), BARE)).toMatchObject(decision);
  });
});

describe("LOG-1 what the log holds", () => {
  it("LOG-1 both directions in order, each as it was, with who sent it", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    world.upstreamSends(`<message ${CHAT}>${BODY}</message>`);
    world.send("alice/one", `<message to="bob@example.org" id="out">${BODY}</message>`);
    expect(world.log.messages).toEqual([
      expect.objectContaining({
        seq: 1,
        sent: false,
        device: undefined,
        frame: `<message xmlns="jabber:client" ${CHAT}>${BODY}</message>`,
      }),
      expect.objectContaining({
        seq: 2,
        sent: true,
        device: "phone",
        messageId: "out",
        frame: `<message xmlns="jabber:client" to="bob@example.org" id="out" from="${FULL}">${BODY}</message>`,
      }),
    ]);
  });

  it("LOG-1 what found no room on its way to the server is not in it", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    world.hasRoom = false;
    world.send("alice/one", `<message to="bob@example.org">${BODY}</message>`);
    expect(world.log.messages).toEqual([]);
  });

  it.each([
    ["example.org", "2025-12-31T10:00:00Z", Date.UTC(2025, 11, 31, 10)],
    [BARE, "2025-12-31T10:00:00.5Z", Date.UTC(2025, 11, 31, 10, 0, 0, 500)],
    ["bob@example.org", "2025-12-31T10:00:00Z", undefined],
    ["example.org", "yesterday", undefined],
    ["example.org", "2126-01-01T00:00:00Z", undefined],
  ])("LOG-1 when it was said: a delay from %s, %s", (from, stamp, expected) => {
    const world = new AccountWorld();
    const delay = `<delay xmlns="urn:xmpp:delay" from="${from}" stamp="${stamp}"/>`;
    world.upstreamSends(`<message ${CHAT}>${BODY}${delay}</message>`);
    expect(world.log.messages[0]?.atMs).toBe(expected ?? world.nowMs);
  });
});
