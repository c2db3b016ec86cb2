// SM-7, SM-8, SM-9: how much is on its way to a client with Stream Management, when it is asked, and when it is given up.

import { describe, expect, it } from "vitest";
import { ClientFlow } from "../../../../durable/clients/client-flow.ts";

const MINUTE = 60_000;

/** `count` stanzas of `bytes` each were sent. */
function sent(count: number, bytes = 100): ClientFlow {
  const flow = new ClientFlow(0, 0);
  flow.sent(count, count * bytes);
  return flow;
}

describe("SM-7 the window", () => {
  it.each([
    [899, 100, true],
    [900, 100, false],
    [1, 524_287, true],
    [1, 524_288, false],
    [1, 5_000_000, false],
  ])("SM-7 %i stanzas of %i bytes unacknowledged: room for more %j", (count, bytes, hasRoom) => {
    expect(sent(count, bytes).hasRoom).toBe(hasRoom);
  });

  it("SM-7 an acknowledgement makes room", () => {
    const flow = sent(900, 1_000);
    expect(flow.hasRoom).toBe(false);
    flow.acknowledged(500, 500_000, 0);
    expect([flow.hasRoom, flow.room, flow.sentTo, flow.unacknowledged]).toEqual([true, 124_288, 900, 400]);
  });

  it("SM-7 what was sent before the object's memory was lost counts", () => {
    expect(new ClientFlow(0, 1_000, 200, 80_000).hasRoom).toBe(true);
    expect(new ClientFlow(0, 1_000, 100, 90_000).hasRoom).toBe(false);
    expect(new ClientFlow(0, 10, 9, 600_000).hasRoom).toBe(false);
  });
});

describe("SM-9 when a client is asked", () => {
  it("SM-9 after five stanzas, or a full window, and then not again before it has answered", () => {
    expect(sent(4).isAskDue).toBe(false);
    expect(sent(1, 600_000).isAskDue).toBe(true);
    const flow = sent(5);
    expect(flow.isAskDue).toBe(true);
    flow.asked(0);
    flow.sent(100, 100);
    expect([flow.isAskDue, flow.canAsk]).toEqual([false, false]);
    flow.acknowledged(5, 500, 1);
    expect([flow.isAskDue, flow.canAsk]).toEqual([true, true]);
  });

  it("SM-9 after fewer there is something to ask for, after none there is not", () => {
    expect([sent(0).canAsk, sent(1).canAsk]).toEqual([false, true]);
  });

  it("SM-9 one that is silent for five minutes, or has not acknowledged everything", () => {
    const flow = new ClientFlow(0, 0);
    expect([flow.isQuiet(5 * MINUTE), flow.isQuiet(5 * MINUTE + 1)]).toEqual([false, true]);
    flow.heard(MINUTE);
    expect([flow.isQuiet(6 * MINUTE), flow.isQuiet(6 * MINUTE + 1)]).toEqual([false, true]);
    flow.asked(6 * MINUTE);
    expect(flow.isQuiet(20 * MINUTE)).toBe(false);
    flow.acknowledged(0, 0, 6 * MINUTE + 30_000);
    expect(flow.isQuiet(11 * MINUTE + 30_000)).toBe(false);
    flow.sent(1, 1);
    expect(flow.isQuiet(7 * MINUTE)).toBe(true);
  });
});

describe("SM-8 a client that does not answer", () => {
  it("SM-8 is given up a minute after it was first asked", () => {
    const flow = sent(5);
    expect(flow.isStalled(10 * MINUTE)).toBe(false);
    flow.asked(0);
    flow.asked(30_000);
    expect([flow.isStalled(MINUTE), flow.isStalled(MINUTE + 1)]).toEqual([false, true]);
  });

  it("SM-8 one that reads slowly is not, as long as it answers", () => {
    const flow = sent(900);
    flow.asked(0);
    for (let minute = 1; minute <= 10; minute += 1) {
      expect(flow.isStalled(minute * MINUTE)).toBe(false);
      flow.acknowledged(1, 100, minute * MINUTE);
      expect(flow.canAsk).toBe(true);
      flow.asked(minute * MINUTE);
    }
    expect([flow.isStalled(11 * MINUTE), flow.isStalled(11 * MINUTE + 1)]).toEqual([false, true]);
  });

  it("SM-8 one answer to several requests is enough", () => {
    const flow = sent(10);
    for (let count = 0; count < 3; count += 1) flow.asked(0);
    flow.acknowledged(10, 1_000, 1);
    expect([flow.isStalled(10 * MINUTE), flow.unacknowledged]).toEqual([false, 0]);
  });
});
