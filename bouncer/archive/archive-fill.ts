/**
 * MAM-7 to MAM-10: in each new session asks the server whether it has the account's archive (XEP-0313), and if so for what
 * came since the last message that the log has: into the log, and to the clients. What cannot be fetched is noted as a hole.
 *
 * Offline messages and live ones come meanwhile; the archive has them too. Whichever is first is logged (LOG-4).
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import type { Part, PartContext } from "../part.ts";
import { type Archived, Fill } from "./fill.ts";
import { ownGap, type StoredGap } from "./gap.ts";
import { OwnAddresses } from "./own-addresses.ts";

export class ArchiveFill implements Part {
  readonly #context: PartContext;
  readonly #gap: StoredGap;
  readonly #own: OwnAddresses;
  readonly #fill: Fill;

  constructor(context: PartContext) {
    this.#context = context;
    this.#gap = ownGap(context.ports.store);
    this.#own = new OwnAddresses(context.ports);
    this.#own.add(context.session.fullJid);
    const { archive, log, session } = context;
    this.#fill = new Fill(context, this.#gap, {
      address: undefined,
      name: "The server's archive",
      told: (hasArchive) => archive.told(hasArchive),
      begins: (seq) => log.messages.watch(session.bareJid, seq),
      log: (found) => this.#log(found),
      without: () => "The server keeps no archive that could tell what came meanwhile.",
      ended: ({ fromMs, toMs }, { reason }) => {
        if (reason !== undefined) context.holes.add({ fromMs, toMs, reason });
        log.messages.watch(session.bareJid, undefined);
      },
    });
  }

  upstreamBound(): void {
    const { ports, session } = this.#context;
    this.#own.add(session.fullJid);
    const toMs = ports.clock.nowMs();
    const gap = this.#gap.current;
    const { atMs: fromMs, stanzaId: after } = ports.log.newest();
    if (gap) this.#gap.set({ ...gap, toMs });
    else if (fromMs !== undefined) {
      const seq = ports.log.head();
      this.#gap.set({ after, fromMs, toMs, seq, found: 0, hasExpired: false, isMissed: true });
    }
    this.#fill.begin();
  }

  /** The session goes on, perhaps in a new process. */
  upstreamResumed(): void {
    if (this.#gap.current) this.#fill.begin();
  }

  upstreamLost(): void {
    this.#fill.stop();
  }

  /** A result of what we have asked ourselves. */
  fromUpstream(stanza: Element): boolean {
    return this.#fill.fromUpstream(stanza);
  }

  tick(nowMs: number): void {
    const dueMs = this.#fill.nextDeadlineMs();
    if (dueMs !== undefined && dueMs <= nowMs) this.#fill.begin();
  }

  nextDeadlineMs(): number | undefined {
    return this.#fill.nextDeadlineMs();
  }

  /** MAM-9: clients are handed it at their own pace. */
  #log(found: readonly Archived[]): void {
    const { log, outlet, ports } = this.#context;
    const since = ports.log.head();
    for (const one of found) this.#logOne(one);
    const logged = ports.log.head() - since;
    outlet.withhold("MAM-8", xml("message"), `${found.length} messages of the archive, ${logged} new`);
    if (logged > 0) log.catchUp.late(since);
  }

  #logOne({ id, atMs, message }: Archived): void {
    const { log, session } = this.#context;
    // What was sent from here is in the log already; only what comes back to the account itself may not have come.
    if (this.#own.has(message.attrs.from) && bareJidOf(message.attrs.to ?? "") !== session.bareJid) return;
    log.messages.archived(message, session.bareJid, { id, atMs });
  }
}
