/** What everything about rooms shares, and the few words that all of it uses. */
import type { Element } from "@xmpp/xml";
import type { PartContext } from "../part.ts";
import type { ClientId } from "../ports.ts";
import type { BookmarkReading } from "./bookmark-reading.ts";
import type { RoomHistory } from "./history.ts";
import type { Room } from "./room.ts";
import type { RoomFills } from "./room-fills.ts";
import type { RoomList } from "./room-list.ts";
import type { Tellings } from "./tellings.ts";

export interface RoomContext extends PartContext {
  list: RoomList;
  history: RoomHistory;
  fills: RoomFills;
  tellings: Tellings;
  bookmarks: BookmarkReading;
}

/** MUC-5: to those of our clients that are in the room. `of`: only to these of them. */
export function tellMembers(
  { outlet }: RoomContext,
  room: Room,
  stanza: Element,
  { rule, reason, of }: { rule: string; reason: string; of?: (id: ClientId) => boolean },
): void {
  const to = [...room.members.keys()];
  outlet.deliver({ rule, stanza, to: of ? to.filter(of) : to, reason });
}

/** Has this member been told all of the past? What is in the log comes to the others in its place there. */
export function isCaughtUp(room: Room, id: ClientId): boolean {
  return room.members.get(id)?.owed === undefined;
}
