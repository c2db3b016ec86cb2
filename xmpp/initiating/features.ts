/** Reading `<stream:features/>` (RFC 6120 section 4.3.2) as the initiating entity. */
import type { Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import type { ServerFeatures } from "./state.ts";

/** The SASL mechanisms on offer, in the server's order (RFC 6120 section 6.3.3). */
export function offeredMechanisms(features: Element): string[] {
  const list = features.getChild("mechanisms", NS.sasl);
  return list ? list.getChildren("mechanism", NS.sasl).map((mechanism) => mechanism.getText().trim()) : [];
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
    rosterVersioning: features.getChild("ver", NS.rosterVer) !== undefined,
    streamManagement: features.getChild("sm", NS.sm) !== undefined,
    sessionRequired: session !== undefined && session.getChild("optional") === undefined,
  };
}
