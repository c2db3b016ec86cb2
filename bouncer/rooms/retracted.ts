/** MUC-20, XEP-0425 section 5: what a moderator has retracted is distributed no further. Only the room itself says so. */
import type { Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";

/** Stands in whatever retracts: begins both NS.moderate and NS.moderateOld. */
export const MODERATION = "urn:xmpp:message-moderate:";

/** The archive ids that these messages of a room retract. */
export function retractedBy(room: string, messages: readonly Element[]): Set<string> {
  return new Set(messages.flatMap((message) => moderatedId(room, message) ?? []));
}

/** XEP-0359 section 4: only what the room itself has stamped. */
export function stanzaIdBy(room: string, message: Element): string | undefined {
  return message.getChildren("stanza-id", NS.stanzaIds).find(({ attrs }) => attrs.by === room)?.attrs.id;
}

/** The archive id of the message that a moderator has retracted with this one. */
function moderatedId(room: string, message: Element): string | undefined {
  if (message.attrs.from !== room) return undefined;
  const now = message.getChild("retract", NS.retract);
  if (now?.getChild("moderated", NS.moderate)) return now.attrs.id;
  const once = message.getChild("apply-to", NS.fasten);
  return once?.getChild("moderated", NS.moderateOld) ? once.attrs.id : undefined;
}
