/**
 * Stream Management (XEP-0198 v1.6): the nonzas and the arithmetic of their counters, for either side. Keeps no state:
 * who counts what, and where it is stored, is the caller's.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";
import { serialize } from "./xml/serialize.ts";

/** Section 4: counters wrap from 2^32 - 1 to 0. */
const MODULUS = 2 ** 32;

/** What `<enabled/>` granted (sections 3 and 5). */
export interface Enabled {
  /** Names the session for resumption; undefined when it cannot be resumed. */
  id: string | undefined;
  /** Where the server would like us to reconnect, `host:port`. */
  location: string | undefined;
}

/** What `<enable/>` asks for (sections 3 and 5). */
export interface Enable {
  resumable: boolean;
  /** For how long at most, in seconds; undefined where nothing is preferred. */
  maxSeconds?: number | undefined;
}

/** `<r/>`: asks for an acknowledgement. */
export const REQUEST_ACK = `<r xmlns="${NS.sm}"/>`;

/** `<a/>`: this many stanzas have been handled. */
export function ackNonza(h: number): string {
  return `<a xmlns="${NS.sm}" h="${h}"/>`;
}

/** Section 6: goes with `<undefined-condition/>` when `h` is more than the `sent` that were sent. */
export function handledCountTooHigh(h: number, sent: number): Element {
  return xml("handled-count-too-high", { xmlns: NS.sm, h: String(h), "send-count": String(sent) });
}

export function enableNonza(): string {
  return serialize(xml("enable", { xmlns: NS.sm, resume: "true" }));
}

export function resumeNonza(previd: string, h: number): string {
  return serialize(xml("resume", { xmlns: NS.sm, previd, h: String(h) }));
}

export function readEnabled(enabled: Element): Enabled {
  const { id, resume, location } = enabled.attrs;
  return { id: isTrue(resume) ? id : undefined, location };
}

/** Undefined when its `max` is no xs:positiveInteger, as the schema has it. */
export function readEnable({ attrs }: Element): Enable | undefined {
  const resumable = isTrue(attrs.resume);
  if (attrs.max === undefined) return { resumable };
  const text = attrs.max.trim();
  if (!/^\+?0*[1-9]\d*$/.test(text)) return undefined;
  // However long it is, it has to survive JSON.
  return { resumable, maxSeconds: Math.min(Number(text), Number.MAX_SAFE_INTEGER) };
}

/** The `h` of a nonza (an xs:unsignedInt); undefined when it is missing or none. */
export function readHandled(nonza: Element): number | undefined {
  const { h } = nonza.attrs;
  if (h === undefined || !/^\d{1,10}$/.test(h)) return undefined;
  const value = Number(h);
  return value < MODULUS ? value : undefined;
}

/** One stanza more. */
export function increment(count: number): number {
  return wrapped(count + 1);
}

/** A count as a counter shows it. */
export function wrapped(count: number): number {
  return count % MODULUS;
}

/**
 * How many of the `outstanding` oldest stanzas an `h` acknowledges beyond the last one; undefined when it claims more
 * than was ever sent, which is an error of the other side (section 6).
 */
export function newlyAcknowledged(h: number, last: number, outstanding: number): number | undefined {
  const count = (h - last + MODULUS) % MODULUS;
  return count <= outstanding ? count : undefined;
}

/** An xs:boolean. */
export function isTrue(text: string | undefined): boolean {
  return text === "true" || text === "1";
}
