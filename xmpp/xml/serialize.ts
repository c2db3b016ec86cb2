// Element tree to text. Knows nothing of XMPP. XML 1.0 sections 2.4, 2.11 and 3.3.3.
// Own code because ltx leaves CR in text and TAB, CR, LF in attributes bare, which any reader then normalises away.
// Inverse of the readers: an element that they built comes back equal.
import type { Element } from "@xmpp/xml";
import { namespaceOf } from "./element.ts";

// Everything that may stand as it is; what these match is escaped. CR would become LF on reading (section 2.11).
const UNSAFE_IN_TEXT = /[^\t\n -%'-;=?-\uFFFD]/;
const ALL_UNSAFE_IN_TEXT = new RegExp(UNSAFE_IN_TEXT, "g");
// Bare TAB, CR and LF in an attribute would become spaces on reading (section 3.3.3).
const UNSAFE_IN_ATTRIBUTE = /[^ !#-%(-;=?-\uFFFD]/;
const ALL_UNSAFE_IN_ATTRIBUTE = new RegExp(UNSAFE_IN_ATTRIBUTE, "g");

const ESCAPES = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&apos;"],
  ["\t", "&#9;"],
  ["\n", "&#10;"],
  ["\r", "&#13;"],
]);

/**
 * The element as text, with every namespace it needs: an inherited one is declared on the top element.
 * With `parentNamespace`, the default namespace in force where the text will stand, a top element of that namespace
 * omits its `xmlns` (the style of RFC 6120 section 4.8.2; RFC 7395 frames need it and so pass nothing).
 * Characters that XML 1.0 cannot carry become U+FFFD. Names are trusted.
 */
export function serialize(element: Element, parentNamespace?: string): string {
  // An element without parent or xmlns was made by hand to take the namespace of where it is put.
  if (element.parent === null && element.attrs.xmlns === undefined)
    return markup(element, undefined, undefined);
  const namespace = namespaceOf(element);
  return markup(element, namespace === parentNamespace ? undefined : namespace, namespace);
}

/**
 * One element, declaring `xmlns` if given; `inForce` is the default namespace of its content, undefined when unknown.
 * Recursion is as deep as the tree, which `XmlLimits.maxDepth` bounds.
 */
function markup(element: Element, xmlns: string | undefined, inForce: string | undefined): string {
  const { name, attrs, children } = element;
  let out = "<" + name;
  if (xmlns !== undefined) out += ' xmlns="' + escapeAttribute(xmlns) + '"';
  for (const key of Object.keys(attrs)) {
    const value = attrs[key];
    if (value === undefined || key === "xmlns") continue;
    out += " " + key + '="' + escapeAttribute(value) + '"';
  }
  if (children.length === 0) return out + "/>";
  out += ">";
  for (const child of children) {
    if (typeof child === "string") {
      out += escapeText(child);
      continue;
    }
    const own = child.attrs.xmlns;
    out += markup(child, own === inForce ? undefined : own, own ?? inForce);
  }
  return out + "</" + name + ">";
}

function escapeText(text: string): string {
  return UNSAFE_IN_TEXT.test(text) ? text.replace(ALL_UNSAFE_IN_TEXT, escapeCharacter) : text;
}

/** The value as it stands between quotes of either kind, for markup that is not a whole element (a stream header). */
export function escapeAttribute(value: string): string {
  return UNSAFE_IN_ATTRIBUTE.test(value) ? value.replace(ALL_UNSAFE_IN_ATTRIBUTE, escapeCharacter) : value;
}

function escapeCharacter(character: string): string {
  return ESCAPES.get(character) ?? "\uFFFD";
}
