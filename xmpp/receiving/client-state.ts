/** Client State Indication as the receiving entity (XEP-0352): two nonzas without an answer. A step of stream.ts. */
import type { Element } from "@xmpp/xml";
import type { Outcome } from "./outcome.ts";
import type { ReceivingState } from "./state.ts";

export function onClientState(state: ReceivingState, nonza: Element): Outcome {
  if (state.phase !== "bound") return { condition: "not-authorized", text: "Bind a resource first." };
  const name = nonza.getName();
  if (name !== "active" && name !== "inactive") {
    return { condition: "unsupported-stanza-type", text: `<${name}/> is no client state.` };
  }
  return [{ type: "client-state", active: name === "active" }];
}
