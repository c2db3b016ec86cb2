/**
 * One TCP connection to an XMPP server, as a stream of XML events and a place to write to: `connect()`, TLS, UTF-8,
 * the strict reader. It knows nothing of negotiation or stanzas.
 *
 * Only the host name given to `connect()` is ever verified by the platform's TLS in production, so that is the name
 * that must be right; no other name is passed anywhere.
 */
import { connect } from "cloudflare:sockets";
import { STREAM_END, streamHeader, type StreamOpening } from "../../xmpp/framing.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";
import { type StreamEvent, StreamReader } from "../../xmpp/xml/stream-reader.ts";
import type { TcpEndpoint } from "../discovery/endpoint.ts";
import { within } from "../time-limit.ts";
import type { Link, LinkHandlers, LinkStage } from "./link.ts";

/** What Prosody's TLS reads at once; a chunk is its own TLS record. */
const CHUNK_BYTES = 4_096;
/**
 * What is read at once, if there is as much: a chunk is a turn, and so a transaction. The platform's own choice is 4 KiB, of
 * which a server that has much to say makes many. It is decoded in pieces of that size, since a few characters that somebody
 * keeps of a string keep all of it.
 */
const READ_BYTES = 65_536;
const PIECE_BYTES = 4_096;
const CONNECT_TIMEOUT_MS = 10_000;
const SECURE_TRANSPORT = { direct: "on", starttls: "starttls", none: "off" } as const;

export class TcpLink implements Link {
  readonly #host: TcpEndpoint;
  readonly #handlers: LinkHandlers;
  readonly #encoder = new TextEncoder();
  // A strong reference for as long as the link lives: the platform closes sockets that nobody holds.
  #socket: Socket;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #stream = new StreamReader(SERVER_LIMITS);
  #outbox: Uint8Array[] = [];
  #tlsRequested = false;
  #closed = false;

  constructor(host: TcpEndpoint, handlers: LinkHandlers) {
    this.#host = host;
    this.#handlers = handlers;
    const { hostname, port, tls } = host;
    this.#socket = connect(
      { hostname, port },
      { secureTransport: SECURE_TRANSPORT[tls], allowHalfOpen: false },
    );
    this.#writer = this.#socket.writable.getWriter();
  }

  async run(): Promise<void> {
    let stage: LinkStage = "connect";
    try {
      await within(CONNECT_TIMEOUT_MS, this.#socket.opened);
      stage = "stream";
      this.#handlers.onConnected();
      let wantsTls = await this.#read();
      while (wantsTls) {
        stage = "tls";
        // oxlint-disable-next-line no-await-in-loop -- one reading after the other is the point
        await this.#upgrade();
        stage = "stream";
        this.#handlers.onTlsEstablished();
        // oxlint-disable-next-line no-await-in-loop -- one reading after the other is the point
        wantsTls = await this.#read();
      }
      this.#end("The server closed the connection.", stage);
    } catch (error) {
      this.#end(this.#describe(error, stage), stage);
    }
  }

  writeOpen(opening: StreamOpening): void {
    this.#write(streamHeader(opening));
  }

  writeElement(xml: string): void {
    this.#write(xml);
  }

  writeClose(): void {
    this.#write(STREAM_END);
  }

  /**
   * Sends one element, after what its turn stored is durable. What is written in one turn leaves together, in chunks of
   * whole elements that a server reads at once: Prosody 0.12 goes on after a resumption with what its parser had read of
   * the old connection, so a connection that dies must not leave half an element behind (LINK-9).
   */
  #write(text: string): void {
    if (this.#closed) return;
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(this.#encoder.encode(text));
  }

  restart(): boolean {
    const isClean = !this.#stream.hasIncomplete;
    this.#stream = new StreamReader(SERVER_LIMITS);
    return isClean;
  }

  startTls(): boolean {
    this.#tlsRequested = true;
    return !this.#stream.hasIncomplete;
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    // Closing towards a dead host can take as long as TCP's own patience: nobody waits for it.
    this.#socket.close().catch(() => undefined);
  }

  /** Reads until the end, or until TLS is to begin (true). */
  async #read(): Promise<boolean> {
    const reader = this.#socket.readable.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(READ_BYTES);
    // RFC 6120 section 11.6: UTF-8 and nothing else; an invalid byte ends the stream.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- chunks come one after the other
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (this.#closed || done) return false;
      buffer = value.buffer;
      this.#handlers.onEvents(this.#parse(value, decoder));
      if (this.#tlsRequested) {
        this.#tlsRequested = false;
        reader.releaseLock();
        // Throws on the beginning of a character: it was not for the protected stream either.
        decoder.decode();
        // UP-2: what came behind <proceed/> may have ended it.
        return !this.#closed;
      }
    }
  }

  #parse(chunk: Uint8Array, decoder: TextDecoder): StreamEvent[] {
    const events: StreamEvent[] = [];
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      events.push(...this.#stream.write(decoder.decode(piece, { stream: true })));
    }
    return events;
  }

  async #upgrade(): Promise<void> {
    this.#flush();
    this.#writer.releaseLock();
    this.#socket = this.#socket.startTls();
    this.#writer = this.#socket.writable.getWriter();
    await within(CONNECT_TIMEOUT_MS, this.#socket.opened);
    this.restart();
  }

  #flush(): void {
    if (this.#closed) return;
    const chunks = inChunks(this.#outbox, CHUNK_BYTES);
    this.#outbox = [];
    for (const chunk of chunks) {
      this.#writer
        .write(chunk)
        .catch((error: unknown) => this.#end(this.#describe(error, "stream"), "stream"));
    }
  }

  #end(reason: string, stage: LinkStage): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close().catch(() => undefined);
    this.#handlers.onClosed(reason, stage);
  }

  #describe(error: unknown, stage: LinkStage): string {
    const { hostname, port, tls } = this.#host;
    const said = error instanceof Error ? error.message : "unknown error";
    if (stage === "tls")
      return `TLS with ${hostname} failed: its certificate is not valid for that name (${said}). If it is for another one, UPSTREAM_HOSTS can say that one.`;
    if (stage === "stream") return `The connection to ${hostname} broke (${said}).`;
    // The platform tells a refused connection and a refused certificate in the same words.
    const orTls = tls === "direct" ? ", or its certificate is not valid for that name" : "";
    return `${hostname}:${port} cannot be reached${orTls} (${said}).`;
  }
}

/** Joins neighbours up to the limit; what is larger alone stays alone. */
function inChunks(parts: readonly Uint8Array[], limit: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (const part of parts) {
    const last = chunks.at(-1);
    if (last && last.length + part.length <= limit) {
      const joined = new Uint8Array(last.length + part.length);
      joined.set(last);
      joined.set(part, last.length);
      chunks[chunks.length - 1] = joined;
    } else chunks.push(part);
  }
  return chunks;
}
