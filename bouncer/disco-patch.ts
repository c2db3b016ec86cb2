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
  why: string;
}

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
];

/** Corrects, in place, the answer to what a client asked `askedTo`, if that was who can do what. */
export function correctDisco(answer: Element, askedTo: string | undefined, bareJid: string): void {
  const asked = whoIs(askedTo, bareJid);
  const query = answer.attrs.type === "result" ? answer.getChild("query", NS.discoInfo) : undefined;
  // A node is something else, or a hash that says what it stands for.
  if (!asked || !query || query.attrs.node !== undefined) return;
  for (const { feature, of, is } of CORRECTIONS) {
    if (!of.includes(asked)) continue;
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
