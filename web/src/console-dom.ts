// Building the console's elements. Everything that comes from elsewhere goes in as text, never as markup.

import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import type { Ask } from "./console-ask.ts";
import { ago, moment } from "./console-words.ts";

/** A part of the console. */
export interface Section {
  readonly root: HTMLElement;
  /** The state is known anew. */
  show?(status: OwnerStatus): void;
}

/** Ends the login, and says why. */
export type Leave = (words: string) => void;

/** Sections, in the order in which they are shown; each is made anew for each login. */
export type Sections = readonly ((ask: Ask, leave: Leave) => Section)[];

type Child = Node | string | undefined;

/** An element of the page by its id. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new TypeError(`the page has no #${id}`);
  }
  return found;
}

export function make(name: string, className: string, ...children: Child[]): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A section with its heading. */
export function makeSection(title: string, body: HTMLElement): HTMLElement {
  const heading = make("h2", "", title);
  heading.id = `section-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  const root = make("section", "", heading, body);
  root.setAttribute("aria-labelledby", heading.id);
  return root;
}

/** A field with its label above it. */
export function makeField(label: string, input: HTMLInputElement): HTMLElement {
  const made = make("label", "field", label);
  made.append(input);
  return made;
}

export function makeInput(attributes: Readonly<Record<string, string>> = {}): HTMLInputElement {
  const made = document.createElement("input");
  for (const [name, value] of Object.entries({ type: "text", autocomplete: "off", ...attributes })) {
    made.setAttribute(name, value);
  }
  return made;
}

export function makeButton(
  words: string,
  type: "button" | "submit",
  onClick?: () => void,
): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = type;
  made.textContent = words;
  if (onClick) {
    made.addEventListener("click", onClick);
  }
  return made;
}

/** A button that can be pressed once what it is about was typed. */
export interface Confirmation {
  readonly root: HTMLElement;
  /** What is to be typed from now on. */
  require(label: string, what: string): void;
  reset(): void;
}

export function makeConfirmation(button: HTMLButtonElement): Confirmation {
  const typed = makeInput({ autocapitalize: "none", spellcheck: "false" });
  const label = make("span", "");
  const field = make("label", "field", label, typed);
  let wanted = "";
  const renew = (): void => {
    button.disabled = typed.value.trim() !== wanted;
  };
  button.classList.add("danger");
  typed.addEventListener("input", renew);
  return {
    root: make("div", "fields", field, button),
    require(words, what) {
      wanted = what;
      label.textContent = `${words}: ${what}`;
      renew();
    },
    reset() {
      typed.value = "";
      renew();
    },
  };
}

/** A point in time, and how long that is ago or ahead. */
export function makeTime(stamp: string): HTMLElement {
  const date = new Date(stamp);
  const made = document.createElement("time");
  made.dateTime = stamp;
  made.title = date.toLocaleString();
  made.textContent = `${moment(date)} (${ago(date)})`;
  return made;
}

/** What is new takes the place of what was there; what is the same stays, so that nothing is read out twice. */
export function replace(place: HTMLElement, ...children: Child[]): void {
  const fresh = make("div", "", ...children);
  if (place.innerHTML !== fresh.innerHTML) {
    place.replaceChildren(...fresh.childNodes);
  }
}
