// LOG-5: which devices are remembered, and what is certain to have reached them.

import { describe, expect, it } from "vitest";
import { connectionDevice } from "../../../../bouncer/clients.ts";
import { AccountWorld } from "../../../support/account-world.ts";

const DAY_S = 86_400;

const chat = (id: number): string =>
  `<message from="bob@example.org/a" type="chat" id="m${id}"><body>${id}</body></message>`;

describe("LOG-5 devices", () => {
  it("LOG-5 one without a name is known only while it is there", () => {
    const world = new AccountWorld();
    world.attach("connection-1", connectionDevice("connection-1"));
    expect([...world.devices.rows.keys()]).toEqual(["connection:connection-1"]);
    world.leave("connection-1");
    expect([...world.devices.rows.keys()]).toEqual([]);
  });

  it("LOG-5 SM-15 one without a name whose session is over is known for a week, and goes on where it was", () => {
    const world = new AccountWorld();
    world.attach("connection-1", connectionDevice("connection-1"));
    world.upstreamSends(chat(1));
    world.acknowledge("connection-1");
    world.account.lapse("connection-1");
    world.wait(6 * DAY_S);
    world.upstreamSends(chat(2));
    world.attach("connection-2", "connection:connection-1");
    const row = world.devices.rows.get("connection:connection-1");
    expect([[...world.devices.rows.keys()], row?.cursor, row?.since]).toEqual([
      ["connection:connection-1"],
      1,
      1,
    ]);
    // It comes again while it is still there.
    world.attach("connection-3", "connection:connection-1");
    expect(world.devices.rows.get("connection:connection-1")?.cursor).toBe(1);
    world.account.lapse("connection-3");
    world.wait(8 * DAY_S);
    world.attach("other", "phone");
    expect([...world.devices.rows.keys()]).toEqual(["phone"]);
  });

  it("LOG-5 SM-15 of those without a name that are gone twenty are known, and none takes a named one's place", () => {
    const world = new AccountWorld();
    world.attach("first", "first device");
    world.leave("first");
    for (let count = 0; count < 120; count += 1) {
      world.wait(1);
      world.attach(`c${count}`, connectionDevice(`c${count}`));
      world.account.lapse(`c${count}`);
    }
    world.attach("second", "second device");
    const names = [...world.devices.rows.keys()];
    expect(names).toHaveLength(22);
    expect(names).toEqual(
      expect.arrayContaining(["first device", "second device", "connection:c100", "connection:c119"]),
    );
  });

  it("LOG-5 SM-15 regression: those that cannot come back are forgotten with the process, and take nobody's place", () => {
    const world = new AccountWorld();
    for (let count = 0; count < 100; count += 1) {
      world.attach(`c${count}`, `device ${count}`);
      world.leave(`c${count}`);
    }
    world.attach("returns", connectionDevice("returns"));
    world.account.lapse("returns");
    const nameless = Array.from({ length: 30 }, (_none, count) => `n${count}`);
    for (const client of nameless) world.attach(client, connectionDevice(client));
    expect([...world.devices.rows.keys()].filter((name) => name.startsWith("device"))).toHaveLength(100);
    world.restart({ lost: nameless });
    world.attach("phone", "device 1");
    const names = [...world.devices.rows.keys()];
    expect(names.filter((name) => name.startsWith("device"))).toHaveLength(100);
    expect(names.filter((name) => !name.startsWith("device"))).toEqual([connectionDevice("returns")]);
  });

  it("LOG-5 a hundred are known, the longest unseen are forgotten first, and nobody who is there", () => {
    const world = new AccountWorld();
    world.attach("first", "first device");
    for (let count = 0; count < 120; count += 1) {
      world.attach(`c${count}`, `device ${count}`);
      world.leave(`c${count}`);
    }
    const names = [...world.devices.rows.keys()];
    expect(names).toHaveLength(100);
    expect(names).toContain("first device");
    expect(names).toContain("device 119");
    expect(names).not.toContain("device 20");
  });

  it("LOG-5 after 90 days a device is a new one", () => {
    const world = new AccountWorld();
    world.attach("c", "phone");
    world.leave("c");
    world.wait(91 * DAY_S);
    world.attach("d", "laptop");
    expect([...world.devices.rows.keys()]).toEqual(["laptop"]);
  });

  it("LOG-5 a cursor is written when its client goes, not at every acknowledgement", () => {
    const world = new AccountWorld();
    world.attach("c", "phone");
    const before = world.devices.written;
    for (let id = 1; id <= 100; id += 1) {
      world.upstreamSends(chat(id));
      world.acknowledge("c");
    }
    expect(world.devices.written).toBe(before);
    world.leave("c");
    expect(world.devices.written).toBe(before + 1);
    expect(world.devices.rows.get("phone")?.cursor).toBe(100);
  });
});

/** It has been sent a message, and time has passed. */
function begin(): AccountWorld {
  const world = new AccountWorld();
  world.unmanaged.add("c").add("d");
  world.attach("c", "phone");
  world.send("c", "<presence/>");
  world.upstreamSends(chat(1));
  world.wait(30);
  world.account.tick();
  return world;
}

/** The id of the ping that came last. */
function ping(world: AccountWorld): string {
  const frames = world.leftovers()["c"] ?? [];
  const last = frames.at(-1) ?? "";
  expect(last).toContain(`<ping xmlns="urn:xmpp:ping"/>`);
  return / id="([^"]*)"/.exec(last)?.[1] ?? "";
}

function cursor(world: AccountWorld): number | undefined {
  world.leave("c");
  return world.devices.rows.get("phone")?.cursor;
}

describe("LOG-5 a client without Stream Management", () => {
  it("LOG-5 nothing is certain until it answers a ping", () => {
    const world = begin();
    ping(world);
    expect(cursor(world)).toBe(0);
  });

  it.each(["result", "error"])("LOG-5 the answer (%s) makes it certain, and goes no further", (type) => {
    const world = begin();
    const upstream = world.leftovers()["upstream"]?.length;
    world.send("c", `<iq type="${type}" id="${ping(world)}"/>`);
    expect(world.leftovers()["upstream"]?.length).toBe(upstream);
    expect(cursor(world)).toBe(1);
  });

  it("LOG-5 or anything it sends, but only ten seconds later", () => {
    const world = begin();
    ping(world);
    const message = `<message to="eve@example.org"><no-store xmlns="urn:xmpp:hints"/></message>`;
    world.wait(9);
    world.send("c", message);
    world.wait(1);
    expect(world.devices.rows.get("phone")?.cursor).toBe(0);
    world.send("c", message);
    expect(cursor(world)).toBe(1);
  });
});
