// How a client's stream ends, whoever ends it (RFC 7395 section 3.6), in each phase.

import { describe, it } from "vitest";
import { converse, type Line } from "./dialogue.ts";
import * as d from "./dialogue.ts";

describe("WS-9 <close/>", () => {
  it.each(d.phases)("WS-9 in phase %s, and nothing is taken after it", (_name, lines) => {
    converse([
      ...lines,
      { client: d.CLOSE },
      { server: d.CLOSE },
      { does: { type: "end", code: 1000 } },
      { client: d.CLOSE },
      { client: d.OPEN },
      { client: "<" },
      { event: { type: "password-accepted" } },
      { event: { type: "upstream-bound", fullJid: d.FULL } },
      { event: { type: "shutdown", condition: "reset", text: "x" } },
    ]);
  });
});

describe("WS-16 a stream that we have ended waits for the client's <close/>", () => {
  const shutdown = { type: "shutdown", condition: "reset", text: "Begin again." } as const;
  /** All that a stream may be ended by or take, in no phase may it do anything now. */
  const ignored: Line[] = [
    { client: d.OPEN },
    { client: "<" },
    { client: `<message xmlns="jabber:client" to="bob@example.org"/>` },
    { client: `<close xmlns="urn:xmpp:sm:3"/>` },
    { client: `<a xmlns="urn:xmpp:sm:3" h="1"/>` },
    ...d.plain.slice(0, 1),
    { event: { type: "password-accepted" } },
    { event: { type: "login-refused", condition: "not-authorized" } },
    { event: { type: "upstream-bound", fullJid: d.FULL } },
    { event: { type: "sm-enabled", id: "x", maxSeconds: 1 } },
    { event: shutdown },
  ];

  it.each(d.phases)("WS-16 ended in phase %s", (name, lines) => {
    const opened = name === "opening" ? [{ server: d.OPENED }] : [];
    const [error, close, closing, answer, end] = d.endsWith("reset", "Begin again.");
    if (!error || !close || !closing || !answer || !end) throw new Error("unreachable");
    const ending = [...lines, { event: shutdown }, ...opened, error, close, closing, ...ignored];
    const over: Line[] = [{ event: { type: "closing-overdue" } }, answer, ...ignored];
    converse([...ending, answer, end, ...over]);
    converse([...ending, { event: { type: "closing-overdue" } }, end, ...over]);
  });

  it.each(d.phases)("WS-16 in phase %s nothing is overdue", (_name, lines) => {
    converse([
      ...lines,
      { event: { type: "closing-overdue" } },
      { client: d.CLOSE },
      { server: d.CLOSE },
      { does: { type: "end", code: 1000 } },
    ]);
  });
});
