/** EXPORT-2, EXPORT-3: a message of the log as it is exported: a line of JSON with all that is known of it, or text for people. */
import { readSearchable } from "../search/searchable.ts";
import type { LoggedMessage } from "./log-store.ts";

/** The first line of an export in JSON Lines. */
export interface ExportHead {
  type: typeof EXPORT_TYPE;
  version: 1;
  /** Whose log it is: a bare JID. */
  account: string;
  exported: string;
  /** Not more than so many messages follow. */
  most: number;
}

export const EXPORT_TYPE = "xmpproxy log";

/** The others, each a message, oldest first. */
interface ExportedMessage {
  /** When it was said. */
  at: string;
  direction: "sent" | "received";
  with: string;
  /** It belongs to a room. */
  room?: true;
  /** The device that sent it, if one of ours did. */
  device?: string;
  /** The id under which it is archived by the server or the room. */
  stanzaId?: string;
  stanza: string;
}

export function lineOf(message: LoggedMessage, at: string): string {
  const { sent, peer, room, device, stanzaId, frame } = message;
  const line: ExportedMessage = {
    at,
    direction: sent ? "sent" : "received",
    with: peer,
    ...(room && { room }),
    ...(device !== undefined && { device }),
    ...(stanzaId !== undefined && { stanzaId }),
    stanza: frame,
  };
  return `${JSON.stringify(line)}\n`;
}

/** Empty for what says nothing that a person could read. Of several lines all but the first are indented. */
export function textOf(message: LoggedMessage, at: string): string {
  const { text, sealed, from } = readSearchable(message.frame, message.stanzaId);
  if (text === "" && !sealed) return "";
  const words = sealed ? "(encrypted)" : text.replaceAll(/\r?\n/g, "\n    ");
  return `${at} ${whoSaid(message, from)}: ${words}\n`;
}

function whoSaid({ sent, room, peer }: LoggedMessage, from: string): string {
  if (room) return `${from.slice(from.indexOf("/") + 1)} in ${peer}`;
  return sent ? `me to ${peer}` : peer;
}
