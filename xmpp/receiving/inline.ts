/**
 * What a client's SASL2 request says beside its mechanism (XEP-0388 section 2.3): which installation it is, and what it
 * wants along with authentication: its old stream (XEP-0198 section 6), a new one (Bind 2, XEP-0386 version 1.0), a token
 * (FAST, XEP-0484 version 0.2).
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { HASHED_TOKEN } from "../sasl/hashed-token.ts";
import { isTrue, readEnable, readHandled } from "../stream-management.ts";
import type { InlineRequest } from "./state.ts";

/**
 * RFC 9562. XEP-0388 wants version 4; of a stable identifier any version will do, and there are clients that make theirs
 * from a name.
 */
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** The state has to fit into what a socket can keep across hibernation. */
const MAX_ID_LENGTH = 1_024;

interface Sasl2Request {
  /** The user agent id, in lower case. */
  device: string | undefined;
  inline: InlineRequest;
}

/** A problem in words when it is malformed. What is not known here is passed over. */
export function readSasl2Request(authenticate: Element): Sasl2Request | string {
  const device = authenticate.getChild("user-agent", NS.sasl2)?.attrs.id?.toLowerCase();
  if (device !== undefined && !UUID.test(device)) return "The id of the user agent is no UUID.";
  const resume = authenticate.getChild("resume", NS.sm);
  const bind = authenticate.getChild("bind", NS.bind2);
  const fast = authenticate.getChild("fast", NS.fast);
  const wanted = authenticate.getChild("request-token", NS.fast);
  const inline: InlineRequest = {};
  if (resume) {
    const { previd } = resume.attrs;
    const h = readHandled(resume);
    if (previd === undefined || previd.length > MAX_ID_LENGTH || h === undefined)
      return "<resume/> needs previd and h.";
    inline.resume = { previd, h };
  }
  if (bind) inline.bind = readBind2(bind);
  if (fast) {
    const count = readCount(fast.attrs.count);
    if (count === "malformed") return "The count of <fast/> is no positive integer.";
    inline.fast = {
      ...(count === undefined ? {} : { count }),
      ...(isTrue(fast.attrs.invalidate) ? { invalidate: true } : {}),
    };
  }
  // Another mechanism than the one on offer is no reason to keep anybody out: there will be no token.
  if (wanted?.attrs.mechanism === HASHED_TOKEN) inline.requestToken = true;
  return { device, inline };
}

/** The tag names software; it could only go into a resource, and that is the account's (ID-1). */
function readBind2(bind: Element): NonNullable<InlineRequest["bind"]> {
  const enable = bind.getChild("enable", NS.sm);
  return {
    carbons: bind.getChild("enable", NS.carbons) !== undefined,
    ...(enable && { enable: readEnable(enable) ?? "malformed" }),
    active: bind.getChild("inactive", NS.csi) === undefined,
  };
}

/** XEP-0484 section 3.4; its schema says xs:int. */
function readCount(text: string | undefined): number | "malformed" | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : "malformed";
}
