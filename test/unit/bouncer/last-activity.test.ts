// IQ-15: for how long the account is idle.

import { describe, expect, it, vi } from "vitest";
import { Clients } from "../../../bouncer/clients.ts";
import { LastActivity } from "../../../bouncer/last-activity.ts";
import { AccountWorld } from "../../support/account-world.ts";
import { memoryTextStore } from "../../support/memory-store.ts";
import { shape } from "../../support/xml-shape.ts";

const query = `<query xmlns="jabber:iq:last"/>`;

/** What somebody else is told. */
function told(world: AccountWorld): string | undefined {
  while (world.next("upstream") !== undefined);
  world.upstreamSends(
    `<iq type="get" from="bob@example.org/a" to="${world.variables.full}" id="7">${query}</iq>`,
  );
  const answer = shape(world.next("upstream") ?? "<nothing/>");
  return answer.attrs.type === "result" ? idleIn(answer) : JSON.stringify(answer);
}

function idleIn({ children: [child] }: ReturnType<typeof shape>): string | undefined {
  return typeof child === "object" ? child.attrs.seconds : undefined;
}

const says = `<message to="bob@example.org" type="chat"><body>Hi</body></message>`;

describe("IQ-15 last activity", () => {
  it("IQ-15 goes on over the going of the last client, and over a reset", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", says);
    world.wait(100);
    world.leave("alice/one");
    world.wait(50);
    expect(told(world)).toBe("150");
    world.restart();
    world.upstreamResumed();
    world.wait(10);
    expect(told(world)).toBe("160");
  });

  it("IQ-15 is that of the client that was active last, whoever goes first", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.attach("alice/two", "two");
    world.wait(30);
    world.send("alice/one", says);
    world.wait(5);
    world.leave("alice/one");
    expect(told(world)).toBe("5");
    world.wait(5);
    world.leave("alice/two");
    expect(told(world)).toBe("10");
    world.restart();
    world.upstreamResumed();
    expect(told(world)).toBe("10");
  });

  it("IQ-15 of a client that survives a reset is what it did last; of one that does not, at least that it came", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.wait(60);
    world.attach("alice/two", "two");
    world.wait(60);
    world.send("alice/one", says);
    world.wait(60);
    world.restart({ lost: ["alice/two"] });
    world.upstreamResumed();
    expect(told(world)).toBe("60");
    world.restart({ lost: ["alice/one"] });
    world.upstreamResumed();
    expect(told(world)).toBe("120");
  });

  it("IQ-15 nobody was ever here: nothing is made up", () => {
    const world = new AccountWorld();
    world.wait(1_000);
    expect(told(world)).toContain("service-unavailable");
    world.attach("alice/one", "one");
    expect(told(world)).toBe("0");
  });

  it("IQ-15 a client that asks the account's own address is told the same", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.wait(42);
    world.send("alice/one", `<iq type="get" to="${world.variables.full}" id="own">${query}</iq>`);
    expect(idleIn(shape(world.next("alice/one") ?? "<nothing/>"))).toBe("42");
  });

  it("IQ-15 costs one row, written when a client comes, and when it goes if it did something since", () => {
    const store = memoryTextStore();
    const set = vi.spyOn(store, "set");
    const lastActivity = new LastActivity(store, new Clients());
    lastActivity.seen({ lastActiveMs: 1_000 });
    lastActivity.seen({ lastActiveMs: 1_000 });
    lastActivity.seen({ lastActiveMs: 900 });
    expect(set).toHaveBeenCalledTimes(1);
    lastActivity.seen({ lastActiveMs: 1_001 });
    expect(set).toHaveBeenCalledTimes(2);
    expect(store.entries()).toHaveLength(1);
    expect(lastActivity.idleSeconds(3_001)).toBe(2);
  });

  it.each([
    ["XEP-0319", `<idle xmlns="urn:xmpp:idle:1" since="2026-01-01T00:01:00Z"/>`],
    ["XEP-0256", `<query xmlns="jabber:iq:last" seconds="540"/>`],
  ])("IQ-15 PRES-1 a client that says by itself that it is away is not used by that: %s", (_xep, idle) => {
    const world = new AccountWorld();
    const away = `<presence><show>away</show>${idle}</presence>`;
    const began = world.nowMs;
    world.attach("alice/desk", "desk");
    world.send("alice/desk", "<presence/>");
    world.attach("alice/phone", "phone");
    world.send("alice/phone", "<presence><show>chat</show></presence>");
    world.nowMs = began + 300_000;
    world.send("alice/desk", says);
    world.nowMs = began + 600_000;
    while (world.next("upstream") !== undefined);
    // The desk is in use: what bob sees does not change.
    world.send("alice/phone", away);
    expect(world.next("upstream")).toBeUndefined();
    expect(told(world)).toBe("300");
    world.send("alice/desk", away);
    expect(told(world)).toBe("300");
    expect(world.account.attached().map(({ device }) => device)).toEqual(["desk", "phone"]);
  });

  it.each([
    ["from the future", `<idle xmlns="urn:xmpp:idle:1" since="2030-01-01T00:00:00Z"/>`],
    ["that nobody can read", `<idle xmlns="urn:xmpp:idle:1" since="lunch"/>`],
    ["that is no number", `<query xmlns="jabber:iq:last" seconds="many"/>`],
    ["that is less than nothing", `<query xmlns="jabber:iq:last" seconds="-5"/>`],
  ])("IQ-15 PRES-1 a time %s counts as now", (_what, idle) => {
    const world = new AccountWorld();
    world.attach("alice/desk", "desk");
    world.wait(60);
    world.send("alice/desk", `<presence>${idle}</presence>`);
    world.wait(5);
    expect(told(world)).toBe("5");
  });
});
