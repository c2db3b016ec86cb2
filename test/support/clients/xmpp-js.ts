// @xmpp/client 0.14 (xmpp.js), which logs in with SCRAM-SHA-1 or, on loopback, PLAIN.

import { createHash } from "node:crypto";
import { client, xml } from "@xmpp/client";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { type ChatClient, hear, Journal, type LoginOptions } from "./chat-client.ts";

/** A UUID that belongs to a name. */
function installation(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** @throws with the server's words when it does not get in */
export async function loginXmppClient({ url, jid, password, device }: LoginOptions): Promise<ChatClient> {
  const [username = "", domain = ""] = jid.split("@");
  const journal = new Journal();
  // Of itself it would be another installation each time (XEP-0388 section 2.3).
  const userAgent = xml("user-agent", { id: installation(`${jid}/${device}`) });
  const xmpp = client({ service: url, domain, resource: device, username, password, userAgent });
  // It would log in again by itself, and a test wants to see how a stream ended.
  xmpp.reconnect.stop();
  xmpp.on("error", ({ condition, message }) => journal.errors.push(condition ?? message));
  xmpp.on("send", (element) => journal.sent(serialize(element)));
  xmpp.on("element", (element) => {
    journal.frames.push(serialize(element));
    if (element.is("message")) {
      journal.heard.push(hear(element));
    }
  });
  const address = await xmpp.start().catch((error: unknown) => {
    throw new Error(`@xmpp/client as ${jid}: ${journal.refusal()}`, { cause: error });
  });
  const enable = xml("enable", { xmlns: "urn:xmpp:carbons:2" });
  await xmpp.iqCaller.request(xml("iq", { type: "set" }, enable));
  await xmpp.send(xml("presence"));
  return {
    fullJid: address.toString(),
    journal,
    say: async (to, body, id) =>
      await xmpp.send(xml("message", { to, type: "chat", id }, xml("body", {}, body))),
    discover: async (to, id) => {
      const query = xml("query", { xmlns: "http://jabber.org/protocol/disco#info" });
      const answer = await xmpp.iqCaller.request(xml("iq", { type: "get", to, id }, query));
      return answer.getChild("query")?.getChild("identity")?.attrs.category ?? "";
    },
    close: async () => await xmpp.stop(),
  };
}
