// The first login of an account at its proxy is PLAIN: there is nothing yet to check SCRAM against. Of PLAIN Converse keeps no keys, and
// would ask for the password once more after the next reload. So where nothing else is offered the page proves the password by itself
// (RFC 7395, RFC 6120 section 6), and Converse logs in with SCRAM, as everybody does who comes later.

const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
/** The proxy asks the account's server. */
const PATIENCE_MS = 30_000;

/**
 * `endpoint`: the account's own. False when the proxy refuses; true when it does not, and when nothing came of it: then Converse has the
 * words for it.
 */
export function provePassword(endpoint: string, jid: string, password: string): Promise<boolean> {
  const [local = "", domain = ""] = jid.split("@");
  const socket = new WebSocket(endpoint, "xmpp");
  return new Promise((resolve) => {
    const over = (isRefused: boolean): void => {
      clearTimeout(timer);
      if (socket.readyState === WebSocket.OPEN) socket.send(nonza(FRAMING, "close"));
      // One that does not stand by now never says anything.
      else socket.close();
      resolve(!isRefused);
    };
    const timer = setTimeout(over, PATIENCE_MS, false);
    socket.addEventListener("open", () => {
      socket.send(nonza(FRAMING, "open", { to: domain, version: "1.0" }));
    });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const frame = new DOMParser().parseFromString(String(data), "text/xml").documentElement;
      if (frame.localName === "features") {
        if (!isOnlyPlain(frame)) return over(false);
        socket.send(nonza(SASL, "auth", { mechanism: "PLAIN" }, inBase64(`\0${local}\0${password}`)));
      } else if (frame.localName === "success") over(false);
      else if (frame.localName === "failure" || frame.localName === "error") over(true);
    });
    socket.addEventListener("close", () => over(false));
  });
}

function isOnlyPlain(features: Element): boolean {
  const names = [...features.getElementsByTagName("mechanism")].map(({ textContent }) => textContent);
  return names.includes("PLAIN") && !names.some((name) => name.startsWith("SCRAM-"));
}

function nonza(
  namespace: string,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  text = "",
): string {
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(text);
  return new XMLSerializer().serializeToString(element);
}

function inBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
