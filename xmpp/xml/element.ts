// Questions about an element tree that ltx answers wrongly or slowly. Knows nothing of parsing or of XMPP.
// ltx treats xmlns="" as "no declaration" and lets the parent's namespace through; these helpers do not.
import { Element } from "@xmpp/xml";

/**
 * Attributes without any: what no peer sent is not there, neither `constructor` nor `__proto__`. Not Object.create(null), whose
 * properties V8 keeps in a hash table, which takes several times as long to fill and to read.
 */
export function noAttributes(): Element["attrs"] {
  return new Attributes();
}

class Attributes {
  [name: string]: string | undefined;
}
Object.setPrototypeOf(Attributes.prototype, null);
Reflect.deleteProperty(Attributes.prototype, "constructor");
Object.freeze(Attributes.prototype);

/** The element's namespace name: its own `xmlns`, else the nearest ancestor's, else "". */
export function namespaceOf(element: Element): string {
  for (let at: Element | null = element; at !== null; at = at.parent) {
    const own = at.attrs.xmlns;
    if (own !== undefined) return own;
  }
  return "";
}

/** The child elements in document order, without the text between them. */
export function childElements(element: Element): Element[] {
  const found: Element[] = [];
  for (const child of element.children) if (typeof child !== "string") found.push(child);
  return found;
}

/**
 * A deep copy without a parent, so that neither side sees the other's changes. An inherited namespace becomes
 * explicit, so the copy means the same wherever it is put.
 */
export function clone(element: Element): Element {
  const copy = copyTree(element);
  if (copy.attrs.xmlns === undefined && element.parent !== null) copy.attrs.xmlns = namespaceOf(element);
  return copy;
}

function copyTree(element: Element): Element {
  const copy = new Element(element.name);
  // Not through the constructor: assigning an attribute named __proto__ to an ordinary object sets its prototype.
  copy.attrs = Object.assign(noAttributes(), element.attrs);
  for (const child of element.children) {
    if (typeof child === "string") copy.children.push(child);
    else copy.cnode(copyTree(child));
  }
  return copy;
}
