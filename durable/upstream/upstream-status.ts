/** What the account's owner can be told of the upstream session. No secret, and nothing anybody has written. */
import { type Endpoint, formatEndpoint, protectionOf } from "../discovery/endpoint.ts";
import type { Refused } from "../discovery/find-candidates.ts";

export type Phase =
  /** No session; `nextAttemptMs` says when it is tried again. */
  | "offline"
  | "connecting"
  | "online"
  /** The server refused what is stored, or nothing was ever stored: only a person can help. */
  | "needs-login";

export interface ServerDescription {
  host: string;
  port: number;
  /** How the connection is protected. */
  way: "direct TLS" | "STARTTLS" | "WebSocket over TLS" | "WebSocket, unencrypted" | "unencrypted";
  /** In the notation of UPSTREAM_HOSTS. */
  url: string;
}

export interface UpstreamStatus {
  phase: Phase;
  /** Since when, in milliseconds since the epoch; at most as old as the process. */
  sinceMs: number;
  /** The server of the session, or the one that is tried now. */
  server: ServerDescription | undefined;
  /** Does the server of the session acknowledge stanzas (XEP-0198)? */
  streamManagement: boolean;
  /** Did the session under way begin on this connection? Undefined while there is none. */
  session: "new" | "resumed" | undefined;
  /** What went wrong last, in words, be it before the session under way; empty when nothing did. */
  lastError: string;
  /** When that was, in milliseconds since the epoch. */
  lastErrorAtMs: number | undefined;
  /** Milliseconds since the epoch; undefined when nothing is planned. */
  nextAttemptMs: number | undefined;
  /** What the latest attempt has tried or refused to try, and why each failed, in this order. */
  tried: readonly Refused[];
}

/** Where that is, in the words of UpstreamStatus. */
export function describeServer(endpoint: Endpoint): ServerDescription {
  const url = formatEndpoint(endpoint);
  if (endpoint.transport === "tcp") {
    const way = ({ direct: "direct TLS", starttls: "STARTTLS", none: "unencrypted" } as const)[endpoint.tls];
    return { host: endpoint.hostname, port: endpoint.port, way, url };
  }
  const secure = protectionOf(endpoint) === "direct";
  const { hostname, port } = new URL(endpoint.url);
  const way = secure ? "WebSocket over TLS" : "WebSocket, unencrypted";
  return { host: hostname, port: port === "" ? (secure ? 443 : 80) : Number(port), way, url };
}
