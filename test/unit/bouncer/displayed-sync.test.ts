// RCPT-7: which message was displayed last is published once, whichever client displayed it.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import type { Script } from "../../support/scenario.ts";

const NODE = "urn:xmpp:mds:displayed:0";
const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
const item = (sid: string, chat = "bob@example.org"): string =>
  `<item id="${chat}"><displayed xmlns="${NODE}"><stanza-id xmlns="urn:xmpp:sid:0" by="$bare" id="${sid}"/></displayed></item>`;
const publish = (sid: string, chat?: string, id = "p"): string =>
  `<iq type="set" id="${id}"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${NODE}">${item(sid, chat)}</publish></pubsub></iq>`;
const publishes = (client: string, sid: string, chat?: string): Script => [
  { from: client, send: publish(sid, chat) },
  { upstream: "gets", xml: publish(sid, chat, "$_") },
];
const inVain = (client: string, sid: string): Script => [
  { from: client, send: publish(sid) },
  { rule: "RCPT-7", because: "displayed already, as the server knows", to: [client] },
  { to: client, expect: `<iq type="result" id="p"/>` },
  { upstream: "silent" },
];
/** Events are also for the clients, as ever. */
const event = (payload: string, from = "$bare"): Script => {
  const xml = `<message from="${from}" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event">${payload}</event></message>`;
  return [
    { upstream: "sends", xml },
    { to: ["alice/one", "alice/two"], expect: xml },
  ];
};
const told = (sid: string): Script => event(`<items node="${NODE}">${item(sid)}</items>`);

describe("RCPT-7 what was displayed is published once", () => {
  it("RCPT-7 both clients display it at once: the first one's goes upstream", async () => {
    await playPolicy([...two, ...publishes("alice/one", "s1"), ...inVain("alice/two", "s1")]);
  });

  it("RCPT-7 the server has told of it: whoever comes with it later is answered, the publisher too", async () => {
    await playPolicy([
      ...two,
      ...publishes("alice/one", "s1"),
      ...told("s1"),
      { waitSeconds: 60 },
      ...inVain("alice/two", "s1"),
      ...inVain("alice/one", "s1"),
    ]);
  });

  it.each([
    ["a later message", "s2", "bob@example.org"],
    ["another conversation", "s1", "carol@example.org"],
  ])("RCPT-7 %s is another thing to say", async (_name, sid, chat) => {
    await playPolicy([...two, ...publishes("alice/one", "s1"), ...publishes("alice/two", sid, chat)]);
  });

  it("RCPT-7 who publishes the same again was refused: it goes upstream again", async () => {
    await playPolicy([...two, ...publishes("alice/one", "s1"), ...publishes("alice/one", "s1")]);
  });

  it("RCPT-7 what the server has not told of in ten seconds may have been refused", async () => {
    await playPolicy([
      ...two,
      ...publishes("alice/one", "s1"),
      { waitSeconds: 11 },
      ...publishes("alice/two", "s1"),
    ]);
  });

  it.each([
    ["retracted", `<items node="${NODE}"><retract id="bob@example.org"/></items>`],
    ["purged", `<purge node="${NODE}"/>`],
    ["deleted", `<delete node="${NODE}"/>`],
  ])("RCPT-7 what was %s is to be said again", async (_name, change) => {
    await playPolicy([
      ...two,
      ...publishes("alice/one", "s1"),
      ...told("s1"),
      ...event(change),
      ...publishes("alice/two", "s1"),
    ]);
  });

  it("RCPT-7 nobody else tells what the account's node says", async () => {
    await playPolicy([
      ...two,
      ...event(`<items node="${NODE}">${item("s1")}</items>`, "bob@example.org"),
      ...publishes("alice/one", "s1"),
    ]);
  });
});
