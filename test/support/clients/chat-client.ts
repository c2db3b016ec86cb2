// One way to use every web client library in a scenario. Each wrapper logs in, enables carbons and becomes available as
// its library's users do, and lets the library itself read messages and match answers: what is heard here is what the
// library understood.

import type { Element } from "@xmpp/xml";
import { element } from "../raw-client.ts";
import { Inbox } from "./inbox.ts";

/** One message as the library handed it to its user. */
export interface Heard {
  /** itself, or a copy of what another client of the account sent or received (XEP-0280). */
  readonly how: "itself" | "sent" | "received";
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly id: string;
  readonly body: string;
}

export interface LoginOptions {
  /** The WebSocket endpoint. */
  readonly url: string;
  /** Bare JID. */
  readonly jid: string;
  readonly password: string;
  /** The resource to ask for. */
  readonly device: string;
}

export interface ChatClient {
  /** What bind returned, as the library keeps it. */
  readonly fullJid: string;
  readonly journal: Journal;
  /** Sends a chat message. */
  say(to: string, body: string, id: string): Promise<void>;
  /** Asks an entity what it is (XEP-0030) under this id; answers with the category of its first identity. */
  discover(jid: string, id: string): Promise<string>;
  /** Ends the stream. */
  close(): Promise<void>;
}

export type Login = (options: LoginOptions) => Promise<ChatClient>;

/** What went over a client's WebSocket and what its library made of it. */
export class Journal {
  readonly heard = new Inbox<Heard>(({ how, from, body }) => `${how} from ${from}: ${body}`);
  /** Every frame that came in. */
  readonly frames = new Inbox<string>((frame) => frame);
  /** Every stream error, by the condition that the library reported. */
  readonly errors = new Inbox<string>((condition) => condition);
  /** The SASL mechanism that the library chose. */
  mechanism = "";

  /** Takes a frame that went out. */
  sent(frame: string): void {
    this.mechanism = /<auth(?:enticate)?\b[^>]*\bmechanism="([^"]+)"/.exec(frame)?.[1] ?? this.mechanism;
  }

  /** What the server said last to a login that failed, for an error text. */
  refusal(): string {
    return this.frames.all.findLast((frame) => /<failure|<stream:error/.test(frame)) ?? "no reason given";
  }

  /** How many answers to requests with this id came in. */
  answers(id: string): number {
    const answers = this.frames.all.filter((frame) => {
      const { attrs, name } = element(frame);
      return name === "iq" && attrs.id === id && (attrs.type === "result" || attrs.type === "error");
    });
    return answers.length;
  }
}

/** Reads a message element; for libraries that hand out XML. */
export function hear(message: Element): Heard {
  for (const how of ["sent", "received"] as const) {
    const forwarded = message
      .getChild(how, "urn:xmpp:carbons:2")
      ?.getChild("forwarded", "urn:xmpp:forward:0");
    const inner = forwarded?.getChild("message", "jabber:client");
    if (inner !== undefined) {
      return { ...hear(inner), how };
    }
  }
  const { from = "", to = "", type = "normal", id = "" } = message.attrs;
  return { how: "itself", from, to, type, id, body: message.getChildText("body") ?? "" };
}
