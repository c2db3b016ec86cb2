// However much comes, and however little is answered: each table keeps to its bound, in memory and in the store, and says
// what becomes of the rest. Counts, not times.

import { describe, expect, it } from "vitest";
import { Duplicates } from "../../../bouncer/log/duplicates.ts";
import type { Loggable } from "../../../bouncer/log/loggable.ts";
import { AccountWorld } from "../../support/account-world.ts";
import { parse } from "../../support/xml-shape.ts";

const MANY = 10_000;
const times = (count: number, act: (index: number) => void): void => {
  for (let index = 0; index < count; index += 1) act(index);
};

/** One is attached and available. */
function online(): AccountWorld {
  const world = new AccountWorld();
  world.attach("alice/one", "one");
  world.send("alice/one", "<presence/>");
  drain(world);
  return world;
}

function drain(world: AccountWorld): string[] {
  const came = Object.values(world.leftovers()).flat();
  for (const place of Object.keys(world.leftovers())) while (world.next(place) !== undefined);
  return came;
}

const tune = (from: string, node: string): string =>
  `<message from="${from}"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${node}"><item/></items></event></message>`;

const last = (world: AccountWorld, place: string): string => world.leftovers()[place]?.at(-1) ?? "";

describe("10,000 outstanding entries, and one more", () => {
  it("IQ-3 IQ-4 clients' requests: the next one is refused, all fail in time, and nothing is left", () => {
    const world = online();
    // One is ours: the server has not answered whether carbons are on.
    times(MANY - 1, (id) => world.send("alice/one", `<iq type="get" to="bob@example.org" id="${id}"/>`));
    expect(world.countOf("requests")).toBe(MANY - 1);
    drain(world);
    world.send("alice/one", `<iq type="get" to="bob@example.org" id="over"/>`);
    expect(world.countOf("requests")).toBe(MANY - 1);
    expect(last(world, "alice/one")).toContain("resource-constraint");
    expect(world.leftovers()["upstream"]).toBeUndefined();
    drain(world);
    world.wait(121);
    const failed = drain(world);
    expect(failed.filter((frame) => frame.includes("remote-server-timeout"))).toHaveLength(MANY - 1);
    expect(world.countOf("requests")).toBe(0);
  });

  it("IQ-8 others' requests: 100 of each peer, 1,000 in all, and each has one answer in the end", () => {
    const world = online();
    times(MANY, (id) =>
      world.upstreamSends(`<iq type="get" from="b${id % 20}@example.org/a" id="${id}"><x/></iq>`),
    );
    expect(world.countOf("inbound")).toBe(1_000);
    world.wait(21);
    expect(world.countOf("inbound")).toBe(0);
    const answers = drain(world).filter((frame) => frame.includes(`type="error"`));
    expect(new Set(answers).size).toBe(MANY);
    expect(answers).toHaveLength(MANY);
  });

  it("RCPT-1 receipts: 5,000, the oldest are forgotten", () => {
    const world = online();
    times(MANY, (id) =>
      world.send(
        "alice/one",
        `<message to="bob@example.org"><received xmlns="urn:xmpp:receipts" id="${id}"/></message>`,
      ),
    );
    expect(world.countOf("receipts")).toBe(5_000);
  });

  it("JING-1 sessions with peers: 500, the oldest are forgotten", () => {
    const world = online();
    times(MANY, (id) =>
      world.send(
        "alice/one",
        `<iq type="set" to="bob@example.org/a" id="${id}"><jingle xmlns="urn:xmpp:jingle:1" action="session-initiate" sid="s${id}"/></iq>`,
      ),
    );
    expect(world.countOf("peerSessions")).toBe(500);
  });

  it("PEP-4 notifications: 64 of a publisher and 10,000 in all, the oldest give way", () => {
    const contacts = Array.from({ length: MANY + 1 }, (_, index) => `<item jid="b${index}@example.org"/>`);
    const world = new AccountWorld({ roster: contacts.join("") });
    world.attach("alice/one", "one");
    world.send(
      "alice/one",
      `<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="n" ver="v"/></presence>`,
    );
    const id = /id="([^"]+)"/.exec(last(world, "alice/one"))?.[1];
    const features = ["tune", ...Array.from({ length: 200 }, (_, index) => `n${index}`)];
    world.send(
      "alice/one",
      `<iq type="result" id="${id}"><query xmlns="http://jabber.org/protocol/disco#info">${features.map((name) => `<feature var="${name}+notify"/>`).join("")}</query></iq>`,
    );
    times(200, (index) => world.upstreamSends(tune("alice@example.org", `n${index}`)));
    expect(world.countOf("pep")).toBe(64);
    times(MANY + 1, (index) => world.upstreamSends(tune(`b${index}@example.org`, "tune")));
    expect(world.countOf("pep")).toBe(MANY);
    // Whom the roster does not name is nobody to remember.
    world.upstreamSends(tune("stranger@example.org", "tune"));
    world.upstreamSends(tune("b1@example.org", "n1"));
    expect(world.countOf("pep")).toBe(MANY);
  });

  it("PRES-4 contacts' presence: 20,000 resources, what comes beyond is told and not remembered", () => {
    const world = online();
    times(2 * MANY + 1, (index) => world.upstreamSends(`<presence from="bob@example.org/${index}"/>`));
    expect(world.countOf("contacts")).toBe(2 * MANY);
    expect(world.leftovers()["alice/one"]).toHaveLength(2 * MANY + 1);
    expect(last(world, "alice/one")).toContain(`from="bob@example.org/${2 * MANY}"`);
  });

  it("PRES-12 requests to subscribe: 200", () => {
    const world = online();
    times(MANY, (index) => world.upstreamSends(`<presence from="b${index}@example.org" type="subscribe"/>`));
    expect(world.countOf("contacts")).toBe(200);
  });

  it("CSI-3 what waits for an inactive client: 500, then all of it comes", () => {
    const world = online();
    world.setClientState("alice/one", false);
    times(MANY, (index) => world.upstreamSends(`<presence from="b${index}@example.org/a"/>`));
    expect(world.countOf("held")).toBe(MANY % 501);
    expect(world.leftovers()["alice/one"]).toHaveLength(MANY - (MANY % 501));
  });

  it("CSI-3 what waits for all clients together: 8 MiB", () => {
    const world = new AccountWorld();
    const clients = Array.from({ length: 100 }, (_, index) => `alice/${index}`);
    for (const client of clients) {
      world.attach(client, client);
      world.send(client, "<presence/>");
      world.setClientState(client, false);
    }
    drain(world);
    const status = `<status>${"x".repeat(7_900)}</status>`;
    times(20, (index) =>
      world.upstreamSends(`<presence from="bob@example.org/${index}">${status}</presence>`),
    );
    const came = drain(world).length;
    expect(world.countOf("held")).toBeLessThanOrEqual(Math.ceil(8_388_608 / 7_900));
    expect(world.countOf("held") + came).toBe(2_000);
  });

  it("SELF-2 requests to siblings: 100, the next one is refused", () => {
    const world = online();
    world.attach("alice/two", "two");
    times(101, (id) =>
      world.send("alice/two", `<iq type="get" to="alice@example.org/xmpproxy-1" id="${id}"><x/></iq>`),
    );
    expect(world.leftovers()["alice/one"]).toHaveLength(100);
    expect(world.leftovers()["alice/two"]).toHaveLength(1);
    expect(last(world, "alice/two")).toContain("service-unavailable");
  });

  it("the trace: 500 decisions, the latest", () => {
    const world = online();
    times(MANY, (index) => world.upstreamSends(`<message from="b${index}@example.org"/>`));
    const trace = world.account.trace();
    expect(trace).toHaveLength(500);
    expect(trace.at(-1)?.stanza).toContain(`b${MANY - 1}@`);
  });
});

describe("LOG-4 what messages are known by is as long as we like, not as the other side does", () => {
  it("LOG-4 2,000 archive ids of 100,000 characters each: the latest 1,000 are known", () => {
    const duplicates = new Duplicates(
      { archivedSince: () => [], latestIds: () => [], ofPeer: () => [] },
      { add: () => {}, has: () => false },
    );
    const long = "x".repeat(100_000);
    const loggable = (index: number): Loggable => ({
      message: parse(`<message from="room@muc.example.org/a" id="m"><body>x</body></message>`),
      sent: false,
      peer: "room@muc.example.org",
      room: true,
      stanzaId: `${long}${index}`,
    });
    times(2_000, (index) => duplicates.add(loggable(index), index));
    expect(duplicates.has(loggable(1_999))).toBe(true);
    expect(duplicates.has(loggable(1_000))).toBe(true);
    expect(duplicates.has(loggable(999))).toBe(false);
  });
});
