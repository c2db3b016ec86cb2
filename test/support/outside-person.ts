// Somebody at the other end of a conversation, past the Worker: a bare RFC 7395 client straight to Prosody's own
// WebSocket, so that what they hear is what the world hears of an account behind the Worker. Hides nothing: no carbons,
// no archive, no removal of duplicates.

import type { Element } from "@xmpp/xml";
import { waitFor } from "../../scripts/processes.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";

const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

export interface HeardMessage {
  /** Full JID of the sender. */
  readonly from: string;
  readonly body: string;
}

/** A person who is logged in and available. */
export class OutsidePerson {
  /** Every message with a body since login, in order; duplicates stay. */
  readonly heard: HeardMessage[] = [];
  readonly #socket: WebSocket;
  readonly #bareJid: string;
  /** Everything else that came. */
  readonly #frames: Element[] = [];

  constructor(socket: WebSocket, bareJid: string) {
    this.#socket = socket;
    this.#bareJid = bareJid;
    socket.addEventListener("message", (event: MessageEvent<unknown>) => this.#onFrame(String(event.data)));
  }

  #onFrame(frame: string): void {
    const parsed = parseFrame(frame, DEFAULT_LIMITS);
    if (!parsed.ok || parsed.element === undefined) {
      throw new Error(`the server sent no valid frame: ${frame}`);
    }
    const body = parsed.element.getChildText("body");
    if (parsed.element.name === "message" && body !== null) {
      this.heard.push({ from: parsed.element.attrs["from"] ?? "", body });
    } else {
      this.#frames.push(parsed.element);
    }
  }

  async #exchange(frame: string, answerName: string): Promise<void> {
    const seen = this.#frames.length;
    this.#socket.send(frame);
    await waitFor(`${this.#bareJid} to get <${answerName}/>`, () =>
      this.#frames.slice(seen).some((element) => element.name === answerName),
    );
  }

  /** SASL PLAIN, bind, initial presence. */
  async logIn(password: string): Promise<void> {
    const [localpart = "", domain = ""] = this.#bareJid.split("@");
    const open = `<open xmlns="${FRAMING}" to="${domain}" version="1.0"/>`;
    const plain = Buffer.from(`\0${localpart}\0${password}`).toString("base64");
    await this.#exchange(open, "features");
    await this.#exchange(`<auth xmlns="${SASL}" mechanism="PLAIN">${plain}</auth>`, "success");
    await this.#exchange(open, "features");
    await this.#exchange(`<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="${BIND}"/></iq>`, "iq");
    this.#socket.send('<presence xmlns="jabber:client"/>');
  }

  /** Sends a chat message; the body is plain text without XML's special characters. */
  say(to: string, body: string): void {
    const id = crypto.randomUUID();
    this.#socket.send(
      `<message xmlns="jabber:client" to="${to}" type="chat" id="${id}"><body>${body}</body></message>`,
    );
  }

  /** Waits until a message with this body has come. */
  async hear(body: string): Promise<HeardMessage> {
    return await waitFor(`${this.#bareJid} to hear "${body}"`, () =>
      this.heard.find((message) => message.body === body),
    );
  }

  leave(): void {
    this.#socket.close();
  }
}

/**
 * Logs somebody in at an RFC 7395 endpoint and makes them available.
 * @throws when the login does not succeed
 */
export async function comeOnline(url: string, bareJid: string, password: string): Promise<OutsidePerson> {
  const socket = new WebSocket(url, "xmpp");
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error(`cannot connect to ${url}`)), { once: true });
  });
  const person = new OutsidePerson(socket, bareJid);
  await person.logIn(password);
  return person;
}
