/** The policy's trace as JSON Lines: one decision a line, oldest first. */
import type { OwnerFacts } from "./owner-facts.ts";
import { ownerResponse } from "./response.ts";

export function answerTrace(facts: Pick<OwnerFacts, "trace" | "deviceOf">): Response {
  const lines = facts.trace().map(({ atMs, rule, stanza, to, reason }) =>
    JSON.stringify({
      at: new Date(atMs).toISOString(),
      rule,
      stanza,
      to: to === "upstream" ? ["server"] : to.map((id) => facts.deviceOf(id) ?? "a client that is gone"),
      reason,
    }),
  );
  return ownerResponse(lines.map((line) => `${line}\n`).join(""), "application/jsonl");
}
