/**
 * LOG-6: what a client without Stream Management has for certain. It is asked a ping (XEP-0199): whoever answers has got what
 * was sent before, since a stream keeps its order. Not every client answers; one that sends anything a while after it was
 * asked was still there by then.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import type { ClientId, Ports } from "../ports.ts";
import type { Session } from "../session.ts";

/** Longer than any connection that still works takes. */
const SILENCE_MS = 10_000;

interface Question {
  id: string;
  /** What was sent before it, up to this place in the log. */
  seq: number;
  atMs: number;
}

export class RoundTrips {
  readonly #ports: Pick<Ports, "clients" | "clock" | "ids">;
  readonly #session: Session;
  readonly #open = new Map<ClientId, Question>();

  constructor(ports: Pick<Ports, "clients" | "clock" | "ids">, session: Session) {
    this.#ports = ports;
    this.#session = session;
  }

  isAsked(id: ClientId): boolean {
    return this.#open.has(id);
  }

  /** The ping that asks whether a client has got all up to `seq`; a question before it is void. */
  ask(client: ClientId, seq: number): Element {
    const id = this.#ports.ids.next();
    this.#open.set(client, { id, seq, atMs: this.#ports.clock.nowMs() });
    const address = { from: this.#session.bareJid, to: this.#session.fullJid };
    const ping = xml("ping", { xmlns: NS.ping });
    return xml("iq", { xmlns: NS.client, type: "get", id, ...address }, ping);
  }

  /** A stanza from a client. `seq`: what it has for certain now; `answer`: it is the answer, and nobody else's business. */
  fromClient(client: ClientId, stanza: Element): { seq: number; answer: boolean } | undefined {
    const question = this.#open.get(client);
    if (!question) return undefined;
    const { id, type } = stanza.attrs;
    const answer = id === question.id && stanza.is("iq") && (type === "result" || type === "error");
    if (!answer && this.#ports.clock.nowMs() - question.atMs < SILENCE_MS) return undefined;
    this.#open.delete(client);
    return { seq: question.seq, answer };
  }

  /** A client is gone, or cut off for now. */
  forget(client: ClientId): void {
    this.#open.delete(client);
  }
}
