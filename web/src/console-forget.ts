// Forgetting the account altogether, once its address was typed. With it the console's login is over.

import type { Ask } from "./console-ask.ts";
import { type Leave, make, makeButton, makeConfirmation, makeSection, type Section } from "./console-dom.ts";
import type { OwnerStatus } from "../../bouncer/owner-status.ts";

const WORDS =
  "Deletes everything that the proxy has of this account, for good: conversations, what logs in to your server, clients' sessions and tokens, rooms. It goes offline, and your clients are logged out. Your account on its server, and what your clients have, stay as they are. A client that logs in again makes it an account anew, so log out there first where you do not want that.";

export function forgetSection(ask: Ask, leave: Leave): Section {
  const said = make("p", "notice");
  said.setAttribute("role", "alert");
  said.hidden = true;
  const forget = async (): Promise<void> => {
    button.disabled = true;
    const answer = await ask<{ forgotten: string; note?: string }>("", "json", "DELETE");
    if (answer.ok) {
      const { forgotten, note = "" } = answer.value;
      leave(`Everything of ${forgotten} was deleted. ${note}`.trim());
      return;
    }
    said.textContent = answer.text;
    said.hidden = false;
    confirmation.reset();
  };
  const button = makeButton("Forget this account", "button", () => void forget());
  const confirmation = makeConfirmation(button);
  const body = make("div", "", make("p", "quiet", WORDS), confirmation.root, said);
  return {
    root: makeSection("Forget this account", body),
    show: ({ account }: OwnerStatus) => confirmation.require("To forget it, type", account),
  };
}
