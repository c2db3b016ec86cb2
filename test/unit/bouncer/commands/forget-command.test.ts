// FORGET-4: the command forget-account, as a chat client goes through it.

import { describe, expect, it } from "vitest";
import { forgetCommand } from "../../../../bouncer/commands/forget-command.ts";
import { serialize } from "../../../../xmpp/xml/serialize.ts";

const ACCOUNT = "alice@example.org";

/** What the form says, what its end says, and how often the account was forgotten. */
function go(typed: string | undefined, isNamed = false): { asked: string; said: string; forgotten: number } {
  let forgotten = 0;
  const stage = forgetCommand({ account: ACCOUNT, isNamed, forget: () => (forgotten += 1) }).begin();
  if (stage.type !== "ask") throw new Error("it asks nothing");
  const end = stage.submit(new Map(typed === undefined ? [] : [["account", [typed]]]));
  const said = end.type === "done" ? (end.note?.text ?? "") : end.type;
  return { asked: serialize(stage.form), said, forgotten };
}

describe("FORGET-4 the command forget-account", () => {
  it("FORGET-4 says what it does, and does it when the account's address was typed", () => {
    const { asked, said, forgotten } = go(ACCOUNT);
    expect(asked).toContain("Everything that the proxy has of the account is deleted, for good");
    expect(asked).toContain(`To forget it, type: ${ACCOUNT}`);
    expect(asked).not.toContain("ACCOUNTS");
    expect([said, forgotten]).toEqual([`Forgotten: ${ACCOUNT}.`, 1]);
  });

  it.each([undefined, "", "alice", "bob@example.org", "1"])(
    "FORGET-4 with %j nothing is forgotten",
    (typed) => {
      const { said, forgotten } = go(typed);
      expect([said, forgotten]).toEqual(["Nothing was forgotten.", 0]);
    },
  );

  it("FORGET-4 says that an account that the settings name comes online anew", () => {
    expect(go(ACCOUNT, true).asked).toContain("(ACCOUNTS) still name this account");
  });
});
