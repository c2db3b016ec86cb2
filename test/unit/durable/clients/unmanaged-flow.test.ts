// SM-10: clients without Stream Management that are sent much and say nothing.

import { expect, it } from "vitest";
import { pingOf, tooMuchForAll, UnmanagedFlow } from "../../../../durable/clients/unmanaged-flow.ts";

const MEBIBYTE = 1024 * 1024;

const unknown = (): undefined => undefined;

/** What is due each time that 64 KiB more were sent, at this time, up to so many. */
function pour(flow: UnmanagedFlow, kibibytes: number, nowMs: number): (string | undefined)[] {
  const said: (string | undefined)[] = [];
  for (let sent = 0; sent < kibibytes; sent += 64) said.push(flow.sent(64 * 1024, unknown, nowMs));
  return said;
}

it("SM-10 after 256 KiB without a word it is asked, once", () => {
  const said = pour(new UnmanagedFlow(), 2 * 1024, 0);
  expect(said.indexOf("ping")).toBe(3);
  expect(said.filter((due) => due !== undefined)).toEqual(["ping"]);
});

it("SM-10 after 4 MiB it is given up once it has owed the answer for ten seconds, whether more is sent or not", () => {
  const flow = new UnmanagedFlow();
  pour(flow, 4 * 1024, 1_000);
  expect(flow.isOverdue(unknown, 12_000)).toBe(false);
  expect(pour(flow, 64, 11_000)).toEqual([undefined]);
  expect(flow.isOverdue(unknown, 11_000)).toBe(false);
  expect(flow.isOverdue(unknown, 11_001)).toBe(true);
  expect(pour(flow, 64, 11_001)).toEqual(["end"]);
});

it("SM-10 regression: ten thousand contacts at once are no reason to give it up; 16 MiB are, whatever the time", () => {
  const flow = new UnmanagedFlow();
  expect(pour(flow, 16 * 1024, 0).filter((due) => due !== undefined)).toEqual(["ping"]);
  expect(pour(flow, 64, 0)).toEqual(["end"]);
});

it("SM-10 where the platform says what was not sent yet, that decides", () => {
  const flow = new UnmanagedFlow();
  expect(flow.sent(30 * MEBIBYTE, () => 0, 0)).toBe("ping");
  expect(flow.sent(64 * 1024, () => 4 * MEBIBYTE, 20_000)).toBeUndefined();
  expect(flow.sent(64 * 1024, () => 4 * MEBIBYTE + 1, 20_000)).toBe("end");
});

it("SM-10 what waits for all together is bounded: who has most goes first", () => {
  const waiting = new Map([
    ["a", 15 * MEBIBYTE],
    ["b", 16 * MEBIBYTE],
    ["c", 16 * MEBIBYTE],
  ]);
  expect(tooMuchForAll(waiting)).toBeUndefined();
  waiting.set("d", 2 * MEBIBYTE);
  expect(tooMuchForAll(waiting)).toBe("b");
  const flow = new UnmanagedFlow();
  pour(flow, 4 * 1024, 0);
  expect([flow.isMuch, flow.waiting(unknown), flow.waiting(() => 7)]).toEqual([false, 4 * MEBIBYTE, 7]);
  pour(flow, 64, 0);
  expect(flow.isMuch).toBe(true);
});

it("SM-10 the question is one that everybody has to answer", () => {
  expect(pingOf("x", "alice@example.org/a@b/c")).toBe(
    `<iq xmlns="jabber:client" type="get" id="x" from="example.org"><ping xmlns="urn:xmpp:ping"/></iq>`,
  );
});
