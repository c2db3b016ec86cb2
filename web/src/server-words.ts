// What the server says when it refuses: the <text/> of a SASL failure or stream error (RFC 6120 sections 4.9.2, 6.5),
// written for people by whoever knows the reason. Converse keeps only the condition, so we read along on the WebSocket.

const REFUSAL = /^<(?:failure|stream:error|error)\b/;

// A server's own words on this one are about its arithmetic rather than about what to do.
const WRONG_PASSWORD = "The XMPP address or the password is wrong.";

let lastWords: string | undefined;
let onLoggedOut: () => void = () => undefined;

function readAlong(data: unknown): void {
  if (typeof data !== "string" || !REFUSAL.test(data)) {
    return;
  }
  const refusal = new DOMParser().parseFromString(data, "text/xml").documentElement;
  if (refusal.localName === "failure" && refusal.getElementsByTagName("not-authorized").length > 0) {
    lastWords = WRONG_PASSWORD;
    return;
  }
  if (refusal.localName === "error" && refusal.getElementsByTagName("not-authorized").length > 0) {
    onLoggedOut();
  }
  const text = refusal.getElementsByTagName("text")[0]?.textContent?.trim();
  if (text !== undefined && text !== "") {
    lastWords = text;
  }
}

class ReadAlongWebSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    lastWords = undefined;
    this.addEventListener("message", (event: MessageEvent<unknown>) => readAlong(event.data));
  }
}

/** From now on every WebSocket of the page is read along. */
export function readServerWords(): void {
  window.WebSocket = ReadAlongWebSocket;
}

/**
 * Calls back when a stream is ended because nobody is logged in any more (RFC 6120 section 4.9.3.12): what logged in then does
 * not any more, or would make an account anew that was forgotten.
 */
export function listenForLogout(callback: () => void): void {
  onLoggedOut = callback;
}

/** The server's own words on the newest connection's refusal, if it gave any. */
export function serverWords(): string | undefined {
  return lastWords;
}
