/**
 * MAM-12 to MAM-15: what was said in a room while the account was not in it, though it was before: fetched from the room's
 * archive when we are in again, logged, and told to the clients there. Four rooms at once; the others wait for their turn.
 */
import xml, { type Element } from "@xmpp/xml";
import { type Archived, type Ending, Fill, type Source } from "../archive/fill.ts";
import { type Gap, RoomGaps } from "../archive/gap.ts";
import { enter } from "./enter.ts";
import { isWanted } from "./history-limits.ts";
import { caughtUp } from "./messages.ts";
import { gapSince, hasNews, isLater, loggedSince, stampDelay } from "./missed.ts";
import { MODERATION, retractedBy } from "./retracted.ts";
import type { Room } from "./room.ts";
import { type RoomContext, tellMembers } from "./room-context.ts";

const MAX_AT_ONCE = 4;
const NO_ARCHIVE =
  "The room keeps no archive, and its own history did not reach back to the last message that the log has.";

export class RoomFills {
  readonly #context: RoomContext;
  readonly #gaps: RoomGaps;
  /** Under way, or to be tried again. */
  readonly #fills = new Map<string, Fill>();
  /** Rooms whose turn has not come. */
  readonly #waiting = new Set<string>();

  constructor(context: Omit<RoomContext, "fills">) {
    this.#context = { ...context, fills: this };
    this.#gaps = new RoomGaps(context.ports.store);
  }

  /** Is something yet to be fetched? */
  isOpen({ jid }: Room): boolean {
    return this.#gaps.at(jid) !== undefined;
  }

  /** MAM-15: will the archive tell what was said, so that the room need not? */
  isExpected(room: Room): boolean {
    if (room.hasArchive !== true || room.isArchiveGivenUp) return false;
    return this.isOpen(room) || this.#gapSince(room) !== undefined;
  }

  /** We have just come in; nothing that was said is told yet. `self` is as it was before. */
  entered(room: Room): void {
    const isGivenUp = room.isArchiveGivenUp;
    room.isArchiveGivenUp = false;
    if (isGivenUp) return;
    const gap = this.#gaps.at(room.jid) ?? this.#gapSince(room);
    if (gap) this.#gaps.of(room.jid).set({ ...gap, toMs: this.#context.ports.clock.nowMs() });
  }

  /** MAM-14: of the history that the room tells by itself, the log has this one: from before the gap, or from an earlier try? */
  knewBefore({ jid }: Room, message: Element): void {
    const gap = this.#gaps.at(jid);
    if (!gap || this.#fills.has(jid)) return;
    if (!isLater(this.#context.ports.log, jid, gap.seq, message)) this.#gaps.close(jid);
  }

  /** The room has told its history. True when there is more to come, for which joiners had better wait. */
  begin(room: Room): boolean {
    const isOpen = this.isOpen(room);
    if (isOpen || room.hasArchive === undefined) this.#waiting.add(room.jid);
    this.#beginNext();
    return this.isOpen(room);
  }

  /** A result of what we have asked. */
  fromUpstream(stanza: Element): boolean {
    const { from = "" } = stanza.attrs;
    const fill = this.#fills.get(from);
    if (!fill) return false;
    const isOurs = fill.fromUpstream(stanza);
    // Out of the room: if we come in again, what is missing is fetched then.
    if (isOurs && this.#context.list.at(from)?.isIn !== true) this.#stop(from);
    return isOurs;
  }

  upstreamLost(): void {
    for (const room of this.#context.list.all()) room.isArchiveGivenUp = false;
    this.#waiting.clear();
    for (const jid of this.#fills.keys()) this.#stop(jid);
  }

  /** The session goes on, perhaps in a new process. A room that is still telling its history comes later. */
  upstreamResumed(): void {
    for (const room of this.#context.list.all()) if (room.phase === "joined") this.begin(room);
  }

  tick(nowMs: number): void {
    for (const fill of this.#fills.values()) {
      const dueMs = fill.nextDeadlineMs();
      if (dueMs !== undefined && dueMs <= nowMs) fill.begin();
    }
    for (const jid of this.#gaps.rooms()) this.#forgetIfLeft(jid);
    this.#beginNext();
  }

  nextDeadlineMs(): number | undefined {
    let next: number | undefined;
    for (const fill of this.#fills.values()) {
      const dueMs = fill.nextDeadlineMs();
      if (dueMs !== undefined) next = Math.min(next ?? Infinity, dueMs);
    }
    return next;
  }

  #gapSince(room: Room): Gap | undefined {
    const { log, ports } = this.#context;
    return gapSince(ports, room, log.messages.deleted.at(room.jid));
  }

  #beginNext(): void {
    const asking = [...this.#fills.values()].filter((fill) => fill.isAsking).length;
    for (const jid of [...this.#waiting].slice(0, Math.max(0, MAX_AT_ONCE - asking))) {
      this.#waiting.delete(jid);
      if (this.#context.list.at(jid)?.isIn !== true || this.#fills.has(jid)) continue;
      const fill = new Fill(this.#context, this.#gaps.of(jid), this.#sourceAt(jid));
      this.#fills.set(jid, fill);
      fill.begin();
    }
  }

  #sourceAt(jid: string): Source {
    const { list, log } = this.#context;
    return {
      address: jid,
      name: "The room's archive",
      told: (hasArchive) => {
        const room = list.at(jid);
        if (!room || room.hasArchive === hasArchive) return;
        room.hasArchive = hasArchive;
        list.save(room);
      },
      begins: (seq) => log.messages.watch(jid, seq),
      log: (found) => this.#log(jid, found),
      without: (gap) => this.#without(jid, gap),
      ended: (gap, ending) => this.#ended(jid, gap, ending),
      isReady: () => list.at(jid)?.isIn === true,
      rests: () => {
        const fill = this.#fills.get(jid);
        if (fill?.isAsking === false && fill.nextDeadlineMs() === undefined) this.#fills.delete(jid);
        this.#beginNext();
      },
    };
  }

  /** MAM-13: a page is logged in one turn, and told to those who were there before. */
  #log(jid: string, found: readonly Archived[]): void {
    const { list, log, outlet, ports, session } = this.#context;
    const room = list.at(jid);
    if (!room) return;
    const since = loggedSince(ports.log, jid, this.#gaps.at(jid)?.seq ?? 0, MODERATION);
    const retracted = retractedBy(jid, [...found.map(({ message }) => message), ...since]);
    let logged = 0;
    for (const { id, atMs, message } of found) {
      message.attrs.to = session.fullJid;
      stampDelay(message, jid, ports.clock.stamp(atMs));
      if (log.messages.archived(message, jid, { id, atMs }).outcome !== "logged") continue;
      logged += 1;
      if (retracted.has(id)) {
        outlet.withhold("MUC-20", message, "a moderator has retracted it since");
      } else this.#tell(room, message, atMs);
    }
    const words = `${found.length} messages of the archive of ${jid}, ${logged} new`;
    outlet.withhold("MAM-12", xml("message"), words);
  }

  #tell(room: Room, message: Element, atMs: number): void {
    const nowMs = this.#context.ports.clock.nowMs();
    tellMembers(this.#context, room, message, {
      rule: "MAM-13",
      reason: "it was said while we were away",
      of: (id) => {
        const member = room.members.get(id);
        return member !== undefined && !member.owed && isWanted(member.early, atMs, nowMs);
      },
    });
  }

  /**
   * MAM-14: without an archive nobody knows whether anything was said that the room does not tell. Where it tells something new,
   * and nothing that the log has, more was.
   */
  #without(jid: string, { seq }: Gap): string | undefined {
    if (this.#context.list.at(jid)?.isHistoryAsked === false) return "The room keeps its archive no more.";
    return hasNews(this.#context.ports.log, jid, seq) ? NO_ARCHIVE : undefined;
  }

  #ended(jid: string, gap: Gap, { isFilled, reason }: Ending): void {
    const { holes, list, log } = this.#context;
    const room = list.at(jid);
    log.messages.watch(jid, undefined);
    this.#fills.delete(jid);
    this.#gaps.close(jid);
    if (reason !== undefined && gap.isMissed) {
      holes.add({ fromMs: gap.fromMs, toMs: gap.toMs, reason, room: jid });
    }
    if (!room?.isIn) return;
    for (const member of room.members.values()) delete member.early;
    // MAM-15: it was counted on, and the room has not told its own history for that.
    if (!isFilled && !room.isHistoryAsked) this.#fallBack(room);
    else if (room.phase === "entered") caughtUp(this.#context, room);
    else list.save(room);
  }

  /** A second join makes the room tell everything anew (XEP-0045 section 17.3). */
  #fallBack(room: Room): void {
    room.isArchiveGivenUp = true;
    enter(this.#context, room);
  }

  #stop(jid: string): void {
    this.#fills.get(jid)?.stop();
    this.#fills.delete(jid);
    this.#context.log.messages.watch(jid, undefined);
  }

  /** MAM-14: nobody will fetch the rest of what was said in a room that the account has left. */
  #forgetIfLeft(jid: string): void {
    const room = this.#context.list.at(jid);
    if (room && room.phase !== "leaving") return;
    const gap = this.#gaps.at(jid);
    this.#stop(jid);
    this.#gaps.close(jid);
    if (gap?.isMissed !== true) return;
    const reason = "The room was left before all that was said in it had been fetched.";
    this.#context.holes.add({ fromMs: gap.fromMs, toMs: gap.toMs, reason, room: jid });
  }
}
