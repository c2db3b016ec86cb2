// What happened to the session lately, the latest first.

import type { OwnerEvent } from "../../bouncer/owner-status.ts";
import { make, makeSection, makeTime, replace, type Section } from "./console-dom.ts";

const EVENTS: Readonly<Record<OwnerEvent["what"], string>> = {
  bound: "A new session began",
  resumed: "The session went on",
  lost: "No session could be had",
  refused: "The server refused what the proxy has stored",
  rescued: "The watchdog woke the account, whose timer had stopped",
};

/** `before`: what had happened before that. */
function describe(
  { at, what, text, times, lastAt }: OwnerEvent,
  before: OwnerEvent | undefined,
): HTMLElement {
  const wasLost = what === "lost" && (before?.what === "bound" || before?.what === "resumed");
  const words = wasLost ? "The session was lost" : EVENTS[what];
  const head = make("div", "entry", words, make("span", "quiet", makeTime(at)));
  const why = text === undefined ? undefined : make("div", "quiet", text);
  const again =
    times === undefined
      ? undefined
      : make("div", "quiet", `${times} times, the last `, makeTime(lastAt ?? at));
  return make("li", "", head, why, again);
}

export function historySection(): Section {
  const list = make("ul", "list");
  const nothing = make("p", "quiet", "Nothing yet.");
  const root = makeSection("What happened", make("div", "", nothing, list));
  return {
    root,
    show({ history }) {
      nothing.hidden = history.length > 0;
      replace(list, ...history.map((event, index) => describe(event, history[index - 1])).toReversed());
    },
  };
}
