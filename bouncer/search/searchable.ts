/**
 * SEARCH-1, SEARCH-4, SEARCH-5: what of a message can be looked for: its bodies and subjects; that it is encrypted, so that
 * there is nothing to be seen; and which earlier message it takes the place of, or takes back.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";

export interface Searchable {
  /** Bodies and subjects, one a line; empty when there is nothing to look for. */
  text: string;
  /** Encrypted: what it says cannot be seen, and what stands beside it for clients that cannot read it is not meant. */
  sealed: boolean;
  /** The address it is from, as the message has it. */
  from: string;
  /** What names an earlier message that is not to be found any more. */
  undoes: string | undefined;
  /** What names this message, where another undoes it. */
  names: readonly string[];
}

/** OMEMO (XEP-0384, both versions), OpenPGP (XEP-0373, XEP-0027), and the announcement of any other (XEP-0380). */
const SEALS: ReadonlySet<string> = new Set([
  "eu.siacs.conversations.axolotl",
  "urn:xmpp:omemo:1",
  "urn:xmpp:omemo:2",
  "urn:xmpp:openpgp:0",
  "jabber:x:encrypted",
  "urn:xmpp:eme:0",
]);
const CORRECTION = "urn:xmpp:message-correct:0";
/** Without any of these in it there is no need to read a frame. */
const SIGNS = ["<body", "<subject", "encrypted", "<encryption", "openpgp", "<replace", "<retract"];

const NOTHING: Searchable = { text: "", sealed: false, from: "", undoes: undefined, names: [] };

/** Reads a message of the log. `stanzaId`: the id under which it is archived. */
export function readSearchable(frame: string, stanzaId: string | undefined): Searchable {
  if (!SIGNS.some((sign) => frame.includes(sign))) return NOTHING;
  const parsed = parseFrame(frame, SERVER_LIMITS);
  if (!parsed.ok || !parsed.element) return NOTHING;
  const message = parsed.element;
  const { from = "", id, type } = message.attrs;
  const sealed = isSealed(message);
  const isRoom = type === "groupchat";
  // XEP-0424 section 3: in a room by the room's id, else by the sender's. XEP-0308: always by the sender's.
  const names = id === undefined ? [] : [nameOf("id", isRoom ? from : bareJidOf(from), id)];
  if (isRoom && stanzaId !== undefined) {
    names.push(nameOf("stanza-id", from, stanzaId), nameOf("stanza-id", bareJidOf(from), stanzaId));
  }
  return { text: sealed ? "" : textOf(message), sealed, from, undoes: undoneBy(message), names };
}

function textOf(message: Element): string {
  return message
    .getChildElements()
    .filter((child) => child.is("body", NS.client) || child.is("subject", NS.client))
    .map((child) => child.getText())
    .join("\n");
}

function isSealed(message: Element): boolean {
  if (message.getChildElements().some((child) => SEALS.has(child.getNS() ?? ""))) return true;
  return message.getChildText("body", NS.client)?.startsWith("?OTR") === true;
}

/** Only its sender's own messages can be undone by a message, and in a room anybody's by the room itself (XEP-0425). */
function undoneBy(message: Element): string | undefined {
  const { from = "", type } = message.attrs;
  const isRoom = type === "groupchat";
  const who = isRoom ? from : bareJidOf(from);
  const corrected = message.getChild("replace", CORRECTION)?.attrs.id;
  if (corrected !== undefined) return nameOf("id", who, corrected);
  const retracted = message.getChild("retract", NS.retract)?.attrs.id;
  return retracted === undefined ? undefined : nameOf(isRoom ? "stanza-id" : "id", who, retracted);
}

function nameOf(kind: "id" | "stanza-id", who: string, id: string): string {
  return JSON.stringify([kind, who, id]);
}
