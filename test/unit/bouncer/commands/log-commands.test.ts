// EXPORT-4, DELETE-4: the log's commands, as a chat client goes through them.

import { describe, expect, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";

const COMMANDS = "http://jabber.org/protocol/commands";

function begin(node: string): {
  world: AccountWorld;
  step: (values: Record<string, string>, action: string) => string;
} {
  const world = new AccountWorld();
  world.attach("alice/one", "phone");
  const execute = (inner: string, attrs: string): string => {
    const command = `<command xmlns="${COMMANDS}" node="${node}" ${attrs}>${inner}</command>`;
    world.send("alice/one", `<iq type="set" to="${world.variables.full}" id="1">${command}</iq>`);
    return world.next("alice/one") ?? "";
  };
  const sessionid = /sessionid="([^"]+)"/.exec(execute("", `action="execute"`))?.[1] ?? "";
  const step = (values: Record<string, string>, action: string): string => {
    const fields = Object.entries(values).map(
      ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
    );
    return execute(
      `<x xmlns="jabber:x:data" type="submit">${fields.join("")}</x>`,
      `sessionid="${sessionid}" action="${action}"`,
    );
  };
  return { world, step };
}

describe("EXPORT-4 the command export-log", () => {
  it.each([
    ["", "/accounts/alice%40example.org/log?format=jsonl<"],
    ["Bob@Example.org", "/accounts/alice%40example.org/log?format=jsonl&amp;with=bob%40example.org<"],
  ])("EXPORT-4 with %j", (who, address) => {
    const { step } = begin("export-log");
    expect(step({ with: who }, "complete")).toContain(address);
  });

  it("EXPORT-4 an address that is none", () => {
    expect(begin("export-log").step({ with: "a/b" }, "complete")).toContain("<bad-payload");
  });
});

describe("DELETE-4 the command delete-log", () => {
  it.each([
    ["bob@example.org", "1", ["bob@example.org"], "Deleted: the conversation with bob@example.org."],
    ["", "true", ["everything"], "Deleted: ALL conversations."],
    ["bob@example.org", "0", [], "Nothing was deleted."],
  ])("DELETE-4 with %j, sure: %s", (who, sure, deleted, words) => {
    const { world, step } = begin("delete-log");
    const asked = step({ with: who }, "next");
    expect(asked).toContain(
      who === "" ? "Delete ALL conversations?" : `Delete the conversation with ${who}?`,
    );
    expect(world.deleted).toEqual([]);
    expect(step({ sure }, "complete")).toContain(`<note type="info">${words}</note>`);
    expect(world.deleted).toEqual(deleted);
  });

  it("DELETE-4 an address that is none deletes nothing", () => {
    const { world, step } = begin("delete-log");
    expect(step({ with: "a/b" }, "next")).toContain("<bad-payload");
    expect(world.deleted).toEqual([]);
  });
});
