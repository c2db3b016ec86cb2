// CMD-1 and CMD-3: which commands there are, who is told of them, and what they say.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../../support/account-world.ts";

const COMMANDS = "http://jabber.org/protocol/commands";
const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";

describe("CMD-1 the account's own clients find its commands (XEP-0050 section 2)", () => {
  it("CMD-1 the list", async () => {
    await playPolicy([
      { attach: "alice/one" },
      {
        from: "alice/one",
        send: `<iq type="get" to="$full" id="1"><query xmlns="${ITEMS}" node="${COMMANDS}"/></iq>`,
      },
      { rule: "CMD-1", because: "the account's own commands", to: ["alice/one"] },
      {
        to: "alice/one",
        expect:
          `<iq type="result" from="$full" id="1"><query xmlns="${ITEMS}" node="${COMMANDS}">` +
          `<item jid="$full" node="status" name="How the proxy is doing"/>` +
          `<item jid="$full" node="trace" name="What went where, and why"/>` +
          `<item jid="$full" node="pinned-rooms" name="Rooms to stay in"/>` +
          `<item jid="$full" node="copies-raw" name="Devices that get sent messages without carbons"/>` +
          `<item jid="$full" node="search" name="Search all conversations"/>` +
          `<item jid="$full" node="export-log" name="Export conversations"/>` +
          `<item jid="$full" node="delete-log" name="Delete conversations"/>` +
          `<item jid="$full" node="forget-account" name="Forget this account"/></query></iq>`,
      },
      { upstream: "silent" },
    ]);
  });

  it.each([
    [
      "the list",
      COMMANDS,
      `<identity category="automation" type="command-list" name="Commands of xmpproxy"/><feature var="${COMMANDS}"/>`,
    ],
    [
      "one of them",
      "status",
      `<identity category="automation" type="command-node" name="How the proxy is doing"/>` +
        `<feature var="${COMMANDS}"/><feature var="jabber:x:data"/>`,
    ],
  ])("CMD-1 what %s is", async (_name, node, expected) => {
    await playPolicy([
      { attach: "alice/one" },
      {
        from: "alice/one",
        send: `<iq type="get" to="$full" id="1"><query xmlns="${INFO}" node="${node}"/></iq>`,
      },
      {
        to: "alice/one",
        expect: `<iq type="result" from="$full" id="1"><query xmlns="${INFO}" node="${node}">${expected}</query></iq>`,
      },
    ]);
  });

  it("CMD-1 own clients are told that there are commands, others are not", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send(
      "alice/one",
      `<iq type="get" to="${world.variables.full}" id="1"><query xmlns="${INFO}"/></iq>`,
    );
    const told = world.next("alice/one");
    expect(told).toContain(`<feature var="${COMMANDS}"/>`);
    expect(told).toContain(`<feature var="urn:xmpp:ping"/>`);
    const asked = `<iq type="get" from="bob@example.org/a" to="${world.variables.full}" id="2">`;
    world.upstreamSends(`${asked}<query xmlns="${INFO}"/></iq>`);
    expect(world.next("upstream")).not.toContain(COMMANDS);
  });

  it("CMD-1 others cannot list or execute them", () => {
    const world = new AccountWorld();
    const from = `from="bob@example.org/a" to="${world.variables.full}"`;
    world.upstreamSends(`<iq type="get" ${from} id="1"><query xmlns="${ITEMS}" node="${COMMANDS}"/></iq>`);
    world.upstreamSends(`<iq type="set" ${from} id="2"><command xmlns="${COMMANDS}" node="status"/></iq>`);
    for (const answer of [world.next("upstream"), world.next("upstream")]) {
      expect(answer).toContain("service-unavailable");
    }
  });

  it("CMD-1 a command that does not exist, and the same request to somebody else", async () => {
    const command = `<command xmlns="${COMMANDS}" node="reboot"/>`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<iq type="set" to="$full" id="1">${command}</iq>` },
      {
        to: "alice/one",
        expect: `<iq type="error" from="$full" id="1"><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      },
      { from: "alice/one", send: `<iq type="set" to="example.org" id="2">${command}</iq>` },
      { upstream: "gets", xml: `<iq type="set" to="example.org" id="$id">${command}</iq>` },
    ]);
  });
});

const field = (name: string, label: string, ...values: string[]): string =>
  `<field var="${name}" label="${label}" type="text-${["tried", "clients", "history", "holes"].includes(name) ? "multi" : "single"}">` +
  `${values.map((value) => `<value>${value}</value>`).join("")}</field>`;

describe("CMD-3 what they say", () => {
  it("CMD-3 MAM-10 status", async () => {
    await playPolicy([
      { attach: "alice/one" },
      {
        from: "alice/one",
        send: `<iq type="set" to="$full" id="1"><command xmlns="${COMMANDS}" node="status" action="execute"/></iq>`,
      },
      {
        to: "alice/one",
        expect:
          `<iq type="result" from="$full" id="1"><command xmlns="${COMMANDS}" node="status" sessionid="$_" status="completed" xml:lang="en">` +
          `<x xmlns="jabber:x:data" type="result"><title>xmpproxy for alice@example.org</title>` +
          field("phase", "State", "online") +
          field("since", "Since", "2026-01-01T00:00:00.000Z") +
          field("address", "Address", "alice@example.org/xmpproxy-1") +
          field("server", "Server", "example.org:5223") +
          field("protection", "Connection to it", "direct TLS") +
          field("session", "Session", "resumed, can be resumed") +
          field("last-error", "Last error", "The server hung up. (2025-12-31T23:59:58.000Z)") +
          field("tried", "Tried last", "xmpp://example.org:5222: It was not reached.", "Twice.") +
          field("restarts", "Restarts", "3, the last at 2025-12-31T20:00:00.000Z") +
          field("waiting", "Waiting for the server", "2") +
          field(
            "clients",
            "Clients",
            "alice/one: connected since 2026-01-01T00:00:00.000Z, available, 0 waiting",
          ) +
          field(
            "history",
            "What happened",
            "2025-12-31T23:00:00.000Z no session: Refused. (3 times, last at 2025-12-31T23:59:58.000Z)",
            "2026-01-01T00:00:00.000Z a new session",
          ) +
          field(
            "holes",
            "What the log may have missed",
            "2025-12-30T00:00:00.000Z to 2025-12-31T00:00:00.000Z: There was no archive.",
            "2025-12-31T12:00:00.000Z to 2025-12-31T13:00:00.000Z in room@muc.example.org: It was not to be asked.",
          ) +
          `</x></command></iq>`,
      },
    ]);
  });

  it("CMD-3 trace: the latest fifty decisions, devices by name", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    for (let count = 0; count < 60; count += 1) {
      world.upstreamSends(`<message from="bob@example.org" id="${count}"><body>a secret</body></message>`);
      world.next("alice/one");
    }
    world.send(
      "alice/one",
      `<iq type="set" to="${world.variables.full}" id="1"><command xmlns="${COMMANDS}" node="trace"/></iq>`,
    );
    const answer = world.next("alice/one") ?? "";
    expect(answer.match(/<item>/g)).toHaveLength(50);
    expect(answer).toContain(
      `<field var="rule"><value>MSG-1</value></field><field var="stanza"><value>message from=bob@example.org</value></field><field var="to"><value>phone</value></field>`,
    );
    expect(answer).not.toContain("a secret");
  });
});
