// The XMPP subprotocol of RFC 7395 by hand: frames in and out over Node's WebSocket, nothing added but the answer to `<close/>`, nothing
// hidden. For tests of exact bytes, and of what no well-behaved client would send. `RawSession` is the same after logging in with
// PLAIN and binding: literal stanzas, for scenarios.

import type { Element } from "@xmpp/xml";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { Inbox } from "./clients/inbox.ts";

/** Stands in the list of frames for the end of the WebSocket; no frame looks like it. */
const CLOSED = "(closed)";

export interface Closed {
  /** RFC 6455 section 7.4; 1006 when the connection ended without a closing handshake. */
  readonly code: number;
  readonly reason: string;
}

/** `<open/>` as a client sends it. */
export function openTo(domain: string): string {
  return `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`;
}

export const CLOSE = '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>';

/** SASL PLAIN with its initial response (RFC 4616). */
export function plainAuth(username: string, password: string): string {
  const message = Buffer.from(`\0${username}\0${password}`).toString("base64");
  return `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`;
}

/** Parses a frame of ours strictly: it must be one well-formed element with a namespace. */
export function element(frame: string): Element {
  const parsed = parseFrame(frame, DEFAULT_LIMITS);
  if (!parsed.ok || parsed.element === undefined) {
    throw new Error(`not a frame of RFC 7395: ${frame}`);
  }
  return parsed.element;
}

/** The condition and text of a stream error, `undefined` for any other frame. */
function streamErrorOf(frame: string): { condition: string; text: string } | undefined {
  if (!frame.startsWith("<")) {
    return undefined;
  }
  const error = element(frame);
  if (!error.is("error", "http://etherx.jabber.org/streams")) {
    return undefined;
  }
  const condition = error.getChildElements()[0]?.getName() ?? "";
  return { condition, text: error.getChildText("text") ?? "" };
}

/** How a server ended a stream. */
export interface Ending {
  /** Of the stream error (RFC 6120 section 4.9.3); empty when there was none. */
  readonly condition: string;
  readonly text: string;
  /** Was `<close/>` the last frame, and behind the error if there was one, both byte for byte as the strictest client reads them? */
  readonly closedStream: boolean;
  /** Of the WebSocket. */
  readonly code: number;
}

/** The one `<close/>` that every web client reads: Strophe compares the whole frame with it. */
export const SERVER_CLOSE = '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />';

/** RFC 6120 section 4.9.2: the condition, the text, and what may say more. */
const STREAM_ERROR = new RegExp(
  `^<stream:error xmlns:stream="http://etherx.jabber.org/streams"><[a-z-]+ xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>` +
    `<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">[^<]+</text>(?:<.+>)?</stream:error>$`,
);

export class RawClient {
  /** Every text frame received, in order. */
  readonly frames = new Inbox<string>((frame) => frame);
  readonly closed: Promise<Closed>;
  /** What the server chose of the subprotocols on offer. */
  readonly protocol: string;
  readonly #socket: WebSocket;
  #read = 0;
  #answersClose = true;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.protocol = socket.protocol;
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        resolve({ code, reason });
        // Whoever waits for a frame that cannot come any more learns it at once.
        this.frames.push(CLOSED);
      });
    });
    socket.addEventListener("message", ({ data }) => {
      if (data === SERVER_CLOSE && this.#answersClose) this.#socket.send(CLOSE);
      this.frames.push(String(data));
    });
  }

  /**
   * Opens the WebSocket, and nothing more.
   * @throws when the upgrade is refused
   */
  static async connect(url: string, protocols: string | string[] = "xmpp"): Promise<RawClient> {
    const socket = new WebSocket(url, protocols);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error(`no WebSocket at ${url}`)), { once: true });
    });
    return new RawClient(socket);
  }

  send(frame: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(frame);
  }

  /** From here on, the server's `<close/>` is left without an answer. */
  ignoreClose(): void {
    this.#answersClose = false;
  }

  /** The next frame that was not read yet. */
  async next(): Promise<string> {
    const position = this.#read;
    this.#read += 1;
    return await this.frames.first(`frame ${position}`, () => true, position);
  }

  /** Sends a frame and returns the next `count` frames. */
  async exchange(frame: string, count = 1): Promise<string[]> {
    this.send(frame);
    const answers: string[] = [];
    while (answers.length < count) {
      answers.push(await this.next());
    }
    return answers;
  }

  /** Waits for the WebSocket to close and says how the stream ended before. */
  async ending(): Promise<Ending> {
    const { code } = await this.closed;
    const frames = this.frames.all.filter((frame) => frame !== CLOSED);
    const isClosed = frames.at(-1) === SERVER_CLOSE;
    const frame = frames.at(isClosed ? -2 : -1) ?? "";
    const error = streamErrorOf(frame);
    const closedStream = isClosed && (error === undefined || STREAM_ERROR.test(frame));
    return { condition: error?.condition ?? "", text: error?.text ?? "", closedStream, code };
  }

  /** Closes the WebSocket without a word of XMPP, as a closed tab does. */
  drop(code = 1000): void {
    this.#socket.close(code);
  }
}

export interface Account {
  readonly jid: string;
  readonly password: string;
}

/** A stream after PLAIN and bind: literal stanzas in, parsed stanzas out. */
export class RawSession {
  readonly fullJid: string;
  readonly client: RawClient;
  /** Every element received after the bind result. */
  readonly stanzas = new Inbox<Element>(String);

  private constructor(client: RawClient, fullJid: string, already: number) {
    this.client = client;
    this.fullJid = fullJid;
    void this.#collect(already);
  }

  /**
   * Logs in with PLAIN and binds.
   * @throws when any step is answered with something else than success
   */
  static async login(url: string, account: Account, device: string): Promise<RawSession> {
    const [local = "", domain = ""] = account.jid.split("@");
    const client = await RawClient.connect(url);
    await client.exchange(openTo(domain), 2);
    const [verdict = ""] = await client.exchange(plainAuth(local, account.password));
    if (!verdict.startsWith("<success")) {
      throw new Error(`${account.jid} could not log in: ${verdict}`);
    }
    await client.exchange(openTo(domain), 2);
    const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${device}</resource></bind>`;
    const [bound = ""] = await client.exchange(`<iq xmlns="jabber:client" type="set" id="bind">${bind}</iq>`);
    const fullJid = element(bound).getChild("bind")?.getChildText("jid");
    if (fullJid === undefined || fullJid === null) {
      throw new Error(`${account.jid} could not bind: ${bound}`);
    }
    return new RawSession(client, fullJid, client.frames.all.length);
  }

  async #collect(already: number): Promise<void> {
    for (let position = already; ; position += 1) {
      const frame = await this.client.frames.first("any frame", () => true, position, 2 ** 31 - 1);
      if (frame === CLOSED) {
        return;
      }
      this.stanzas.push(element(frame));
    }
  }

  /** Sends one stanza; its namespace is added, as RFC 7395 section 3.3.3 needs it. */
  send(stanza: string): void {
    this.client.send(stanza.replace(/^<(\w+)/, '<$1 xmlns="jabber:client"'));
  }

  /** The stanza with this name that matches, received or yet to come. */
  async stanza(
    name: string,
    matches: (stanza: Element) => boolean = () => true,
    patienceMs?: number,
  ): Promise<Element> {
    const what = `<${name}/> for ${this.fullJid}`;
    return await this.stanzas.first(what, (entry) => entry.is(name) && matches(entry), 0, patienceMs);
  }

  /** Sends a request and waits for its answer. */
  async request(iq: string): Promise<Element> {
    const id = /\bid="([^"]*)"/.exec(iq)?.[1] ?? "";
    const asked = this.stanzas.all.length;
    this.send(iq);
    const isAnswer = ({ attrs }: Element): boolean =>
      attrs.id === id && (attrs.type === "result" || attrs.type === "error");
    return await this.stanzas.first(
      `the answer to ${iq}`,
      (entry) => entry.is("iq") && isAnswer(entry),
      asked,
    );
  }

  /** Ends the stream as RFC 7395 section 3.6 says. */
  async close(): Promise<Closed> {
    this.client.send(CLOSE);
    const closed = await this.client.closed;
    return closed;
  }
}
