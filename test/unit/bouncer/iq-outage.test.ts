// DOWN-2, IQ-4 and IQ-11: clients' requests while there is no session, in a new one, and after the death of the process.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { OUR_AWAY } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const query = `<query xmlns="urn:example:q"/>`;
const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
const error = (condition: string, text: string, type = "wait"): string =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>` +
  `<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">${text}</text></error>`;

describe("DOWN-2 requests without a session", () => {
  const lost: Script = [...two, { upstream: "lost", reason: "The server closed the connection." }];
  const failed = `<iq type="error" id="1">${error("remote-server-timeout", "The server closed the connection.")}</iq>`;

  it("DOWN-2 a request waits for ten seconds and then fails with the reason", async () => {
    await playPolicy([
      ...two,
      { upstream: "lost", reason: "The server closed the connection." },
      { waitSeconds: 1 },
      { from: "alice/one", send: `<iq type="get" id="1">${query}</iq>` },
      { rule: "IQ-1", because: "a request, under an id of ours: waits for a session", to: "upstream" },
      { waitSeconds: 8.9 },
      { silent: "alice/one" },
      { upstream: "silent" },
      // DOWN-4: the outage itself is told at this time.
      { waitSeconds: 0.5 },
      {
        to: ["alice/one", "alice/two"],
        expect: `<message from="$domain" type="headline"><body>$_</body></message>`,
      },
      { waitSeconds: 0.7 },
      { rule: "DOWN-2", because: "unanswered in time", to: ["alice/one"] },
      { to: "alice/one", expect: failed },
    ]);
  });

  it("DOWN-2 what was asked before the session was lost fails ten seconds after", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<iq type="get" id="1">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$id">${query}</iq>` },
      { waitSeconds: 60 },
      { upstream: "lost", reason: "The server closed the connection." },
      { waitSeconds: 9.9 },
      { silent: "alice/one" },
      { waitSeconds: 0.2 },
      { to: "alice/one", expect: failed },
      { to: "alice/one", expect: `<message from="$domain" type="headline"><body>$_</body></message>` },
    ]);
  });

  it("DOWN-2 with a session in time it goes out, and has two minutes in all", async () => {
    await playPolicy([
      ...lost,
      { from: "alice/one", send: `<iq type="get" id="1">${query}</iq>` },
      { from: "alice/two", send: `<iq type="get" id="2">${query}</iq>` },
      { waitSeconds: 5 },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      {
        upstream: "gets",
        xml: `<presence><show>away</show><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$_"/></presence>`,
      },
      { upstream: "gets", xml: `<iq type="get" id="$first">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$second">${query}</iq>` },
      { waitSeconds: 114 },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$first"/>` },
      { to: "alice/one", expect: `<iq type="result" to="$full" id="1"/>` },
      { waitSeconds: 2 },
      {
        to: "alice/two",
        expect: `<iq type="error" id="2">${error("remote-server-timeout", "The other side did not answer.")}</iq>`,
      },
    ]);
  });

  it("DOWN-2 what has failed does not go out later, although it was queued", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { upstream: "lost", reason: "The server closed the connection." },
      { from: "alice/one", send: `<iq type="get" id="1">${query}</iq>` },
      { waitSeconds: 9.5 },
      { from: "alice/one", send: `<iq type="get" id="2">${query}</iq>` },
      { waitSeconds: 1 },
      { to: "alice/one", expect: `<message from="$domain" type="headline"><body>$_</body></message>` },
      { to: "alice/one", expect: failed },
      { upstream: "resumed" },
      { to: "alice/one", expect: `<message from="$domain" type="headline"><body>$_</body></message>` },
      { upstream: "gets", xml: `<iq type="get" id="$second">${query}</iq>` },
      { upstream: "sends", xml: `<iq type="result" id="$second"/>` },
      { to: "alice/one", expect: `<iq type="result" id="2"/>` },
    ]);
  });

  it("IQ-4 in a new session what was asked in the old one may still be answered for ten seconds", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<iq type="get" id="1">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$first">${query}</iq>` },
      { from: "alice/one", send: `<iq type="get" id="2">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$second">${query}</iq>` },
      { upstream: "lost", reason: "gone" },
      { waitSeconds: 5 },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_AWAY },
      { waitSeconds: 9.9 },
      { upstream: "sends", xml: `<iq type="result" id="$first"/>` },
      { to: "alice/one", expect: `<iq type="result" id="1"/>` },
      { waitSeconds: 0.2 },
      {
        to: "alice/one",
        expect: `<iq type="error" id="2">${error("remote-server-timeout", "The other side did not answer.")}</iq>`,
      },
    ]);
  });

  it("IQ-2 nobody can answer what was not sent yet", async () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.upstreamLost("The server closed the connection.");
    world.send("alice/one", `<iq type="get" id="1"/>`);
    for (let id = 1; id < 10; id += 1) world.upstreamSends(`<iq type="result" id="id-${id}"/>`);
    expect(world.next("alice/one")).toBeUndefined();
  });

  it("IQ-5 what waited for a session does not go out when its client has left", async () => {
    await playPolicy([
      ...lost,
      { from: "alice/one", send: `<iq type="get" id="1">${query}</iq>` },
      { leave: "alice/one" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      {
        upstream: "gets",
        xml: `<presence><show>away</show><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$_"/></presence>`,
      },
    ]);
  });
});

describe("IQ-11 open requests outlive the process", () => {
  const asked: Script = [
    { attach: "alice/one" },
    { from: "alice/one", send: `<iq type="get" to="bob@example.org/a" id="mine">${query}</iq>` },
    { upstream: "gets", xml: `<iq type="get" to="bob@example.org/a" id="$id">${query}</iq>` },
    { proxy: "restarts" },
  ];
  const answer = `<iq type="result" from="bob@example.org/a" to="$full" id="$id"/>`;

  it("IQ-11 the answer reaches its asker, under its id, once, and from nobody else", async () => {
    await playPolicy([
      ...asked,
      { upstream: "resumed" },
      { upstream: "sends", xml: answer.replace("bob@", "eve@") },
      { silent: "alice/one" },
      { upstream: "sends", xml: answer },
      { to: "alice/one", expect: answer.replace("$id", "mine") },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { upstream: "sends", xml: answer },
      { rule: "IQ-2", because: "nobody asked, or it was answered already", to: [] },
      { waitSeconds: 200 },
    ]);
  });

  it("IQ-11 DOWN-2 without a session it fails ten seconds after the restart", async () => {
    await playPolicy([
      ...asked,
      { waitSeconds: 9.9 },
      { silent: "alice/one" },
      { waitSeconds: 0.2 },
      {
        to: "alice/one",
        expect: `<iq type="error" from="bob@example.org/a" id="mine">${error("remote-server-timeout", "There is no connection to the server yet.")}</iq>`,
      },
    ]);
  });

  it("IQ-11 IQ-4 nobody answers: it fails two minutes after it was asked", async () => {
    await playPolicy([
      ...asked,
      { waitSeconds: 5 },
      { upstream: "resumed" },
      { waitSeconds: 114.5 },
      { silent: "alice/one" },
      { waitSeconds: 1 },
      {
        to: "alice/one",
        expect: `<iq type="error" from="bob@example.org/a" id="mine">${error("remote-server-timeout", "The other side did not answer.")}</iq>`,
      },
    ]);
  });

  it("IQ-11 IQ-5 whoever did not survive gets no answer, and nothing is kept for it", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<iq type="get" id="1"/>`);
    world.restart({ lost: ["alice/one"] });
    expect(world.account.nextDeadlineMs()).toBeUndefined();
  });
});
