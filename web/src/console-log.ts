// Taking conversations away, as a file, and deleting them, once what is to be deleted was typed.

import type { Ask } from "./console-ask.ts";
import {
  make,
  makeButton,
  makeConfirmation,
  makeField,
  makeInput,
  makeSection,
  type Section,
} from "./console-dom.ts";

const EVERYTHING = "everything";
/** The browser may still be reading it. */
const KEPT_MS = 60_000;

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

export function logSection(ask: Ask): Section {
  const peer = makeInput({ inputmode: "email", autocapitalize: "none", placeholder: "all conversations" });
  const said = make("p", "quiet");
  said.setAttribute("role", "status");
  const wanted = (): string => peer.value.trim();
  const limit = (sign: "?" | "&"): string =>
    wanted() === "" ? "" : `${sign}with=${encodeURIComponent(wanted())}`;

  const download = async (format: "jsonl" | "text"): Promise<void> => {
    said.textContent = "This may take a while.";
    const answer = await ask<Blob>(`log?format=${format}${limit("&")}`, "file");
    said.textContent = answer.ok ? "Saved." : answer.text;
    if (answer.ok) {
      const suffix = format === "text" ? "txt" : "jsonl";
      save(answer.value, `xmpp ${wanted() === "" ? "conversations" : wanted()}.${suffix}`);
    }
  };
  const remove = async (): Promise<void> => {
    const answer = await ask<{ deleted: string }>(`log${limit("?")}`, "json", "DELETE");
    said.textContent = answer.ok ? `Deleted: ${answer.value.deleted}.` : answer.text;
    confirmation.reset();
  };
  const button = makeButton("Delete for good", "button", () => void remove());
  const confirmation = makeConfirmation(button);
  const renew = (): void => confirmation.require("To delete, type", wanted() === "" ? EVERYTHING : wanted());
  peer.addEventListener("input", renew);
  renew();
  const exports = make(
    "div",
    "fields",
    makeField("With", peer),
    makeButton("Save to read", "button", () => void download("text")),
    makeButton("Save all there is (JSON Lines)", "button", () => void download("jsonl")),
  );
  const words =
    "Deletes from the proxy's log. Your server's archive, and what your clients have, stay as they are.";
  const deletion = make("div", "danger-zone", make("p", "quiet", words), confirmation.root);
  return { root: makeSection("Conversations", make("div", "", exports, deletion, said)) };
}
