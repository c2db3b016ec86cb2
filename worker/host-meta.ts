/**
 * host-meta of this deployment (XEP-0156, RFC 6415): where a web client connects to. It names the endpoint for every
 * account, so that a domain's own host-meta can simply redirect here.
 */
const RELATION = "urn:xmpp:alt-connections:websocket";

/** The address of the WebSocket endpoint at the host that was asked. `wss:`, except on a host asked over plain HTTP. */
function endpointAt({ protocol, host }: URL): string {
  return `${protocol === "http:" ? "ws:" : "wss:"}//${host}/xmpp-websocket`;
}

/** The XRD form. A URL's host needs no escaping in an attribute. */
export function hostMeta(asked: URL): string {
  return (
    `<?xml version="1.0" encoding="utf-8"?>\n` +
    `<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">` +
    `<Link rel="${RELATION}" href="${endpointAt(asked)}"/></XRD>\n`
  );
}

/** The JSON form (RFC 6415 appendix A). */
export function hostMetaJson(asked: URL): { links: { rel: string; href: string }[] } {
  return { links: [{ rel: RELATION, href: endpointAt(asked) }] };
}
