// What keeps Converse from giving up its stream: whenever it may have noted that it resumed, the note is taken away before it looks.

import { expect, it } from "vitest";
import { resumeAlways } from "../../../web/src/resume-always.ts";

/** Converse's session, and its events. */
function converse(): { session: { resumed: boolean }; happens: (event: string) => void } {
  const session = { resumed: false };
  const listeners = new Map<string, (() => void)[]>();
  const on = (event: string, listener: () => void): void =>
    void listeners.set(event, [...(listeners.get(event) ?? []), listener]);
  resumeAlways({
    api: {
      settings: { set: () => undefined },
      listen: { on },
      chatboxes: {
        get: async () => await Promise.resolve(undefined),
        create: async () => await Promise.resolve(),
      },
    },
    session: { save: ({ smacks_resumed: resumed }) => void (session.resumed = resumed) },
  });
  return { session, happens: (event) => listeners.get(event)?.forEach((listener) => listener()) };
}

it.each([
  ["it has reconnected, and the connection breaks later", ["reconnected", "beforeTearDown"]],
  ["the page was reloaded, and the connection breaks later", ["connected", "beforeTearDown"]],
  ["the connection breaks before it is done with resuming", ["beforeTearDown"]],
])("SM-1 it resumes again when %s", (_name, events) => {
  const { session, happens } = converse();
  session.resumed = true;
  for (const event of events) happens(event);
  expect(session.resumed).toBe(false);
});
