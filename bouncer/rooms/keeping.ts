/** MUC-7 and MUC-17: rooms that the account stays in although no client is there: bookmarked for it, or pinned. */
import { bareJidOf } from "../../xmpp/jid.ts";
import {
  askForBookmarks,
  askForLegacyBookmarks,
  type Bookmark,
  type BookmarkChanges,
  readBookmarks,
  readLegacyBookmarks,
} from "./bookmarks.ts";
import { enter, refused } from "./enter.ts";
import { settle } from "./leave.ts";
import type { Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";

/** A new session: what is bookmarked now? Where there is nothing new, the old place is looked at. */
export function fetchBookmarks(context: RoomContext): void {
  const { changes } = context.bookmarks;
  const isCurrent = context.bookmarks.begin();
  const end = (found: readonly Bookmark[] | undefined): void => {
    // What we were told since is newer than any answer: then nothing is taken away.
    if (found !== undefined) takeBookmarks(context, found, context.bookmarks.changes === changes);
    context.bookmarks.end();
    for (const room of context.list.all()) if (room.refusal) refused(context, room, room.refusal);
  };
  context.iq.ask(askForBookmarks(), (answer) => {
    if (!isCurrent()) return;
    const bookmarks = readBookmarks(answer);
    if (bookmarks !== undefined && bookmarks.length > 0) return end(bookmarks);
    context.iq.ask(askForLegacyBookmarks(), (older) => {
      if (isCurrent()) end(readLegacyBookmarks(older) ?? bookmarks);
    });
  });
}

export function changeBookmarks(context: RoomContext, { bookmarks, retracted }: BookmarkChanges): void {
  context.bookmarks.changes += 1;
  for (const bookmark of bookmarks) applyBookmark(context, bookmark);
  for (const jid of retracted) {
    const room = context.list.at(jid);
    if (room?.autojoin === true) keepNoMore(context, room, "autojoin");
  }
}

/** The owner wants to stay in this room; false when there are too many rooms. */
export function pin(context: RoomContext, address: string, nick?: string): boolean {
  const room = context.list.open(bareJidOf(address), nick ?? localpart(context));
  if (!room) return false;
  room.pinned = true;
  stay(context, room);
  return true;
}

/** And now it does not. */
export function unpin(context: RoomContext, address: string): void {
  const room = context.list.at(address);
  if (room?.pinned === true) keepNoMore(context, room, "pinned");
}

function takeBookmarks(context: RoomContext, bookmarks: readonly Bookmark[], isAll: boolean): void {
  const wanted = new Set(bookmarks.filter(({ autojoin }) => autojoin).map(({ jid }) => jid));
  for (const bookmark of bookmarks) applyBookmark(context, bookmark);
  for (const room of isAll ? context.list.all() : []) {
    if (room.autojoin && !wanted.has(room.jid)) keepNoMore(context, room, "autojoin");
  }
}

function applyBookmark(context: RoomContext, { jid, autojoin, nick, password }: Bookmark): void {
  if (!autojoin) {
    const known = context.list.at(jid);
    if (known?.autojoin === true) keepNoMore(context, known, "autojoin");
    return;
  }
  const room = context.list.open(jid, nick ?? localpart(context));
  if (!room) return;
  room.bookmarkPassword = password;
  if (nick !== undefined && room.phase === "outside" && room.members.size === 0) room.nick = nick;
  const isNew = !room.autojoin;
  room.autojoin = true;
  if (isNew || room.phase === "outside") stay(context, room);
}

function stay(context: RoomContext, room: Room): void {
  if (room.phase === "outside" || room.phase === "leaving") enter(context, room);
  else context.list.save(room);
}

function keepNoMore(context: RoomContext, room: Room, why: "autojoin" | "pinned"): void {
  room[why] = false;
  settle(context, room);
}

function localpart({ session }: RoomContext): string {
  return session.bareJid.slice(0, session.bareJid.indexOf("@"));
}
