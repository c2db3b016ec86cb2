/**
 * MAM-12, MAM-14: what the log shows of the time in which the account was not in a room: from when on something may be missing,
 * and whether what the room tells by itself goes back that far. Pure but for the log that it reads.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import type { Gap } from "../archive/gap.ts";
import type { DeletedEnd } from "../log/deleted-rooms.ts";
import type { LoggedMessage } from "../log/log-store.ts";
import type { Ports } from "../ports.ts";
import { stanzaIdBy } from "./retracted.ts";
import { revive, type Room } from "./room.ts";

type Log = Pick<Ports["log"], "ofPeer">;

/** A room that nobody of us was in for longer is visited anew: its own history is all that is told of the time between. */
const MAX_AWAY_MS = 86_400_000;
/** Messages looked at for the last one that has an id, and for what has come since a gap began. */
const LAST = 20;
const SINCE = 200;

/**
 * Since the last message that the log has of a room, or that was deleted from it (DELETE-6); undefined where there is none, or
 * none of late.
 */
export function gapSince(
  { clock, log }: Pick<Ports, "clock" | "log">,
  { jid, self }: Room,
  deleted: DeletedEnd | undefined,
): Gap | undefined {
  const latest: DeletedEnd[] = log.ofPeer(jid, Number.MIN_SAFE_INTEGER, LAST).filter(({ room }) => room);
  if (deleted) latest.unshift(deleted);
  if (latest.length === 0) return undefined;
  const fromMs = Math.max(...latest.map(({ atMs }) => atMs));
  const archived = latest.filter(({ stanzaId }) => stanzaId !== undefined);
  // What was filled in late has a later place than what came meanwhile.
  const after = archived.toSorted((a, b) => a.atMs - b.atMs).at(-1)?.stanzaId;
  const toMs = clock.nowMs();
  // We were in, and nobody has told us that we are out: what is said was for us.
  const isMissed = self !== undefined;
  if (!isMissed && toMs - fromMs > MAX_AWAY_MS) return undefined;
  return { after, fromMs, toMs, seq: log.head(), found: 0, hasExpired: false, isMissed };
}

/** What the log has of a room since the number `seq`, the latest of it, as far as there is `text` in it. */
export function loggedSince(log: Log, room: string, seq: number, text: string): Element[] {
  return log
    .ofPeer(room, seq, SINCE)
    .flatMap(({ frame }) => (frame.includes(text) ? (revive(frame) ?? []) : []));
}

/** Has the room told anything late since then, which the log did not have? */
export function hasNews(log: Log, room: string, seq: number): boolean {
  return loggedSince(log, room, seq, NS.delay).some((message) => isDelayedBy(message, room));
}

/** Of a message that the log has: is it from after the number `seq`? */
export function isLater(log: Log, room: string, seq: number, message: Element): boolean {
  return log.ofPeer(room, seq, SINCE).some((logged) => isSame(room, logged, message));
}

/** XEP-0203: stamps when it was said, as the room does in its own history, whatever else is said in the room's name. */
export function stampDelay(message: Element, room: string, stamp: string): void {
  for (const delay of message.getChildren("delay", NS.delay)) {
    if (delay.attrs.from === room) message.remove(delay);
  }
  message.append(xml("delay", { xmlns: NS.delay, from: room, stamp }));
}

function isDelayedBy(message: Element, room: string): boolean {
  return message.getChildren("delay", NS.delay).some(({ attrs }) => attrs.from === room);
}

function isSame(room: string, logged: LoggedMessage, message: Element): boolean {
  const id = stanzaIdBy(room, message);
  if (id !== undefined && logged.stanzaId !== undefined) return id === logged.stanzaId;
  const other = revive(logged.frame);
  const { attrs } = message;
  if (other?.attrs.from !== attrs.from || other?.attrs.id !== attrs.id) return false;
  return other?.getChildText("body") === message.getChildText("body");
}
