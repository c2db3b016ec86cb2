/**
 * One WebSocket to an XMPP server (RFC 7395, as the client), as a stream of XML events and a place to write elements to.
 * It knows nothing of negotiation or stanzas. The platform verifies the certificate for the host of the URL; redirects
 * are not followed, so that it stays the host that was chosen.
 */
import { CLOSE_FRAME, elementFrame, openFrame, readFramed, type StreamOpening } from "../../xmpp/framing.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";
import type { StreamEvent } from "../../xmpp/xml/stream-reader.ts";
import { xmlProblem } from "../../xmpp/xml/xml-error.ts";
import { formatEndpoint, type WebSocketEndpoint } from "../discovery/endpoint.ts";
import { within } from "../time-limit.ts";
import type { Link, LinkHandlers, LinkStage } from "./link.ts";

/** The platform's `fetch`, as far as an upgrade needs it. */
export type Upgrade = (
  url: string,
  init: { headers: Record<string, string>; redirect: "manual"; signal: AbortSignal },
) => Promise<Response>;

const CONNECT_TIMEOUT_MS = 10_000;
/** RFC 6455 section 7.4.1: going away. No `<close/>` was said, so the stream may be resumed (RFC 7395 section 3.6). */
const GOING_AWAY = 1001;
const SUBPROTOCOL = "xmpp";

const BINARY = xmlProblem("bad-format", "Binary WebSocket message");

export class WebSocketLink implements Link {
  readonly #url: URL;
  /** What the URL is called in words. */
  readonly #name: string;
  readonly #handlers: LinkHandlers;
  readonly #upgrade: Upgrade;
  #socket: WebSocket | undefined;
  #closed = false;

  constructor(
    endpoint: WebSocketEndpoint,
    handlers: LinkHandlers,
    upgrade: Upgrade = (url, init) => fetch(url, init),
  ) {
    this.#url = new URL(endpoint.url);
    this.#name = formatEndpoint(endpoint);
    this.#handlers = handlers;
    this.#upgrade = upgrade;
  }

  async run(): Promise<void> {
    const abort = new AbortController();
    try {
      const socket = await within(CONNECT_TIMEOUT_MS, this.#connect(abort.signal));
      if (typeof socket === "string") return this.#end(`${this.#name} ${socket}.`, "connect");
      if (this.#closed) return socket.close(GOING_AWAY);
      this.#socket = socket;
    } catch (error) {
      abort.abort();
      const said = error instanceof Error ? error.message : "unknown error";
      // The platform tells a refused connection and a refused certificate in the same words.
      const orTls = this.#url.protocol === "wss:" ? ", or its certificate is not valid for that name" : "";
      return this.#end(`${this.#name} cannot be reached${orTls} (${said}).`, "connect");
    }
    this.#handlers.onConnected();
    await this.#ended(this.#socket);
  }

  writeOpen(opening: StreamOpening): void {
    this.#send(openFrame(opening));
  }

  writeElement(xml: string): void {
    this.#send(elementFrame(xml));
  }

  writeClose(): void {
    this.#send(CLOSE_FRAME);
  }

  /** Each frame is read by itself: there is nothing to begin anew (RFC 7395 section 3.7). */
  restart(): boolean {
    return true;
  }

  startTls(): boolean {
    throw new Error("STARTTLS on a WebSocket: negotiation was told the wrong kind of protection");
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** The open WebSocket, or why there is none: how the sentence about the URL goes on. */
  async #connect(signal: AbortSignal): Promise<WebSocket | string> {
    const url = this.#url.href.replace(/^ws/, "http");
    const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": SUBPROTOCOL };
    const response = await this.#upgrade(url, { headers, redirect: "manual", signal });
    const socket = response.webSocket;
    if (response.status !== 101 || !socket)
      return `answered ${response.status} where a WebSocket was asked for`;
    socket.accept();
    // RFC 7395 section 3.1: without the subprotocol it is something else that answers there.
    if (response.headers.get("Sec-WebSocket-Protocol")?.trim().toLowerCase() === SUBPROTOCOL) return socket;
    socket.close(1002);
    return 'does not speak the WebSocket subprotocol "xmpp"';
  }

  /** Hands on what arrives; resolves when the WebSocket is gone. */
  async #ended(socket: WebSocket): Promise<void> {
    await new Promise<void>((resolve) => {
      socket.addEventListener("message", ({ data }) => this.#onMessage(data));
      socket.addEventListener("close", ({ code }) => {
        // The other half: only then does the platform let go of the connection.
        this.#drop();
        this.#end(`The server closed the WebSocket (code ${code}).`, "stream");
        resolve();
      });
      socket.addEventListener("error", ({ message }) => {
        this.#end(`The connection to ${this.#url.host} broke (${message}).`, "stream");
        resolve();
      });
    });
  }

  #onMessage(data: unknown): void {
    if (this.#closed) return;
    const event =
      typeof data === "string" ? readEvent(data) : ({ type: "problem", problem: BINARY } as const);
    this.#handlers.onEvents(event ? [event] : []);
  }

  #send(frame: string): void {
    if (this.#closed || !this.#socket) return;
    try {
      this.#socket.send(frame);
    } catch (error) {
      const said = error instanceof Error ? error.message : "unknown error";
      // Not in the caller's turn: it does not expect to lose its stream while it is writing to it.
      queueMicrotask(() => this.#end(`The connection to ${this.#url.host} broke (${said}).`, "stream"));
    }
  }

  #end(reason: string, stage: LinkStage): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.onClosed(reason, stage);
  }

  #drop(): void {
    try {
      this.#socket?.close(GOING_AWAY);
    } catch {
      // It is gone already.
    }
  }
}

/** What a frame says; undefined for the white space of a keepalive. */
function readEvent(data: string): StreamEvent | undefined {
  const frame = parseFrame(data, SERVER_LIMITS);
  if (!frame.ok) return { type: "problem", problem: frame.problem };
  return frame.element && readFramed(frame.element);
}
