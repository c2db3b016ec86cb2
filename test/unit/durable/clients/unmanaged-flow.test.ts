// SM-10: clients without Stream Management that are sent much and say nothing.

import { expect, it } from "vitest";
import { pingOf, UnmanagedFlow } from "../../../../durable/clients/unmanaged-flow.ts";

const MEBIBYTE = 1024 * 1024;

it("SM-10 after 256 KiB without a word it is asked once, after 4 MiB it is given up", () => {
  const flow = new UnmanagedFlow();
  const said: (string | undefined)[] = [];
  for (let kib = 64; kib <= 4 * 1024 + 64; kib += 64) said.push(flow.sent(64 * 1024, () => undefined));
  expect(said.indexOf("ping")).toBe(3);
  expect(said.filter((due) => due === "ping")).toHaveLength(1);
  expect(said.indexOf("end")).toBe(said.length - 1);
});

it("SM-10 where the platform says what was not sent yet, that decides", () => {
  const flow = new UnmanagedFlow();
  expect(flow.sent(10 * MEBIBYTE, () => 0)).toBe("ping");
  expect(flow.sent(64 * 1024, () => 4 * MEBIBYTE)).toBeUndefined();
  expect(flow.sent(64 * 1024, () => 4 * MEBIBYTE + 1)).toBe("end");
});

it("SM-10 the question is one that everybody has to answer", () => {
  expect(pingOf("x", "alice@example.org/a@b/c")).toBe(
    `<iq xmlns="jabber:client" type="get" id="x" from="example.org"><ping xmlns="urn:xmpp:ping"/></iq>`,
  );
});
