// MUC-5, MUC-13, MUC-18, MUC-20: what is said in a room, to somebody through it, and about it.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { copiesRaw, enablesCarbons } from "../../../support/phrases.ts";
import { both, join, occupant, ROOM, said, says, subject, twoInRoom } from "./words.ts";

const notAcceptable = (address: string, attributes = ""): string =>
  `<message from="${address}"${attributes} type="error"><error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;
const X = `<x xmlns="http://jabber.org/protocol/muc#user"/>`;
const all = [...both, "alice/three"];

const change = (code: number): string =>
  `<message from="${ROOM}" to="$full" type="groupchat"><x xmlns="http://jabber.org/protocol/muc#user"><status code="${code}"/></x></message>`;

const result = (queryid: string): string =>
  `<message from="${ROOM}" to="$full"><result xmlns="urn:xmpp:mam:2" queryid="${queryid}" id="1"/></message>`;

const archive = (queryid: string): string => `<query xmlns="urn:xmpp:mam:2" queryid="${queryid}"/>`;

const toBob = (inside: string, from = ""): string =>
  `<message xmlns="jabber:client"${from} to="${ROOM}/bob" type="chat" id="1"><body>psst</body>${inside}</message>`;

const mediated = (room: string): string =>
  `<message from="${room}" to="$full"><x xmlns="http://jabber.org/protocol/muc#user"><invite from="carol@example.org"/></x></message>`;

const retraction = (from: string): string =>
  `<message from="${from}" to="$full" type="groupchat" id="r"><retract xmlns="urn:xmpp:message-retract:1" id="s1"><moderated xmlns="urn:xmpp:message-moderate:1"/></retract></message>`;

describe("MUC-5 a room's traffic goes to the clients that are in it", () => {
  it("MUC-5 what one says goes up once, and the room's reflection to all of them", async () => {
    const hello = `<message to="${ROOM}" type="groupchat" id="hello"><body>hello</body></message>`;
    await playPolicy([
      ...twoInRoom,
      ...enablesCarbons("alice/two"),
      { from: "alice/one", send: hello },
      { rule: "MSG-5", because: "what a client sends goes upstream once", to: "upstream" },
      { upstream: "gets", xml: hello },
      { upstream: "sends", xml: says("al", "hello") },
      { rule: "MUC-5", because: "what is said in the room", to: [...both] },
      { to: both, expect: says("al", "hello") },
    ]);
  });

  it("MUC-5 who is not in it is told so as by the room", async () => {
    await playPolicy([
      ...twoInRoom,
      { from: "alice/three", send: `<message to="${ROOM}" type="groupchat" id="x"><body>x</body></message>` },
      { to: "alice/three", expect: notAcceptable(ROOM, ` id="x"`) },
      { from: "alice/three", send: `<message to="${ROOM}/bob" type="chat" id="x"><body>x</body></message>` },
      { to: "alice/three", expect: notAcceptable(`${ROOM}/bob`, ` id="x"`) },
    ]);
  });

  it.each([ROOM, `${ROOM}/bob`])(
    "MUC-5 ERR-4 an error to %s from who is not in the room goes nowhere, and is not answered",
    async (to) => {
      const error = `<message to="${to}" type="error" id="x"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;
      await playPolicy([
        ...twoInRoom,
        { from: "alice/three", send: error },
        { rule: "MUC-5", because: "an error, from who has not joined the room", to: [] },
        { upstream: "silent" },
        // RCPT-3 does not take it for one that has gone.
        { from: "alice/one", send: error },
        { upstream: "gets", xml: error },
      ]);
    },
  );

  it("MUC-5 occupants come, change, and go; who comes later is told what is true then", async () => {
    const admin = occupant("carol", [], { item: `<item affiliation="admin" role="moderator"/>` });
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: occupant("carol") },
      { to: both, expect: occupant("carol") },
      { upstream: "sends", xml: admin },
      { to: both, expect: admin },
      { upstream: "sends", xml: occupant("bob", [], { type: "unavailable" }) },
      { to: both, expect: occupant("bob", [], { type: "unavailable" }) },
      { upstream: "sends", xml: subject("Cake") },
      { to: both, expect: subject("Cake") },
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: admin },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: subject("Cake") },
    ]);
  });

  it("MUC-5 changes of the room's configuration, which a later joiner's presence shows", async () => {
    await playPolicy([
      ...twoInRoom,
      ...[104, 170, 172].flatMap((code) => [
        { upstream: "sends", xml: change(code) } as const,
        { to: both, expect: change(code) },
      ]),
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("al", [110, 170, 100]) },
      { to: "alice/three", expect: subject("Tea") },
      ...[171, 173].flatMap((code) => [
        { upstream: "sends", xml: change(code) } as const,
        { to: all, expect: change(code) },
      ]),
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: subject("Tea") },
    ]);
  });

  it("MUC-5 requests for voice, declined invitations and errors go to those in the room", async () => {
    const voice = `<message from="${ROOM}" to="$full"><x xmlns="jabber:x:data" type="form"/></message>`;
    const declined = `<message from="${ROOM}" to="$full"><x xmlns="http://jabber.org/protocol/muc#user"><decline from="carol@example.org"/></x></message>`;
    const error = `<message from="${ROOM}" to="$full" type="error" id="1"><error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;
    await playPolicy([
      ...twoInRoom,
      ...[voice, declined, error].flatMap((xml) => [
        { upstream: "sends", xml } as const,
        { to: both, expect: xml },
      ]),
    ]);
  });

  it("MUC-5 questions to the room, its forms and its archive, are their asker's", async () => {
    const query = `<query xmlns="http://jabber.org/protocol/muc#owner"/>`;
    await playPolicy([
      ...twoInRoom,
      { from: "alice/two", send: `<iq type="get" to="${ROOM}" id="form">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" to="${ROOM}" id="$form">${query}</iq>` },
      { upstream: "sends", xml: `<iq type="result" from="${ROOM}" to="$full" id="$form">${query}</iq>` },
      { to: "alice/two", expect: `<iq type="result" from="${ROOM}" to="$full" id="form">${query}</iq>` },
      { from: "alice/two", send: `<iq type="set" to="${ROOM}" id="past">${archive("q")}</iq>` },
      { upstream: "gets", xml: `<iq type="set" to="${ROOM}" id="$_">${archive("$queryid")}</iq>` },
      { upstream: "sends", xml: result("$queryid") },
      { to: "alice/two", expect: result("q") },
    ]);
  });
});

describe("MUC-13 private messages through a room", () => {
  it("MUC-13 one that comes goes to every client in the room", async () => {
    const whisper = `<message from="${ROOM}/bob" to="$full" type="chat" id="1"><body>psst</body>${X}</message>`;
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: whisper },
      { rule: "MUC-13", because: "a private message through the room", to: [...both] },
      { to: both, expect: whisper },
    ]);
  });

  it.each([
    ["MUC-13 marked by its sender", X],
    ["MUC-13 not marked by its sender", ""],
  ])(
    "%s, one that a client sends goes up once, and as a copy to siblings in the room",
    async (_name, mark) => {
      await playPolicy([
        ...twoInRoom,
        ...enablesCarbons("alice/one"),
        ...enablesCarbons("alice/two"),
        ...enablesCarbons("alice/three"),
        { from: "alice/one", send: toBob(mark) },
        { upstream: "gets", xml: toBob(mark) },
        {
          to: "alice/two",
          expect: `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">
          ${toBob(X, ` from="$full"`)}</forwarded></sent></message>`,
        },
      ]);
    },
  );

  it("MUC-13 MSG-8 as it is to a named device without carbons that is in the room, and to no other", async () => {
    await playPolicy([
      ...twoInRoom,
      ...copiesRaw("alice/one", [], ["alice/two", "alice/three"]),
      { from: "alice/one", send: toBob("") },
      { upstream: "gets", xml: toBob("") },
      { to: "alice/two", expect: toBob(X, ` from="$full"`) },
      { silent: "alice/three" },
    ]);
  });

  it("MUC-13 one that is marked private is not copied", async () => {
    const secret = `<message to="${ROOM}/bob" type="chat"><body>psst</body><private xmlns="urn:xmpp:carbons:2"/></message>`;
    await playPolicy([
      ...twoInRoom,
      ...enablesCarbons("alice/two"),
      { from: "alice/one", send: secret },
      { upstream: "gets", xml: secret },
    ]);
  });
});

describe("MUC-18 invitations go to every client", () => {
  it("MUC-18 through a room, known or not, and direct ones (XEP-0249)", async () => {
    const direct = `<message from="carol@example.org/a" to="$full"><x xmlns="jabber:x:conference" jid="${ROOM}"/></message>`;
    await playPolicy([
      ...twoInRoom,
      ...[mediated(ROOM), mediated("other@muc.example.org"), direct].flatMap((xml) => [
        { upstream: "sends", xml } as const,
        { to: all, expect: xml },
      ]),
    ]);
  });

  it("MUC-18 one of ours goes up like any message", async () => {
    const invite = `<message to="${ROOM}"><x xmlns="http://jabber.org/protocol/muc#user"><invite to="carol@example.org"/></x></message>`;
    await playPolicy([...twoInRoom, { from: "alice/one", send: invite }, { upstream: "gets", xml: invite }]);
  });
});

describe("MUC-20 what a moderator has retracted", () => {
  const id = `<stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="s1"/>`;
  const forged = `<stanza-id xmlns="urn:xmpp:sid:0" by="carol@example.org" id="s1"/>`;
  const older = `<message from="${ROOM}" to="$full" type="groupchat" id="r"><apply-to xmlns="urn:xmpp:fasten:0" id="s1"><moderated xmlns="urn:xmpp:message-moderate:0"/></apply-to></message>`;

  it.each([
    ["MUC-20 is told to nobody any more", retraction(ROOM), false],
    ["MUC-20 in the older way too", older, false],
    ["MUC-20 only by the room itself", retraction(`${ROOM}/bob`), true],
  ])("%s", async (_name, xml, stays) => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: says("bob", "spam", id) },
      { to: both, expect: says("bob", "spam", id) },
      { upstream: "sends", xml: says("bob", "ham", forged) },
      { to: both, expect: says("bob", "ham", forged) },
      { upstream: "sends", xml },
      { to: both, expect: xml },
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("al", [110]) },
      ...(stays ? [{ to: "alice/three", expect: said("bob", "spam", "$_", id) }] : []),
      { to: "alice/three", expect: said("bob", "ham", "$_", forged) },
      {
        to: "alice/three",
        expect: xml.replace(
          "</message>",
          `<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="$_"/></message>`,
        ),
      },
      { to: "alice/three", expect: subject("Tea") },
    ]);
  });
});
