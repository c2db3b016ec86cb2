/**
 * BLOCK: the account's block list (XEP-0191), which its server keeps and enforces. Pushes reach the clients that have asked
 * for it; what is known of a contact that is blocked is void, since nothing more is heard of it.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { iqPayload, iqResult, stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";
import { isFromOwnServer, reissue } from "./pushes.ts";

type BlockListContext = Pick<
  PartContext,
  "clients" | "outlet" | "ports" | "session" | "iq" | "forgetContacts"
>;

export class BlockList implements Part {
  readonly #context: BlockListContext;
  /** Those who have asked for the list, and so are to hear of its changes. Stored. */
  readonly #interested: Set<ClientId>;

  constructor(context: BlockListContext) {
    this.#context = context;
    this.#interested = new Set(context.ports.store.blockList.entries().map(({ key }) => key));
  }

  detached(id: ClientId): void {
    if (this.#interested.delete(id)) this.#context.ports.store.blockList.delete(id);
  }

  /** Clients that did not survive hear of nothing. */
  revived(): void {
    for (const id of this.#interested) if (!this.#context.clients.get(id)) this.detached(id);
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    const { ports, session } = this.#context;
    const { to, type } = stanza.attrs;
    const isOurs = (to === undefined || to === session.bareJid) && type === "get";
    const asks = isOurs && iqPayload(stanza)?.is("blocklist", NS.blocking);
    if (asks && !this.#interested.has(id)) {
      this.#interested.add(id);
      ports.store.blockList.set(id, "", ports.clock.nowMs());
    }
    return false;
  }

  /** BLOCK-1: a push is acknowledged once, and re-issued. */
  fromUpstream(stanza: Element): boolean {
    const { outlet, ports, session } = this.#context;
    const isSet = stanzaKind(stanza) === "iq" && stanza.attrs.type === "set";
    const payload = isSet && isFromOwnServer(stanza, session.bareJid) ? iqPayload(stanza) : undefined;
    if (payload?.getNS() !== NS.blocking) return false;
    outlet.toUpstream("BLOCK-1", iqResult(stanza), "a push is acknowledged once");
    for (const id of this.#interested) {
      const push = reissue(stanza, ports.ids.next());
      outlet.deliver({
        rule: "BLOCK-1",
        stanza: push,
        to: [id],
        reason: "a blocking push, under a fresh id",
      });
    }
    if (payload.getName() === "block") this.#blocked(payload);
    return true;
  }

  /** BLOCK-3: a server pushes only to a session that has asked for the list (XEP-0191 section 3.3). */
  upstreamBound(): void {
    if (this.#interested.size === 0) return;
    const list = xml("blocklist", { xmlns: NS.blocking });
    this.#context.iq.ask(xml("iq", { xmlns: NS.client, type: "get" }, list), undefined);
  }

  /** BLOCK-2: contacts that are blocked now are gone, as far as anybody here can tell. */
  #blocked(block: Element): void {
    const jids = new Set(
      block.getChildren("item").flatMap(({ attrs: { jid } }) => (jid === undefined ? [] : [normal(jid)])),
    );
    this.#context.forgetContacts((address) => {
      const bare = bareJidOf(address);
      const domain = bare.slice(bare.indexOf("@") + 1);
      return [normal(address), bare, domain].some((form) => jids.has(form));
    });
  }
}

/** XEP-0191 section 6: a full JID is one resource of a contact, a bare JID all of them, a domain all of its users. */
function normal(jid: string): string {
  const slash = jid.indexOf("/");
  return slash === -1 ? bareJidOf(jid) : bareJidOf(jid) + jid.slice(slash);
}
