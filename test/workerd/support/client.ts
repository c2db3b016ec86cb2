// A client of the Worker under test: a WebSocket and what came over it, frame by frame.

import { exports } from "cloudflare:workers";
import { encodeBase64Text } from "../../../xmpp/sasl/base64.ts";

const CLOSE = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`;
const SERVER_CLOSE = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`;
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
/** How long a hang may last before the test that waits says what it waited for. */
const PATIENCE_MS = 8_000;

/** The password of every account on the fake servers. */
const PASSWORD = "pencil";

/** An upgrade request; the Worker believes that it is on loopback unless told another origin. */
export function upgrade(path: string, { origin = "http://localhost", protocol = "xmpp" } = {}): Request {
  const headers = new Headers({ Upgrade: "websocket", "Sec-WebSocket-Protocol": protocol });
  return new Request(`${origin}${path}`, { headers });
}

export class Client {
  readonly #ws: WebSocket;
  readonly #account: string;
  readonly #came: string[] = [];
  /** Every frame, and `closed {code}`, whether somebody has taken it or not. */
  readonly all: string[] = [];
  /** Does it answer `<close/>`, as RFC 7395 section 3.6 has it? */
  answersClose = true;
  #wake: (() => void) | undefined;

  constructor(ws: WebSocket, account: string) {
    this.#ws = ws;
    this.#account = account;
    ws.accept();
    ws.addEventListener("message", ({ data }) => {
      if (data === SERVER_CLOSE && this.answersClose) this.#ws.send(CLOSE);
      this.#note(String(data));
    });
    ws.addEventListener("close", ({ code }) => this.#note(`closed ${code}`));
    ws.addEventListener("error", () => this.#note("error"));
  }

  /** From the answer to an upgrade. */
  static of(response: Response, account: string): Client {
    if (!response.webSocket) throw new Error(`no WebSocket: ${response.status}`);
    return new Client(response.webSocket, account);
  }

  /** `query`: what stands behind the account in the address. */
  static async connect(account: string, query = ""): Promise<Client> {
    const path = `/xmpp-websocket/${encodeURIComponent(account)}${query}`;
    return Client.of(await exports.default.fetch(upgrade(path)), account);
  }

  /** Connects, logs in with PLAIN and binds. The full JID is what bind said. */
  static async online(
    account: string,
    { resource = "test", password = PASSWORD, query = "" } = {},
  ): Promise<Client> {
    const client = await Client.connect(account, query);
    const outcome = await client.login(password);
    if (!outcome.startsWith("<success")) throw new Error(outcome);
    await client.bind(resource);
    return client;
  }

  send(frame: string | ArrayBuffer): void {
    this.#ws.send(frame);
  }

  /** Drops the WebSocket without a word of XMPP. */
  drop(): void {
    this.#ws.close(1001);
  }

  /** How many frames have come that nobody has asked for. */
  get unread(): number {
    return this.#came.length;
  }

  /** The next frame, or `closed {code}`. */
  async next(): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    while (this.#came.length === 0) {
      if (Date.now() > deadline) throw new Error("nothing came");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#came.shift() ?? "";
  }

  /** The next frame that matches; what comes before it is passed over. */
  async until(pattern: RegExp): Promise<string> {
    const passed: string[] = [];
    for (;;) {
      const frame = await this.next().catch((error: unknown) => {
        throw new Error(`${String(error)}: ${pattern.source} after ${JSON.stringify(passed)}`);
      });
      if (pattern.test(frame)) return frame;
      passed.push(frame);
    }
  }

  /** Everything to the end of the connection. */
  async rest(): Promise<string[]> {
    const frames: string[] = [];
    do frames.push(await this.next());
    while (!frames.at(-1)?.startsWith("closed"));
    return frames;
  }

  async open(): Promise<string> {
    const domain = this.#account.slice(this.#account.indexOf("@") + 1);
    this.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`);
    return await this.until(/^<stream:features|^<stream:error/);
  }

  /** PLAIN. Says what the server's answer is. */
  async login(password: string): Promise<string> {
    await this.open();
    return await this.plain(password);
  }

  async plain(password: string): Promise<string> {
    const localpart = this.#account.slice(0, this.#account.indexOf("@"));
    const message = encodeBase64Text(`\0${localpart}\0${password}`);
    this.send(`<auth xmlns="${SASL}" mechanism="PLAIN">${message}</auth>`);
    return await this.until(/^<success|^<failure/);
  }

  /** After the login: opens the stream again and binds. Says what the answer is. */
  async bind(resource: string): Promise<string> {
    await this.open();
    this.send(
      `<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${resource}</resource></bind></iq>`,
    );
    return await this.until(/id="bind"/);
  }

  #note(what: string): void {
    this.all.push(what);
    this.#came.push(what);
    this.#wake?.();
  }
}
