/** LOG-6: the form in which a client gets a message of the log. Pure. */
import xml from "@xmpp/xml";
import { carbonIneligibility, carbonOf } from "../../xmpp/carbons.ts";
import { withDelay } from "../../xmpp/delay.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { LoggedMessage } from "./log-store.ts";

/**
 * The frame for a client, with when it was said (XEP-0203). What others sent comes as it came, with all its ids; what the
 * account sent, as a sent carbon (XEP-0280, with the stamp as XEP-0297 section 3 has it), or as it is (MSG-8). Undefined when
 * a client is not to get it: MSG-4, MSG-6.
 */
export function replayForm(
  { sent, frame }: Pick<LoggedMessage, "sent" | "frame">,
  stamp: string,
  to: { bareJid: string; fullJid: string; copies: "carbons" | "raw" | "none" },
): string | undefined {
  if (!sent) return withDelay(frame, stamp);
  const parsed = to.copies === "none" ? undefined : parseFrame(frame, DEFAULT_LIMITS);
  if (!parsed?.ok || !parsed.element) return undefined;
  const message = parsed.element;
  if (carbonIneligibility(message) !== undefined) return undefined;
  if (to.copies === "raw") return withDelay(frame, stamp);
  const carbon = carbonOf(message, "sent", to.bareJid, to.fullJid);
  const forwarded = carbon.getChild("sent", NS.carbons)?.getChild("forwarded", NS.forward);
  if (!message.getChild("delay", NS.delay)) forwarded?.append(xml("delay", { xmlns: NS.delay, stamp }));
  return serialize(carbon);
}
