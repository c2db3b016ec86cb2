// The owner's console: asks for an XMPP address and password and shows how the account is doing, again every few seconds.
// The password stays in this page's memory and leaves it only in requests to this origin. Each section is a file of its
// own; to add one, name it in SECTIONS.

import { type Ask, askAs } from "./console-ask.ts";
import { clientsSection } from "./console-clients.ts";
import { element, type Section, type Sections } from "./console-dom.ts";
import { forgetSection } from "./console-forget.ts";
import { historySection } from "./console-history.ts";
import { holesSection } from "./console-holes.ts";
import { importSection } from "./console-import.ts";
import { logSection } from "./console-log.ts";
import { searchSection } from "./console-search.ts";
import { stateSection } from "./console-state.ts";
import { traceSection } from "./console-trace.ts";
import { clock } from "./console-words.ts";
import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import { toBareJid } from "./typed-jid.ts";

const LAST_JID = "xmpproxy.jid";
const REFRESH_MS = 10_000;
const SECTIONS: Sections = [
  stateSection,
  clientsSection,
  historySection,
  holesSection,
  searchSection,
  logSection,
  importSection,
  traceSection,
  forgetSection,
];

const form = element("login-form", HTMLFormElement);
const notice = element("notice", HTMLParagraphElement);
const jidInput = element("jid", HTMLInputElement);
const passwordInput = element("password", HTMLInputElement);
const submit = element("submit", HTMLButtonElement);
const trouble = element("trouble", HTMLParagraphElement);
const updated = element("updated", HTMLElement);

/** The console of one login, until it is left. */
class Console {
  readonly #ask: Ask;
  readonly #sections: readonly Section[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left = false;

  constructor(ask: Ask, status: OwnerStatus) {
    this.#ask = ask;
    this.#sections = SECTIONS.map((make) => make(ask, logOut));
    element("sections", HTMLDivElement).replaceChildren(...this.#sections.map(({ root }) => root));
    element("account", HTMLSpanElement).textContent = status.account;
    document.body.dataset["view"] = "console";
    this.#show(status);
    this.#refreshSoon();
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  leave(): void {
    this.#left = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    element("sections", HTMLDivElement).replaceChildren();
    say(trouble, undefined);
  }

  /** A page that nobody looks at asks nothing. */
  readonly #onVisibility = (): void => {
    clearTimeout(this.#timer);
    if (!document.hidden) {
      void this.#refresh();
    }
  };

  async #refresh(): Promise<void> {
    const answer = await this.#ask<OwnerStatus>("status");
    if (this.#left) {
      return;
    }
    if (answer.ok) {
      say(trouble, undefined);
      this.#show(answer.value);
    } else if (answer.isRefused) {
      logOut(answer.text);
      return;
    } else {
      say(trouble, `${answer.text} What is shown may be out of date.`);
    }
    this.#refreshSoon();
  }

  #refreshSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), REFRESH_MS);
  }

  #show(status: OwnerStatus): void {
    for (const section of this.#sections) {
      section.show?.(status);
    }
    updated.textContent = `As of ${clock(new Date())}, renewed by itself.`;
  }
}

let shown: Console | undefined;

function say(place: HTMLElement, words: string | undefined): void {
  place.textContent = words ?? "";
  place.hidden = words === undefined;
}

function logOut(words: string | undefined): void {
  shown?.leave();
  shown = undefined;
  document.body.dataset["view"] = "login";
  say(notice, words);
  passwordInput.focus();
}

async function logIn(): Promise<void> {
  const jid = toBareJid(jidInput.value);
  if (jid === undefined) {
    say(notice, "An XMPP address looks like you@example.org.");
    jidInput.focus();
    return;
  }
  const ask = askAs(jid, passwordInput.value);
  submit.disabled = true;
  const answer = await ask<OwnerStatus>("status");
  submit.disabled = false;
  if (!answer.ok) {
    say(notice, answer.text);
    passwordInput.focus();
    return;
  }
  localStorage.setItem(LAST_JID, jid);
  passwordInput.value = "";
  say(notice, undefined);
  shown = new Console(ask, answer.value);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn();
});
element("leave", HTMLButtonElement).addEventListener("click", () => logOut(undefined));

jidInput.value = localStorage.getItem(LAST_JID) ?? "";
(jidInput.value === "" ? jidInput : passwordInput).focus();
