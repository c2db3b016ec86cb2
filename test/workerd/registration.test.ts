// FORGET-3: how an account leaves the registry, whatever it was about to tell it, and whatever becomes of the registry.

import { afterEach, describe, expect, it, vi } from "vitest";
import { Registration } from "../../durable/watchdog/registration.ts";

const ACCOUNT = "alice@example.org";

interface World {
  registration: Registration;
  /** What the registry was told, in order. */
  told: string[];
  /** The registry answers what it is asked. */
  answer: () => void;
}

function world(): World {
  const told: string[] = [];
  const waiting: (() => void)[] = [];
  const settings = new Map<string, string>();
  const tell = (what: string): Promise<void> => {
    told.push(what);
    return new Promise((resolve) => void waiting.push(resolve));
  };
  const registry = {
    add: (bareJid: string) => tell(`add ${bareJid}`),
    remove: (bareJid: string) => tell(`remove ${bareJid}`),
  };
  const rows = {
    get: (name: string) => settings.get(name),
    set: (name: string, value: string) => void settings.set(name, value),
  };
  const registration = new Registration(rows, registry, ACCOUNT, false);
  return { registration, told, answer: () => waiting.shift()?.() };
}

describe("FORGET-3 leaving the registry", () => {
  afterEach(() => void vi.useRealTimers());

  it("FORGET-3 comes after what was asked of it before, and nothing comes after that", async () => {
    const { registration, told, answer } = world();
    registration.keep(true);
    await vi.waitFor(() => expect(told).toEqual([`add ${ACCOUNT}`]));
    const left = registration.leave();
    registration.keep(true);
    answer();
    await vi.waitFor(() => expect(told).toEqual([`add ${ACCOUNT}`, `remove ${ACCOUNT}`]));
    answer();
    await left;
    registration.keep(true);
    await Promise.resolve();
    expect(told).toHaveLength(2);
  });

  it("FORGET-3 a registry that does not answer is not waited for for ever", async () => {
    vi.useFakeTimers();
    const { registration, told } = world();
    let isOver = false;
    const left = registration.leave().then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(9_999);
    expect([told, isOver]).toEqual([[`remove ${ACCOUNT}`], false]);
    await vi.advanceTimersByTimeAsync(1);
    await left;
    expect(isOver).toBe(true);
  });
});
