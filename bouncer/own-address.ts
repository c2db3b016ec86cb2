/**
 * SELF: what a client asks of the account's own full JID, which is its own address as well as its siblings'. It never goes to
 * the server: we answer what we answer for all clients, and anything else is for a sibling.
 */
import type { Element } from "@xmpp/xml";
import { isSameJid } from "../xmpp/jid.ts";
import { errorReply, isIqRequest, stanzaKind } from "../xmpp/stanza.ts";
import { clone } from "../xmpp/xml/element.ts";
import { answerForAll } from "./iq-in.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";

/** A sibling that has not answered by then does not know what it was asked. */
const ANSWER_TIMEOUT_MS = 20_000;
const MAX_OPEN = 100;

/** What such a request waits for; with the id under which the sibling was asked. */
const HELD = "sibling";

interface Open {
  asker: ClientId;
  asked: ClientId;
  deadlineMs: number;
}

export class OwnAddress implements Part {
  readonly #context: PartContext;
  /** By the id under which a sibling was asked; the oldest, and so the next to be overdue, first. */
  readonly #open = new Map<string, Open>();

  constructor(context: PartContext) {
    this.#context = context;
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    if (stanzaKind(stanza) !== "iq") return false;
    const { to } = stanza.attrs;
    if (to === undefined || !isSameJid(to, this.#context.session.fullJid)) return false;
    if (isIqRequest(stanza)) this.#request(id, stanza);
    else return this.#answer(id, stanza);
    return true;
  }

  suspended(id: ClientId): void {
    this.#fail((open) => open.asked === id);
  }

  detached(id: ClientId): void {
    for (const [key, { asker }] of this.#open) if (asker === id) this.#open.delete(key);
    this.#fail((open) => open.asked === id);
  }

  /** IQ-11: who was asked would not know the answer for one by now. */
  revived(): void {
    this.#refuseHeld(HELD);
  }

  tick(nowMs: number): void {
    this.#fail((open) => open.deadlineMs <= nowMs);
  }

  nextDeadlineMs(): number | undefined {
    for (const { deadlineMs } of this.#open.values()) return deadlineMs;
    return undefined;
  }

  #request(asker: ClientId, request: Element): void {
    const { caps, clients, iq, lastActivity, outlet, ports, session } = this.#context;
    const answer = answerForAll(request, { caps, lastActivity, clock: ports.clock });
    if (answer) {
      const reason = "asked of the account's own address: answered for all clients";
      return outlet.deliver({ rule: "SELF-1", stanza: answer, to: [asker], reason });
    }
    const sibling = clients
      .byRecency()
      .find(
        ({ id, presence, suspendedAtMs }) =>
          id !== asker && presence !== undefined && suspendedAtMs === undefined,
      );
    if (!sibling || this.#open.size >= MAX_OPEN) return this.#refuse(asker, request);
    const id = ports.ids.next();
    this.#open.set(id, { asker, asked: sibling.id, deadlineMs: ports.clock.nowMs() + ANSWER_TIMEOUT_MS });
    iq.hold(request, asker, `${HELD} ${id}`);
    const stanza = clone(request);
    stanza.attrs.id = id;
    stanza.attrs.from = session.fullJid;
    const reason = "asked of the account's own address: the most recently active sibling";
    outlet.deliver({ rule: "SELF-2", stanza, to: [sibling.id], reason });
  }

  /** False when it answers nothing that was asked here. */
  #answer(from: ClientId, answer: Element): boolean {
    const { iq, outlet, session } = this.#context;
    const key = answer.attrs.id ?? "";
    if (this.#open.get(key)?.asked !== from) return false;
    this.#open.delete(key);
    for (const { client, request } of iq.takeHeld(`${HELD} ${key}`)) {
      const stanza = clone(answer);
      stanza.attrs.id = request.attrs.id;
      stanza.attrs.from = session.fullJid;
      outlet.deliver({ rule: "SELF-2", stanza, to: [client], reason: "a sibling's answer to its asker" });
    }
    return true;
  }

  #fail(test: (open: Open) => boolean): void {
    for (const [key, open] of this.#open) {
      if (!test(open)) continue;
      this.#open.delete(key);
      this.#refuseHeld(`${HELD} ${key}`);
    }
  }

  #refuseHeld(held: string): void {
    for (const { client, request } of this.#context.iq.takeHeld(held)) this.#refuse(client, request);
  }

  #refuse(asker: ClientId, request: Element): void {
    const stanza = errorReply(request, { type: "cancel", condition: "service-unavailable" });
    const reason = "no sibling is there to answer";
    this.#context.outlet.deliver({ rule: "SELF-2", stanza, to: [asker], reason });
  }
}
