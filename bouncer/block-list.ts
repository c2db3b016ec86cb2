/**
 * BLOCK: the account's block list (XEP-0191), which its server keeps and enforces. Pushes reach the clients that have asked
 * for it; what is known of a contact that is blocked is void, since nothing more is heard of it.
 *
 * The list as the server last told it is kept, to tell clients what has changed elsewhere while there was no session.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { iqPayload, iqResult, stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";
import { isFromOwnServer, reissue } from "./pushes.ts";
import { joinFields, splitFields } from "./text-fields.ts";

/** No client has this id: the row of what is blocked. */
const LIST = "";
/** Characters of what is blocked; of a longer list no changes are told. */
const MAX_LENGTH = 500_000;

type BlockListContext = Pick<
  PartContext,
  "clients" | "outlet" | "ports" | "session" | "iq" | "forgetContacts"
>;

export class BlockList implements Part {
  readonly #context: BlockListContext;
  /** Those who have asked for the list, and so are to hear of its changes. Stored. */
  readonly #interested = new Set<ClientId>();
  /** What is blocked, in the server's words. Undefined while that is not known. Stored. */
  #blocked: Set<string> | undefined;

  constructor(context: BlockListContext) {
    this.#context = context;
    for (const { key, value } of context.ports.store.blockList.entries()) {
      if (key === LIST) this.#blocked = new Set(splitFields(value).flatMap((jid) => jid ?? []));
      else this.#interested.add(key);
    }
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

  fromUpstream(stanza: Element): boolean {
    const isOwn = stanzaKind(stanza) === "iq" && isFromOwnServer(stanza, this.#context.session.bareJid);
    const payload = isOwn ? iqPayload(stanza) : undefined;
    if (payload?.getNS() !== NS.blocking) return false;
    if (stanza.attrs.type === "set") return this.#pushed(stanza, payload);
    // The answer itself is for who asked.
    if (stanza.attrs.type === "result" && payload.getName() === "blocklist") this.#learn(payload);
    return false;
  }

  /** BLOCK-3: a server pushes only to a session that has asked for the list (XEP-0191 section 3.3). */
  upstreamBound(): void {
    if (this.#interested.size === 0) return this.#keep(undefined);
    const list = xml("blocklist", { xmlns: NS.blocking });
    this.#context.iq.ask(xml("iq", { xmlns: NS.client, type: "get" }, list), undefined);
  }

  /** BLOCK-1: a push is acknowledged once, and re-issued. */
  #pushed(stanza: Element, payload: Element): true {
    const { outlet } = this.#context;
    outlet.toUpstream("BLOCK-1", iqResult(stanza), "a push is acknowledged once");
    this.#tell("BLOCK-1", stanza, "a blocking push, under a fresh id");
    const jids = jidsIn(payload);
    const blocked = this.#blocked && new Set(this.#blocked);
    if (payload.getName() === "block") {
      for (const jid of jids) blocked?.add(jid);
      this.#forget(jids);
    } else if (jids.length === 0) blocked?.clear();
    else for (const jid of jids) blocked?.delete(jid);
    this.#keep(blocked);
    return true;
  }

  /** BLOCK-3: the list as it is: what is different from what was known before was changed elsewhere. */
  #learn(list: Element): void {
    const before = this.#blocked;
    const now = new Set(jidsIn(list));
    const isSame = before?.size === now.size && [...now].every((jid) => before.has(jid));
    if (isSame) return;
    this.#keep(now);
    if (!before) return;
    const added = [...now].filter((jid) => !before.has(jid));
    this.#changed("block", added);
    this.#changed(
      "unblock",
      [...before].filter((jid) => !now.has(jid)),
    );
    this.#forget(added);
  }

  #changed(name: "block" | "unblock", jids: readonly string[]): void {
    if (jids.length === 0) return;
    const items = jids.map((jid) => xml("item", { jid }));
    const attrs = { xmlns: NS.client, type: "set", to: this.#context.session.fullJid };
    const push = xml("iq", attrs, xml(name, { xmlns: NS.blocking }, ...items));
    this.#tell("BLOCK-3", push, "it was changed while there was no session");
  }

  #tell(rule: string, push: Element, reason: string): void {
    const { outlet, ports } = this.#context;
    for (const id of this.#interested) {
      outlet.deliver({ rule, stanza: reissue(push, ports.ids.next()), to: [id], reason });
    }
  }

  #keep(blocked: Set<string> | undefined): void {
    const { clock, store } = this.#context.ports;
    const text = blocked && joinFields(...blocked);
    const isKept = text !== undefined && text.length <= MAX_LENGTH;
    if (isKept) store.blockList.set(LIST, text, clock.nowMs());
    else if (this.#blocked) store.blockList.delete(LIST);
    this.#blocked = isKept ? blocked : undefined;
  }

  /** BLOCK-2: contacts that are blocked now are gone, as far as anybody here can tell. */
  #forget(blocked: readonly string[]): void {
    const jids = new Set(blocked.map((jid) => normal(jid)));
    if (jids.size === 0) return;
    this.#context.forgetContacts((address) => {
      const bare = bareJidOf(address);
      const domain = bare.slice(bare.indexOf("@") + 1);
      return [normal(address), bare, domain].some((form) => jids.has(form));
    });
  }
}

function jidsIn(payload: Element): string[] {
  return payload.getChildren("item").flatMap(({ attrs: { jid } }) => jid ?? []);
}

/** XEP-0191 section 6: a full JID is one resource of a contact, a bare JID all of them, a domain all of its users. */
function normal(jid: string): string {
  const slash = jid.indexOf("/");
  return slash === -1 ? bareJidOf(jid) : bareJidOf(jid) + jid.slice(slash);
}
