/** MUC-12: the answers to clients that ask whether they are still in a room (XEP-0410 section 3). */
import { errorReply, iqResult } from "../../xmpp/stanza.ts";
import type { Pinger, Room } from "./room.ts";
import type { RoomContext } from "./room-context.ts";

export type Whereabouts = "inside" | "outside" | "unknown";

const REASONS = {
  inside: "we are in the room, and so is the client",
  outside: "the client is not in the room",
  unknown: "nobody knows at present",
} as const;

export function answerPinger({ outlet }: RoomContext, { client, request }: Pinger, where: Whereabouts): void {
  const answers = {
    inside: () => iqResult(request),
    outside: () => errorReply(request, { type: "cancel", condition: "not-acceptable" }),
    // "No decision can be made based on this."
    unknown: () => errorReply(request, { type: "wait", condition: "remote-server-timeout" }),
  };
  outlet.deliver({ rule: "MUC-12", stanza: answers[where](), to: [client], reason: REASONS[where] });
}

export function answerPingers(context: RoomContext, room: Room, where: Whereabouts): void {
  for (const pinger of room.pingers.splice(0)) answerPinger(context, pinger, where);
}
