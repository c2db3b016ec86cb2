/**
 * DISCO: what the account's server says that it and the account can do (XEP-0030), corrected by what is different when one
 * asks through us: what we do ourselves is named, and what would not work, or not mean what it says, is not.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";

interface Correction {
  feature: string;
  /** Who is asked: the server, by its domain, or the account, by its bare JID or no address. */
  of: readonly ("account" | "server")[];
  is: "ours" | "void";
  /** Only where we keep the account's archive (MAM-1). */
  withArchive?: true;
  why: string;
}

const ARCHIVE = { of: ["account"], is: "ours", withArchive: true } as const;

/** Whoever makes a feature, or takes one away, adds it here. */
const CORRECTIONS: readonly Correction[] = [
  {
    feature: NS.carbons,
    of: ["server"],
    is: "ours",
    why: "We copy messages to the account's clients, whether or not the server can (MSG-5).",
  },
  {
    feature: "urn:xmpp:push:0",
    of: ["account", "server"],
    is: "void",
    why: "XEP-0357: the server notifies a client that has gone away, but for the server we never do.",
  },
  {
    feature: "urn:xmpp:sic:0",
    of: ["account", "server"],
    is: "void",
    why: "XEP-0279: it would tell a client our address in the network for its own.",
  },
  {
    feature: "urn:xmpp:sic:1",
    of: ["account", "server"],
    is: "void",
    why: "As above.",
  },
  {
    feature: "http://jabber.org/protocol/offline",
    of: ["account", "server"],
    is: "void",
    why: "XEP-0013: what the server had kept was handed to us, and is in the log.",
  },
  { feature: NS.mam, ...ARCHIVE, why: "XEP-0313: the log is the archive." },
  { feature: `${NS.mam}#extended`, ...ARCHIVE, why: "All of section 4 is there." },
  { feature: `${NS.mam}#groupchat-field`, ...ARCHIVE, why: "The form has the field." },
  { feature: `${NS.mam}#groupchat-available`, ...ARCHIVE, why: "What was said in rooms is in the log." },
  { feature: NS.stanzaIds, ...ARCHIVE, why: "XEP-0359: messages carry the ids of the archive." },
];

interface Asked {
  /** Whom the client asked. */
  askedTo: string | undefined;
  bareJid: string;
  /** Do we keep the account's archive? */
  keepsArchive: boolean;
}

/** Corrects, in place, the answer to a client's question, if that was who can do what. */
export function correctDisco(answer: Element, { askedTo, bareJid, keepsArchive }: Asked): void {
  const asked = whoIs(askedTo, bareJid);
  const query = answer.attrs.type === "result" ? answer.getChild("query", NS.discoInfo) : undefined;
  // A node is something else, or a hash that says what it stands for.
  if (!asked || !query || query.attrs.node !== undefined) return;
  for (const { feature, of, is, withArchive } of CORRECTIONS) {
    if (!of.includes(asked) || (withArchive && !keepsArchive)) continue;
    const named = query.getChildren("feature").filter(({ attrs }) => attrs.var === feature);
    if (is === "void") for (const child of named) query.remove(child);
    else if (named.length === 0) query.append(xml("feature", { var: feature }));
  }
}

function whoIs(askedTo: string | undefined, bareJid: string): "account" | "server" | undefined {
  if (askedTo === undefined) return "account";
  const address = askedTo.includes("/") ? undefined : bareJidOf(askedTo);
  if (address === bareJid) return "account";
  return address === bareJid.slice(bareJid.indexOf("@") + 1) ? "server" : undefined;
}
