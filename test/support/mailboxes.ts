// What came to each client and contact of a scenario and was not taken yet. Where there is a server, it decides on the order
// of things that have nothing to do with each other; so what is expected next is looked for among what came, by what tells
// one kind of thing from another.

import { serialize } from "../../xmpp/xml/serialize.ts";
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { type Shape, shapeOf } from "./xml-shape.ts";

/** What stays the same in every copy of a thing, and is another for things of another kind. */
const TELLING = ["type", "id", "from"];

export class Mailboxes {
  readonly #came = new Map<string, Element[]>();

  put(place: string, stanza: Element): void {
    const queue = this.#came.get(place);
    if (queue) queue.push(stanza);
    else this.#came.set(place, [stanza]);
  }

  /** The next one, or the next one like this; undefined when there is none. */
  take(place: string, expected?: Shape): string | undefined {
    const queue = this.#came.get(place) ?? [];
    const index = expected ? queue.findIndex((stanza) => isLike(shapeOf(stanza), expected)) : 0;
    const [stanza] = index === -1 ? [] : queue.splice(index, 1);
    if (queue.length === 0) this.#came.delete(place);
    if (stanza && expected) inOrderOf(expected, stanza);
    return stanza && serialize(stanza);
  }

  /** What nobody took. */
  rest(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#came].map(([place, queue]) => [place, queue.map((stanza) => serialize(stanza))]),
    );
  }
}

function isLike(came: Shape, expected: Shape): boolean {
  const payload = expected.children.find((child) => typeof child !== "string");
  return (
    came.name === expected.name &&
    TELLING.every((name) => isOpen(expected.attrs[name]) || came.attrs[name] === expected.attrs[name]) &&
    (!expected.name.endsWith("}iq") || came.children.some(isNamed(payload?.name)) || payload === undefined)
  );
}

/** In which order a stanza says things says nothing, and servers write them anew. */
function inOrderOf({ children }: Shape, stanza: Element): void {
  const names = children.flatMap((child) => (typeof child === "string" ? [] : child.name));
  const place = (child: Element | string): number =>
    typeof child === "string" ? names.length : names.indexOf(shapeOf(child).name);
  stanza.children = stanza.children.toSorted((a, b) => place(a) - place(b));
  for (const child of stanza.getChildElements()) {
    const like = children[place(child)];
    if (typeof like === "object") inOrderOf(like, child);
  }
}

/** Is it for what comes to decide? */
function isOpen(value: string | undefined): boolean {
  return value?.startsWith("$") ?? false;
}

function isNamed(name: string | undefined): (child: Shape | string) => boolean {
  return (child) => typeof child !== "string" && child.name === name;
}

const SUBSCRIPTION = new Set(["subscribe", "subscribed", "unsubscribe", "unsubscribed"]);

/** Does it say whether somebody is there? */
export function isAvailability(stanza: Element): boolean {
  return stanza.is("presence") && !SUBSCRIPTION.has(stanza.attrs.type ?? "");
}

/** Namespace and name. */
const MARKS: ReadonlySet<string> = new Set([
  "urn:xmpp:sid:0 stanza-id",
  "urn:xmpp:mam:tmp archived",
  "urn:xmpp:occupant-id:0 occupant-id",
  "http://jabber.org/protocol/address addresses",
]);

/** What servers add to stanzas of others, and each in its own way. Scripts say what was said. */
export function withoutServerMarks(stanza: Element, own: { bare: string; full: string }): Element {
  delete stanza.attrs["xml:lang"];
  if (stanza.is("presence")) delete stanza.attrs.to;
  // To the account itself, said or not said: RFC 6120 section 8.1.1.1.
  if (stanza.is("message") && stanza.attrs.from === own.full && stanza.attrs.to === own.bare)
    delete stanza.attrs.to;
  const isHeadline = stanza.is("message") && stanza.attrs.type === "headline";
  if (isHeadline) delete stanza.attrs.id;
  const items = isHeadline ? stanza.getChild("event")?.getChild("items")?.getChildren("item") : undefined;
  for (const item of items ?? []) delete item.attrs.publisher;
  const isAnswer = stanza.is("iq") && (stanza.attrs.type === "result" || stanza.attrs.type === "error");
  const isToAccount = bareJidOf(stanza.attrs.to ?? own.bare) === own.bare;
  // RFC 6120 section 8.1.2.1: from the account itself, said or not said.
  if (stanza.is("iq") && isToAccount && stanza.attrs.from === own.bare) delete stanza.attrs.from;
  // Nor need it be said that pushes and answers are for the account.
  const isOwn = stanza.is("iq") && stanza.attrs.from === undefined;
  if ((isAnswer || isOwn) && isToAccount) delete stanza.attrs.to;
  for (const child of stanza.getChildElements()) {
    // Since when somebody is there; or that it was held back (XEP-0352).
    const isStamp = stanza.is("presence") && child.is("delay", "urn:xmpp:delay");
    // To somebody else, who was not there when it was said, or while there was no server.
    const isLate = stanza.is("message") && !isToAccount && child.is("delay", "urn:xmpp:delay");
    // No avatar, and nobody has said that there is none (XEP-0153).
    const isNoAvatar = child.is("x", "vcard-temp:x:update") && !child.getChildText("photo");
    if (isStamp || isLate || isNoAvatar || MARKS.has(`${child.getNS()} ${child.getName()}`))
      stanza.remove(child);
    else if (child.is("sent") || child.is("received") || child.is("forwarded") || child.is("message"))
      withoutServerMarks(child, own);
  }
  return stanza;
}
