// MSG-8 through the whole object: what the owner has named is still named after a reset.

import { abortAllDurableObjects } from "cloudflare:test";
import { expect, it } from "vitest";
import { copiesRawCommand } from "../support/phrases.ts";
import { Client } from "./support/client.ts";
import { sessions } from "./support/servers.ts";

it("MSG-8 CMD-5 a named device gets what a sibling sends, also after the object was reset", async () => {
  const account = "log-only@good.example";
  const phone = await Client.online(account, { resource: "phone" });
  const [full = ""] = (await sessions("good", account)).map(({ jid }) => jid ?? "");
  const command = async (session?: string, devices?: string[]): Promise<string> => {
    phone.send(copiesRawCommand(session, devices).replace("$full", full));
    return await phone.until(/id="raw"/);
  };
  const session = /sessionid="([^"]+)"/.exec(await command())?.[1];
  expect(await command(session, ["bot"])).toContain("Saved.");

  await abortAllDurableObjects();
  await phone.until(/^closed/);
  const bot = await Client.online(account, { resource: "bot" });
  const other = await Client.online(account, { resource: "other" });
  const laptop = await Client.online(account, { resource: "laptop" });
  laptop.send(
    `<message xmlns="jabber:client" to="bob@good.example" type="chat" id="m"><body>Hi</body></message>`,
  );
  expect(await bot.until(/^<message/)).toMatch(
    new RegExp(`^<message [^>]*from="${full}"[^>]*><body>Hi</body>`),
  );
  laptop.send(
    `<iq xmlns="jabber:client" type="get" id="after" to="${full}"><ping xmlns="urn:xmpp:ping"/></iq>`,
  );
  await laptop.until(/id="after"/);
  expect(other.unread).toBe(0);
});
