/**
 * MAM-7 to MAM-10: in each new session asks the server whether it has the account's archive (XEP-0313), and if so for what
 * came since the last message that the log has: page by page, into the log, and to the clients. What has to be known to go
 * on is stored; what cannot be fetched is noted as a hole.
 *
 * Offline messages and live ones come meanwhile; the archive has them too. Whichever is first is logged (LOG-4).
 */
import xml, { type Element } from "@xmpp/xml";
import { archiveQuery, readResult } from "../../xmpp/archive.ts";
import { readFeatures } from "../../xmpp/disco.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { lastOfPage } from "../../xmpp/rsm.ts";
import { stanzaKind } from "../../xmpp/stanza.ts";
import type { Part, PartContext } from "../part.ts";
import { type Gap, StoredGap } from "./gap.ts";
import { OwnAddresses } from "./own-addresses.ts";

const PAGE = 100;
/** Of one page, until it is logged. */
const MAX_WAITING = 4 * PAGE;
/** What is fetched at most for one gap. */
const MAX_FOUND = 50_000;
/** Ids are remembered from so much before the gap: carbons and offline messages are not in the archive's order. */
const OVERLAP = 1_000;
/** Without an id to go by, a little more is asked for: clocks differ. */
const SLACK_MS = 60_000;
/** How long until a question is asked again that got no answer, and how often. */
const RETRY_MS = 60_000;
const MAX_TRIES = 5;

/** What is being asked. */
interface Question {
  /** The query's id; undefined for the question whether there is an archive. */
  queryId: string | undefined;
  results: { id: string; stamp: string; message: Element }[];
}

export class ArchiveFill implements Part {
  readonly #context: PartContext;
  readonly #gap: StoredGap;
  readonly #own: OwnAddresses;
  #question: Question | undefined;
  #tries = 0;
  #retryAtMs: number | undefined;

  constructor(context: PartContext) {
    this.#context = context;
    this.#gap = new StoredGap(context.ports.store);
    this.#own = new OwnAddresses(context.ports);
    this.#own.add(context.session.fullJid);
  }

  upstreamBound(): void {
    const { ports, session } = this.#context;
    this.#own.add(session.fullJid);
    const toMs = ports.clock.nowMs();
    const gap = this.#gap.current;
    const { atMs: fromMs, stanzaId: after } = ports.log.newest();
    if (gap) this.#gap.set({ ...gap, toMs });
    else if (fromMs !== undefined) {
      this.#gap.set({ after, fromMs, toMs, seq: ports.log.head(), found: 0, hasExpired: false });
    }
    this.#begin();
  }

  /** The session goes on, perhaps in a new process. */
  upstreamResumed(): void {
    if (this.#gap.current) this.#begin();
  }

  upstreamLost(): void {
    this.#question = undefined;
    this.#retryAtMs = undefined;
  }

  /** A result of what we have asked ourselves. */
  fromUpstream(stanza: Element): boolean {
    if (stanzaKind(stanza) !== "message" || this.#question?.queryId === undefined) return false;
    const { session } = this.#context;
    const result = readResult(stanza);
    const isOurs = bareJidOf(stanza.attrs.from ?? session.bareJid) === session.bareJid;
    if (!isOurs || result?.queryId !== this.#question.queryId) return false;
    this.#question.results.push(result);
    if (this.#question.results.length >= MAX_WAITING) this.#log(this.#question);
    return true;
  }

  tick(nowMs: number): void {
    if (this.#retryAtMs === undefined || this.#retryAtMs > nowMs) return;
    this.#retryAtMs = undefined;
    this.#begin();
  }

  nextDeadlineMs(): number | undefined {
    return this.#retryAtMs;
  }

  /** MAM-1: does the server have the archive? */
  #begin(): void {
    const disco = xml("query", { xmlns: NS.discoInfo });
    this.#ask(xml("iq", { xmlns: NS.client, type: "get" }, disco), (answer) => {
      const query = answer.attrs.type === "result" ? answer.getChild("query", NS.discoInfo) : undefined;
      if (!query) return this.#failed(answer);
      const serverHas = readFeatures(query).includes(NS.mam);
      this.#context.archive.told(serverHas);
      const gap = this.#gap.current;
      if (!gap) return undefined;
      if (!serverHas) return this.#close("The server keeps no archive that could tell what came meanwhile.");
      this.#context.log.messages.watch(Math.max(0, gap.seq - OVERLAP));
      return this.#askForPage(gap);
    });
  }

  #askForPage({ after, fromMs }: Gap): void {
    const { clock } = this.#context.ports;
    const from = after === undefined ? { start: clock.stamp(fromMs - SLACK_MS) } : { after };
    const request = xml("iq", { xmlns: NS.client, type: "set" }, archiveQuery(from, PAGE));
    const question = this.#ask(request, (answer) => {
      if (answer.attrs.type === "result") this.#pageEnded(question, answer);
      else this.#failed(answer);
    });
    question.queryId = request.attrs.id;
  }

  #pageEnded(question: Question, answer: Element): void {
    this.#log(question);
    const gap = this.#gap.current;
    const fin = answer.getChild("fin", NS.mam);
    if (!gap) return;
    if (!fin) return this.#close("The server's archive answered something else than a page.");
    this.#tries = 0;
    const last = lastOfPage(fin);
    const isLast = fin.attrs.complete === "true" || last === undefined;
    if (!isLast && last === gap.after) return this.#close("The server's archive did not go on.");
    if (!isLast && gap.found >= MAX_FOUND) {
      return this.#close(`More came than the ${MAX_FOUND} messages that are fetched at once.`);
    }
    if (!isLast) {
      this.#gap.set({ ...gap, after: last });
      return this.#askForPage({ ...gap, after: last });
    }
    const expired =
      "The server's archive did not know the last message that the log has; it may have deleted others.";
    return this.#close(gap.hasExpired ? expired : undefined);
  }

  /** MAM-9: what has come is logged in one turn, so that nothing comes between, and then handed to clients. */
  #log(question: Question): void {
    const { log, outlet, ports } = this.#context;
    const gap = this.#gap.current;
    const since = ports.log.head();
    const results = question.results.splice(0);
    for (const result of results) this.#logOne(result);
    const logged = ports.log.head() - since;
    if (gap) this.#gap.set({ ...gap, found: gap.found + results.length });
    if (results.length > 0) {
      outlet.withhold("MAM-8", xml("message"), `${results.length} messages of the archive, ${logged} new`);
    }
    if (logged > 0) log.catchUp.late(since);
  }

  #logOne({ id, stamp, message }: Question["results"][number]): void {
    const { log, ports, session } = this.#context;
    // What was sent from here is in the log already; only what comes back to the account itself may not have come.
    if (this.#own.has(message.attrs.from) && bareJidOf(message.attrs.to ?? "") !== session.bareJid) return;
    for (const old of message.getChildren("stanza-id", NS.stanzaIds)) {
      if (bareJidOf(old.attrs.by ?? "") === session.bareJid) message.remove(old);
    }
    // XEP-0313 section 3.2: as the server would have stamped it.
    message.append(xml("stanza-id", { xmlns: NS.stanzaIds, by: session.bareJid, id }));
    const nowMs = ports.clock.nowMs();
    const saidMs = ports.clock.parse(stamp);
    log.messages.archived(message, id, Number.isNaN(saidMs) ? nowMs : Math.min(saidMs, nowMs));
  }

  /** No answer, or a refusal. */
  #failed(answer: Element): void {
    this.#question = undefined;
    const { ports, session } = this.#context;
    const gap = this.#gap.current;
    // The next session asks again.
    if (!session.connected || !gap) return;
    const error = answer.getChild("error");
    const condition = error?.getChildElements()[0]?.getName() ?? "undefined-condition";
    if (condition === "item-not-found" && !gap.hasExpired) {
      const begin = { ...gap, after: undefined, hasExpired: true };
      this.#gap.set(begin);
      return this.#askForPage(begin);
    }
    this.#tries += 1;
    if (error?.attrs.type !== "wait" || this.#tries >= MAX_TRIES) {
      return this.#close(`The server's archive could not be asked: ${condition}.`);
    }
    this.#retryAtMs = ports.clock.nowMs() + RETRY_MS;
  }

  /** The gap is filled, or with a reason never will be. */
  #close(reason: string | undefined): void {
    const gap = this.#gap.current;
    if (gap && reason !== undefined) {
      this.#context.holes.add({ fromMs: gap.fromMs, toMs: gap.toMs, reason });
    }
    this.#gap.close();
    this.#context.log.messages.watch(undefined);
    this.#question = undefined;
    this.#tries = 0;
  }

  /** Its answer counts unless something else is asked by then. */
  #ask(request: Element, onAnswer: (answer: Element) => void): Question {
    const question: Question = { queryId: undefined, results: [] };
    this.#question = question;
    this.#context.iq.ask(request, (answer) => {
      if (this.#question === question) onAnswer(answer);
    });
    return question;
  }
}
