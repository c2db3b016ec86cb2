/**
 * IMPORT-1: which of some messages are in the log already. The archive's id tells a message from others; its own id does with
 * what it says, since not every client makes unique ids; and without either, itself and when it was said.
 */
import type { LogEntry } from "../../bouncer/log/log-store.ts";
import { readSearchable } from "../../bouncer/search/searchable.ts";

/** The same message may have been given other times by two who got it. */
const SLACK_MS = 600_000;
/** One look into the log for messages that are no further apart: few looks, and none at what lies between two ages. */
const APART_MS = 6 * 3_600_000;

type Message = Pick<LogEntry, "atMs" | "sent" | "peer" | "messageId" | "stanzaId" | "frame">;
type Row = {
  at_ms: number;
  sent: number;
  peer: string;
  message_id: string | null;
  stanza_id: string | null;
  stanza: string;
};

/** Messages that may be the same: their frames, and, once that was needed, what they say. */
interface Alike {
  frames: Set<string>;
  texts: Set<string> | undefined;
}

export class KnownMessages {
  readonly #archived = new Map<string, boolean>();
  readonly #alike = new Map<string, Alike>();

  /** Looks for these in the log; of nothing else it keeps anything. */
  constructor(sql: SqlStorage, wanted: readonly Message[]) {
    for (const message of wanted) {
      const archived = archivedAs(message);
      if (archived !== undefined) this.#archived.set(archived, false);
      const alike = alikeAs(message);
      if (alike !== undefined) this.#alike.set(alike, { frames: new Set(), texts: undefined });
    }
    for (const { fromMs, toMs } of spansOf(wanted)) {
      for (const row of rowsBetween(sql, fromMs - SLACK_MS, toMs + SLACK_MS)) this.add(row);
    }
  }

  has(message: Message): boolean {
    if (this.#archived.get(archivedAs(message) ?? "") === true) return true;
    const alike = this.#alike.get(alikeAs(message) ?? "");
    if (!alike || alike.frames.size === 0) return false;
    if (alike.frames.has(message.frame)) return true;
    if (message.messageId === undefined) return false;
    alike.texts ??= new Set([...alike.frames].map((frame) => readSearchable(frame, undefined).text));
    return alike.texts.has(readSearchable(message.frame, undefined).text);
  }

  /** One more is in the log. */
  add(message: Message): void {
    const archived = archivedAs(message);
    if (archived !== undefined && this.#archived.has(archived)) this.#archived.set(archived, true);
    const alike = this.#alike.get(alikeAs(message) ?? "");
    alike?.frames.add(message.frame);
    alike?.texts?.add(readSearchable(message.frame, undefined).text);
  }
}

function archivedAs({ peer, stanzaId }: Message): string | undefined {
  return stanzaId === undefined ? undefined : `${peer}\n${stanzaId}`;
}

/** The same for all messages that are the same, if they are so by anything but the archive's id. */
function alikeAs({ peer, sent, atMs, messageId, stanzaId }: Message): string | undefined {
  if (messageId !== undefined) return `${sent}\n${peer}\n${messageId}`;
  return stanzaId === undefined ? `${sent}\n${peer}\n\n${atMs}` : undefined;
}

/** From when to when the log is to be looked at. */
function spansOf(messages: readonly Message[]): { fromMs: number; toMs: number }[] {
  const spans: { fromMs: number; toMs: number }[] = [];
  for (const atMs of messages.map((message) => message.atMs).toSorted((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && atMs - last.toMs <= APART_MS) last.toMs = atMs;
    else spans.push({ fromMs: atMs, toMs: atMs });
  }
  return spans;
}

function* rowsBetween(sql: SqlStorage, fromMs: number, toMs: number): Generator<Message> {
  const rows = sql.exec<Row>(
    `SELECT log.at_ms, sent, peer, message_id, stanza_id, stanza FROM log_time JOIN log ON seq BETWEEN first AND last
         WHERE max_ms >= ?1 AND min_ms <= ?2 AND log.at_ms BETWEEN ?1 AND ?2
     UNION ALL SELECT at_ms, sent, peer, message_id, stanza_id, stanza FROM log
         WHERE seq > max(0, (SELECT ifnull(max(last), 0) FROM log_time)) AND at_ms BETWEEN ?1 AND ?2`,
    fromMs,
    toMs,
  );
  for (const { at_ms: atMs, sent, peer, message_id: messageId, stanza_id: stanzaId, stanza: frame } of rows) {
    const ids = { messageId: messageId ?? undefined, stanzaId: stanzaId ?? undefined };
    yield { atMs, sent: sent === 1, peer, frame, ...ids };
  }
}
