/** Reading `<stream:features/>` (RFC 6120 section 4.3.2) as the initiating entity. */
import type { Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { HASHED_TOKEN } from "../sasl/hashed-token.ts";
import type { Sasl2Offer, ServerFeatures } from "./state.ts";

/** The SASL mechanisms on offer, in the server's order (RFC 6120 section 6.3.3). */
export function offeredMechanisms(features: Element): string[] {
  const list = features.getChild("mechanisms", NS.sasl);
  return list ? mechanismsIn(list, NS.sasl) : [];
}

/** SASL2 and what can be done along with it (XEP-0388 section 2.1); undefined where it is not offered. */
export function readSasl2Offer(features: Element): Sasl2Offer | undefined {
  const authentication = features.getChild("authentication", NS.sasl2);
  if (!authentication) return undefined;
  const inline = authentication.getChild("inline", NS.sasl2);
  const bind = inline?.getChild("bind", NS.bind2);
  const fast = inline?.getChild("fast", NS.fast);
  return {
    mechanisms: mechanismsIn(authentication, NS.sasl2),
    resume: inline?.getChild("sm", NS.sm) !== undefined,
    tokens: fast !== undefined && mechanismsIn(fast, NS.fast).includes(HASHED_TOKEN),
    ...(bind ? { bind: readBind2Offer(bind) } : {}),
  };
}

/** XEP-0440; undefined where the server has no such list. */
export function offeredChannelBindings(features: Element): string[] | undefined {
  const list = features.getChild("sasl-channel-binding", NS.channelBinding);
  return list?.getChildren("channel-binding", NS.channelBinding).map(({ attrs }) => attrs.type ?? "");
}

export function offersStartTls(features: Element): boolean {
  return features.getChild("starttls", NS.tls) !== undefined;
}

export function offersBind(features: Element): boolean {
  return features.getChild("bind", NS.bind) !== undefined;
}

/** What matters after authentication. A legacy session is needed only where it is not marked optional (RFC 3921bis). */
export function readServerFeatures(features: Element): ServerFeatures {
  const session = features.getChild("session", NS.session);
  return {
    clientState: features.getChild("csi", NS.csi) !== undefined,
    rosterVersioning: features.getChild("ver", NS.rosterVer) !== undefined,
    streamManagement: features.getChild("sm", NS.sm) !== undefined,
    sessionRequired: session !== undefined && session.getChild("optional") === undefined,
  };
}

/** XEP-0386 section 3.1. XEP-0198's own example has the features directly in `<bind/>`. */
function readBind2Offer(bind: Element): { carbons: boolean; streamManagement: boolean } {
  const list = bind.getChild("inline", NS.bind2) ?? bind;
  const names = new Set(list.getChildren("feature", NS.bind2).map(({ attrs }) => attrs.var));
  return { carbons: names.has(NS.carbons), streamManagement: names.has(NS.sm) };
}

function mechanismsIn(list: Element, namespace: string): string[] {
  return list.getChildren("mechanism", namespace).map((mechanism) => mechanism.getText().trim());
}
