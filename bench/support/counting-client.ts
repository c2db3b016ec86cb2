// A WebSocket client (RFC 6455) that costs as little as possible, so that it is not what is measured: it speaks text while it
// logs in, and then only looks at frame headers and counts. One process can be a hundred of them.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const PATIENCE_MS = 20_000;

export class CountingClient {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  /** Text frames that came and that nobody has taken, while texts are kept. */
  #texts: string[] = [];
  #keep = true;
  #wake: (() => void) | undefined;
  #streamError = "";
  /** While counting: text frames that begin like this. */
  #prefix = Buffer.alloc(0);
  counted = 0;
  bytes = 0;
  /** Of text, whatever was in them, from the beginning. */
  frames = 0;
  onCount: (() => void) | undefined;
  /** While counting: answers `<r/>`. */
  #managed = false;
  handled = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", () => undefined);
  }

  /** Upgrades; `url` is `ws://`. */
  static async connect(url: string): Promise<CountingClient> {
    const { hostname, port, host, pathname } = new URL(url);
    const socket = connect({ host: hostname === "localhost" ? "127.0.0.1" : hostname, port: Number(port) });
    const key = randomBytes(16).toString("base64");
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n`,
    );
    const rest = await new Promise<Buffer>((resolve, reject) => {
      let head = Buffer.alloc(0);
      const onData = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end === -1) return;
        socket.off("data", onData);
        const status = head.subarray(0, head.indexOf("\r\n")).toString();
        if (status.includes(" 101 ")) resolve(head.subarray(end + 4));
        else reject(new Error(`no upgrade: ${status}`));
      };
      socket.on("data", onData);
      socket.once("error", reject);
    });
    const client = new CountingClient(socket);
    if (rest.length > 0) client.#onData(rest);
    return client;
  }

  /** Sends one text frame; the promise settles when there is room for more. */
  send(text: string): boolean {
    const payload = Buffer.from(text);
    const mask = randomBytes(4);
    for (let index = 0; index < payload.length; index += 1) {
      payload[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
    }
    return this.#socket.write(Buffer.concat([header(payload.length), mask, payload]));
  }

  /** The next text for which the test holds; others before it are dropped. */
  async next(test: (text: string) => boolean, what: string): Promise<string> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const index = this.#texts.findIndex((text) => test(text));
      const found = this.#texts[index];
      if (found !== undefined) {
        this.#texts.splice(0, index + 1);
        return found;
      }
      if (performance.now() > giveUpAt) throw new Error(`${what} did not come: ${this.#texts.join("\n")}`);
      // oxlint-disable-next-line no-await-in-loop -- one frame after the other is the point
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /**
   * Sends an unsolicited Pong (RFC 6455 section 5.5.3), which is nothing but TCP's acknowledgement of what has come: servers
   * that leave Nagle's algorithm on wait for it before they send the next frame, and a client's kernel delays it by 40 ms.
   */
  acknowledgeNow(): void {
    this.#socket.write(Buffer.from([0x80 | PONG, 0x80, 0, 0, 0, 0]));
  }

  /** From now on frames are only counted: those that begin with `prefix`. `managed`: `<r/>` is answered. */
  count(prefix: string, managed: boolean): void {
    this.#keep = false;
    this.#texts = [];
    this.#prefix = Buffer.from(prefix);
    this.#managed = managed;
    this.counted = 0;
    this.bytes = 0;
  }

  /** From now on nothing is read any more, as by a computer that sleeps. */
  stall(): void {
    this.#socket.pause();
  }

  /** From now on texts are kept again. */
  listen(): void {
    this.#keep = true;
  }

  /** Drops the connection without a word. */
  drop(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    let at = 0;
    for (;;) {
      const frame = readHeader(this.#buffer, at);
      if (!frame || frame.end > this.#buffer.length) break;
      this.#onFrame(frame.opcode, this.#buffer.subarray(frame.start, frame.end));
      at = frame.end;
    }
    this.#buffer = this.#buffer.subarray(at);
    this.onCount?.();
  }

  /** Every client answers pings (XEP-0199): servers take one that does not for gone. */
  #answer(iq: string): void {
    const id = / id="([^"]*)"/.exec(iq)?.[1];
    const from = / from="([^"]*)"/.exec(iq)?.[1];
    if (id === undefined || !iq.includes("urn:xmpp:ping")) return;
    const to = from === undefined ? "" : ` to="${from}"`;
    this.send(`<iq xmlns="jabber:client" type="result" id="${id}"${to}/>`);
  }

  #onFrame(opcode: number, payload: Buffer): void {
    if (opcode === PING)
      this.#socket.write(Buffer.concat([Buffer.from([0x80 | PONG, 0x80]), Buffer.alloc(4)]));
    if (opcode === CLOSE && !this.#keep)
      throw new Error(`closed while counting: ${payload.readUInt16BE(0)} ${this.#streamError}`);
    if (opcode !== TEXT) return;
    this.frames += 1;
    if (payload[1] === 0x72 /* <r */) {
      if (this.#managed) this.send(`<a xmlns="urn:xmpp:sm:3" h="${this.handled}"/>`);
      return;
    }
    if (this.#keep) {
      const text = payload.toString();
      // Who answers no ping is sent no more until it does.
      if (text.startsWith("<iq")) this.#answer(text);
      if (text.startsWith("<enabled")) this.#managed = true;
      else if (/^<(message|presence|iq)/.test(text)) this.handled += this.#managed ? 1 : 0;
      this.#texts.push(text);
      this.#wake?.();
      return;
    }
    if (payload[1] === 0x73 /* <stream:error */) this.#streamError = payload.toString();
    this.bytes += payload.length;
    this.handled += 1;
    if (payload[1] === 0x69 /* <iq */) return this.#answer(payload.toString());
    if (payload.subarray(0, this.#prefix.length).equals(this.#prefix)) this.counted += 1;
  }
}

function header(length: number): Buffer {
  if (length < 126) return Buffer.from([0x81, 0x80 | length]);
  const long = Buffer.alloc(length < 65_536 ? 4 : 10);
  long[0] = 0x81;
  long[1] = 0x80 | (length < 65_536 ? 126 : 127);
  if (length < 65_536) long.writeUInt16BE(length, 2);
  else long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}

function readHeader(buffer: Buffer, at: number): { opcode: number; start: number; end: number } | undefined {
  if (buffer.length < at + 2) return undefined;
  const opcode = (buffer[at] ?? 0) & 0x0f;
  const short = (buffer[at + 1] ?? 0) & 0x7f;
  if (short < 126) return { opcode, start: at + 2, end: at + 2 + short };
  const extended = short === 126 ? 2 : 8;
  if (buffer.length < at + 2 + extended) return undefined;
  const length = short === 126 ? buffer.readUInt16BE(at + 2) : Number(buffer.readBigUInt64BE(at + 2));
  return { opcode, start: at + 2 + extended, end: at + 2 + extended + length };
}
