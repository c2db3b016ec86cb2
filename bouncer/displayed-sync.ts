/**
 * RCPT, displayed sync (XEP-0490): which message of a conversation was displayed last is an item of the account's own PEP
 * node. A client that publishes what the node says already is told so; the server need not be.
 *
 * What the node says is learned from its events and from who publishes. In memory: to publish the same once more is harmless.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { iqPayload, iqResult, stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";
import { isForAccount } from "./session.ts";

const MAX_CONVERSATIONS = 1_000;
const MAX_LENGTH = 1_024;
/** The server tells of an item that it took within this; what it has not told of may have been refused. */
const CONFIRM_MS = 10_000;

interface Displayed {
  /** The id of the message (XEP-0359), by the archive that gave it. */
  stanzaId: string;
  /** Who published it and when, as long as the server has not told of it. */
  unconfirmed: { client: ClientId; atMs: number } | undefined;
}

export class DisplayedSync implements Part {
  readonly #context: Pick<PartContext, "outlet" | "ports" | "session">;
  /** By the JID of the conversation, which is the item's id. */
  readonly #displayed = new Map<string, Displayed>();

  constructor(context: Pick<PartContext, "outlet" | "ports" | "session">) {
    this.#context = context;
  }

  fromUpstream(stanza: Element): boolean {
    const isOwn = stanzaKind(stanza) === "message" && stanza.attrs.from === this.#context.session.bareJid;
    const event = isOwn ? stanza.getChild("event", NS.pubsubEvent) : undefined;
    const items = event?.getChild("items");
    if (items?.attrs.node === NS.displayedSync) {
      for (const item of items.getChildren("item")) this.#learn(item, undefined);
      for (const { attrs } of items.getChildren("retract")) this.#displayed.delete(attrs.id ?? "");
    }
    for (const change of ["purge", "delete"]) {
      if (event?.getChild(change)?.attrs.node === NS.displayedSync) this.#displayed.clear();
    }
    return false;
  }

  /** RCPT-7 */
  fromClient(id: ClientId, stanza: Element): boolean {
    const { outlet, ports, session } = this.#context;
    const { to, type } = stanza.attrs;
    if (stanzaKind(stanza) !== "iq" || type !== "set" || !isForAccount(to, session)) return false;
    const publish = iqPayload(stanza)?.getChild("publish", NS.pubsub);
    const items = publish?.attrs.node === NS.displayedSync ? publish.getChildren("item") : [];
    const [item] = items;
    if (items.length !== 1 || !item) return false;
    const atMs = ports.clock.nowMs();
    const known = this.#displayed.get(item.attrs.id ?? "");
    const by = known?.unconfirmed;
    // Another client's word is good for a while; who has published it itself and does so again was refused.
    const isCertain = by === undefined || (by.client !== id && atMs - by.atMs < CONFIRM_MS);
    if (known && isCertain && known.stanzaId === stanzaIdIn(item)) {
      const answer = iqResult(stanza);
      outlet.deliver({
        rule: "RCPT-7",
        stanza: answer,
        to: [id],
        reason: "displayed already, as the server knows",
      });
      return true;
    }
    this.#learn(item, { client: id, atMs });
    return false;
  }

  /** A new session may have missed what other devices published. */
  upstreamBound(): void {
    this.#displayed.clear();
  }

  #learn(item: Element, unconfirmed: Displayed["unconfirmed"]): void {
    const { id } = item.attrs;
    const stanzaId = stanzaIdIn(item);
    if (id === undefined || stanzaId === undefined || id.length + stanzaId.length > MAX_LENGTH) return;
    this.#displayed.delete(id);
    this.#displayed.set(id, { stanzaId, unconfirmed });
    const [oldest] = this.#displayed.keys();
    if (oldest !== undefined && this.#displayed.size > MAX_CONVERSATIONS) this.#displayed.delete(oldest);
  }
}

function stanzaIdIn(item: Element): string | undefined {
  const stanzaId = item.getChild("displayed", NS.displayedSync)?.getChild("stanza-id", NS.stanzaIds);
  return stanzaId && `${stanzaId.attrs.by ?? ""} ${stanzaId.attrs.id ?? ""}`;
}
