/** The command `pinned-rooms`: the rooms in which the account stays although no client is there (MUC-7). */
import { type FormValues, formToFill } from "../../xmpp/data-forms.ts";
import { formatJid, isBare, parseJid } from "../../xmpp/jid.ts";
import type { Command, Stage } from "./command.ts";

export interface PinnedRooms {
  /** Bare JIDs. */
  pinned(): string[];
  /** False when there are too many rooms. */
  pin(room: string): boolean;
  unpin(room: string): void;
}

const ROOMS = "rooms";

export function pinnedRoomsCommand(rooms: PinnedRooms): Command {
  return {
    node: "pinned-rooms",
    name: "Rooms to stay in",
    begin: () => ({
      type: "ask",
      isLast: true,
      form: formToFill(
        "Rooms to stay in",
        "The proxy stays in these rooms also when none of your clients is there. One address a line.",
        [{ name: ROOMS, label: "Rooms", type: "text-multi", value: rooms.pinned() }],
      ),
      submit: (values) => change(rooms, values),
    }),
  };
}

function change(rooms: PinnedRooms, values: FormValues): Stage | { type: "refused"; text: string } {
  const wanted = new Set<string>();
  for (const line of values.get(ROOMS) ?? []) {
    const text = line.trim();
    const jid = parseJid(text);
    if (jid && isBare(jid) && jid.local !== "") wanted.add(formatJid(jid));
    else if (text !== "")
      return { type: "refused", text: "A room's address looks like room@rooms.example.org." };
  }
  for (const room of rooms.pinned()) if (!wanted.has(room)) rooms.unpin(room);
  const isFull = [...wanted].some((room) => !rooms.pin(room));
  return isFull
    ? {
        type: "done",
        note: { type: "error", text: "There are too many rooms: not all of them were pinned." },
      }
    : { type: "done", note: { type: "info", text: "Saved." } };
}
