// LOG-8: pages under backpressure, and what resets of the object in the middle do to them.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;

const chat = (id: number, body = "x"): string =>
  `<message from="bob@example.org/a" type="chat" id="m${id}"><body>${body}</body></message>`;
const said = (id: number): string =>
  `<message to="bob@example.org" type="chat" id="m${id}"><body>x</body></message>`;

/** Takes what has come to a client; says the ids of the messages in it. */
function take(world: AccountWorld, client: string): number[] {
  const ids: number[] = [];
  for (;;) {
    const frame = world.next(client);
    if (frame === undefined) return ids;
    const id = /<message[^>]* id="m(\d+)"/.exec(frame)?.[1];
    if (id !== undefined) ids.push(Number(id));
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The phone was here before; then so many messages came; now it is here again, online. */
function returned(count: number, { body = "x", managed = true } = {}): AccountWorld {
  const world = new AccountWorld();
  world.attach("old", "phone");
  world.leave("old");
  for (let id = 1; id <= count; id += 1) world.upstreamSends(chat(id, body));
  if (!managed) world.unmanaged.add("client");
  world.attach("client", "phone");
  world.send("client", "<presence/>");
  world.wait(2);
  return world;
}

describe("LOG-8 pages", () => {
  it("LOG-8 of a hundred messages, each when the one before is acknowledged, and what comes meanwhile behind them", () => {
    const world = returned(250);
    expect(take(world, "client")).toEqual(range(1, 100));
    world.wait(3_600);
    expect(take(world, "client")).toEqual([]);
    world.upstreamSends(chat(251));
    world.account.acknowledged("client", 99);
    expect(take(world, "client")).toEqual([]);
    world.account.acknowledged("client", 100);
    expect(take(world, "client")).toEqual(range(101, 200));
    world.acknowledge("client");
    expect(take(world, "client")).toEqual(range(201, 251));
    world.upstreamSends(chat(252));
    expect(take(world, "client")).toEqual([252]);
  });

  it("LOG-8 of 256,000 characters", () => {
    const world = returned(10, { body: "x".repeat(100_000) });
    expect(take(world, "client")).toEqual([1, 2]);
    world.acknowledge("client");
    expect(take(world, "client")).toEqual([3, 4]);
  });

  it("LOG-8 one row written for each, and one for the attachment", () => {
    const world = returned(250);
    for (let page = 1; page <= 3; page += 1) world.acknowledge("client");
    world.leave("client");
    // Attached and left twice, three pages.
    expect(world.devices.written).toBe(2 + 2 + 3);
  });

  it("LOG-8 without Stream Management: when a ping after it is answered, or after two seconds", () => {
    const world = returned(250, { managed: false });
    const frames = world.leftovers()["client"] ?? [];
    const ping = / id="([^"]*)"[^>]*><ping/.exec(frames.at(-1) ?? "")?.[1];
    expect(take(world, "client")).toEqual(range(1, 100));
    world.send("client", `<iq type="result" id="${ping}"/>`);
    expect(take(world, "client")).toEqual(range(101, 200));
    world.wait(1);
    expect(take(world, "client")).toEqual([]);
    world.wait(1);
    expect(take(world, "client")).toEqual(range(201, 250));
  });

  it("LOG-8 to a client that is cut off, when it is back", () => {
    const world = returned(250);
    world.breakOff("client");
    world.acknowledge("client");
    expect(take(world, "client")).toEqual(range(1, 100));
    world.resume("client");
    expect(take(world, "client")).toEqual(range(101, 200));
  });

  it("LOG-8 a reset goes on where it was", () => {
    const world = returned(250);
    expect(take(world, "client")).toEqual(range(1, 100));
    world.restart();
    world.upstreamSends(chat(251));
    expect(take(world, "client")).toEqual([]);
    world.resume("client");
    expect(take(world, "client")).toEqual(range(101, 200));
    world.restart();
    world.resume("client");
    expect(take(world, "client")).toEqual(range(201, 251));
  });

  it("LOG-8 a reset before it began", () => {
    const world = new AccountWorld();
    world.attach("old", "phone");
    world.leave("old");
    world.upstreamSends(chat(1));
    world.attach("client", "phone");
    world.restart();
    world.resume("client");
    world.upstreamSends(chat(2));
    expect(take(world, "client")).toEqual([]);
    world.send("client", "<presence/>");
    world.wait(2);
    expect(take(world, "client")).toEqual([1, 2]);
  });
});

describe("LOG-8 a log that is nearly all rooms", () => {
  const ROOM = "room@muc.example.org";
  const MOST = 100;

  function saidInRoom(world: AccountWorld, count: number): void {
    for (let n = 0; n < count; n += 1) {
      world.log.append({
        atMs: world.nowMs,
        sent: false,
        device: undefined,
        peer: ROOM,
        room: true,
        messageId: undefined,
        stanzaId: undefined,
        frame: `<message from="${ROOM}/x" type="groupchat"/>`,
      });
    }
  }

  function farBehind(): AccountWorld {
    const world = new AccountWorld();
    world.log.maxLookedAt = MOST;
    world.attach("old", "phone");
    world.leave("old");
    return world;
  }

  /** Something happens, in one turn. */
  function turn(world: AccountWorld, happens: () => void): void {
    const before = world.log.lookedAt;
    happens();
    expect(world.log.lookedAt - before).toBeLessThanOrEqual(MOST);
  }

  /** Until nothing is to be done any more. */
  function goOn(world: AccountWorld): void {
    for (let dueMs = world.account.nextDeadlineMs(); dueMs !== undefined;) {
      world.nowMs = Math.max(world.nowMs, dueMs);
      turn(world, () => world.account.tick());
      dueMs = world.account.nextDeadlineMs();
    }
  }

  it("LOG-8 is looked through in turns, of which none looks at more than a page may", () => {
    const world = farBehind();
    saidInRoom(world, 1_000);
    world.upstreamSends(chat(1));
    turn(world, () => world.attach("client", "phone"));
    world.send("client", "<presence/>");
    // What comes meanwhile waits behind what is looked for.
    world.upstreamSends(chat(2));
    goOn(world);
    expect(world.log.lookedAt).toBe(1_002);
    expect(take(world, "client")).toEqual([1, 2]);
    world.upstreamSends(chat(3));
    expect(take(world, "client")).toEqual([3]);
  });

  it("LOG-8 so it is where a client has carbons, where nothing was missed, and for many clients at once", () => {
    const world = farBehind();
    for (const n of [1, 2, 3]) {
      world.attach(`old-${n}`, `phone-${n}`);
      world.leave(`old-${n}`);
    }
    saidInRoom(world, 1_000);
    for (const n of [1, 2, 3]) {
      turn(world, () => world.attach(`client-${n}`, `phone-${n}`));
      turn(world, () => world.send(`client-${n}`, "<presence/>"));
    }
    goOn(world);
    world.upstreamSends(chat(1));
    for (const n of [1, 2, 3]) expect(take(world, `client-${n}`)).toEqual([1]);
    for (const n of [1, 2, 3]) world.leave(`client-${n}`);
    // It is known that they have it all.
    const before = world.log.lookedAt;
    for (const n of [1, 2, 3]) world.attach(`anew-${n}`, `phone-${n}`);
    expect(world.log.lookedAt - before).toBeLessThanOrEqual(3);
  });

  it("LOG-8 a reset goes on looking where it was", () => {
    const world = farBehind();
    saidInRoom(world, 1_000);
    world.upstreamSends(chat(1));
    world.attach("client", "phone");
    world.send("client", "<presence/>");
    world.wait(2);
    for (let n = 0; n < 4; n += 1) {
      world.restart();
      world.resume("client");
      world.wait(0.01);
    }
    const before = world.log.lookedAt;
    world.restart();
    world.resume("client");
    world.wait(1);
    expect(take(world, "client")).toEqual([1]);
    expect(world.log.lookedAt - before).toBeLessThan(1_000);
  });
});

describe("LOG-5 what was handed over and is not acknowledged", () => {
  it("LOG-5 comes again to a device that resumed, had nothing more to get, and was gone without acknowledging it", () => {
    const world = new AccountWorld();
    world.attach("laptop", "desk");
    world.attach("old", "phone");
    world.leave("old");
    for (let id = 1; id <= 100; id += 1) world.upstreamSends(chat(id));
    // Not for a client without carbons.
    world.send("laptop", said(101));
    world.attach("client", "phone");
    world.send("client", "<presence/>");
    world.wait(2);
    expect(take(world, "client")).toEqual(range(1, 100));
    world.breakOff("client");
    world.resume("client");
    world.leave("client");
    world.attach("anew", "phone");
    world.send("anew", "<presence/>");
    world.wait(2);
    expect(take(world, "anew")).toEqual(range(1, 100));
  });
});

type Event = "bob" | "laptop" | "phone acknowledges" | "phone breaks off" | "phone leaves" | "reset" | "wait";

const EVENTS: readonly Event[] = [
  "bob",
  "laptop",
  "phone acknowledges",
  "phone breaks off",
  "phone leaves",
  "reset",
  "wait",
];

/**
 * A phone and its Stream Management: what was sent to it is seen when it is acknowledged, or when it resumes with a count
 * that covers it; what it leaves behind unacknowledged is not.
 */
class Phone {
  readonly seen: number[] = [];
  readonly #world: AccountWorld;
  #attachments = 0;
  #client = "";

  constructor(world: AccountWorld) {
    this.#world = world;
    this.attach();
  }

  attach(): void {
    this.#attachments += 1;
    this.#client = `phone-${this.#attachments}`;
    this.#world.attach(this.#client, "phone");
    this.#world.send(this.#client, `<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    this.#world.send(this.#client, "<presence/>");
  }

  acknowledge(): void {
    this.seen.push(...take(this.#world, this.#client));
    this.#world.acknowledge(this.#client);
  }

  breakOffAndResume(): void {
    this.#world.breakOff(this.#client);
    this.resume();
  }

  /** `<resume h=…/>`: whatever reached it before counts. */
  resume(): void {
    this.acknowledge();
    this.#world.resume(this.#client);
  }

  leave(): void {
    this.#world.leave(this.#client);
    take(this.#world, this.#client);
    this.attach();
  }
}

describe("LOG-8 whatever happens when", () => {
  it("LOG-8 LOG-6 the phone sees every message of both directions once and in order", () => {
    const event = fc.record({ what: fc.constantFrom(...EVENTS), times: fc.integer({ min: 1, max: 130 }) });
    fc.assert(
      fc.property(fc.array(event, { minLength: 5, maxLength: 40 }), (events) => {
        const world = new AccountWorld();
        world.attach("laptop", "desk");
        world.send("laptop", "<presence/>");
        const phone = new Phone(world);
        let id = 0;
        for (const { what, times } of events) {
          if (what === "bob") for (let n = 0; n < times; n += 1) world.upstreamSends(chat((id += 1)));
          else if (what === "laptop")
            for (let n = 0; n < times; n += 1) world.send("laptop", said((id += 1)));
          else if (what === "phone acknowledges") phone.acknowledge();
          else if (what === "phone breaks off") phone.breakOffAndResume();
          else if (what === "phone leaves") phone.leave();
          else if (what === "wait") world.wait(times);
          else {
            world.restart();
            world.resume("laptop");
            phone.resume();
          }
        }
        for (let page = 0; page * 100 <= id + 100; page += 1) phone.acknowledge();
        expect(phone.seen).toEqual(range(1, id));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
