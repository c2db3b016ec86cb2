// What goes over a client's WebSocket, frame by frame, however its library hands it out; and the clients that come back.

import { element } from "../../raw-client.ts";
import { Inbox } from "../inbox.ts";

/** All frames of one client, over all its connections. */
export class Wire {
  /** Those that were sent begin with "> ". */
  readonly frames = new Inbox<string>((frame) => frame);

  came(frame: string): void {
    this.frames.push(frame);
  }

  sent(frame: string): void {
    this.frames.push(`> ${frame}`);
  }

  count(pattern: RegExp): number {
    return this.frames.all.filter((frame) => pattern.test(frame)).length;
  }

  async until(what: string, pattern: RegExp): Promise<void> {
    await this.frames.first(what, (frame) => pattern.test(frame), 0, 30_000);
  }

  /**
   * The stanzas that the client has handled, in order: all that came but what it says itself, when it resumes, that it has not
   * (XEP-0198 section 5): a page that goes may have a frame and not look at it any more, or not write down that it has.
   */
  #handled(): string[] {
    const handled: string[] = [];
    let begin = 0;
    for (const frame of this.frames.all) {
      const [, h] = (frame.startsWith("> ") && /<resume\b[^>]* h=["'](\d+)["']/.exec(frame)) || [];
      if (/<enabled /.test(frame)) begin = handled.length;
      else if (/^<(?:message|presence|iq)\b/.test(frame)) handled.push(frame);
      else if (h !== undefined) handled.splice(begin + Number(h));
    }
    return handled;
  }

  /**
   * The bodies of messages from this bare JID, or this room, that the client has handled, in order. `distinct`: without those whose
   * stanza id came before (XEP-0359), which is how a client tells them that may get twice what it has not acknowledged.
   */
  bodies(from: string, { distinct = false } = {}): string[] {
    const known = new Set<string>();
    return this.#handled().flatMap((frame) => {
      if (!frame.startsWith("<message")) return [];
      const message = element(frame);
      const body = message.getChildText("body");
      if (message.attrs.from?.split("/")[0] !== from || body === null) return [];
      const id = message.getChild("stanza-id", "urn:xmpp:sid:0")?.attrs["id"] ?? frame;
      const isKnown = known.has(id);
      known.add(id);
      return distinct && isKnown ? [] : [body];
    });
  }
}

export interface ReturningOptions {
  /** Of the endpoint or, for the chat page, of the page. */
  url: string;
  /** Bare JID. */
  jid: string;
  password: string;
}

/** A client that is there again by itself after its network was gone. */
export interface ReturningClient {
  readonly wire: Wire;
  /** Sends a message of this type; `to` is a bare JID. */
  say(to: string, body: string, type?: "chat" | "groupchat"): Promise<void>;
  /** Joins a room (XEP-0045). */
  join(room: string, nickname: string): Promise<void>;
  /**
   * The page is gone once its user has read the message `read`, and there again with what the client keeps over that when
   * `meanwhile` is over.
   */
  reload(meanwhile: () => Promise<void>, read: string): Promise<void>;
  /** What a person sees of the conversation with this bare JID, or in this room, in the order shown; where somebody sees it. */
  shown?(peer: string): Promise<readonly string[]>;
  close(): Promise<void>;
}
