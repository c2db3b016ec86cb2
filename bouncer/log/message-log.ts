/**
 * LOG-1: writes each message into the account's log as it comes or goes, before anybody gets it. Which messages is
 * loggable.ts's decision; who gets them is the general rules'.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { Ports } from "../ports.ts";
import type { Session } from "../session.ts";
import { Duplicates } from "./duplicates.ts";
import { type Loggable, shouldLogReceived, shouldLogSent } from "./loggable.ts";

/** What became of a message. */
export type Logged =
  | { outcome: "logged"; place: Place }
  /** It is in the log already. */
  | { outcome: "duplicate"; room: boolean }
  | { outcome: "not-logged"; reason: string };

/** A message's place in the log. */
export interface Place {
  seq: number;
  /** A room's: only clients in that room get it. */
  room: boolean;
  /** The message, and the frame that it is; of a carbon, what is inside. */
  message: Element;
  frame: string;
}

/** Stamps run ahead of the clock by no more than this, however many messages come at once. */
const MAX_AHEAD_MS = 1_000;

export class MessageLog {
  readonly #ports: Pick<Ports, "clock" | "log">;
  readonly #session: Session;
  readonly #duplicates: Duplicates;
  /** The message that is being dealt with: what came from upstream or from a client, and its place. */
  #stanza: Element | undefined;
  #place: Place | undefined;
  /** When the latest message that was not delayed was said. */
  #latestMs = 0;

  constructor(ports: Pick<Ports, "clock" | "log">, session: Session) {
    this.#ports = ports;
    this.#session = session;
    this.#duplicates = new Duplicates(ports.log);
  }

  /** A message from upstream, before anybody is sent it. */
  received(message: Element): Logged {
    this.#stanza = message;
    this.#place = undefined;
    const decision = shouldLogReceived(message, this.#session.bareJid);
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    if (this.#duplicates.has(decision)) return { outcome: "duplicate", room: decision.room };
    this.#duplicates.add(decision);
    return this.#append(decision, undefined);
  }

  /** A message that was accepted for upstream. It is given the `from` that the server will stamp. */
  sent(message: Element, device: string): Logged {
    message.attrs.from = this.#session.fullJid;
    this.#stanza = message;
    this.#place = undefined;
    const decision = shouldLogSent(message, this.#session.bareJid);
    return decision.log ? this.#append(decision, device) : { outcome: "not-logged", reason: decision.reason };
  }

  /** The place of the stanza that is being dealt with, or of what is inside it. */
  placeOf(stanza: Element): Place | undefined {
    return stanza === this.#stanza || stanza === this.#place?.message ? this.#place : undefined;
  }

  #append({ message, sent, peer, room, stanzaId }: Loggable, device: string | undefined): Logged {
    const frame = serialize(message);
    const { id: messageId } = message.attrs;
    const atMs = this.#saidAtMs(message, peer);
    const entry = { atMs, sent, device, peer, room, messageId, stanzaId, frame };
    const seq = this.#ports.log.append(entry);
    if (seq === undefined) return { outcome: "not-logged", reason: "too large for the log" };
    this.#place = { seq, room, message, frame };
    return { outcome: "logged", place: this.#place };
  }

  /** Now, unless our server, or the room, says that it was delayed (XEP-0203); nobody else is believed. */
  #saidAtMs(message: Element, peer: string): number {
    const nowMs = this.#ports.clock.nowMs();
    const delay = message.getChild("delay", NS.delay);
    const { from = "", stamp = "" } = delay?.attrs ?? {};
    const { bareJid } = this.#session;
    const isTrusted =
      from === bareJid ||
      from === bareJid.slice(bareJid.indexOf("@") + 1) ||
      (message.attrs.type === "groupchat" && bareJidOf(from) === peer);
    const saidMs = isTrusted ? this.#ports.clock.parse(stamp) : Number.NaN;
    return Number.isNaN(saidMs) ? this.#distinct(nowMs) : Math.min(saidMs, nowMs);
  }

  /** Clients sort by the stamp: what comes within one millisecond is stamped in its order all the same. */
  #distinct(nowMs: number): number {
    const isSame = nowMs <= this.#latestMs && this.#latestMs - nowMs < MAX_AHEAD_MS;
    this.#latestMs = isSame ? this.#latestMs + 1 : nowMs;
    return this.#latestMs;
  }
}
