/**
 * RCPT: one person acknowledges a message once, however many clients it has. The first receipt (XEP-0184), marker (XEP-0333)
 * or error for a message goes upstream and, as any message, to the siblings; later ones are left out.
 *
 * What was acknowledged is stored, since a client that was gone acknowledges late. It does not know who is attached.
 */
import type { Element } from "@xmpp/xml";
import { readCarbon } from "../xmpp/carbons.ts";
import { bareJidOf } from "../xmpp/jid.ts";
import { type Acknowledgement, acknowledgementsIn, substanceOf } from "../xmpp/message-payload.ts";
import { NS } from "../xmpp/namespaces.ts";
import { stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId, TextStore } from "./ports.ts";
import { RememberedTexts } from "./remembered-texts.ts";

/** Beyond this the oldest is forgotten. */
const MAX_RECEIPTS = 5_000;
/** No client comes back to a message later than this and acknowledges it still. */
const FORGET_AFTER_MS = 14 * 24 * 3_600_000;
/** Longer ids are nobody's. */
const MAX_KEY_LENGTH = 1_024;

type ReceiptsContext = Pick<PartContext, "ports" | "outlet" | "session" | "isRoom">;

export class Receipts implements Part {
  readonly #context: ReceiptsContext;
  /** By peer and id: the kinds that have gone, one a line. */
  readonly #gone: RememberedTexts;

  constructor(context: ReceiptsContext, store: TextStore) {
    this.#context = context;
    this.#gone = new RememberedTexts(store, { count: MAX_RECEIPTS, ageMs: FORGET_AFTER_MS });
  }

  /** RCPT-4: a message that comes is another one, even under an id that its sender has used before. */
  fromUpstream(stanza: Element): boolean {
    if (stanzaKind(stanza) !== "message") return false;
    const { bareJid } = this.#context.session;
    const carbon = readCarbon(stanza, bareJid);
    if (carbon?.direction === "sent") this.#remember(carbon.message);
    else {
      const message = carbon?.message ?? stanza;
      const { from = bareJid, id, type } = message.attrs;
      // A room tells its history anew to whoever joins.
      const isHistory = type === "groupchat" && message.getChild("delay", NS.delay) !== undefined;
      if (type !== "error" && id !== undefined && !isHistory) this.#gone.delete(this.#keyOf(from, id, type));
    }
    return false;
  }

  /** RCPT-1 and RCPT-2: leaves out what has gone before; true when nothing else is left of the message. */
  fromClient(_id: ClientId, message: Element): boolean {
    if (stanzaKind(message) !== "message") return false;
    const repeated = this.#readAll(message).filter(({ key, kind }) => this.#kinds(key).includes(kind));
    if (repeated.length === 0) return false;
    const { outlet } = this.#context;
    if (message.attrs.type === "error") {
      outlet.withhold("RCPT-3", message, "another client has refused that message");
      return true;
    }
    for (const { element } of repeated) if (element) message.remove(element);
    if (substanceOf(message).length > 0) return false;
    outlet.withhold("RCPT-1", message, "another client has acknowledged that message");
    return true;
  }

  sent(_id: ClientId, message: Element): void {
    this.#remember(message);
  }

  tick(nowMs: number): void {
    this.#gone.expire(nowMs);
  }

  nextDeadlineMs(): number | undefined {
    return this.#gone.nextDeadlineMs();
  }

  #remember(message: Element): void {
    const nowMs = this.#context.ports.clock.nowMs();
    for (const { key, kind } of this.#readAll(message)) {
      const kinds = this.#kinds(key);
      if (!kinds.includes(kind)) this.#gone.set(key, [...kinds, kind].join("\n"), nowMs);
    }
  }

  #kinds(key: string): string[] {
    return this.#gone.get(key)?.split("\n") ?? [];
  }

  #readAll(message: Element): { key: string; kind: string; element?: Element }[] {
    const { to = this.#context.session.bareJid, id, type } = message.attrs;
    const found: { key: string; kind: string; element?: Element }[] =
      type === "error"
        ? id === undefined
          ? []
          : [{ key: this.#keyOf(to, id, type), kind: "error" }]
        : acknowledgementsIn(message).map(({ element, kind, id: about }: Acknowledgement) => ({
            key: this.#keyOf(to, about, type),
            kind,
            element,
          }));
    return found.filter(({ key }) => key.length <= MAX_KEY_LENGTH);
  }

  /** A contact is one, whichever of its resources is written to; in a room each occupant is another one. */
  #keyOf(peer: string, id: string, type: string | undefined): string {
    const isOccupant = type !== "groupchat" && this.#context.isRoom(bareJidOf(peer));
    return `${isOccupant ? peer : bareJidOf(peer)} ${id}`;
  }
}
