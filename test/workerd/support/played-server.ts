// A server at the other end of a link, played in memory: it logs everybody in with PLAIN, binds, and has Stream Management or
// not; it answers at once, or not at all. And a clock that only moves when told.

import type { Clock } from "../../../durable/clock.ts";
import { type Endpoint, formatEndpoint } from "../../../durable/discovery/endpoint.ts";
import type { Link, LinkHandlers } from "../../../durable/upstream/link.ts";
import type { StreamOpening } from "../../../xmpp/framing.ts";
import { SERVER_LIMITS } from "../../../xmpp/xml/limits.ts";
import { StreamReader } from "../../../xmpp/xml/stream-reader.ts";
import { parse } from "../../support/xml-shape.ts";

const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const PLAIN = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>`;
const BIND = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`;
const SM = `<sm xmlns='urn:xmpp:sm:3'/>`;

export interface Behaviour {
  /** Answers nothing, not even the beginning of the stream. */
  silent?: boolean;
  streamManagement?: boolean;
  /** How many stanzas it says it has handled when it resumes a session; none unless given. */
  resumesAt?: number;
  /** Where it wants sessions resumed. */
  location?: string;
}

export class PlayedClock implements Clock {
  #nowMs = 1_000_000;
  #timers: { atMs: number; callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass, and calls back who waits for it. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (!next || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }
}

/** One connection. */
class PlayedLink implements Link {
  /** Elements that came once the resource was bound, and the end of the stream. */
  readonly came: string[] = [];
  readonly where: string;
  boundAs: string | undefined;
  resumed = false;
  closed = false;
  readonly #handlers: LinkHandlers;
  readonly #behaviour: Behaviour;
  readonly #onReady: () => void;
  #reader = new StreamReader(SERVER_LIMITS);
  #authenticated = false;

  constructor(where: string, handlers: LinkHandlers, behaviour: Behaviour, onReady: () => void) {
    this.where = where;
    this.#handlers = handlers;
    this.#behaviour = behaviour;
    this.#onReady = onReady;
  }

  async run(): Promise<void> {
    await Promise.resolve();
    if (!this.closed) this.#handlers.onConnected();
    if (this.#behaviour.silent === true) this.#onReady();
  }

  writeOpen(_opening: StreamOpening): void {
    const features = this.#authenticated
      ? BIND + (this.#behaviour.streamManagement === true ? SM : "")
      : PLAIN;
    this.#answer(`${HEADER}<stream:features>${features}</stream:features>`);
  }

  writeElement(text: string): void {
    if (this.#behaviour.silent === true) return;
    const element = parse(text.replace(/^<(iq|message|presence)\b/, '<$1 xmlns="jabber:client"'));
    const resource = element.getChild("bind")?.getChildText("resource");
    if (element.getName() === "auth") {
      this.#authenticated = true;
      return this.#answer(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`);
    }
    if (typeof resource === "string") return this.#bind(resource);
    if (element.getName() === "enable") {
      const location =
        this.#behaviour.location === undefined ? "" : ` location='${this.#behaviour.location}'`;
      this.#answer(`<enabled xmlns='urn:xmpp:sm:3' id='sm' resume='true'${location}/>`);
      return queueMicrotask(this.#onReady);
    }
    if (element.getName() === "resume") {
      this.resumed = true;
      this.#answer(`<resumed xmlns='urn:xmpp:sm:3' previd='sm' h='${this.#behaviour.resumesAt ?? 0}'/>`);
      return queueMicrotask(this.#onReady);
    }
    this.came.push(text);
  }

  /** The server says this. */
  say(xml: string): void {
    if (!this.closed) this.#handlers.onEvents(this.#reader.write(xml));
  }

  /** The server ends the stream with this error. */
  endWith(condition: string, content = ""): void {
    this.say(
      `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${content}</${condition}></stream:error>`,
    );
  }

  /** The server closes the stream, and sends us to another address as over WebSocket. */
  closeWith(otherUri: string): void {
    if (!this.closed) this.#handlers.onEvents([{ type: "close", otherUri }]);
  }

  restart(): boolean {
    this.#reader = new StreamReader(SERVER_LIMITS);
    return true;
  }

  startTls(): boolean {
    throw new Error("TLS begins with the connection");
  }

  writeClose(): void {
    this.came.push("</stream:stream>");
  }

  close(): void {
    this.closed = true;
  }

  #bind(resource: string): void {
    this.boundAs = resource;
    const jid = `user@played.example/${resource}`;
    this.#answer(
      `<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`,
    );
    if (this.#behaviour.streamManagement !== true) queueMicrotask(this.#onReady);
  }

  #answer(xml: string): void {
    if (this.#behaviour.silent !== true) queueMicrotask(() => this.say(xml));
  }
}

export class PlayedServer {
  behaviour: Behaviour = {};
  readonly #links: PlayedLink[] = [];
  readonly #ready: PlayedLink[] = [];
  #waiting: (() => void)[] = [];

  /** An OpenLink. */
  readonly open = (endpoint: Endpoint, handlers: LinkHandlers): Link => {
    const link = new PlayedLink(formatEndpoint(endpoint), handlers, this.behaviour, () => {
      this.#ready.push(link);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#links.push(link);
    return link;
  };

  get connections(): number {
    return this.#links.length;
  }

  /** The connection with this number, from 0, once there is a session on it; a silent one once it is connected. */
  async session(number: number): Promise<PlayedLink> {
    for (;;) {
      const link = this.#ready[number];
      if (link) return link;
      // oxlint-disable-next-line no-await-in-loop -- one event after the other
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }
}
