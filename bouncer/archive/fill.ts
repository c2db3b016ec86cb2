/**
 * MAM-8: fetches what came in a gap from one archive (XEP-0313), the account's or a room's: whether there is one, then page by
 * page, and again after a while where it has no time. Whose archive it is, and what becomes of what it tells, is its source's
 * business. What has to be known to go on in another process is in the gap.
 */
import xml, { type Element } from "@xmpp/xml";
import { archiveQuery, readResult } from "../../xmpp/archive.ts";
import { readFeatures } from "../../xmpp/disco.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { lastOfPage } from "../../xmpp/rsm.ts";
import { stanzaKind } from "../../xmpp/stanza.ts";
import type { PartContext } from "../part.ts";
import type { Gap, StoredGap } from "./gap.ts";

const PAGE = 100;
/** Of one page, until it is logged. */
const MAX_WAITING = 4 * PAGE;
/** What is fetched at most for one gap. */
const MAX_FOUND = 50_000;
/** Without an id to go by, a little more is asked for: clocks differ. */
const SLACK_MS = 60_000;
/** How long until a question is asked again that got no answer, and how often. */
const RETRY_MS = 60_000;
const MAX_TRIES = 5;

/** A message of an archive, its id there, and when it was said. */
export interface Archived {
  id: string;
  atMs: number;
  message: Element;
}

/** How a gap ended. */
export interface Ending {
  /** All that the archive has was fetched. */
  isFilled: boolean;
  /** Why something may be missing all the same. */
  reason: string | undefined;
}

/** An archive, and the place where what it tells belongs. */
export interface Source {
  /** Undefined: the account's own. */
  address: string | undefined;
  /** What it is called at the beginning of a sentence. */
  name: string;
  /** It has said whether there is an archive. */
  told(hasArchive: boolean): void;
  /** Pages of messages begin: what was logged from before `seq` on is to be told from what comes now. */
  begins(seq: number): void;
  /** What has come, in its order, in the turn in which the gap is stored. */
  log(found: readonly Archived[]): void;
  /** There is no archive: a reason, where something may be missing. */
  without(gap: Gap): string | undefined;
  /** The gap is closed. */
  ended(gap: Gap, ending: Ending): void;
  /** Can what comes now be logged? If not, it is asked for again in time. */
  isReady?(): boolean;
  /** It asks nothing for now. */
  rests?(): void;
}

/** What is being asked. */
interface Question {
  /** The query's id; undefined for the question whether there is an archive. */
  queryId: string | undefined;
  found: Archived[];
}

export class Fill {
  readonly #context: Pick<PartContext, "iq" | "ports" | "session">;
  readonly #gap: StoredGap;
  readonly #source: Source;
  #question: Question | undefined;
  #tries = 0;
  #retryAtMs: number | undefined;

  constructor(context: Pick<PartContext, "iq" | "ports" | "session">, gap: StoredGap, source: Source) {
    this.#context = context;
    this.#gap = gap;
    this.#source = source;
  }

  get isAsking(): boolean {
    return this.#question !== undefined;
  }

  nextDeadlineMs(): number | undefined {
    return this.#retryAtMs;
  }

  /** What is asked now is answered no more. */
  stop(): void {
    this.#question = undefined;
    this.#retryAtMs = undefined;
  }

  /** Is there an archive (section 7)? If so, and something is to be fetched, it is. */
  begin(): void {
    this.#retryAtMs = undefined;
    const disco = xml("query", { xmlns: NS.discoInfo });
    this.#ask("get", disco, (answer) => {
      const query = answer.attrs.type === "result" ? answer.getChild("query", NS.discoInfo) : undefined;
      if (!query) return this.#failed(answer);
      const hasArchive = readFeatures(query).includes(NS.mam);
      this.#source.told(hasArchive);
      const gap = this.#gap.current;
      if (!gap) return undefined;
      if (!hasArchive) return this.#close(gap, { isFilled: false, reason: this.#source.without(gap) });
      this.#source.begins(gap.seq);
      return this.#askForPage(gap);
    });
  }

  /** A result of what we have asked ourselves. */
  fromUpstream(stanza: Element): boolean {
    if (stanzaKind(stanza) !== "message" || this.#question?.queryId === undefined) return false;
    const result = readResult(stanza);
    if (!this.#isFromArchive(stanza) || result?.queryId !== this.#question.queryId) return false;
    const { id, stamp, message } = result;
    const { clock } = this.#context.ports;
    const [nowMs, saidMs] = [clock.nowMs(), clock.parse(stamp)];
    const atMs = Number.isNaN(saidMs) ? nowMs : Math.min(saidMs, nowMs);
    this.#question.found.push({ id, atMs, message });
    if (this.#question.found.length >= MAX_WAITING) this.#log(this.#question);
    return true;
  }

  /** The account's server may answer without an address; of a room, an occupant is not the archive. */
  #isFromArchive({ attrs: { from } }: Element): boolean {
    const { address } = this.#source;
    const { bareJid } = this.#context.session;
    return address === undefined ? bareJidOf(from ?? bareJid) === bareJid : from === address;
  }

  #askForPage({ after, fromMs }: Gap): void {
    const { clock } = this.#context.ports;
    const from = after === undefined ? { start: clock.stamp(fromMs - SLACK_MS) } : { after };
    const { question, id } = this.#ask("set", archiveQuery(from, PAGE), (answer) => {
      if (answer.attrs.type === "result") this.#pageEnded(question, answer);
      else this.#failed(answer);
    });
    question.queryId = id;
  }

  #pageEnded(question: Question, answer: Element): void {
    this.#log(question);
    const gap = this.#gap.current;
    const fin = answer.getChild("fin", NS.mam);
    if (!gap) return;
    const { name } = this.#source;
    if (!fin) return this.#giveUp(gap, `${name} answered something else than a page.`);
    this.#tries = 0;
    const last = lastOfPage(fin);
    const isLast = fin.attrs.complete === "true" || last === undefined;
    if (!isLast && last === gap.after) return this.#giveUp(gap, `${name} did not go on.`);
    if (!isLast && gap.found >= MAX_FOUND) {
      return this.#giveUp(gap, `More came than the ${MAX_FOUND} messages that are fetched at once.`);
    }
    if (!isLast) {
      this.#gap.set({ ...gap, after: last });
      return this.#askForPage({ ...gap, after: last });
    }
    const expired = `${name} did not know the last message that the log has; it may have deleted others.`;
    return this.#close(gap, { isFilled: true, reason: gap.hasExpired ? expired : undefined });
  }

  /** MAM-9: what has come is logged in one turn, so that nothing comes between. */
  #log(question: Question): void {
    const found = question.found.splice(0);
    const gap = this.#gap.current;
    const last = found.at(-1);
    if (!last) return;
    this.#source.log(found);
    if (!gap) return;
    const { fromMs, toMs, hasExpired } = gap;
    // What is missing where the archive knew the last message no more lies before what it has.
    const nextMs = hasExpired ? fromMs : Math.max(fromMs, Math.min(last.atMs, toMs));
    this.#gap.set({ ...gap, fromMs: nextMs, found: gap.found + found.length });
  }

  /** No answer, or a refusal. */
  #failed(answer: Element): void {
    const { ports, session } = this.#context;
    const gap = this.#gap.current;
    // The next session asks again.
    if (!session.connected || !gap) return;
    const error = answer.getChild("error");
    const condition = error?.getChildElements()[0]?.getName() ?? "undefined-condition";
    if (condition === "item-not-found" && gap.after !== undefined && !gap.hasExpired) {
      const begin = { ...gap, after: undefined, hasExpired: true };
      this.#gap.set(begin);
      return this.#askForPage(begin);
    }
    this.#tries += 1;
    if (error?.attrs.type !== "wait" || this.#tries >= MAX_TRIES) {
      return this.#giveUp(gap, `${this.#source.name} could not be asked: ${condition}.`);
    }
    this.#retryAtMs = ports.clock.nowMs() + RETRY_MS;
  }

  #giveUp(gap: Gap, reason: string): void {
    this.#close(gap, { isFilled: false, reason });
  }

  #close(gap: Gap, ending: Ending): void {
    this.#gap.close();
    this.#tries = 0;
    this.#source.ended(gap, ending);
  }

  /** The answer counts unless something else is asked by then, or nothing any more. */
  #ask(
    type: "get" | "set",
    payload: Element,
    onAnswer: (answer: Element) => void,
  ): { question: Question; id: string | undefined } {
    const question: Question = { queryId: undefined, found: [] };
    this.#question = question;
    const request = xml("iq", { xmlns: NS.client, type, to: this.#source.address }, payload);
    this.#context.iq.ask(request, (answer) => {
      if (this.#question !== question) return;
      this.#question = undefined;
      if (this.#source.isReady?.() ?? true) onAnswer(answer);
      if (!this.#question) this.#source.rests?.();
    });
    return { question, id: request.attrs.id };
  }
}
