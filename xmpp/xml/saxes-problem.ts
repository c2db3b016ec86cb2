// Translates the messages of the saxes tokenizer (6.0) to stream error conditions. Knows no stanza and no state.
// RFC 6120 section 11.1 (restrictions) and 11.3 (well-formedness: namespace errors are <not-well-formed/> too).
import { xmlProblem } from "./xml-error.ts";
import type { XmlProblem } from "./xml-error.ts";

// Some messages quote the input after a colon, so only their beginnings are compared and none is passed on.
const KNOWN: readonly (readonly [messageStart: string, problem: XmlProblem])[] = [
  ["undefined entity", xmlProblem("restricted-xml", "Entity reference other than the predefined five")],
  ["inappropriately located doctype", xmlProblem("restricted-xml", "Document type declaration")],
  ["disallowed character.", xmlProblem("not-well-formed", "Character that XML 1.0 does not allow")],
  ["malformed character entity", xmlProblem("not-well-formed", "Reference to a character outside XML 1.0")],
  ["unbound namespace prefix", xmlProblem("not-well-formed", "Namespace prefix without a declaration")],
  ["duplicate attribute", xmlProblem("not-well-formed", "Attribute given twice")],
  ["malformed name", xmlProblem("not-well-formed", "Name with misplaced colons")],
  ["unexpected close tag", xmlProblem("not-well-formed", "End tag of another element")],
  ["unmatched closing tag", xmlProblem("not-well-formed", "End tag without a start tag")],
  ["unclosed tag", xmlProblem("not-well-formed", "Missing end tag")],
  ["documents may contain only one root", xmlProblem("not-well-formed", "More than one root element")],
  ["text data outside of root node", xmlProblem("not-well-formed", "Text outside of the root element")],
  ['the string "]]>"', xmlProblem("not-well-formed", "Unescaped end of a CDATA section in text")],
];

const OTHER = xmlProblem("not-well-formed", "XML that is not well-formed");

/** The problem for a message of saxes; `not-well-formed` for any that is not listed. */
export function problemOfSaxesMessage(message: string): XmlProblem {
  for (const [start, problem] of KNOWN) if (message.startsWith(start)) return problem;
  return OTHER;
}
