/** Which kind of connection an endpoint takes. */
import type { Endpoint } from "../discovery/endpoint.ts";
import type { Link, LinkHandlers } from "./link.ts";
import { TcpLink } from "./tcp-link.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** A link of the right kind; `run()` is the next thing to call on it. */
export function openLink(endpoint: Endpoint, handlers: LinkHandlers): Link {
  return endpoint.transport === "tcp"
    ? new TcpLink(endpoint, handlers)
    : new WebSocketLink(endpoint, handlers);
}
