/**
 * ROS: one roster for all clients (RFC 6121 section 2). It is fetched once per session, by version where the server has
 * versions, kept up by the server's pushes, and served from here: clients wait for it only while it is not known at all.
 *
 * What clients change goes to the server like any request; its push then tells everybody.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult, stanzaKind } from "../xmpp/stanza.ts";
import { clone } from "../xmpp/xml/element.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";
import { isFromOwnServer } from "./pushes.ts";
import { RosterItems } from "./roster-items.ts";
import { isForAccount } from "./session.ts";

const HELD = "roster";
const EMPTY_QUERY_END = "/></iq>";

export class Roster implements Part {
  readonly #context: PartContext;
  readonly #items: RosterItems;
  /** The question that is under way; a later one makes it void. */
  #asked: symbol | undefined;

  constructor(context: PartContext) {
    this.#context = context;
    const { ids, store } = context.ports;
    this.#items = new RosterItems(store.roster, ids.next());
  }

  /** Is this bare JID in the roster? True while the roster is not known. */
  mayContain(bareJid: string): boolean {
    return !this.#items.isKnown || this.#items.has(bareJid);
  }

  upstreamBound(): void {
    this.#items.grewStale(this.#nowMs());
    this.#fetch();
  }

  /** ROS-6: the answer was lost with the process, or had failed. */
  upstreamResumed(): void {
    if (!this.#items.isFresh && this.#asked === undefined) this.#fetch();
  }

  /** ROS-1: a push is answered once and told to everybody who has asked for the roster. */
  fromUpstream(stanza: Element): boolean {
    const { outlet, session } = this.#context;
    const query = stanzaKind(stanza) === "iq" && stanza.attrs.type === "set" ? iqPayload(stanza) : undefined;
    if (!query?.is("query", NS.roster) || !isFromOwnServer(stanza, session.bareJid)) return false;
    outlet.toUpstream("ROS-1", iqResult(stanza), "a push is acknowledged once");
    const item = query.getChild("item");
    if (!item) return true;
    // Before it is known, the whole is still to come, and this will be in it.
    if (this.#items.isKnown) this.#items.push(item, query.attrs.ver, this.#nowMs());
    this.#push(stanza, [item]);
    return true;
  }

  /** ROS-3: the roster comes from here. */
  fromClient(id: ClientId, stanza: Element): boolean {
    const { clients, iq, session } = this.#context;
    if (stanzaKind(stanza) !== "iq" || stanza.attrs.type !== "get") return false;
    const query = iqPayload(stanza);
    const { to } = stanza.attrs;
    if (!query?.is("query", NS.roster) || !isForAccount(to, session)) return false;
    const client = clients.get(id);
    if (client) client.interested = true;
    if (this.#items.isKnown) this.#serve(id, stanza, query.attrs.ver);
    else iq.hold(stanza, id, HELD);
    if (!this.#items.isFresh && this.#asked === undefined) this.#fetch();
    return true;
  }

  /** ROS-5: asks for what has changed since the version that is known, or for everything. */
  #fetch(): void {
    const { iq, session } = this.#context;
    const { isKnown, serverVer } = this.#items;
    // RFC 6121 section 2.6.2: a server that offers no versions must not be asked for one.
    const ver = (isKnown ? serverVer : undefined) ?? (session.rosterVersioning ? "" : undefined);
    const asked = Symbol("roster");
    this.#asked = asked;
    const query = xml("query", { xmlns: NS.roster, ver });
    iq.ask(xml("iq", { xmlns: NS.client, type: "get" }, query), (answer) => {
      if (this.#asked !== asked) return;
      this.#asked = undefined;
      this.#fetched(answer);
    });
  }

  #fetched(answer: Element): void {
    const { iq, outlet } = this.#context;
    if (answer.attrs.type === "error") return this.#failHeld(answer);
    const query = answer.getChild("query", NS.roster);
    const wasKnown = this.#items.isKnown;
    const nowMs = this.#nowMs();
    // RFC 6121 section 2.6.3: nothing has changed, or what has is pushed from now on.
    if (!query && wasKnown) return this.#items.confirmed(nowMs);
    const items = query?.getChildren("item") ?? [];
    const changed = this.#items.replace(items, query?.attrs.ver, nowMs);
    if (wasKnown) for (const item of changed) this.#push(answer, [item]);
    for (const { client, request } of iq.takeHeld(HELD)) this.#serve(client, request, undefined);
    outlet.withhold("ROS-5", answer, "the roster is known");
  }

  /** The server would not tell: whoever waits must not wait in vain. */
  #failHeld(answer: Element): void {
    const { iq, outlet } = this.#context;
    const error = answer.getChild("error");
    for (const { client, request } of iq.takeHeld(HELD)) {
      const stanza = iqResult(request, ...(error ? [clone(error)] : []));
      stanza.attrs.type = "error";
      outlet.deliver({ rule: "ROS-5", stanza, to: [client], reason: "the server did not tell the roster" });
    }
  }

  /** ROS-4: nothing for a client that has this version, else all of it. */
  #serve(id: ClientId, request: Element, ver: string | undefined): void {
    const { outlet } = this.#context;
    if (ver === this.#items.ver) {
      const stanza = iqResult(request);
      return outlet.deliver({ rule: "ROS-4", stanza, to: [id], reason: "the client has this version" });
    }
    const text = this.#items.text();
    if (text === undefined) {
      const error = {
        type: "wait",
        condition: "resource-constraint",
        text: "The roster is too large.",
      } as const;
      const stanza = errorReply(request, error);
      return outlet.deliver({ rule: "ROS-3", stanza, to: [id], reason: "too large for a frame" });
    }
    const stanza = iqResult(request, xml("query", { xmlns: NS.roster, ver: this.#items.ver }));
    const empty = serialize(stanza);
    const frame = `${empty.slice(0, -EMPTY_QUERY_END.length)}>${text}</query></iq>`;
    outlet.deliver({ rule: "ROS-3", stanza, frame, to: [id], reason: "the roster, as it is known" });
  }

  /** Each under an id of its own, addressed as `like` is. */
  #push(like: Element, items: readonly Element[]): void {
    const { clients, outlet, ports } = this.#context;
    const { from, to } = like.attrs;
    for (const id of clients.idsWhere((client) => client.interested)) {
      const query = xml("query", { xmlns: NS.roster, ver: this.#items.ver }, ...items.map(clone));
      const attrs = { xmlns: NS.client, from, to, type: "set", id: ports.ids.next() };
      const reason = "a roster push, under a fresh id";
      outlet.deliver({ rule: "ROS-1", stanza: xml("iq", attrs, query), to: [id], reason });
    }
  }

  #nowMs(): number {
    return this.#context.ports.clock.nowMs();
  }
}
