/** The command `trace`: the policy's latest decisions, as a table. */
import { resultForm } from "../../xmpp/data-forms.ts";
import type { ClientId } from "../ports.ts";
import type { TraceEntry } from "../trace.ts";
import type { Command } from "./command.ts";

/** As much as a person reads, and a stanza well carries; all of them are to be had over HTTP. */
const LATEST = 50;

const COLUMNS = [
  { name: "at", label: "When" },
  { name: "rule", label: "Rule" },
  { name: "stanza", label: "Stanza" },
  { name: "to", label: "To" },
  { name: "reason", label: "Why" },
];

interface Facts {
  /** Oldest first. */
  entries(): readonly TraceEntry[];
  stamp(atMs: number): string;
  deviceOf(id: ClientId): string | undefined;
}

export function traceCommand(facts: Facts): Command {
  const nameTo = (to: TraceEntry["to"]): string => {
    if (to === "upstream") return "server";
    return to.length === 0
      ? "nobody"
      : to.map((id) => facts.deviceOf(id) ?? "a client that is gone").join(", ");
  };
  return {
    node: "trace",
    name: "What went where, and why",
    begin() {
      const rows = facts
        .entries()
        .slice(-LATEST)
        .map(({ atMs, rule, stanza, to, reason }) => [facts.stamp(atMs), rule, stanza, nameTo(to), reason]);
      return {
        type: "done",
        form: resultForm("The proxy's latest decisions", [], { columns: COLUMNS, rows }),
      };
    },
  };
}
