// DISCO: what clients are told that the server and the account can do.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const CARBONS = "urn:xmpp:carbons:2";
const PUSH = "urn:xmpp:push:0";
const SIC = "urn:xmpp:sic:1";
const MAM = "urn:xmpp:mam:2";
const info = (features: readonly string[], node = ""): string =>
  `<query xmlns="${INFO}"${node}><identity category="x" type="y"/>${features.map((name) => `<feature var="${name}"/>`).join("")}</query>`;

const table: [who: string, to: string, told: string[], heard: string[]][] = [
  ["the server", "$domain", [MAM, PUSH, SIC, "urn:xmpp:sic:0"], [MAM, CARBONS]],
  ["the server, which has carbons", "$domain", [CARBONS, MAM], [CARBONS, MAM]],
  ["the account", "$bare", [MAM, PUSH, "http://jabber.org/protocol/offline"], [MAM]],
  ["the account, by no address", "", [PUSH, MAM], [MAM]],
  ["somebody else", "bob@example.org", [PUSH, SIC], [PUSH, SIC]],
  ["another server", "example.net", [PUSH], [PUSH]],
  ["a service of ours", "pubsub.example.org", [SIC], [SIC]],
];

describe("DISCO-1 what we do is named, what would not work through us is not", () => {
  it.each(table)("DISCO-1 %s", async (_who, address, told, heard) => {
    const to = address === "" ? "" : ` to="${address}"`;
    const from = to.replace("to=", "from=");
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<iq type="get"${to} id="d"><query xmlns="${INFO}"/></iq>` },
      { upstream: "gets", xml: `<iq type="get"${to} id="$id"><query xmlns="${INFO}"/></iq>` },
      { upstream: "sends", xml: `<iq type="result"${from} id="$id">${info(told)}</iq>` },
      { to: "alice/one", expect: `<iq type="result"${from} id="d">${info(heard)}</iq>` },
    ]);
  });

  it("DISCO-1 of a node nothing is changed, nor in an error", async () => {
    const node = ` node="n#v"`;
    const error = `<error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<iq type="get" to="$domain" id="d"><query xmlns="${INFO}"${node}/></iq>` },
      { upstream: "gets", xml: `<iq type="get" to="$domain" id="$id"><query xmlns="${INFO}"${node}/></iq>` },
      { upstream: "sends", xml: `<iq type="result" from="$domain" id="$id">${info([PUSH], node)}</iq>` },
      { to: "alice/one", expect: `<iq type="result" from="$domain" id="d">${info([PUSH], node)}</iq>` },
      { from: "alice/one", send: `<iq type="get" to="$domain" id="e"><query xmlns="${INFO}"/></iq>` },
      { upstream: "gets", xml: `<iq type="get" to="$domain" id="$other"><query xmlns="${INFO}"/></iq>` },
      { upstream: "sends", xml: `<iq type="error" from="$domain" id="$other">${error}</iq>` },
      { to: "alice/one", expect: `<iq type="error" from="$domain" id="e">${error}</iq>` },
    ]);
  });
});

describe("DISCO-2 what belongs to the account is the server's, and passes through unchanged", () => {
  it.each([
    [
      "private storage (XEP-0049)",
      `<query xmlns="jabber:iq:private"><storage xmlns="storage:bookmarks"/></query>`,
      "",
    ],
    ["the account's vCard (XEP-0054)", `<vCard xmlns="vcard-temp"/>`, ""],
    ["a contact's vCard", `<vCard xmlns="vcard-temp"/>`, "bob@example.org"],
    [
      "bookmarks (XEP-0402)",
      `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="urn:xmpp:bookmarks:1"/></pubsub>`,
      "",
    ],
    [
      "a contact's avatar (XEP-0084)",
      `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="urn:xmpp:avatar:data"><item id="111f4b3c50d7b0df729d299bc6f8e9ef9066971f"/></items></pubsub>`,
      "bob@example.org",
    ],
    [
      "the server's services (XEP-0030)",
      `<query xmlns="http://jabber.org/protocol/disco#items"/>`,
      "$domain",
    ],
  ])("DISCO-2 IQ-2 %s", async (_name, payload, address) => {
    const to = address === "" ? "" : ` to="${address}"`;
    const from = to.replace("to=", "from=");
    await playPolicy(
      [
        { attach: "alice/one" },
        { attach: "alice/two" },
        { from: "alice/one", send: `<iq type="get"${to} id="q">${payload}</iq>` },
        { upstream: "gets", xml: `<iq type="get"${to} id="$id">${payload}</iq>` },
        { upstream: "sends", xml: `<iq type="result"${from} to="$full" id="$id">${payload}</iq>` },
        { to: "alice/one", expect: `<iq type="result"${from} to="$full" id="q">${payload}</iq>` },
      ],
      { bookmarks: true },
    );
  });
});
