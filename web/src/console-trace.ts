// The policy's latest decisions: what went where, and by which rule. Asked for only while it is open.

import type { Ask } from "./console-ask.ts";
import { make, replace, type Section } from "./console-dom.ts";
import { clock } from "./console-words.ts";

/** A line of GET trace. */
interface Decision {
  readonly at: string;
  readonly rule: string;
  readonly stanza: string;
  readonly to: readonly string[];
  readonly reason: string;
}

function describe({ at, rule, stanza, to, reason }: Decision): HTMLElement {
  const where = to.length === 0 ? "to nobody" : `to ${to.join(", ")}`;
  return make(
    "li",
    "",
    make("div", "entry", make("code", "", stanza), make("span", "quiet", clock(new Date(at)))),
    make("div", "quiet", `${where}: ${reason} (${rule})`),
  );
}

export function traceSection(ask: Ask): Section {
  const words = make("p", "quiet");
  const list = make("ul", "list decisions");
  list.tabIndex = 0;
  list.setAttribute("aria-label", "Decisions, the latest first");
  const details = document.createElement("details");
  details.append(make("summary", "", "Decisions"), words, list);
  const refresh = async (): Promise<void> => {
    const answer = await ask<readonly Decision[]>("trace", "lines");
    replace(words, answer.ok ? "What went where, and why; never what anybody wrote." : answer.text);
    if (answer.ok) {
      replace(list, ...answer.value.toReversed().map(describe));
    }
  };
  const refreshIfOpen = (): void => {
    if (details.open) {
      void refresh();
    }
  };
  details.addEventListener("toggle", refreshIfOpen);
  const root = make("section", "", details);
  root.setAttribute("aria-label", "Decisions");
  return { root, show: refreshIfOpen };
}
