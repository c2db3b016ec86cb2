/**
 * What a step of the receiving machine comes to: effects in their order, or the stream error that ends the stream.
 */
import type { Element } from "@xmpp/xml";
import type { StreamCondition } from "../stream-error.ts";
import type { ReceivingEffect } from "./state.ts";

/** `features`: the stream features that are on offer once the step is done (RFC 6120 section 4.3.2). */
export type Step = ReceivingEffect | { type: "features" };

/** Ends the stream (RFC 6120 section 4.9). The text is for people. */
export interface StreamProblem {
  condition: StreamCondition;
  text: string;
  /** Says more than the condition does (RFC 6120 section 4.9.4). */
  application?: Element;
}

export type Outcome = Step[] | StreamProblem;
