// IQ-1 to IQ-5: requests from clients and their answers.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import type { Script } from "../../support/scenario.ts";

const query = `<query xmlns="urn:example:q"/>`;
const result = `<query xmlns="urn:example:q"><a/></query>`;
const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
const error = (condition: string, text: string, type = "wait"): string =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>` +
  `<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">${text}</text></error>`;

describe("IQ-1 a client's request goes upstream under an id of ours", () => {
  it.each([
    ["get", `to="bob@example.org/a"`],
    ["set", `to="pubsub.example.org"`],
    ["get", ``],
    ["get", `to="$bare"`],
  ])("IQ-1 %s %s", async (type, to) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="${type}" ${to} id="1" from="$full">${query}</iq>` },
      { rule: "IQ-1", because: "a request, under an id of ours", to: "upstream" },
      { upstream: "gets", xml: `<iq type="${type}" ${to} id="$id">${query}</iq>` },
    ]);
  });

  it("IQ-1 two clients may use the same id, and each gets its own answer", async () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two"]) {
      world.attach(client, client);
      world.send(client, `<iq type="get" to="bob@example.org/a" id="1">${query}</iq>`);
    }
    const sent = [world.next("upstream"), world.next("upstream")];
    expect(new Set(sent).size).toBe(2);
    expect(sent.join("")).not.toContain('id="1"');
  });
});

describe("IQ-2 an answer gets its id back and goes to the asker only", () => {
  it.each(["result", "error"])("IQ-2 %s", async (type) => {
    await playPolicy([
      ...two,
      { from: "alice/two", send: `<iq type="get" to="bob@example.org/a" id="mine">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" to="bob@example.org/a" id="$id">${query}</iq>` },
      {
        upstream: "sends",
        xml: `<iq type="${type}" from="bob@example.org/a" to="$full" id="$id">${result}</iq>`,
      },
      { rule: "IQ-2", because: "an answer goes to its asker", to: ["alice/two"] },
      {
        to: "alice/two",
        expect: `<iq type="${type}" from="bob@example.org/a" to="$full" id="mine">${result}</iq>`,
      },
      { silent: "alice/one" },
      {
        upstream: "sends",
        xml: `<iq type="${type}" from="bob@example.org/a" to="$full" id="$id">${result}</iq>`,
      },
      { rule: "IQ-2", because: "nobody asked, or it was answered already", to: [] },
    ]);
  });

  const accepted: [asked: string, from: string][] = [
    [`to="bob@example.org/a"`, `from="bob@example.org/a"`],
    [`to="BOB@Example.org/a"`, `from="bob@example.org/a"`],
    [`to="bob@example.org"`, `from="bob@example.org"`],
    [`to="example.org"`, `from="example.org"`],
    [`to="example.org"`, ``],
    [`to="$bare"`, ``],
    [`to="$bare"`, `from="$bare"`],
    [``, ``],
    [``, `from="$bare"`],
    [``, `from="$full"`],
    [``, `from="example.org"`],
  ];
  it.each(accepted)("IQ-2 [%s] may be answered [%s]", async (asked, from) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="get" ${asked} id="1">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" ${asked} id="$id">${query}</iq>` },
      { upstream: "sends", xml: `<iq type="result" ${from} to="$full" id="$id"/>` },
      { to: "alice/one", expect: `<iq type="result" ${from} to="$full" id="1"/>` },
    ]);
  });

  const forged: [asked: string, from: string][] = [
    [`to="bob@example.org/a"`, `from="bob@example.org/b"`],
    [`to="bob@example.org/a"`, `from="bob@example.org/A"`],
    [`to="bob@example.org"`, `from="bob@example.org/a"`],
    [`to="bob@example.org/a"`, `from="bob@example.org"`],
    [`to="bob@example.org/a"`, `from="eve@example.org/a"`],
    [`to="bob@example.org/a"`, ``],
    [`to="bob@example.org/a"`, `from="$bare"`],
    [`to="pubsub.example.org"`, `from="example.org"`],
    [``, `from="eve@example.org"`],
    [``, `from="org"`],
  ];
  it.each(forged)("IQ-2 [%s] is not answered by [%s], and waits on", async (asked, from) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="get" ${asked} id="1">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" ${asked} id="$id">${query}</iq>` },
      { upstream: "sends", xml: `<iq type="result" ${from} to="$full" id="$id"/>` },
      { rule: "IQ-2", because: "from somebody else than was asked", to: [] },
      { upstream: "sends", xml: `<iq type="result" ${asked.replace("to=", "from=")} to="$full" id="$id"/>` },
      { to: "alice/one", expect: `<iq type="result" ${asked.replace("to=", "from=")} to="$full" id="1"/>` },
    ]);
  });

  it.each([`id="nobody-asked"`, ``])("IQ-2 an answer to nothing [%s] goes nowhere", async (id) => {
    await playPolicy([
      ...two,
      { upstream: "sends", xml: `<iq type="result" from="bob@example.org/a" ${id}/>` },
      { rule: "IQ-2", because: "nobody asked, or it was answered already", to: [] },
    ]);
  });
});

describe("IQ-3 at most 10,000 requests are open", () => {
  it("IQ-3 the next one fails, and as soon as one is answered there is room again", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.attach("alice/two", "two");
    // Ours for carbons is open as well.
    for (let count = 1; count < 10_000; count += 1) {
      world.send("alice/one", `<iq type="get" id="${count}"/>`);
    }
    expect(world.leftovers()["upstream"]).toHaveLength(9_999);
    expect(world.next("alice/one")).toBeUndefined();

    world.send("alice/two", `<iq type="get" to="bob@example.org" id="over"/>`);
    expect(world.next("alice/two")).toBe(
      `<iq xmlns="jabber:client" from="bob@example.org" id="over" type="error">` +
        error("resource-constraint", "Too many requests are waiting for an answer.") +
        `</iq>`,
    );
    expect(world.decisions()).toMatchObject([
      { rule: "IQ-3", to: ["alice/two"], reason: "too many open requests" },
    ]);

    const first = /id="([^"]+)"/.exec(world.next("upstream") ?? "")?.[1];
    world.upstreamSends(`<iq type="result" id="${first}"/>`);
    expect(world.next("alice/one")).toContain('id="1"');
    world.send("alice/two", `<iq type="get" to="bob@example.org" id="again"/>`);
    expect(world.next("alice/two")).toBeUndefined();
  });
});

describe("IQ-3 ids and addresses take a bounded room", () => {
  it("IQ-3 what is long counts for more", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    const long = "x".repeat(1_000_000);
    for (const id of [1, 2, 3, 4]) world.send("alice/one", `<iq type="get" id="${id}${long}"/>`);
    expect(world.leftovers()["upstream"]).toHaveLength(4);
    world.send("alice/one", `<iq type="get" id="5${long}"/>`);
    expect(world.next("alice/one")).toContain("resource-constraint");
    world.send("alice/one", `<iq type="get" id="6"/>`);
    expect(world.leftovers()["upstream"]).toHaveLength(5);
  });
});

describe("IQ-4 nobody answers", () => {
  it("IQ-4 after two minutes the request fails, and a late answer goes nowhere", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="get" to="bob@example.org/a" id="1">${query}</iq>` },
      { upstream: "gets", xml: `<iq type="get" to="bob@example.org/a" id="$id">${query}</iq>` },
      { waitSeconds: 119.9 },
      { silent: "alice/one" },
      { waitSeconds: 0.2 },
      { rule: "IQ-4", because: "unanswered in time", to: ["alice/one"] },
      {
        to: "alice/one",
        expect: `<iq type="error" from="bob@example.org/a" id="1">${error("remote-server-timeout", "The other side did not answer.")}</iq>`,
      },
      { upstream: "sends", xml: `<iq type="result" from="bob@example.org/a" to="$full" id="$id"/>` },
      { rule: "IQ-2", because: "nobody asked, or it was answered already", to: [] },
    ]);
  });
});

describe("IQ-5 the asker has left", () => {
  it("IQ-5 the answer is dropped, others still get theirs", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="get" to="bob@example.org/a" id="1"/>` },
      { upstream: "gets", xml: `<iq type="get" to="bob@example.org/a" id="$one"/>` },
      { from: "alice/two", send: `<iq type="get" to="bob@example.org/a" id="1"/>` },
      { upstream: "gets", xml: `<iq type="get" to="bob@example.org/a" id="$two"/>` },
      { leave: "alice/one" },
      { upstream: "sends", xml: `<iq type="result" from="bob@example.org/a" id="$one"/>` },
      { rule: "IQ-2", because: "nobody asked, or it was answered already", to: [] },
      { upstream: "sends", xml: `<iq type="result" from="bob@example.org/a" id="$two"/>` },
      { to: "alice/two", expect: `<iq type="result" from="bob@example.org/a" id="1"/>` },
      { waitSeconds: 130 },
    ]);
  });
});
