/**
 * MUC-15: with which password a room is entered, and what becomes of one that was right, or wrong. One is right only when the room
 * has let us in with it.
 */
import type { Room, Waiter } from "./room.ts";
import type { RoomList } from "./room-list.ts";

/** What a join is made with: what the client that asks has said, else what is known. */
export function passwordOf(room: Room, waiter?: Waiter): string | undefined {
  return waiter?.password ?? room.knownPassword ?? room.bookmarkPassword;
}

/** For the next join. Who is in the room already goes by what is known; of those who wait, somebody may know better. */
export function passwordFor(room: Room): string | undefined {
  if (room.members.size === 0) return passwordOf(room, room.waiters[0]);
  return passwordOf(room, undefined) ?? room.waiters.find(({ password }) => password !== undefined)?.password;
}

/** Is there one that was not refused just now? */
export function knowsAnother(room: Room): boolean {
  const next = passwordFor(room);
  return next !== undefined && next !== room.password;
}

export function wasRight(list: RoomList, room: Room): void {
  if (room.password !== undefined && room.password !== room.knownPassword)
    list.setPassword(room, room.password);
}

/** XEP-0045 section 7.2.6. */
export function wasWrong(list: RoomList, room: Room): void {
  if (room.password === undefined) return;
  if (room.knownPassword === room.password) list.setPassword(room, undefined);
  if (room.bookmarkPassword === room.password) room.bookmarkPassword = undefined;
}
