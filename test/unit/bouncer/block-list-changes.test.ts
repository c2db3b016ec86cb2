// BLOCK-3: what was blocked and unblocked elsewhere while there was no session.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_AWAY } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const LIST = `<blocklist xmlns="urn:xmpp:blocking"/>`;
const block = (jid: string): string => `<block xmlns="urn:xmpp:blocking"><item jid="${jid}"/></block>`;
const push = (payload: string): Script => [
  { upstream: "sends", xml: `<iq type="set" to="$full" id="push">${payload}</iq>` },
  { upstream: "gets", xml: `<iq type="result" from="$full" id="push"/>` },
];
const list = (...jids: string[]): string =>
  `<blocklist xmlns="urn:xmpp:blocking">${jids.map((jid) => `<item jid="${jid}"/>`).join("")}</blocklist>`;
const change = (name: string, ...jids: string[]): string => list(...jids).replaceAll("blocklist", name);
const pushed = (...payloads: string[]): Script =>
  payloads.map((payload) => ({
    to: "alice/one",
    expect: `<iq type="set" to="$full" id="$_">${payload}</iq>`,
  }));
/** One has the list: eve and mallory. Two is attached only. */
const knows: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { from: "alice/one", send: `<iq type="get" id="l">${LIST}</iq>` },
  { upstream: "gets", xml: `<iq type="get" id="$first">${LIST}</iq>` },
  {
    upstream: "sends",
    xml: `<iq type="result" to="$full" id="$first">${list("eve@example.org", "mallory@example.org")}</iq>`,
  },
  {
    to: "alice/one",
    expect: `<iq type="result" to="$full" id="l">${list("eve@example.org", "mallory@example.org")}</iq>`,
  },
];
const newSession = (...jids: string[]): Script => [
  { upstream: "lost", reason: "gone" },
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: OUR_AWAY },
  { upstream: "gets", xml: `<iq type="get" id="$again">${LIST}</iq>` },
  { upstream: "sends", xml: `<iq type="result" from="$bare" to="$full" id="$again">${list(...jids)}</iq>` },
];

describe("BLOCK-3 what was changed elsewhere while there was no session is pushed", () => {
  it("BLOCK-3 blocked and unblocked, each in one push; the same list is no news", async () => {
    await playPolicy([
      ...knows,
      ...newSession("mallory@example.org", "trudy@example.org"),
      ...pushed(change("block", "trudy@example.org"), change("unblock", "eve@example.org")),
    ]);
    await playPolicy([...knows, ...newSession("mallory@example.org", "eve@example.org")]);
  });

  it("BLOCK-3 BLOCK-1 pushes are part of what is known, also after a reset of the object", async () => {
    await playPolicy([
      ...knows,
      ...push(block("trudy@example.org")),
      ...pushed(block("trudy@example.org")),
      ...push(change("unblock", "eve@example.org")),
      ...pushed(change("unblock", "eve@example.org")),
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      ...newSession("mallory@example.org", "trudy@example.org"),
    ]);
    await playPolicy([
      ...knows,
      ...push(change("unblock")),
      ...pushed(change("unblock")),
      ...newSession("eve@example.org"),
      ...pushed(change("block", "eve@example.org")),
    ]);
  });

  it("BLOCK-3 BLOCK-2 a request to subscribe by who was blocked meanwhile is void", async () => {
    await playPolicy([
      ...knows,
      { upstream: "lost", reason: "gone" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_AWAY },
      { upstream: "gets", xml: `<iq type="get" id="$again">${LIST}</iq>` },
      { upstream: "sends", xml: `<presence from="trudy@example.org" to="$full" type="subscribe"/>` },
      {
        upstream: "sends",
        xml: `<iq type="result" to="$full" id="$again">${list("eve@example.org", "mallory@example.org", "trudy@example.org")}</iq>`,
      },
      ...pushed(change("block", "trudy@example.org")),
      ...comesOnline("alice/two"),
      { silent: "alice/two" },
    ]);
  });

  it("BLOCK-3 who asks in a session that nobody had asked in is told the list only", async () => {
    await playPolicy([
      ...knows,
      { leave: "alice/one" },
      { upstream: "lost", reason: "gone" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_AWAY },
      { from: "alice/two", send: `<iq type="get" id="l">${LIST}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$second">${LIST}</iq>` },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$second">${list()}</iq>` },
      { to: "alice/two", expect: `<iq type="result" to="$full" id="l">${list()}</iq>` },
    ]);
  });

  it("BLOCK-3 a list by somebody else is not ours", async () => {
    await playPolicy([
      ...knows,
      { upstream: "sends", xml: `<iq type="result" from="eve@example.org" to="$full" id="x">${list()}</iq>` },
      { silent: "alice/one" },
      ...newSession("eve@example.org", "mallory@example.org"),
    ]);
  });
});
