/**
 * The two ways SASL's messages travel in XMPP: RFC 6120 section 6.4, and XEP-0388 version 1.0. Knows neither mechanisms nor
 * what their messages say.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { decodeBase64Text, encodeBase64Text } from "../sasl/base64.ts";
import { serialize } from "../xml/serialize.ts";
import type { NegotiationEffect, SaslProfile } from "./state.ts";

/** Begins. `message` is base64 here, for one mechanism's is not text; `inline` is for SASL2 only. */
export function sendInitial(
  profile: SaslProfile,
  mechanism: string,
  message: string,
  inline: readonly Element[],
): NegotiationEffect[] {
  if (profile === "sasl") return send(xml("auth", { xmlns: NS.sasl, mechanism }, message));
  const initial = xml("initial-response", {}, message);
  return send(xml("authenticate", { xmlns: NS.sasl2, mechanism }, initial, ...inline));
}

/** Answers a challenge; an empty message is an empty element in both profiles. */
export function sendResponse(profile: SaslProfile, message: string): NegotiationEffect[] {
  const content = message === "" ? [] : [encodeBase64Text(message)];
  return send(xml("response", { xmlns: NS[profile] }, ...content));
}

/** The server answers with the failure `aborted`, and another attempt may begin (RFC 6120 section 6.4.4, XEP-0388 section 4.5). */
export function sendAbort(profile: SaslProfile): NegotiationEffect[] {
  return send(xml("abort", { xmlns: NS[profile] }));
}

/** What a challenge says; undefined when it is no base64. Only SASL2 lets white space stand around it (XEP-0388 section 2.2). */
export function readChallenge(profile: SaslProfile, challenge: Element): string | undefined {
  const text = challenge.getText();
  return decodeBase64Text(profile === "sasl" ? text : text.trim());
}

/** What the mechanism says along with success, in base64; empty when it says nothing. */
export function readAdditionalData(profile: SaslProfile, success: Element): string {
  if (profile === "sasl") return success.getText();
  return success.getChildText("additional-data", NS.sasl2)?.trim() ?? "";
}

/** Why it failed. SASL2 has RFC 6120's conditions in their own namespace, among elements of other ones (XEP-0388 section 2.6.2). */
export function readSaslFailure(failure: Element): { condition: string; text: string } {
  const children = failure.getChildElements().filter((child) => child.getName() !== "text");
  const condition = children.find((child) => child.getNS() === NS.sasl) ?? children[0];
  return {
    condition: condition?.getName() ?? "not-authorized",
    text: failure.getChildText("text")?.trim() ?? "",
  };
}

function send(element: Element): NegotiationEffect[] {
  return [{ type: "send", xml: serialize(element) }];
}
