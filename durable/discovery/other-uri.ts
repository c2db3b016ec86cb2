/**
 * UP-18: a WebSocket's address that the server itself sends us to when it closes the stream (`see-other-uri`, RFC 7395 section
 * 3.6.1), under the rules of other-host.ts: only under a name that was good before it spoke, and never less protected.
 * Connects to nothing.
 */
import { protectionOf, readEndpoint } from "./endpoint.ts";
import type { Candidate, Refused } from "./find-candidates.ts";
import { acceptedName, howToAllow, type KnownServers, type OtherHost, refuse } from "./other-host.ts";

/** No honest address is longer. */
const MAX_LENGTH = 2_048;

/** What to connect to, or why that address is not followed to. Never rejects. */
export async function followToUri(other: OtherHost, known: KnownServers): Promise<Candidate | Refused> {
  const endpoint = other.text.length > MAX_LENGTH ? undefined : readEndpoint(other.text);
  if (endpoint?.transport !== "websocket") return refuse(other, "it is no wss:// address");
  const hosts = known.candidates.map((candidate) => ({ candidate, hostname: hostnameOf(candidate) }));
  const url = new URL(endpoint.url);
  const names = hosts.map(({ hostname }) => hostname);
  const name = await acceptedName(url.hostname, names, known);
  if (name === undefined) return refuse(other, howToAllow(known.domain, endpoint));
  // "Clients MUST NOT accept suggested endpoints with a lower security context."
  const there = hosts.filter(({ hostname }) => hostname === name);
  const mayBePlain = there.some(({ candidate }) => protectionOf(candidate) === "none");
  if (protectionOf(endpoint) === "none" && !mayBePlain) return refuse(other, "it is not protected");
  url.hostname = name;
  return { transport: "websocket", url: url.href, why: other.why };
}

function hostnameOf(candidate: Candidate): string {
  return candidate.transport === "tcp" ? candidate.hostname : new URL(candidate.url).hostname;
}
