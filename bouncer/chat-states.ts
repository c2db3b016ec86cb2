/**
 * RCPT, chat states (XEP-0085): each conversation has one state towards the other side, that of the client which a person
 * uses for it. A client that only loses the focus does not speak for the one that is typing.
 *
 * In memory only: after a reset the first client that says anything speaks for the account.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { chatStateIn, isOnlyChatState } from "../xmpp/message-payload.ts";
import { NS } from "../xmpp/namespaces.ts";
import { stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";

const MAX_CONVERSATIONS = 500;
/** Who has said for so long that it is typing may have stopped without saying so. */
const TYPING_MS = 120_000;

interface Conversation {
  /** Who typed or wrote last. */
  client: ClientId;
  state: string;
  atMs: number;
  /** The address and type of its last message. */
  to: string;
  type: string | undefined;
}

export class ChatStates implements Part {
  readonly #context: Pick<PartContext, "ports" | "outlet" | "session" | "isRoom">;
  /** By peer: a contact, a room, an occupant of a room. The longest silent first. */
  readonly #conversations = new Map<string, Conversation>();

  constructor(context: Pick<PartContext, "ports" | "outlet" | "session" | "isRoom">) {
    this.#context = context;
  }

  /** RCPT-5: withholds a state that is not this client's to say. */
  fromClient(id: ClientId, message: Element): boolean {
    if (stanzaKind(message) !== "message" || !isOnlyChatState(message)) return false;
    const { ports, outlet } = this.#context;
    const state = chatStateIn(message);
    const conversation = this.#conversations.get(this.#keyOf(message));
    if (!conversation || conversation.client === id || state === "composing") return false;
    const isTyping =
      conversation.state === "composing" && ports.clock.nowMs() - conversation.atMs < TYPING_MS;
    // To look at a conversation is to take it over, unless somebody is typing elsewhere.
    if (state === "active" && conversation.state !== "active" && !isTyping) return false;
    outlet.withhold("RCPT-5", message, "another client speaks for this conversation");
    return true;
  }

  /** Who writes or says how the conversation stands speaks for it. */
  sent(client: ClientId, message: Element): void {
    const { to, type } = message.attrs;
    const isSpeaking = chatStateIn(message) !== undefined || message.getChild("body") !== undefined;
    if (to === undefined || type === "error" || !isSpeaking) return;
    const state = isOnlyChatState(message) ? (chatStateIn(message) ?? "active") : "active";
    const key = this.#keyOf(message);
    this.#conversations.delete(key);
    this.#conversations.set(key, { client, state, atMs: this.#context.ports.clock.nowMs(), to, type });
    const [oldest] = this.#conversations.keys();
    if (this.#conversations.size > MAX_CONVERSATIONS && oldest !== undefined)
      this.#conversations.delete(oldest);
  }

  suspended(id: ClientId): void {
    this.#gone(id);
  }

  detached(id: ClientId): void {
    this.#gone(id);
  }

  /** RCPT-6: who is gone types no more, and says nothing of it. */
  #gone(id: ClientId): void {
    const { outlet, session } = this.#context;
    for (const [key, { client, state, to, type }] of this.#conversations) {
      if (client !== id) continue;
      this.#conversations.delete(key);
      if (state !== "composing" || !session.connected) continue;
      const paused = xml("message", { xmlns: NS.client, to, type }, xml("paused", { xmlns: NS.chatStates }));
      outlet.toUpstream("RCPT-6", paused, "the client that was typing is gone");
    }
  }

  #keyOf({ attrs: { to = "", type } }: Element): string {
    const bare = bareJidOf(to);
    return type !== "groupchat" && this.#context.isRoom(bare) ? to : bare;
  }
}
