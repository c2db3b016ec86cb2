/**
 * What a command is (XEP-0050), for whoever adds one: a name, and what it shows first. Commands are for the account's own
 * clients only; who asks need not be looked at. Name a new one in command-list.ts.
 */
import type { Element } from "@xmpp/xml";
import type { FormValues } from "../../xmpp/data-forms.ts";

/** What a command shows at one of its stages. */
export type Stage =
  /** It is over. An "error" note says that it failed (XEP-0050 section 4.5). */
  { type: "done"; form?: Element; note?: { type: "info" | "warn" | "error"; text: string } } | AskStage;

/** A form to be filled in. `isLast`: what follows is the end, as the client's button should say. */
export interface AskStage {
  type: "ask";
  form: Element;
  isLast: boolean;
  /** What follows; or, in words, why the form cannot be taken as it is filled in. */
  submit(values: FormValues): Stage | { type: "refused"; text: string };
}

export interface Command {
  /** Unique among commands; lasting, since people write it into scripts. */
  node: string;
  /** For people. */
  name: string;
  begin(): Stage;
}
