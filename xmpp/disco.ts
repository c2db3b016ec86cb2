/** Service Discovery (XEP-0030) and Entity Capabilities (XEP-0115 v1.6): the wire forms and the hash. */
import { sha1 } from "@noble/hashes/legacy.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { base64 } from "@scure/base";
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

interface Identity {
  category: string;
  type: string;
  name: string;
}

export interface Capabilities {
  identity: Identity;
  /** Sorted, without repeats. */
  features: readonly string[];
}

/** The verification string (XEP-0115 section 5.1) of one identity and some features, without forms. */
export function capsHash({ identity, features }: Capabilities): string {
  const parts = [`${identity.category}/${identity.type}//${identity.name}`, ...features.toSorted()];
  return base64.encode(sha1(utf8ToBytes(parts.map((part) => `${part}<`).join(""))));
}

/** The `<c/>` of a presence (XEP-0115 section 4). */
export function capsElement(node: string, ver: string): Element {
  return xml("c", { xmlns: NS.caps, hash: "sha-1", node, ver });
}

/** A `<query/>` that says what an entity is and can do (XEP-0030 section 3.1). */
export function discoInfoQuery({ identity, features }: Capabilities, node?: string): Element {
  return xml(
    "query",
    { xmlns: NS.discoInfo, node },
    xml("identity", { category: identity.category, type: identity.type, name: identity.name }),
    ...features.map((feature) => xml("feature", { var: feature })),
  );
}

/** The features in a disco#info result. */
export function readFeatures(query: Element): string[] {
  return query.getChildren("feature").flatMap(({ attrs }) => (attrs.var === undefined ? [] : [attrs.var]));
}
