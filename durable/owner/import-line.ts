/**
 * IMPORT-2: a line of an export, read as what a stranger may have written: only what is a message of the conversation that it
 * says it is of, in the form in which the log would have it, comes through.
 */
import * as v from "valibot";
import { EXPORT_TYPE } from "../../bouncer/log/export-form.ts";
import type { LogEntry } from "../../bouncer/log/log-store.ts";
import { readPeer } from "../../bouncer/search/asking.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";

/** More than a head says is nobody's log; its numbers are reserved. */
const MAX_MESSAGES = 100_000_000;

const headSchema = v.object({
  type: v.literal(EXPORT_TYPE),
  version: v.literal(1),
  account: v.pipe(v.string(), v.maxLength(4_096)),
  exported: v.pipe(v.string(), v.maxLength(64)),
  most: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_MESSAGES)),
});
const name = v.pipe(v.string(), v.maxLength(3_072));
const lineSchema = v.strictObject({
  at: v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/),
    v.transform((stamp) => Date.parse(stamp)),
    v.number(),
  ),
  direction: v.picklist(["sent", "received"]),
  with: name,
  room: v.optional(v.literal(true)),
  device: v.optional(name),
  stanzaId: v.optional(name),
  stanza: v.string(),
});

export type ImportHead = v.InferOutput<typeof headSchema>;

type Read = { ok: true; entry: LogEntry } | { ok: false; reason: string };

/** The first line; undefined when it is not that of an export. */
export function readHead(text: string): ImportHead | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), headSchema), text);
  return read.success ? read.output : undefined;
}

/** Any other line, for this account; `sinceMs` and `nowMs`: what is older or newer is not taken. */
export function readLine(text: string, account: string, sinceMs: number, nowMs: number): Read {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), lineSchema), text);
  if (!read.success) {
    const path = v.getDotPath(read.issues[0]);
    return {
      ok: false,
      reason: path === null ? "This is not a line of an export." : `There is something wrong with ${path}.`,
    };
  }
  const { at, direction, with: peer, room = false, device, stanzaId, stanza } = read.output;
  if (readPeer(peer) !== peer)
    return { ok: false, reason: "`with` is not the address of a contact or a room." };
  if (at > nowMs) return { ok: false, reason: "It is of the future." };
  if (at < sinceMs) return { ok: false, reason: "It is older than LOG_DAYS keeps." };
  const parsed = parseFrame(stanza, DEFAULT_LIMITS);
  const message = parsed.ok ? parsed.element : undefined;
  if (!message?.is("message", NS.client)) return { ok: false, reason: "The stanza is not a message in XML." };
  const sent = direction === "sent";
  const { from, to, id: messageId, type } = message.attrs;
  if (bareJidOf((sent ? to : from) ?? account) !== peer) {
    return { ok: false, reason: "The stanza belongs to another conversation." };
  }
  if (sent && bareJidOf(from ?? account) !== account)
    return { ok: false, reason: "Somebody else has sent it." };
  if (room !== (type === "groupchat"))
    return { ok: false, reason: "The stanza and `room` contradict each other." };
  const frame = serialize(message);
  return { ok: true, entry: { atMs: at, sent, device, peer, room, messageId, stanzaId, frame } };
}
