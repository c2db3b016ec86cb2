// How the proxy ends a client's stream, byte for byte: what the strictest client reads.

import { expect } from "vitest";

const STREAMS = "urn:ietf:params:xml:ns:xmpp-streams";

/** The stream error, `<close/>`, and how the WebSocket ends once the client has answered. */
export function endsWith(condition: string, text: string, code = 1000): string[] {
  return [
    `<stream:error xmlns:stream="http://etherx.jabber.org/streams"><${condition} xmlns="${STREAMS}"/>` +
      `<text xmlns="${STREAMS}" xml:lang="en">${text}</text></stream:error>`,
    `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`,
    `closed ${code}`,
  ];
}

/** The same where the stream was not open yet (RFC 6120 section 4.9.1.1). */
export function opensAndEndsWith(...end: Parameters<typeof endsWith>): string[] {
  return [expect.stringMatching(/^<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" /), ...endsWith(...end)];
}
