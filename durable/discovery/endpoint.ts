/**
 * Where a server can be reached, how the connection is protected and which name its certificate must hold: one value,
 * and the URL that stands for it in UPSTREAM_HOSTS. Knows nothing of DNS or of how a connection is made.
 */

/** `hostname` is what is connected to and what the certificate must be valid for; an IPv6 address is in brackets. */
export interface TcpEndpoint {
  transport: "tcp";
  hostname: string;
  port: number;
  /** XEP-0368 calls it direct TLS. `none` only ever for a loopback host. */
  tls: "starttls" | "direct" | "none";
}

/** RFC 7395. `ws://` only ever for a loopback host. */
export interface WebSocketEndpoint {
  transport: "websocket";
  url: string;
}

export type Endpoint = TcpEndpoint | WebSocketEndpoint;

/** The notation of UPSTREAM_HOSTS, in words for whoever wrote something else. */
export const ENDPOINT_NOTATION =
  "xmpp://host:port, xmpps://host:port or wss://host/path (unencrypted xmpp+plain:// and ws:// only to a loopback host)";

const TCP_SCHEMES = new Map<string, { tls: TcpEndpoint["tls"]; port: number }>([
  ["xmpp:", { tls: "starttls", port: 5222 }],
  ["xmpps:", { tls: "direct", port: 5223 }],
  ["xmpp+plain:", { tls: "none", port: 5222 }],
]);

/** Reads the notation of UPSTREAM_HOSTS; undefined for anything else, and for plain text to another machine. */
export function readEndpoint(text: string): Endpoint | undefined {
  const url = URL.parse(text.trim());
  if (!url || url.username !== "" || url.password !== "" || url.hash !== "") return undefined;
  return url.protocol === "ws:" || url.protocol === "wss:" ? readWebSocket(url) : readTcp(url);
}

function readWebSocket(url: URL): WebSocketEndpoint | undefined {
  if (url.protocol === "ws:" && !isLoopback(url.hostname)) return undefined;
  return { transport: "websocket", url: url.href };
}

function readTcp(url: URL): TcpEndpoint | undefined {
  const scheme = TCP_SCHEMES.get(url.protocol);
  const hostname = asciiHostname(url.hostname);
  if (!scheme || hostname === undefined) return undefined;
  if (url.search !== "" || (url.pathname !== "" && url.pathname !== "/")) return undefined;
  if (scheme.tls === "none" && !isLoopback(hostname)) return undefined;
  const port = url.port === "" ? scheme.port : Number(url.port);
  return port === 0 ? undefined : { transport: "tcp", hostname, port, tls: scheme.tls };
}

/**
 * The inverse of `readEndpoint`, for words to owner and clients: without the query of a WebSocket's URL, in which an owner
 * may have put a secret.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.transport === "websocket") return endpoint.url.replace(/\?.*$/, "");
  const scheme = { starttls: "xmpp", direct: "xmpps", none: "xmpp+plain" }[endpoint.tls];
  return `${scheme}://${endpoint.hostname}:${endpoint.port}`;
}

/** Do both lead to the same place in the same way? */
export function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  if (one.transport === "websocket") return other.transport === "websocket" && other.url === one.url;
  return formatEndpoint(one) === formatEndpoint(other);
}

/** How the transport is protected, in the words of stream negotiation. */
export function protectionOf(endpoint: Endpoint): TcpEndpoint["tls"] {
  if (endpoint.transport === "tcp") return endpoint.tls;
  return endpoint.url.startsWith("wss:") ? "direct" : "none";
}

/** A host name or address as DNS and certificates have it: A-labels (RFC 5890), lower case. Undefined if it is neither. */
export function asciiHostname(host: string): string | undefined {
  if (host === "" || /[/?#@\\\s]/.test(host)) return undefined;
  // A URL with a scheme that has hosts is the platform's only way to IDNA. A port would show in `host`.
  const url = URL.parse(`https://${host}`);
  if (!url || url.host !== url.hostname || url.hostname === "") return undefined;
  const { hostname } = url;
  // "1" or "0x7f.1" are addresses to URLs, but to nobody else.
  return isIpv4(hostname) && hostname !== host ? undefined : hostname;
}

/** Is this name or address this very machine? */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" || hostname === "[::1]" || (isIpv4(hostname) && hostname.startsWith("127."))
  );
}

/** Is this `asciiHostname` an address and no name? */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || isIpv4(hostname);
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}
