/**
 * What was said in each room lately, for those who join later: what the account's log has of it. The log has every message
 * of a room once, also those that came while no client was there.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { clone } from "../../xmpp/xml/element.ts";
import type { CatchUp } from "../log/catch-up.ts";
import type { LoggedMessage } from "../log/log-store.ts";
import type { ClientId, Ports } from "../ports.ts";
import { type HistoryLimits, withinLimits } from "./history-limits.ts";
import { retractedBy, stanzaIdBy } from "./retracted.ts";
import { revive } from "./room.ts";

/** How many messages a joiner gets that does not say, and how many a room is asked for. */
export const HISTORY_SIZE = 50;
/** The most that a joiner gets: what its device has missed. */
const MAX_MISSED = 500;

interface Past {
  atMs: number;
  length: number;
  message: Element;
}

export class RoomHistory {
  readonly #ports: Pick<Ports, "clock" | "log">;
  readonly #catchUp: Pick<CatchUp, "missedSince">;

  constructor(ports: Pick<Ports, "clock" | "log">, catchUp: Pick<CatchUp, "missedSince">) {
    this.#ports = ports;
    this.#catchUp = catchUp;
  }

  /** When the last message that we have was said; undefined without any. */
  lastMs(room: string): number | undefined {
    return this.#ports.log.ofPeer(room, Number.MIN_SAFE_INTEGER, 1).at(-1)?.atMs;
  }

  /**
   * MUC-4: what a joiner gets, within its limits: addressed to `to` and stamped with when it was said. What is in the log
   * from `beforeSeq` on it will get as it comes.
   */
  select(
    room: string,
    client: ClientId,
    to: string,
    limits: HistoryLimits & { beforeSeq?: number | undefined },
  ): Element[] {
    const { clock } = this.#ports;
    if (limits.maxstanzas === 0 || limits.maxchars === 0) return [];
    const messages = this.#pasts(room, client, limits.beforeSeq ?? Infinity);
    return withinLimits(messages, limits, clock.nowMs()).map(({ message, atMs }) =>
      asHistory(message, room, to, clock.stamp(atMs)),
    );
  }

  #pasts(room: string, client: ClientId, beforeSeq: number): Past[] {
    const { log } = this.#ports;
    const latest = log.ofPeer(room, Number.MIN_SAFE_INTEGER, HISTORY_SIZE);
    const missed = log.ofPeer(room, this.#catchUp.missedSince(client), MAX_MISSED);
    const read = (missed.length > latest.length ? missed : latest).flatMap((logged: LoggedMessage) => {
      const isPast = logged.room && logged.seq < beforeSeq;
      const message = isPast ? revive(logged.frame) : undefined;
      return message ? [{ atMs: logged.atMs, length: logged.frame.length, message }] : [];
    });
    const retracted = retractedBy(
      room,
      read.map(({ message }) => message),
    );
    return (
      read
        .filter(({ message }) => !retracted.has(stanzaIdBy(room, message) ?? ""))
        // What was filled in (MAM-12) has a later place than what came meanwhile.
        .toSorted((a, b) => a.atMs - b.atMs)
    );
  }
}

function asHistory(message: Element, room: string, to: string, stamp: string): Element {
  const copy = clone(message);
  copy.attrs.to = to;
  if (!copy.getChild("delay", NS.delay)) copy.append(xml("delay", { xmlns: NS.delay, from: room, stamp }));
  return copy;
}
