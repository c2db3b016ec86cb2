// IQ-7 and IQ-8: who is asked, by what each client says that it can do.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { comesOnline } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const BOB = "bob@example.org/a";
const IBB = `<open xmlns="http://jabber.org/protocol/ibb" sid="s1"/>`;
/** A request to begin a Jingle session with this content, or none. */
const initiate = (description: string): string =>
  `<jingle xmlns="urn:xmpp:jingle:1" action="session-initiate" sid="s1">${
    description === "" ? "" : `<content><description xmlns="${description}"/></content>`
  }</jingle>`;

describe("IQ-7 requests go to a client that says it can", () => {
  const CAPS = "http://jabber.org/protocol/caps";
  const INFO = "http://jabber.org/protocol/disco#info";
  const RTP = "urn:xmpp:jingle:apps:rtp:1";
  const FILE = "urn:xmpp:jingle:apps:file-transfer:5";
  const can = (client: string, ...features: string[]): Script => {
    const name = client.replace("/", "_");
    return [
      {
        from: client,
        send: `<presence><c xmlns="${CAPS}" hash="sha-1" node="n" ver="${name}"/></presence>`,
      },
      {
        to: client,
        expect: `<iq type="get" from="$bare" to="$full" id="$ask_${name}"><query xmlns="${INFO}" node="n#${name}"/></iq>`,
      },
      {
        from: client,
        send: `<iq type="result" id="$ask_${name}"><query xmlns="${INFO}">${features.map((feature) => `<feature var="${feature}"/>`).join("")}</query></iq>`,
      },
      {
        upstream: "gets",
        xml: `<presence><c xmlns="${CAPS}" hash="sha-1" node="xmpproxy" ver="$_"/></presence>`,
      },
    ];
  };
  const three: Script = [
    { attach: "alice/phone" },
    { attach: "alice/desk" },
    { attach: "alice/plain" },
    ...comesOnline("alice/plain"),
    ...can("alice/phone", "urn:xmpp:jingle:1", RTP),
    ...can("alice/desk", "urn:xmpp:jingle:1", FILE),
  ];

  it.each([
    ["the one that can do all of it, though another was active later", initiate(RTP), "alice/phone"],
    ["the most recently active of several", initiate(""), "alice/desk"],
    ["one that can do part of it, when nobody can do more", initiate("urn:example"), "alice/desk"],
    ["one that does not say what it can, when nobody says it can", IBB, "alice/plain"],
  ])("IQ-7 %s", async (_name, payload, client) => {
    const request = `<iq type="set" from="${BOB}" to="$full" id="b">${payload}</iq>`;
    await playPolicy([
      ...three,
      { upstream: "sends", xml: request },
      { to: client, expect: request },
      { from: client, send: `<iq type="result" to="${BOB}" id="b"/>` },
      { upstream: "gets", xml: `<iq type="result" to="${BOB}" id="b"/>` },
    ]);
  });

  it("IQ-8 all say what they can, and nobody can", async () => {
    await playPolicy([
      { attach: "alice/phone" },
      ...comesOnline("alice/phone"),
      ...can("alice/phone", RTP),
      { upstream: "sends", xml: `<iq type="set" from="${BOB}" to="$full" id="b">${IBB}</iq>` },
      { rule: "IQ-8", because: "no client is there to answer", to: "upstream" },
      {
        upstream: "gets",
        xml: `<iq type="error" from="$full" to="${BOB}" id="b"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      },
    ]);
  });
});
