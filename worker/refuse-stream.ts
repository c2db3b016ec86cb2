/**
 * Refusing an XMPP connection in words a client shows: accept the WebSocket, answer its `<open/>`, send the stream error,
 * close (RFC 7395 sections 3.4 and 3.6, RFC 6120 section 4.9.1.1). No object is made for it.
 */
import { closeSocket } from "../durable/clients/close-socket.ts";
import { CLOSING_MS, isClose } from "../xmpp/receiving/closing.ts";
import { CLOSE_FRAME, openFrame, streamErrorFrame } from "../xmpp/receiving/frames.ts";
import type { StreamCondition } from "../xmpp/stream-error.ts";
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";

/** A client that never opens its stream is let go after this. */
const PATIENCE_MS = 10_000;

export function refuseStream(condition: StreamCondition, text: string): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  let refused = false;
  let timer = setTimeout(() => server.close(1000), PATIENCE_MS);
  server.addEventListener("message", ({ data }) => {
    if (refused) {
      if (isCloseFrame(data)) closeSocket(server, 1008);
      return;
    }
    refused = true;
    clearTimeout(timer);
    server.send(openFrame("", crypto.randomUUID()));
    server.send(streamErrorFrame(condition, text));
    server.send(CLOSE_FRAME);
    timer = setTimeout(() => closeSocket(server, 1008), CLOSING_MS);
  });
  server.addEventListener("close", ({ code }) => {
    clearTimeout(timer);
    closeSocket(server, code);
  });
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": "xmpp" },
  });
}

function isCloseFrame(data: string | ArrayBuffer): boolean {
  const frame = typeof data === "string" && parseFrame(data, DEFAULT_LIMITS);
  return frame && frame.ok && frame.element !== undefined && isClose(frame.element);
}
