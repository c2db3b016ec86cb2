// IQ-9: queries to archives, and their results.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import type { Script } from "../../support/scenario.ts";

const MAM = "urn:xmpp:mam:2";
const set = `<set xmlns="http://jabber.org/protocol/rsm"><max>10</max></set>`;
const query = (queryId: string): string => `<query xmlns="${MAM}"${queryId}>${set}</query>`;
const forwarded = `<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="bob@example.org/a" to="$bare"><body>Hi</body></message></forwarded>`;
const result = (from: string, queryId: string): string =>
  `<message${from} to="$full"><result xmlns="${MAM}"${queryId} id="28482">${forwarded}</result></message>`;
const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
const ROOM = ` to="room@muc.example.org"`;

/** The query goes up under ids of ours. */
function asks(to: string, queryId: string): Script {
  return [
    ...two,
    { from: "alice/one", send: `<iq type="set"${to} id="1">${query(queryId)}</iq>` },
    { upstream: "gets", xml: `<iq type="set"${to} id="$id">${query(` queryid="$q"`)}</iq>` },
  ];
}

describe("IQ-9 an archive's results go to their asker only, under its query id", () => {
  it.each([
    ["our own archive", "", ` from="$bare"`, ` queryid="f27"`],
    ["our own archive, results without from", "", "", ` queryid="f27"`],
    ["our own archive, by its address", ` to="$bare"`, ` from="$bare"`, ` queryid="f27"`],
    ["a query without an id", "", ` from="$bare"`, ""],
    ["a room", ROOM, ` from="room@muc.example.org"`, ` queryid="f27"`],
  ])("IQ-9 %s", async (_name, to, from, queryId) => {
    await playPolicy([
      ...asks(to, queryId),
      { upstream: "sends", xml: result(from, ` queryid="$q"`) },
      { rule: "IQ-9", because: "an archive's result goes to its asker", to: ["alice/one"] },
      { to: "alice/one", expect: result(from, queryId) },
      { upstream: "sends", xml: result(from, ` queryid="$q"`) },
      { to: "alice/one", expect: result(from, queryId) },
      { upstream: "sends", xml: `<iq type="result"${from} id="$id"><fin xmlns="${MAM}"/></iq>` },
      { to: "alice/one", expect: `<iq type="result"${from} id="1"><fin xmlns="${MAM}"/></iq>` },
      { upstream: "sends", xml: result(from, ` queryid="$q"`) },
      { rule: "IQ-9", because: "nobody has this query under way", to: [] },
    ]);
  });

  it.each([
    ["somebody else", ` from="eve@example.org"`, ` queryid="$q"`],
    ["somebody in the room", ` from="room@muc.example.org/eve"`, ` queryid="$q"`],
    ["our own server, which was not asked", ` from="$bare"`, ` queryid="$q"`],
    ["the room, under the asker's query id", ` from="room@muc.example.org"`, ` queryid="f27"`],
    ["the room, under none", ` from="room@muc.example.org"`, ""],
  ])("IQ-9 a result from %s goes nowhere", async (_name, from, queryId) => {
    await playPolicy([
      ...asks(ROOM, ` queryid="f27"`),
      { upstream: "sends", xml: result(from, queryId) },
      { rule: "IQ-9", because: "nobody has this query under way", to: [] },
    ]);
  });

  it("IQ-9 the form of a query is asked for like anything else", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="get" id="1"><query xmlns="${MAM}"/></iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$id"><query xmlns="${MAM}"/></iq>` },
    ]);
  });

  it("IQ-9 two clients may use the same query id", () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two"]) {
      world.attach(client, client);
      world.send(client, `<iq type="set" id="1">${query(` queryid="q"`)}</iq>`);
    }
    const ids = [1, 2].map(() => / queryid="([^"]*)"/.exec(world.next("upstream") ?? "")?.[1]);
    world.upstreamSends(`<message><result xmlns="${MAM}" queryid="${ids[1]}"/></message>`);
    expect(world.leftovers()).toEqual({ "alice/two": [expect.stringContaining(`queryid="q"`)] });
  });

  it("IQ-9 IQ-11 a reset in the middle of a page changes nothing", async () => {
    await playPolicy([
      ...asks("", ` queryid="f27"`),
      { upstream: "sends", xml: result("", ` queryid="$q"`) },
      { to: "alice/one", expect: result("", ` queryid="f27"`) },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { upstream: "sends", xml: result("", ` queryid="$q"`) },
      { to: "alice/one", expect: result("", ` queryid="f27"`) },
      { upstream: "sends", xml: `<iq type="result" id="$id"><fin xmlns="${MAM}" complete="true"/></iq>` },
      { to: "alice/one", expect: `<iq type="result" id="1"><fin xmlns="${MAM}" complete="true"/></iq>` },
    ]);
  });
});
