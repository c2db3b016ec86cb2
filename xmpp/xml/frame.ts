// Reads one WebSocket message of the XMPP subprotocol (RFC 7395 section 3.3.3: each is a standalone XML document).
// Must not know what the element means.
import type { Element } from "@xmpp/xml";
import { exceeds, indexOfLoneSurrogate, skipWhiteSpace } from "./characters.ts";
import { ElementBuilder } from "./element-builder.ts";
import type { XmlLimits } from "./limits.ts";
import { PlainReader } from "./plain-reader.ts";
import { xmlProblem } from "./xml-error.ts";
import type { XmlProblem } from "./xml-error.ts";

/** One frame; `element` is undefined for a frame of white space only, a keepalive. */
type FrameResult =
  | { readonly ok: true; readonly element: Element | undefined }
  | { readonly ok: false; readonly problem: XmlProblem };

const TOO_LONG = xmlProblem("policy-violation", "Frame too large");
const WRONG_START = xmlProblem("bad-format", 'Frame that does not begin with "<"');
const NO_NAMESPACE = xmlProblem("invalid-namespace", "Frame without a namespace declaration");
const ILLEGAL = xmlProblem("not-well-formed", "Character that XML 1.0 does not allow");

/**
 * The one element of a frame, or why it is refused.
 * An XML declaration is tolerated: section 3.3.3 only discourages clients from sending one.
 */
export function parseFrame(text: string, limits: XmlLimits): FrameResult {
  if (exceeds(limits.maxStanzaBytes, 0, text, 0, text.length)) return refusal(TOO_LONG);
  if (!text.startsWith("<")) {
    // Section 3.3.3 wants "<" first. Clients that learned keepalives over TCP send a single space, which harms nobody.
    return skipWhiteSpace(text) === text.length ? { ok: true, element: undefined } : refusal(WRONG_START);
  }
  if (indexOfLoneSurrogate(text) !== -1) return refusal(ILLEGAL);
  const reader = new PlainReader(limits);
  const plain = reader.read(text, 0, undefined);
  if (plain && reader.end === text.length) return { ok: true, element: plain };
  let element: Element | undefined;
  const builder = new ElementBuilder(limits, {
    onElement: (complete) => {
      element = complete;
      // Nothing may be inherited from an earlier frame, so every frame names its namespace.
      return complete.attrs.xmlns === "" ? NO_NAMESPACE : undefined;
    },
  });
  builder.write(text);
  if (builder.problem === undefined) builder.end();
  return builder.problem === undefined ? { ok: true, element } : refusal(builder.problem);
}

function refusal(problem: XmlProblem): FrameResult {
  return { ok: false, problem };
}
