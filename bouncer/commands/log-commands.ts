/** The commands `export-log`, which says where to get it, and `delete-log`, which asks before it deletes (EXPORT-4, DELETE-4). */
import { type FormValues, formToFill, resultForm } from "../../xmpp/data-forms.ts";
import { readPeer } from "../search/asking.ts";
import type { AskStage, Command, Stage } from "./command.ts";

type Submitted = ReturnType<AskStage["submit"]>;

const WITH = { name: "with", label: "Only with this contact or room", type: "jid-single" } as const;
const NOT_AN_ADDRESS = { type: "refused", text: "That is not the address of a contact or a room." } as const;

/** A stanza cannot carry a log: people are told how to get it. `account` is a bare JID. */
export function exportCommand(account: string): Command {
  return {
    node: "export-log",
    name: "Export conversations",
    begin: () => ({
      type: "ask",
      isLast: true,
      form: formToFill("Export conversations", "Leave the address empty for all of them.", [WITH]),
      submit: (values) => tellWhere(account, values),
    }),
  };
}

function tellWhere(account: string, values: FormValues): Submitted {
  const peer = readWith(values);
  if (!peer.ok) return NOT_AN_ADDRESS;
  const path = `/accounts/${encodeURIComponent(account)}/log`;
  const limit = peer.value === undefined ? "" : `&with=${encodeURIComponent(peer.value)}`;
  const how = `Open these below your deployment's address, with ${account} and your password as the login; or use its /console.`;
  return {
    type: "done",
    form: resultForm("Export conversations", [
      { name: "how", label: "How", type: "text-single", value: how },
      {
        name: "jsonl",
        label: "With everything, to move it or keep it",
        type: "text-single",
        value: `${path}?format=jsonl${limit}`,
      },
      { name: "text", label: "To read", type: "text-single", value: `${path}?format=text${limit}` },
    ]),
  };
}

/** `remove` deletes one conversation, or everything. */
export function deleteCommand(remove: (peer: string | undefined) => void): Command {
  return {
    node: "delete-log",
    name: "Delete conversations",
    begin: () => ({
      type: "ask",
      isLast: false,
      form: formToFill("Delete conversations", "Leave the address empty to delete all of them.", [
        { ...WITH, label: "Delete the conversation with" },
      ]),
      submit(values) {
        const peer = readWith(values);
        return peer.ok ? confirm(peer.value, remove) : NOT_AN_ADDRESS;
      },
    }),
  };
}

function confirm(peer: string | undefined, remove: (peer: string | undefined) => void): AskStage {
  const what = peer === undefined ? "ALL conversations" : `the conversation with ${peer}`;
  const help = `This deletes ${what} from the proxy's log, for good. Your server's archive, and what your clients have, stay as they are.`;
  return {
    type: "ask",
    isLast: true,
    form: formToFill(`Delete ${what}?`, help, [
      { name: "sure", label: `Yes, delete ${what}`, type: "boolean", value: "0", required: true },
    ]),
    submit: (values): Stage => {
      const sure = values.get("sure")?.[0];
      if (sure !== "1" && sure !== "true") {
        return { type: "done", note: { type: "info", text: "Nothing was deleted." } };
      }
      remove(peer);
      return { type: "done", note: { type: "info", text: `Deleted: ${what}.` } };
    },
  };
}

function readWith(values: FormValues): { ok: true; value: string | undefined } | { ok: false } {
  const text = values.get("with")?.[0]?.trim() ?? "";
  const peer = text === "" ? undefined : readPeer(text);
  return text !== "" && peer === undefined ? { ok: false } : { ok: true, value: peer };
}
