// Literal XML in tests: reading it, and comparing it by what it means (namespaces and unordered attributes) instead of by
// how it is written. Knows nothing of what is tested; every literal goes through the product's own strict reader.

import type { Element } from "@xmpp/xml";
import { namespaceOf } from "../../xmpp/xml/element.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS, type XmlLimits } from "../../xmpp/xml/limits.ts";

/** One element: `{namespace}name`, its attributes without the default namespace, what is in it in order. */
export interface Shape {
  name: string;
  attrs: Record<string, string>;
  children: (Shape | string)[];
}

/**
 * The element of a literal. Without a namespace of its own it is in jabber:client, so that tables stay readable.
 * @throws when it is not one well-formed element
 */
export function parse(literal: string, limits: XmlLimits = DEFAULT_LIMITS): Element {
  const text = literal.trim();
  const hasNamespace = /^<[^>]*\sxmlns=/u.test(text);
  const frame = hasNamespace ? text : text.replace(/^<[^\s/>]+/u, '$& xmlns="jabber:client"');
  const result = parseFrame(frame, limits);
  if (!result.ok) throw new Error(`${result.problem.text}: ${literal}`);
  if (!result.element) throw new Error(`no element: ${literal}`);
  return result.element;
}

/** The shape of an element. White space that only indents (it holds a line break) does not count. */
export function shapeOf(element: Element): Shape {
  const attrs: Shape["attrs"] = {};
  for (const [name, value] of Object.entries(element.attrs)) {
    if (name !== "xmlns" && value !== undefined) attrs[name] = value;
  }
  const children: Shape["children"] = [];
  for (const child of element.children) {
    if (typeof child !== "string") children.push(shapeOf(child));
    else if (child.trim() !== "" || !child.includes("\n")) children.push(child);
  }
  return { name: `{${namespaceOf(element)}}${element.getName()}`, attrs, children };
}

/** The shape of a literal. */
export function shape(literal: string): Shape {
  return shapeOf(parse(literal));
}
