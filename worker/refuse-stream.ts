/**
 * Refusing an XMPP connection in words a client shows: accept the WebSocket, answer its `<open/>`, send the stream error,
 * close (RFC 7395 section 3.4, RFC 6120 section 4.9.1.1). No object is made for it.
 */
import { CLOSE_FRAME, openFrame, streamErrorFrame } from "../xmpp/receiving/frames.ts";
import type { StreamCondition } from "../xmpp/stream-error.ts";

/** A client that never opens its stream is let go after this. */
const PATIENCE_MS = 10_000;

export function refuseStream(condition: StreamCondition, text: string): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  const timer = setTimeout(() => server.close(1000), PATIENCE_MS);
  server.addEventListener(
    "message",
    () => {
      clearTimeout(timer);
      server.send(openFrame("", crypto.randomUUID()));
      server.send(streamErrorFrame(condition, text));
      server.send(CLOSE_FRAME);
      server.close(1008);
    },
    { once: true },
  );
  server.addEventListener("close", () => clearTimeout(timer), { once: true });
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": "xmpp" },
  });
}
