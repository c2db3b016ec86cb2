// stanza 12, which logs in with SCRAM-SHA-256 where it can and speaks JSON to its user.

import { createClient } from "stanza";
import type { Message } from "stanza/protocol";
import { type ChatClient, type Heard, Journal, type LoginOptions } from "./chat-client.ts";

function hearJson(message: Message, how: Heard["how"] = "itself"): Heard {
  const { from = "", to = "", type = "normal", id = "", body = "" } = message;
  return { how, from, to, type, id, body };
}

/** What this library does beside what all do. */
interface StanzaClient extends ChatClient {
  /** Joins a room (XEP-0045) under this nickname. */
  join(room: string, nickname: string): Promise<void>;
}

/**
 * `reconnects`: comes back by itself when its connection breaks off. `sendReceipts`: to whoever asks for them (XEP-0184).
 * @throws with the server's words when it does not get in
 */
export async function loginStanza(
  { url, jid, password, device }: LoginOptions,
  { reconnects = false, sendReceipts = false } = {},
): Promise<StanzaClient> {
  const journal = new Journal();
  const agent = createClient({
    jid,
    password,
    resource: device,
    transports: { websocket: url, bosh: false },
    autoReconnect: reconnects,
    maxReconnectBackoff: 2,
    sendReceipts,
  });
  agent.on("raw:incoming", (frame: string) => journal.frames.push(frame));
  agent.on("raw:outgoing", (frame: string) => journal.sent(frame));
  // "stream:error" is for errors that the library found itself; the server's come as data.
  agent.on("stream:data", (data, kind) => {
    if (kind === "streamError") {
      journal.errors.push(data.condition);
    }
  });
  agent.on("message", (message) => {
    if (message.carbon === undefined) {
      journal.heard.push(hearJson(message));
    }
  });
  // The library tells only carbons that it trusts: those from the account itself (XEP-0280 section 11).
  agent.on("carbon:sent", ({ carbon }) => {
    journal.heard.push(hearJson(carbon.forward.message ?? {}, "sent"));
  });
  agent.on("carbon:received", ({ carbon }) => {
    journal.heard.push(hearJson(carbon.forward.message ?? {}, "received"));
  });
  const fullJid = await new Promise<string>((resolve, reject) => {
    agent.once("session:started", (address) => resolve(address ?? ""));
    agent.once("disconnected", () => reject(new Error(`stanza as ${jid}: ${journal.refusal()}`)));
    agent.connect();
  });
  await agent.enableCarbons();
  agent.sendPresence();
  return {
    fullJid,
    journal,
    say: async (to, body, id) => {
      agent.sendMessage({ to, type: "chat", id, body });
      await Promise.resolve();
    },
    join: async (room, nickname) => {
      await agent.joinRoom(room, nickname);
    },
    discover: async (to, id) => {
      const answer = await agent.sendIQ({ to, id, type: "get", disco: { type: "info" } });
      const { disco } = answer;
      return disco?.type === "info" ? (disco.identities?.[0]?.category ?? "") : "";
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        agent.once("disconnected", () => resolve());
        agent.disconnect();
      });
    },
  };
}
