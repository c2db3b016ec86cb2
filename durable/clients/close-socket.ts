/** Closes a WebSocket, whatever has become of it. */

/** `code`: RFC 6455 section 7.4.1. Closing twice, or what the other side has closed already, says nothing new. */
export function closeSocket(ws: WebSocket | undefined, code: number): void {
  try {
    // Codes that only stand for the lack of one must not be sent; without an answering close the other side would see 1006.
    ws?.close(code === 1005 || code === 1006 ? 1000 : code);
  } catch {
    // It is closed on both sides already.
  }
}
