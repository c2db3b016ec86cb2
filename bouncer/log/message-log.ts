/**
 * LOG-1: writes each message into the account's log as it comes or goes, before anybody gets it. Which messages is
 * loggable.ts's decision; who gets them is the general rules'.
 */
import type { Element } from "@xmpp/xml";
import { readCarbon } from "../../xmpp/carbons.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { ArchiveHost } from "../archive/archive-host.ts";
import type { Ports } from "../ports.ts";
import type { Session } from "../session.ts";
import { DistinctTimes } from "./distinct-times.ts";
import { Duplicates } from "./duplicates.ts";
import { type Loggable, shouldLogArchived, shouldLogReceived, shouldLogSent } from "./loggable.ts";

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
  /** The message as clients get it, and the frame that it is; of a carbon, what is inside. */
  message: Element;
  frame: string;
}

export class MessageLog {
  readonly #ports: Pick<Ports, "clock" | "log">;
  readonly #session: Session;
  readonly #archive: Pick<ArchiveHost, "stamp" | "strip">;
  readonly #duplicates: Duplicates;
  /** The message that is being dealt with: what came from upstream or from a client, and its place. */
  #stanza: Element | undefined;
  #place: Place | undefined;
  readonly #times = new DistinctTimes();

  constructor(
    ports: Pick<Ports, "clock" | "log">,
    session: Session,
    archive: Pick<ArchiveHost, "stamp" | "strip">,
  ) {
    this.#ports = ports;
    this.#session = session;
    this.#archive = archive;
    this.#duplicates = new Duplicates(ports.log);
  }

  /** A message from upstream, before anybody is sent it. */
  received(message: Element): Logged {
    this.#stanza = message;
    this.#place = undefined;
    const { bareJid } = this.#session;
    this.#archive.strip(readCarbon(message, bareJid)?.message ?? message);
    const decision = shouldLogReceived(message, bareJid);
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    if (this.#duplicates.has(decision)) return { outcome: "duplicate", room: decision.room };
    return this.#append(decision, undefined, this.#saidAtMs(decision));
  }

  /** MAM-8: a message that the server's archive has, with its id there and when it was said; the log may have it already. */
  archived(message: Element, stanzaId: string, atMs: number): Logged {
    const decision = shouldLogArchived(message, stanzaId, this.#session.bareJid);
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    if (this.#duplicates.hasArchived(decision)) return { outcome: "duplicate", room: false };
    return this.#append(decision, undefined, this.#times.said(atMs));
  }

  /** When the log says that a message was said, which an archive told under this id: the account's own, or a room's at `by`. */
  timeOf(message: Element, stanzaId: string, by: string): number | undefined {
    const { bareJid } = this.#session;
    if (by !== bareJid) return this.#duplicates.timeOf({ peer: by, stanzaId, message });
    const decision = shouldLogArchived(message, stanzaId, bareJid);
    return decision.log ? this.#duplicates.timeOf(decision) : undefined;
  }

  /** MAM-8: from now on the ids of all that comes after `after` are remembered; undefined: no longer. */
  watch(after: number | undefined): void {
    this.#duplicates.watch(after);
  }

  /** A message that was accepted for upstream. It is given the `from` that the server will stamp. */
  sent(message: Element, device: string): Logged {
    message.attrs.from = this.#session.fullJid;
    this.#stanza = message;
    this.#place = undefined;
    this.#archive.strip(message);
    const decision = shouldLogSent(message, this.#session.bareJid);
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    return this.#append(decision, device, this.#saidAtMs(decision));
  }

  /** The place of the stanza that is being dealt with, or of what is inside it. */
  placeOf(stanza: Element): Place | undefined {
    return stanza === this.#stanza || stanza === this.#place?.message ? this.#place : undefined;
  }

  #append(loggable: Loggable, device: string | undefined, atMs: number): Logged {
    const { message, sent, peer, room, stanzaId } = loggable;
    this.#duplicates.add(loggable, atMs);
    const frame = serialize(message);
    const { id: messageId } = message.attrs;
    const entry = { atMs, sent, device, peer, room, messageId, stanzaId, frame };
    const seq = this.#ports.log.append(entry);
    if (seq === undefined) return { outcome: "not-logged", reason: "too large for the log" };
    // A room's are its own archive's.
    const stamped = room ? frame : this.#archive.stamp(message, frame, seq);
    this.#place = { seq, room, message, frame: stamped };
    return { outcome: "logged", place: this.#place };
  }

  /** Now, unless our server, or the room, says that it was delayed (XEP-0203); nobody else is believed. */
  #saidAtMs({ message, peer }: Loggable): number {
    const nowMs = this.#ports.clock.nowMs();
    const delay = message.getChild("delay", NS.delay);
    const { from = "", stamp = "" } = delay?.attrs ?? {};
    const { bareJid } = this.#session;
    const isTrusted =
      from === bareJid ||
      from === bareJid.slice(bareJid.indexOf("@") + 1) ||
      (message.attrs.type === "groupchat" && bareJidOf(from) === peer);
    const saidMs = isTrusted ? this.#ports.clock.parse(stamp) : Number.NaN;
    return Number.isNaN(saidMs) ? this.#times.now(nowMs) : Math.min(this.#times.said(saidMs), nowMs);
  }
}
