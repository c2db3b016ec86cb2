/** What everything about rooms shares, and the few words that all of it uses. */
import type { Element } from "@xmpp/xml";
import type { PartContext } from "../part.ts";
import type { ClientId } from "../ports.ts";
import type { BookmarkReading } from "./bookmark-reading.ts";
import type { RoomHistory } from "./history.ts";
import type { Room } from "./room.ts";
import type { RoomFills } from "./room-fills.ts";
import type { RoomList } from "./room-list.ts";

export interface RoomContext extends PartContext {
  list: RoomList;
  history: RoomHistory;
  fills: RoomFills;
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
