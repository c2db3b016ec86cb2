/** The command `copies-raw`: the devices that get sent messages as they are although they know no carbons (MSG-8). */
import { type FormValues, formToFill } from "../../xmpp/data-forms.ts";
import type { RawCopies } from "../raw-copies.ts";
import type { Command, Stage } from "./command.ts";

const DEVICES = "devices";
/** More names than that help nobody. */
const MAX_SUGGESTED = 20;

type Switch = Pick<RawCopies, "devices" | "replace">;

/** `suggested`: devices that are here and that it would make a difference to, the likeliest first. */
export function copiesRawCommand(copies: Switch, suggested: () => readonly string[]): Command {
  return {
    node: "copies-raw",
    name: "Devices that get sent messages without carbons",
    begin: () => ({
      type: "ask",
      isLast: true,
      form: formToFill("Sent messages for devices without carbons", instructions(suggested()), [
        { name: DEVICES, label: "Devices", type: "text-multi", value: copies.devices() },
      ]),
      submit: (values) => change(copies, values),
    }),
  };
}

function instructions(suggested: readonly string[]): string {
  const what =
    "What your other clients send also goes to these devices, as it is, unless they have enabled carbons. For bots that keep a log; a chat client may take it for messages from you. One device a line.";
  if (suggested.length === 0) return what;
  return `${what} Here now, without carbons: ${suggested.slice(0, MAX_SUGGESTED).join(", ")}.`;
}

function change(copies: Switch, values: FormValues): Stage | { type: "refused"; text: string } {
  const lines = values.get(DEVICES) ?? [];
  const refusal = copies.replace(new Set(lines.map((line) => line.trim()).filter((line) => line !== "")));
  return refusal === undefined
    ? { type: "done", note: { type: "info", text: "Saved." } }
    : { type: "refused", text: refusal };
}
