// When the log may have missed something that nobody can tell any more, and why, the latest first. Nothing while it has missed
// nothing.

import type { OwnerHole } from "../../bouncer/owner-status.ts";
import { make, makeSection, makeTime, replace, type Section } from "./console-dom.ts";

function describe({ from, to, room, reason }: OwnerHole): HTMLElement {
  const where = room === undefined ? "Everything but rooms" : room;
  const when = make("span", "quiet", "from ", makeTime(from), " to ", makeTime(to));
  return make("li", "", make("div", "entry", where, when), make("div", "quiet", reason));
}

export function holesSection(): Section {
  const list = make("ul", "list");
  const meaning = make("p", "quiet", "In these times messages may have come that the proxy did not get.");
  const root = makeSection("Holes in the log", make("div", "", meaning, list));
  root.hidden = true;
  return {
    root,
    show({ holes }) {
      root.hidden = holes.length === 0;
      replace(list, ...holes.map(describe).toReversed());
    },
  };
}
