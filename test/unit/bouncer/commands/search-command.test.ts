// SEARCH-6: the search as a command, as a chat client goes through it.

import { describe, expect, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";

const COMMANDS = "http://jabber.org/protocol/commands";

function execute(world: AccountWorld, inner: string, attrs: string): string {
  const command = `<command xmlns="${COMMANDS}" node="search" ${attrs}>${inner}</command>`;
  world.send("alice/one", `<iq type="set" to="${world.variables.full}" id="1">${command}</iq>`);
  return world.next("alice/one") ?? "";
}

function submit(world: AccountWorld, values: Record<string, string>): string {
  const sessionid = /sessionid="([^"]+)"/.exec(execute(world, "", `action="execute"`))?.[1] ?? "";
  const fields = Object.entries(values).map(
    ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
  );
  const form = `<x xmlns="jabber:x:data" type="submit">${fields.join("")}</x>`;
  return execute(world, form, `sessionid="${sessionid}" action="complete"`);
}

describe("SEARCH-6 the command search", () => {
  it("SEARCH-6 asks for words, and answers with a table", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    expect(execute(world, "", "")).toContain(
      `<field var="words" label="Words" type="text-single"><required/></field>`,
    );
    const hit = {
      seq: 9,
      atMs: 0,
      sent: true,
      peer: "bob@example.org",
      nick: undefined,
      excerpt: "Hello <you>",
    };
    world.found = {
      hits: [hit, { ...hit, sent: false }, { ...hit, peer: "room@muc.example.org", nick: "Eve" }],
      next: 9,
      sealed: 2,
    };
    const answer = submit(world, { words: "Hel* you", with: "Bob@example.org", since: "2026-01-01" });
    expect(world.searches).toEqual([
      {
        terms: [
          { words: ["hel"], prefix: true },
          { words: ["you"], prefix: false },
        ],
        peer: "bob@example.org",
        sinceMs: Date.parse("2026-01-01"),
        untilMs: Number.POSITIVE_INFINITY,
        before: Number.POSITIVE_INFINITY,
        count: 25,
      },
    ]);
    expect(answer).toContain(`status="completed"`);
    expect(answer).toContain(`<value>3 messages, and there may be more</value>`);
    expect(answer).toContain(
      `<field var="next" label="To go on, before" type="text-single"><value>9</value>`,
    );
    expect(answer).toContain(`<value>2 encrypted messages, into which search cannot see</value>`);
    expect(answer).toContain(
      `<item><field var="at"><value>1970-01-01T00:00:00.000Z</value></field>` +
        `<field var="who"><value>you to bob@example.org</value></field><field var="text"><value>Hello &lt;you&gt;</value></field></item>`,
    );
    expect(answer).toContain(`<value>Eve in room@muc.example.org</value>`);
  });

  it.each([
    ["no words", { words: "!?" }],
    ["not an address", { words: "x", with: "a/b" }],
    ["not a time", { words: "x", since: "soon" }],
    ["not a number", { words: "x", before: "soon" }],
  ])("SEARCH-6 %s is refused in words, and can be corrected", (_name, values) => {
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    expect(submit(world, values)).toMatch(/<bad-payload xmlns="[^"]+"\/>/);
    expect(world.searches).toEqual([]);
  });
});
