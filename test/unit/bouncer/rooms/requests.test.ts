// MUC-21: what others in a room ask of us through it.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { comesOnline } from "../../../support/phrases.ts";
import { gone, leaves, ROOM, twoInRoom } from "./words.ts";

const BOB = `${ROOM}/bob`;
const ask = `<query xmlns="urn:example:something"/>`;
const request = (id: string, from = BOB): string =>
  `<iq type="get" id="${id}" from="${from}" to="$full">${ask}</iq>`;
const refusal = (id: string): string =>
  `<iq type="error" id="${id}" from="$full" to="${BOB}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`;

describe("MUC-21 requests through a room", () => {
  it.each([
    ["ping", `<ping xmlns="urn:xmpp:ping"/>`, `<iq type="result" id="q" from="$full" to="${BOB}"/>`],
    [
      "version",
      `<query xmlns="jabber:iq:version"/>`,
      `<iq type="result" id="q" from="$full" to="${BOB}"><query xmlns="jabber:iq:version"><name>xmpproxy</name></query></iq>`,
    ],
  ])("MUC-21 %s is answered by us, also while nobody is in the room", async (_name, payload, answer) => {
    const asked = `<iq type="get" id="q" from="${BOB}" to="$full">${payload}</iq>`;
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: asked },
      { upstream: "gets", xml: answer },
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { from: "alice/two", send: leaves("al") },
      { to: "alice/two", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { upstream: "sends", xml: asked },
      { upstream: "gets", xml: answer },
    ]);
  });

  it("MUC-21 anything else goes to one client that is in it, though another is available and was active later", async () => {
    await playPolicy([
      ...twoInRoom,
      ...comesOnline("alice/three"),
      { upstream: "sends", xml: request("1") },
      { rule: "IQ-7", because: "the most recently active client", to: ["alice/two"] },
      { to: "alice/two", expect: request("1") },
      { from: "alice/two", send: `<iq type="result" id="1" to="${BOB}">${ask}</iq>` },
      { upstream: "gets", xml: `<iq type="result" id="1" to="${BOB}">${ask}</iq>` },
      { upstream: "sends", xml: request("2", "carol@example.org/a") },
      { to: "alice/three", expect: request("2", "carol@example.org/a") },
    ]);
  });

  it("MUC-21 when who was asked is gone, who else is in the room is asked, and nobody outside", async () => {
    await playPolicy([
      ...twoInRoom,
      ...comesOnline("alice/three"),
      { upstream: "sends", xml: request("1") },
      { to: "alice/two", expect: request("1") },
      { leave: "alice/two" },
      { to: "alice/one", expect: request("1") },
      { waitSeconds: 20 },
      { upstream: "gets", xml: refusal("1") },
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { upstream: "sends", xml: request("2") },
      { upstream: "gets", xml: refusal("2") },
    ]);
  });
});
