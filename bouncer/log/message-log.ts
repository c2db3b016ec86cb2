/**
 * LOG-1: writes each message into the account's log as it comes or goes, before anybody gets it. Which messages is
 * loggable.ts's decision; who gets them is the general rules'.
 */
import xml, { type Element } from "@xmpp/xml";
import { readCarbon } from "../../xmpp/carbons.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { ArchiveHost } from "../archive/archive-host.ts";
import type { Ports } from "../ports.ts";
import type { Session } from "../session.ts";
import { DeletedRooms } from "./deleted-rooms.ts";
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

/** Ids are remembered from so much before a gap: carbons and offline messages are not in the archive's order. */
const OVERLAP = 1_000;

export class MessageLog {
  /** What the owner has deleted of rooms. */
  readonly deleted: DeletedRooms;
  readonly #ports: Pick<Ports, "clock" | "log">;
  readonly #session: Session;
  readonly #archive: Pick<ArchiveHost, "stamp" | "strip">;
  readonly #duplicates: Duplicates;
  /** The message that is being dealt with: what came from upstream or from a client, and its place. */
  #stanza: Element | undefined;
  #place: Place | undefined;
  #isRepeated = false;
  readonly #times: DistinctTimes;

  constructor(
    ports: Pick<Ports, "clock" | "log" | "store">,
    session: Session,
    archive: Pick<ArchiveHost, "stamp" | "strip">,
  ) {
    this.#ports = ports;
    this.#session = session;
    this.#archive = archive;
    this.#times = new DistinctTimes(() => ports.log.latestMs());
    this.deleted = new DeletedRooms(ports);
    this.#duplicates = new Duplicates(ports.log, this.deleted);
  }

  /** A message from upstream, before anybody is sent it. */
  received(message: Element): Logged {
    this.#stanza = message;
    this.#place = undefined;
    this.#isRepeated = false;
    const { bareJid } = this.#session;
    this.#archive.strip(readCarbon(message, bareJid)?.message ?? message);
    const decision = shouldLogReceived(message, bareJid);
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    this.#isRepeated = this.#duplicates.has(decision);
    if (this.#isRepeated) return { outcome: "duplicate", room: decision.room };
    return this.#append(decision, undefined, this.#saidAtMs(decision));
  }

  /**
   * MAM-8, MAM-12: a message that an archive has, the account's or a room's, whose bare JID is `by`; with its id there and when
   * it was said. The log may have it already.
   */
  archived(message: Element, by: string, { id, atMs }: { id: string; atMs: number }): Logged {
    this.#stanza = undefined;
    this.#place = undefined;
    stampId(message, by, id);
    const decision = shouldLogArchived(message, id, { by, bareJid: this.#session.bareJid });
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    if (this.#duplicates.hasArchived(decision)) return { outcome: "duplicate", room: decision.room };
    return this.#append(decision, undefined, this.#times.said(atMs));
  }

  /** MAM-11: when the log says that a message was said, which an archive told under this id: the account's, or a room's, at `by`. */
  timeOf(message: Element, stanzaId: string, by: string): number | undefined {
    const decision = shouldLogArchived(message, stanzaId, { by, bareJid: this.#session.bareJid });
    return decision.log ? this.#duplicates.timeOf(decision) : undefined;
  }

  /**
   * MAM-8: from now on the ids of all that this archive's owner has stamped since the number `seq`, or a little before, are
   * remembered; undefined: no longer.
   */
  watch(by: string, seq: number | undefined): void {
    const room = by === this.#session.bareJid ? undefined : by;
    this.#duplicates.watch(room, seq === undefined ? undefined : Math.max(0, seq - OVERLAP));
  }

  /** DELETE-6: what is in the log of a room is about to be deleted. */
  deletes(room: string): void {
    this.#duplicates.deletes(room);
  }

  /** A message that was accepted for upstream. It is given the `from` that the server will stamp. */
  sent(message: Element, device: string): Logged {
    message.attrs.from = this.#session.fullJid;
    this.#stanza = message;
    this.#place = undefined;
    this.#isRepeated = false;
    this.#archive.strip(message);
    const decision = shouldLogSent(message, this.#session.bareJid);
    if (!decision.log) return { outcome: "not-logged", reason: decision.reason };
    return this.#append(decision, device, this.#saidAtMs(decision));
  }

  /** Was the stanza that is being dealt with in the log before? */
  wasThere(stanza: Element): boolean {
    return stanza === this.#stanza && this.#isRepeated;
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
    const isOfServer = from === bareJid || from === bareJid.slice(bareJid.indexOf("@") + 1);
    const isOfRoom = message.attrs.type === "groupchat" && bareJidOf(from) === peer;
    const saidMs = isOfServer || isOfRoom ? this.#ports.clock.parse(stamp) : Number.NaN;
    if (Number.isNaN(saidMs)) return this.#times.now(nowMs);
    return Math.min(isOfServer ? this.#times.resent(saidMs) : this.#times.said(saidMs), nowMs);
  }
}

/** As the archive's owner would have stamped it (XEP-0313 section 3.2), and nobody else in its name. */
function stampId(message: Element, by: string, id: string): void {
  for (const old of message.getChildren("stanza-id", NS.stanzaIds)) {
    if (bareJidOf(old.attrs.by ?? "") === by) message.remove(old);
  }
  message.append(xml("stanza-id", { xmlns: NS.stanzaIds, by, id }));
}
