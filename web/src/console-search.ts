// Search in all conversations: words, with whom, since when; what was found, the latest first, and more of it when asked.

import type { Ask } from "./console-ask.ts";
import {
  make,
  makeButton,
  makeField,
  makeInput,
  makeSection,
  makeTime,
  type Section,
} from "./console-dom.ts";
import { count } from "./console-words.ts";

/** GET search. */
interface Found {
  readonly hits: readonly Hit[];
  readonly next?: number;
  readonly encrypted: number;
}

interface Hit {
  readonly at: string;
  readonly with: string;
  readonly direction: "sent" | "received";
  readonly nick?: string;
  readonly excerpt: string;
}

function describe({ at, with: peer, direction, nick, excerpt }: Hit): HTMLElement {
  const room = nick === undefined ? undefined : ` in ${peer}`;
  const who = nick ?? (direction === "sent" ? `you to ${peer}` : peer);
  const head = make(
    "div",
    "entry",
    make("span", "", make("strong", "", who), room),
    make("span", "quiet", makeTime(at)),
  );
  const text = make("div", "", excerpt);
  text.dir = "auto";
  return make("li", "", head, text);
}

/** What to say of all that was found so far. */
function summary(shown: number, { next, encrypted }: Found): string {
  const found =
    shown === 0 && next === undefined ? "Nothing was found." : `${count(shown, "message")} found.`;
  const more = next === undefined ? "" : " There may be more.";
  const sealed = encrypted === 0 ? "" : ` Search cannot see into ${count(encrypted, "encrypted message")}.`;
  return `${found}${more}${sealed}`;
}

export function searchSection(ask: Ask): Section {
  const words = makeInput({ type: "search", placeholder: '"a phrase", words, or begin*', required: "" });
  const peer = makeInput({ inputmode: "email", autocapitalize: "none", placeholder: "anybody" });
  const since = makeInput({ type: "date" });
  const sinceField = makeField("Since", since);
  sinceField.classList.add("short");
  const submit = makeButton("Search", "submit");
  const form = document.createElement("form");
  form.className = "fields";
  form.append(makeField("Words", words), makeField("With", peer), sinceField, submit);
  const said = make("p", "quiet");
  said.setAttribute("role", "status");
  const list = make("ul", "list");
  let asked = "";
  let next: number | undefined;
  const search = async (): Promise<void> => {
    const path = next === undefined ? asked : `${asked}&before=${next}`;
    submit.disabled = true;
    const answer = await ask<Found>(path);
    submit.disabled = false;
    if (!answer.ok) {
      said.textContent = answer.text;
      return;
    }
    if (next === undefined) {
      list.replaceChildren();
    }
    list.append(...answer.value.hits.map(describe));
    next = answer.value.next;
    more.hidden = next === undefined;
    said.textContent = summary(list.childElementCount, answer.value);
  };
  const more = makeButton("Search further back", "button", () => void search());
  more.hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const limits = [`q=${encodeURIComponent(words.value)}`];
    if (peer.value.trim() !== "") {
      limits.push(`with=${encodeURIComponent(peer.value.trim())}`);
    }
    if (since.value !== "") {
      limits.push(`since=${since.value}`);
    }
    asked = `search?${limits.join("&")}`;
    next = undefined;
    void search();
  });
  return { root: makeSection("Search", make("div", "", form, said, list, more)) };
}
