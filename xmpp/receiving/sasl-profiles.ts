/**
 * The two ways SASL's messages travel in XMPP, as the receiving entity: RFC 6120 section 6.4, and XEP-0388 version 1.0.
 * Knows neither mechanisms nor what their messages say.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { serialize } from "../xml/serialize.ts";
import type { ReceivingEffect, SaslProfile } from "./state.ts";

/**
 * The initial response, in base64; undefined when it is still to come. RFC 6120 section 6.4.2 has "=" for an empty one,
 * SASL2 an empty element (XEP-0388 section 2.2), which may have white space around its content.
 */
export function readInitial(profile: SaslProfile, element: Element): string | undefined {
  if (profile === "sasl2") return element.getChild("initial-response", NS.sasl2)?.getText().trim();
  const text = element.getText();
  return text === "" ? undefined : text;
}

export function readResponse(profile: SaslProfile, response: Element): string {
  const text = response.getText();
  return profile === "sasl2" ? text.trim() : text;
}

/** `message` is base64; empty when it is only the client's turn. */
export function challengeFrame(profile: SaslProfile, message: string): ReceivingEffect {
  return send(xml("challenge", { xmlns: NS[profile] }, ...(message === "" ? [] : [message])));
}

/** RFC 6120 section 6.4.6; SASL2's is in completion.ts. */
export function successFrame(message: string | undefined): ReceivingEffect {
  return send(xml("success", { xmlns: NS.sasl }, message));
}

/** RFC 6120 section 6.5; SASL2 takes its conditions along in their own namespace (XEP-0388 section 2.6.2). */
export function failureFrame(profile: SaslProfile, condition: string, text?: string): ReceivingEffect {
  const name = profile === "sasl" ? xml(condition) : xml(condition, { xmlns: NS.sasl });
  const words = text === undefined ? undefined : xml("text", { "xml:lang": "en" }, text);
  return send(xml("failure", { xmlns: NS[profile] }, name, words));
}

function send(element: Element): ReceivingEffect {
  return { type: "send", frame: serialize(element) };
}
