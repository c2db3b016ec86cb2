/**
 * MSG: a message's way through the policy, from upstream to the clients and from a client to the server and its siblings.
 * What messages.ts decides is carried out here.
 */
import type { Element } from "@xmpp/xml";
import { carbonIneligibility, readCarbon } from "../xmpp/carbons.ts";
import { bareJidOf } from "../xmpp/jid.ts";
import type { Clients } from "./clients.ts";
import type { MessageLog } from "./log/message-log.ts";
import { fanOutMessage, sentCopies } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId } from "./ports.ts";
import type { RawCopies } from "./raw-copies.ts";
import type { Session } from "./session.ts";

/** Errors come soon after what they answer. */
const MAX_ANSWERABLE = 500;
const MAX_KEY_LENGTH = 1_024;

interface MessageFlowDependencies {
  clients: Clients;
  outlet: Outlet;
  session: Session;
  log: Pick<MessageLog, "sent">;
  rawCopies: Pick<RawCopies, "isFor">;
  /** A client's message is on its way to the server. */
  onSent(id: ClientId, message: Element): void;
}

export class MessageFlow {
  readonly #deps: MessageFlowDependencies;
  /** The messages that came last and whose errors are copied too: who sent them, and their ids. */
  readonly #answerable = new Set<string>();

  constructor(deps: MessageFlowDependencies) {
    this.#deps = deps;
  }

  fromUpstream(message: Element): void {
    const { clients, outlet, rawCopies, session } = this.#deps;
    this.#note(readCarbon(message, session.bareJid)?.message ?? message);
    const deliveries = fanOutMessage(message, clients, session.bareJid, rawCopies);
    for (const delivery of deliveries) outlet.deliver(delivery);
  }

  fromClient(id: ClientId, message: Element): void {
    const { clients, log, outlet, rawCopies, session } = this.#deps;
    if (!outlet.toUpstream("MSG-5", message, "what a client sends goes upstream once", id)) {
      return outlet.refuse(message, id);
    }
    this.#deps.onSent(id, message);
    const client = clients.get(id);
    const logged = client && log.sent(message, client.device);
    const logSeq = logged?.outcome === "logged" ? logged.place.seq : undefined;
    const { to = "", id: about = "", type } = message.attrs;
    if (type === "error" && !this.#answerable.has(keyOf(to, about))) {
      return outlet.withhold("MSG-6", message, "the error of a message that was not conversation");
    }
    const deliveries = sentCopies(message, id, clients, session, rawCopies);
    for (const delivery of deliveries) outlet.deliver({ ...delivery, logSeq });
  }

  /** XEP-0280 section 6.1: an error is copied when the message that it answers was eligible. */
  #note(message: Element): void {
    const { from = "", id, type } = message.attrs;
    if (id === undefined || type === "error" || carbonIneligibility(message) !== undefined) return;
    const key = keyOf(from, id);
    if (key.length > MAX_KEY_LENGTH) return;
    this.#answerable.add(key);
    const [oldest] = this.#answerable;
    if (oldest !== undefined && this.#answerable.size > MAX_ANSWERABLE) this.#answerable.delete(oldest);
  }
}

function keyOf(peer: string, id: string): string {
  return `${bareJidOf(peer)} ${id}`;
}
