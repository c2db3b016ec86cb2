/**
 * Sessions between two peers over IQ: Jingle (XEP-0166), In-Band Bytestreams (XEP-0047), SOCKS5 Bytestreams (XEP-0065) and
 * Stream Initiation (XEP-0095). What a request says about which session; knows nothing of who takes part.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

export type SessionProtocol = "jingle" | "ibb" | "bytestreams" | "si";

interface SessionStep {
  protocol: SessionProtocol;
  /** The session's ids: its own first, then those under which its transports will begin (XEP-0260, XEP-0261). */
  sids: string[];
  step: "begins" | "goes-on" | "ends";
  /** What the other side has to be capable of to take part, besides the protocol itself. */
  needs: string[];
}

/** What a request is to a session; undefined when it is to none. */
export function readSessionStep(payload: Element | undefined): SessionStep | undefined {
  const { sid, id } = payload?.attrs ?? {};
  const name = payload?.getName();
  switch (payload?.getNS()) {
    case NS.jingle:
      return name === "jingle" && sid !== undefined ? jingleStep(payload, sid) : undefined;
    case NS.ibb:
      return sid === undefined
        ? undefined
        : {
            protocol: "ibb",
            sids: [sid],
            step: name === "open" ? "begins" : name === "close" ? "ends" : "goes-on",
            needs: [],
          };
    case NS.bytestreams:
      return sid === undefined
        ? undefined
        : {
            protocol: "bytestreams",
            sids: [sid],
            step: payload.getChild("streamhost") ? "begins" : "goes-on",
            needs: [],
          };
    case NS.streamInitiation:
      return id === undefined ? undefined : { protocol: "si", sids: [id], step: "begins", needs: [] };
    default:
      return undefined;
  }
}

function jingleStep(jingle: Element, sid: string): SessionStep {
  const { action } = jingle.attrs;
  const parts = jingle.getChildren("content").flatMap((content) => content.getChildElements());
  const transports = parts.flatMap((part) => (part.getName() === "transport" ? (part.attrs.sid ?? []) : []));
  const step = action === "session-initiate" ? "begins" : action === "session-terminate" ? "ends" : "goes-on";
  const needs = parts.flatMap((part) => part.getNS() ?? []);
  return { protocol: "jingle", sids: [sid, ...transports], step, needs: [...new Set(needs)] };
}

/** The request that ends a session whose client is gone; undefined where the protocol has none. */
export function endOfSession(protocol: SessionProtocol, sid: string, to: string): Element | undefined {
  const iq = (payload: Element): Element => xml("iq", { xmlns: NS.client, type: "set", to }, payload);
  switch (protocol) {
    case "jingle": {
      // XEP-0166 section 7.4: the party is no longer there.
      const reason = xml("reason", {}, xml("gone"));
      return iq(xml("jingle", { xmlns: NS.jingle, action: "session-terminate", sid }, reason));
    }
    case "ibb":
      return iq(xml("close", { xmlns: NS.ibb, sid }));
    default:
      return undefined;
  }
}
