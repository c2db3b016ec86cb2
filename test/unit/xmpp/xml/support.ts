// Plain pictures of events and elements for comparison, and the generators that several XML tests share.
import * as fc from "fast-check";
import type { Element } from "@xmpp/xml";
import { parseFrame } from "../../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import type { XmlLimits } from "../../../../xmpp/xml/limits.ts";
import { StreamReader } from "../../../../xmpp/xml/stream-reader.ts";
import type { StreamEvent } from "../../../../xmpp/xml/stream-reader.ts";

/** Pinned; fast-check prints it with the failing example. */
export const SEED = 20_261_122;

export const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/** [name, attributes, ...children]; attributes as sorted pairs, so that `__proto__` shows too. */
export type Tree = [name: string, attributes: [string, string | undefined][], ...children: (Tree | string)[]];

export function tree(element: Element): Tree {
  const attributes = Object.keys(element.attrs)
    .toSorted()
    .map((key): [string, string | undefined] => [key, element.attrs[key]]);
  return [
    element.name,
    attributes,
    ...element.children.map((child) => (typeof child === "string" ? child : tree(child))),
  ];
}

/** What an object has without owning it. */
export function unowned(value: object): PropertyKey[] {
  const names: PropertyKey[] = [];
  for (let at: object | null = value; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (at !== value) names.push(...Reflect.ownKeys(at));
  }
  return names;
}

/** Whether every element below knows its parent. */
export function linked(element: Element): boolean {
  return element.children.every(
    (child) => typeof child === "string" || (child.parent === element && linked(child)),
  );
}

/** The tree of an element, "open", "close" or the condition of a problem. */
export type Picture = Tree | string;

function picture(event: StreamEvent): Picture {
  if (event.type === "element") return tree(event.element);
  return event.type === "problem" ? event.problem.condition : event.type;
}

/** Reads the chunks with one reader. */
export function readAll(chunks: readonly string[], limits: XmlLimits = DEFAULT_LIMITS): Picture[] {
  const reader = new StreamReader(limits);
  return chunks.flatMap((chunk) => reader.write(chunk)).map(picture);
}

/** Reads what follows an ordinary header, without the event of the header. */
export function readBody(body: string, limits: XmlLimits = DEFAULT_LIMITS): Picture[] {
  return readAll([HEADER, body], limits).slice(1);
}

/** The element of a good frame. */
export function frameElement(text: string, limits: XmlLimits = DEFAULT_LIMITS): Element {
  const result = parseFrame(text, limits);
  if (!result.ok) throw new Error(`${result.problem.condition}: ${result.problem.text}`);
  if (result.element === undefined) throw new Error("keepalive");
  return result.element;
}

/** The condition of a bad frame, "ok" for a good one. */
export function frameCondition(text: string, limits: XmlLimits = DEFAULT_LIMITS): string {
  const result = parseFrame(text, limits);
  return result.ok ? "ok" : result.problem.condition;
}

const NAMESPACES = ["jabber:client", "urn:xmpp:receipts", "urn:a&b'\"<>", ""];
const name = fc.constantFrom("message", "body", "a", "__proto__", "constructor", "toString", "é-1.x", "𐐀");
const character = fc.oneof(
  fc.constantFrom(
    "a",
    " ",
    "&",
    "<",
    ">",
    '"',
    "'",
    "]",
    "]]>",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "é",
    "€",
    "😀",
    "\u{FEFF}",
  ),
  fc.integer({ min: 0x20, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0x10000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
);
const text = fc.array(character, { maxLength: 8 }).map((parts) => parts.join(""));

/** A description of an element, free of any library. */
export interface Plan {
  name: string;
  namespace: string;
  attributes: Record<string, string>;
  children: (Plan | string)[];
}

/** Any element tree, in any mixture of namespaces, with characters that need care. */
export const plan: fc.Arbitrary<Plan> = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.record({
    name,
    namespace: fc.constantFrom(...NAMESPACES),
    attributes: fc.dictionary(fc.oneof(name, fc.constant("xml:lang"), fc.constant("p:q")), text, {
      maxKeys: 4,
    }),
    children: fc.array(fc.oneof({ depthSize: "small", withCrossShrink: true }, text, tie("plan")), {
      maxLength: 4,
    }),
  }),
})).plan;
