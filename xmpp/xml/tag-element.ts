// One start tag of saxes to one element in our normal form: names without prefix, namespaces explicit where they
// change, every prefixed attribute beside the declaration of its prefix. So an element means the same wherever it is
// moved. Namespaces in XML 1.0 (3rd edition). Knows nothing of streams or of nesting beyond the parent's namespace.
import { Element } from "@xmpp/xml";
import type { SaxesAttributeNS, SaxesTagNS } from "saxes";
import { noAttributes } from "./element.ts";
import type { XmlLimits } from "./limits.ts";
import { xmlProblem } from "./xml-error.ts";
import type { XmlProblem } from "./xml-error.ts";

const XML_PREFIXED = xmlProblem("bad-namespace-prefix", "Element with the reserved prefix xml");
const BAD_LOCAL_NAME = xmlProblem("not-well-formed", "Name with a character that cannot follow the colon");
const PADDED_NAMESPACE = xmlProblem("bad-format", "Namespace name with white space at its ends");
const TOO_MANY_ATTRIBUTES = xmlProblem("policy-violation", "Too many attributes on one element");
const TOO_MANY_ELEMENTS = xmlProblem("policy-violation", "Too many elements in one stanza");
const TOO_MUCH_ADDED = xmlProblem("policy-violation", "Too many namespace changes in one stanza");

// What may stand inside a name but not begin one. saxes checks the beginning of the prefix only, and we write the
// local name alone, where it would not be XML.
const NOT_A_NAME_START = /^[\u0300-\u036F\u203F\u2040\u00B7.0-9-]/;

/** What the elements of one stanza add up to, counted across its tags. */
export interface StanzaTotals {
  elements: number;
  /** Code units of namespace names that the normal form repeats where the wire did not. */
  addedUnits: number;
}

/**
 * Builds the element of a start tag, without parent or children, and adds it to `totals`.
 * `parentNamespace` is undefined for a top element, which always gets an explicit `xmlns`.
 */
export function elementOfTag(
  tag: SaxesTagNS,
  parentNamespace: string | undefined,
  totals: StanzaTotals,
  limits: XmlLimits,
): Element | XmlProblem {
  // Without its prefix it would have to declare the XML namespace as default, which is forbidden.
  if (tag.prefix === "xml") return XML_PREFIXED;
  if (tag.prefix !== "" && NOT_A_NAME_START.test(tag.local)) return BAD_LOCAL_NAME;
  const element = new Element(tag.local);
  const attrs = noAttributes();
  if (tag.uri !== parentNamespace) {
    attrs.xmlns = tag.uri;
    if (tag.attributes.xmlns === undefined) totals.addedUnits += tag.uri.length;
  }
  let count = 0;
  for (const key in tag.attributes) {
    const attribute = tag.attributes[key];
    if (attribute === undefined) continue;
    count++;
    const problem = problemOfAttribute(attribute, limits);
    if (problem !== undefined) return problem;
    const { name, prefix } = attribute;
    // The default namespace is settled above; declaring the prefix xml is allowed and says nothing.
    if (name === "xmlns" || name === "xmlns:xml") continue;
    if (prefix !== "" && prefix !== "xml" && prefix !== "xmlns") {
      const declaration = `xmlns:${prefix}`;
      if (tag.attributes[declaration] === undefined && attrs[declaration] === undefined) {
        count++;
        totals.addedUnits += attribute.uri.length;
      }
      attrs[declaration] = attribute.uri;
    }
    attrs[name] = attribute.value;
  }
  if (count > limits.maxAttributes) return TOO_MANY_ATTRIBUTES;
  if (++totals.elements > limits.maxElements) return TOO_MANY_ELEMENTS;
  // Repeating a long inherited name in many small tags would let a stanza grow far beyond its size on the wire.
  if (totals.addedUnits > limits.maxStanzaBytes) return TOO_MUCH_ADDED;
  element.attrs = attrs;
  return element;
}

function problemOfAttribute(
  { name, prefix, local, value }: SaxesAttributeNS,
  limits: XmlLimits,
): XmlProblem | undefined {
  if (prefix !== "" && NOT_A_NAME_START.test(local)) return BAD_LOCAL_NAME;
  // saxes resolves names by the trimmed value; a reader that follows the letter would see another namespace.
  const declares = prefix === "xmlns" || name === "xmlns";
  if (limits.refusesPaddedNamespaces && declares && value.trim() !== value) return PADDED_NAMESPACE;
  return undefined;
}
