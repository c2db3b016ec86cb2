// A client comes, and is told everything from here: roster, presence, notifications, requests to subscribe. The server is not
// asked anything. And a device that comes again, or goes without a word, leaves nothing behind.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { OUR_AWAY, OUR_CAPS, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const CAPS = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="urn:software" ver="v"/>`;
const NICK = "http://jabber.org/protocol/nick";
const INFO = `http://jabber.org/protocol/disco#info`;
const BOB = `<item jid="bob@example.org" name="Bob" subscription="both"/>`;
const roster = `<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`;
const rosterResult = `<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="$_">${BOB}</query></iq>`;
const nick = (delay: string): string =>
  `<message from="bob@example.org" to="$full"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${NICK}"><item><nick xmlns="${NICK}">B</nick></item></items></event>${delay}</message>`;
const bobHere = `<presence from="bob@example.org/a" to="$full"><show>chat</show></presence>`;
const eveAsks = `<presence from="eve@example.net" to="$bare" type="subscribe"/>`;
const DELAY = `<delay xmlns="urn:xmpp:delay" stamp="$_"/>`;

/** The first client brings the software; then something has happened, and the object was reset. */
const before: Script = [
  { attach: "alice/one" },
  { from: "alice/one", send: `<presence>${CAPS}</presence>` },
  { upstream: "gets", xml: OUR_PRESENCE },
  {
    to: "alice/one",
    expect: `<iq type="get" from="$bare" to="$full" id="$asked"><query xmlns="${INFO}" node="urn:software#v"/></iq>`,
  },
  {
    from: "alice/one",
    send: `<iq type="result" id="$asked"><query xmlns="${INFO}"><feature var="${NICK}+notify"/></query></iq>`,
  },
  { upstream: "gets", xml: OUR_PRESENCE.replace("$ourCaps", "$caps") },
  { upstream: "sends", xml: bobHere },
  { upstream: "sends", xml: nick("") },
  { upstream: "sends", xml: eveAsks },
  { to: "alice/one", expect: bobHere },
  { to: "alice/one", expect: nick("") },
  { to: "alice/one", expect: eveAsks },
];

/** Everything, in this order, and nothing goes to the server. */
const comes: Script = [
  { attach: "alice/two" },
  { from: "alice/two", send: roster },
  { to: "alice/two", expect: rosterResult },
  { from: "alice/two", send: `<presence>${CAPS}</presence>` },
  {
    to: "alice/two",
    expect: bobHere.replace(
      "</presence>",
      `<delay xmlns="urn:xmpp:delay" from="bob@example.org/a" stamp="$_"/></presence>`,
    ),
  },
  { to: "alice/two", expect: eveAsks },
  { to: "alice/two", expect: nick(DELAY) },
  { upstream: "silent" },
];

describe("ATT-1 a client that comes is told everything without a word to the server", () => {
  it("ATT-1 ROS-3 PRES-9 PRES-12 PEP-3 while the session stands", async () => {
    await playPolicy([...before, ...comes], { roster: BOB });
  });

  it("ATT-1 DOWN-1 and while there is none, after a reset", async () => {
    await playPolicy([...before, { proxy: "restarts" }, ...comes], { roster: BOB });
  });
});

describe("ATT-2 a device that comes again leaves no ghost of itself", () => {
  const room = `<presence to="bob@example.net/x"/>`;
  const request = `<iq type="set" from="bob@example.org/a" to="$full" id="j"><query xmlns="urn:example:q"/></iq>`;
  /** It is asked something, has asked something, is in touch with somebody, and wants the roster. */
  const busy: Script = [
    { attach: "alice/one", device: "phone" },
    { from: "alice/one", send: roster },
    { to: "alice/one", expect: rosterResult },
    { from: "alice/one", send: `<presence><show>dnd</show></presence>` },
    { upstream: "gets", xml: `<presence><show>dnd</show>${OUR_CAPS}</presence>` },
    { from: "alice/one", send: room },
    { upstream: "gets", xml: room },
    {
      from: "alice/one",
      send: `<iq type="get" to="bob@example.org/a" id="1"><query xmlns="urn:example:q"/></iq>`,
    },
    {
      upstream: "gets",
      xml: `<iq type="get" to="bob@example.org/a" id="$open"><query xmlns="urn:example:q"/></iq>`,
    },
    { upstream: "sends", xml: request },
    { to: "alice/one", expect: request },
  ];
  const refused: Script = [
    {
      upstream: "gets",
      xml: `<iq type="error" from="$full" to="bob@example.org/a" id="j"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    },
  ];
  const left: Script = [{ upstream: "gets", xml: `<presence to="bob@example.net/x" type="unavailable"/>` }];
  const away: Script = [{ upstream: "gets", xml: OUR_AWAY }];
  /** Nothing of the old one is left: no answer, no push, no interest, no presence. */
  const nothingLeft: Script = [
    { upstream: "sends", xml: `<iq type="result" from="bob@example.org/a" to="$full" id="$open"/>` },
    {
      upstream: "sends",
      xml: `<iq type="set" to="$full" id="push"><query xmlns="jabber:iq:roster">${BOB}</query></iq>`,
    },
    { upstream: "gets", xml: `<iq type="result" from="$full" id="push"/>` },
    { upstream: "sends", xml: `<presence from="bob@example.net/x" to="$full" type="error"/>` },
    { upstream: "silent" },
    { waitSeconds: 200 },
  ];

  it("ATT-2 ID-2 while its old connection stands", async () => {
    await playPolicy(
      [
        ...busy,
        { attach: "alice/again", device: "phone" },
        { replaced: "alice/one" },
        ...left,
        ...away,
        ...refused,
        ...nothingLeft,
      ],
      { roster: BOB },
    );
  });

  it("ATT-2 ID-2 SM-2 while its old stream might still be resumed", async () => {
    await playPolicy(
      [
        ...busy,
        { breaksOff: "alice/one" },
        ...refused,
        { waitSeconds: 5 },
        { attach: "alice/again", device: "phone" },
        { replaced: "alice/one" },
        ...left,
        ...away,
        ...nothingLeft,
      ],
      { roster: BOB },
    );
  });

  it("ATT-2 ID-2 after a reset of the object", async () => {
    await playPolicy(
      [
        ...busy,
        { proxy: "restarts" },
        ...refused,
        { upstream: "resumed" },
        { attach: "alice/again", device: "phone" },
        { replaced: "alice/one" },
        ...left,
        ...away,
        ...nothingLeft,
      ],
      { roster: BOB },
    );
  });

  it("ATT-2 a client that is gone without a word, and does not come back in time", async () => {
    await playPolicy(
      [
        ...busy,
        { breaksOff: "alice/one" },
        ...refused,
        { leave: "alice/one" },
        ...left,
        ...away,
        ...nothingLeft,
      ],
      { roster: BOB },
    );
  });
});
