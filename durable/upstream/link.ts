/**
 * A connection to an XMPP server as negotiation and stanzas need it, whatever carries it. Knows nothing of either, and
 * nothing of how it is carried.
 */
import type { StreamOpening } from "../../xmpp/framing.ts";
import type { StreamEvent } from "../../xmpp/xml/stream-reader.ts";
import type { Endpoint } from "../discovery/endpoint.ts";

/** `connect`: there was no connection yet. `tls`: STARTTLS failed. `stream`: it was lost afterwards. */
export type LinkStage = "connect" | "tls" | "stream";

export interface LinkHandlers {
  /** The connection stands (and TLS too, where it begins with it). */
  onConnected(): void;
  onTlsEstablished(): void;
  /** What arrived together: one synchronous turn, and so one storage transaction. */
  onEvents(events: StreamEvent[]): void;
  /** The connection is gone, for a reason in words. Called once, and nothing else after it. */
  onClosed(reason: string, stage: LinkStage): void;
}

export interface Link {
  /** Connects, and runs until the connection is gone; never rejects. To be called once. */
  run(): Promise<void>;
  /** Begins the stream, or begins it anew after authentication. */
  writeOpen(opening: StreamOpening): void;
  /** Sends one complete element: a stanza, a nonza, a stream error. Inherits `jabber:client` if it names no namespace. */
  writeElement(xml: string): void;
  /** Ends the stream in order, which also ends what could be resumed. */
  writeClose(): void;
  /**
   * What comes next from the server is a new stream (RFC 6120 sections 5.4.3.3 and 6.4.6). False when part of something has
   * come already, which was not for that stream.
   */
  restart(): boolean;
  /** After what has just arrived: TLS, for the host name that was connected to. False as with `restart`. */
  startTls(): boolean;
  /** Lets go without another word to the handlers. */
  close(): void;
}

/** Makes a link to an endpoint; `run()` is the next thing to call on it. Throws where the platform has none to such an address. */
export type OpenLink = (endpoint: Endpoint, handlers: LinkHandlers) => Link;
