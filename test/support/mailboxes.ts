// What came to each client and contact of a scenario and was not taken yet. Where there is a server, it decides on the order
// of things that have nothing to do with each other; so what is expected next is looked for among what came, by what tells
// one kind of thing from another.

import { serialize } from "../../xmpp/xml/serialize.ts";
import xml, { type Element } from "@xmpp/xml";
import { isInvitation } from "../../xmpp/muc.ts";
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

  /** The very next one, or the next one like this; undefined when there is none. */
  take(place: string, expected?: Shape, isVeryNext = expected === undefined): string | undefined {
    const queue = this.#came.get(place) ?? [];
    const index =
      expected && !isVeryNext ? queue.findIndex((stanza) => isLike(shapeOf(stanza), expected)) : 0;
    const [stanza] = index === -1 ? [] : queue.splice(index, 1);
    if (queue.length === 0) this.#came.delete(place);
    if (stanza && expected && !isVeryNext) inOrderOf(expected, stanza);
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
  const place = (child: Element | string): number => {
    const index = typeof child === "string" ? -1 : names.indexOf(shapeOf(child).name);
    return index === -1 ? names.length : index;
  };
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

/** Status codes that say how a room is set up, which is for each service to choose (XEP-0045 section 15.6). */
const SETTINGS = new Set(["100", "170"]);

/** Who sees whose address, who did something, and in which order all of it is said, differ; what is so does not. */
function withoutRoomMarks(stanza: Element): void {
  const user = stanza.getChild("x", "http://jabber.org/protocol/muc#user");
  if (!user) return;
  const place = (child: Element | string): number =>
    child === user ? 2 : Number(typeof child === "string" || !child.is("show"));
  stanza.children = stanza.children.toSorted((a, b) => place(a) - place(b));
  for (const item of user.getChildren("item")) {
    delete item.attrs.jid;
    for (const actor of item.getChildren("actor")) item.remove(actor);
  }
  const statuses = user.getChildren("status");
  const others = user.getChildElements().filter((child) => !statuses.includes(child));
  user.children = others.toSorted((a, b) => Number(b.is("item")) - Number(a.is("item")));
  const codes = statuses.map(({ attrs }) => attrs.code ?? "").filter((code) => !SETTINGS.has(code));
  for (const code of new Set(codes.toSorted((a, b) => Number(a) - Number(b))))
    user.append(xml("status", { code }));
}

/** In an error, its condition; the rest is a text for people, who says so, and what it answers (RFC 6120 section 8.3). */
function onlyCondition(stanza: Element): void {
  const error = stanza.getChild("error");
  if (!error) return;
  delete error.attrs.by;
  delete error.attrs.code;
  for (const text of error.getChildren("text")) error.remove(text);
  if (!stanza.is("iq")) stanza.children = [error];
}

/** Around a stanza in a stanza, or such a one. */
const AROUND = new Set(["sent", "received", "result", "forwarded", "message"]);

/** What servers add to stanzas of others, and each in its own way. Scripts say what was said. */
export function withoutServerMarks(stanza: Element, own: { bare: string; full: string }): Element {
  delete stanza.attrs["xml:lang"];
  if (stanza.is("presence")) delete stanza.attrs.to;
  // To the account itself, said or not said: RFC 6120 section 8.1.1.1.
  if (stanza.is("message") && stanza.attrs.from === own.full && stanza.attrs.to === own.bare)
    delete stanza.attrs.to;
  if (stanza.attrs.type === "normal") delete stanza.attrs.type;
  if (stanza.attrs.type === "error") onlyCondition(stanza);
  withoutRoomMarks(stanza);
  const isHeadline = stanza.is("message") && stanza.attrs.type === "headline";
  // Nor does a room count its own words.
  const isOfRoom = stanza.attrs.type === "groupchat" && stanza.attrs.from?.includes("/") === false;
  if (isHeadline || isOfRoom || isInvitation(stanza)) delete stanza.attrs.id;
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
    else if (AROUND.has(child.getName())) withoutServerMarks(child, own);
  }
  if (stanza.is("forwarded")) {
    // Who says when it was said, and where.
    const delays = stanza.getChildren("delay");
    for (const delay of delays) delete delay.attrs.from;
    stanza.children = [...delays, ...stanza.children.filter((child) => child !== delays[0])];
  }
  return stanza;
}
