/**
 * MSG: a message's way through the policy, from upstream to the clients and from a client to the server and its siblings.
 * What messages.ts decides is carried out here.
 */
import type { Element } from "@xmpp/xml";
import type { Clients } from "./clients.ts";
import { fanOutMessage, sentCopies } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId } from "./ports.ts";
import type { Session } from "./session.ts";

export class MessageFlow {
  readonly #clients: Clients;
  readonly #outlet: Outlet;
  readonly #session: Session;

  constructor({ clients, outlet, session }: { clients: Clients; outlet: Outlet; session: Session }) {
    this.#clients = clients;
    this.#outlet = outlet;
    this.#session = session;
  }

  fromUpstream(message: Element): void {
    for (const delivery of fanOutMessage(message, this.#clients, this.#session.bareJid)) {
      this.#outlet.deliver(delivery);
    }
  }

  fromClient(id: ClientId, message: Element): void {
    if (this.#outlet.toUpstream("MSG-5", message, "what a client sends goes upstream once")) {
      this.#outlet.deliver(sentCopies(message, id, this.#clients, this.#session));
    } else this.#outlet.refuse(message, id);
  }
}
