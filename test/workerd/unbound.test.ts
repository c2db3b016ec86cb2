// WS-13: the minute that a client has from the upgrade to its bound resource, at each place where somebody may wait.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "./support/client.ts";
import { connect, open } from "./support/deployment.ts";
import { say } from "./support/servers.ts";
import { endsWith } from "./support/stream-end.ts";
import { here, inObject, type Run, takeTimers } from "./support/taken-timers.ts";

const ELSEWHERE = "https://chat.example.org";
const ACCOUNTS = "gerda@good.example,hanna@good.example";
const LATE = endsWith("connection-timeout", "The stream was not negotiated in time.");

const places: readonly [string, () => Promise<Client>, (run: Run) => Promise<void>][] = [
  [
    "the account's own endpoint",
    () => Client.connect("late-one@good.example"),
    inObject("late-one@good.example"),
  ],
  ["the endpoint for every account", () => connect(ACCOUNTS), here],
  [
    "an account that is not served",
    () => connect(ACCOUNTS, { path: "/late-nobody@good.example", origin: ELSEWHERE }),
    here,
  ],
];

describe.each(places)("WS-13 a minute to log in, at %s", (_name, begin, within) => {
  /** What was started with this delay, for as long as the test has it. */
  let late: Run[] = [];

  beforeEach(() => {
    late = takeTimers(60_000);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("WS-13 who has said nothing is told connection-timeout", async () => {
    const client = await begin();
    await within(() => late.forEach((run) => run()));
    expect(await client.rest()).toEqual([expect.stringContaining("<open "), ...LATE]);
  });

  it("WS-13 who has opened the stream and goes no further is told connection-timeout", async () => {
    const client = await begin();
    client.send(open("good.example"));
    await client.until(/^<stream:features/);
    await within(() => late.forEach((run) => run()));
    expect(await client.rest()).toEqual(LATE);
  });
});

describe("WS-13 who is bound in time", () => {
  it("WS-13 stays", async () => {
    const account = "in-time@good.example";
    const spy = vi.spyOn(globalThis, "setTimeout");
    const client = await Client.connect(account);
    const minutes = spy.mock.calls.filter(([, delayMs]) => delayMs === 60_000);
    vi.restoreAllMocks();
    expect(minutes).toHaveLength(1);
    expect(await client.login("pencil")).toContain("<success");
    await client.bind("test");
    await inObject(account)(() => minutes.forEach(([run]) => (run as Run)()));
    await say(account, `<message from="bob@example.org" id="after"><body>still there?</body></message>`);
    expect(await client.until(/id="after"|stream:error/)).toContain("still there?");
    client.drop();
  });
});
