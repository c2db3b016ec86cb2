/** The command `forget-account`: asks for the account's address before it deletes all there is of it (FORGET-4). */
import { type FormValues, formToFill } from "../../xmpp/data-forms.ts";
import { STILL_NAMED, WHAT_FORGETTING_DOES } from "../forgetting.ts";
import type { Command, Stage } from "./command.ts";

interface Forgettable {
  /** A bare JID. */
  account: string;
  /** The settings name it. */
  isNamed: boolean;
  forget: () => void;
}

export function forgetCommand(forgettable: Forgettable): Command {
  const { account, isNamed } = forgettable;
  return {
    node: "forget-account",
    name: "Forget this account",
    begin: () => ({
      type: "ask",
      isLast: true,
      form: formToFill(
        `Forget ${account}?`,
        isNamed ? `${WHAT_FORGETTING_DOES} ${STILL_NAMED}` : WHAT_FORGETTING_DOES,
        [{ name: "account", label: `To forget it, type: ${account}`, type: "text-single", required: true }],
      ),
      submit: (values) => confirm(forgettable, values),
    }),
  };
}

function confirm({ account, forget }: Forgettable, values: FormValues): Stage {
  if (values.get("account")?.[0]?.trim() !== account) {
    return { type: "done", note: { type: "info", text: "Nothing was forgotten." } };
  }
  forget();
  return { type: "done", note: { type: "info", text: `Forgotten: ${account}.` } };
}
