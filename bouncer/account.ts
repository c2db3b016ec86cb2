/**
 * One account's policy: what becomes of each stanza, from upstream or from a client. Leads each to its rule's own file.
 * Synchronous, and pure but for its tables.
 *
 * It must not know what carries stanzas, how anybody authenticated, or what a session is made of.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { isAutomatic } from "../xmpp/message-payload.ts";
import { isIqRequest, stanzaKind } from "../xmpp/stanza.ts";
import { ArchiveHost } from "./archive/archive-host.ts";
import { type Hole, Holes } from "./archive/holes.ts";
import { Attachments } from "./attachments.ts";
import { OwnCaps } from "./caps.ts";
import { type Client, type ClientRecord, Clients } from "./clients.ts";
import { HeldBack } from "./held-back.ts";
import { Iq } from "./iq.ts";
import { LastActivity } from "./last-activity.ts";
import { CatchUp, type NewDeviceWindow } from "./log/catch-up.ts";
import { MessageLog } from "./log/message-log.ts";
import { RoomPlaces } from "./log/room-places.ts";
import { MessageFlow } from "./message-flow.ts";
import { Outlet } from "./outlet.ts";
import type { Part } from "./part.ts";
import { makeParts } from "./parts.ts";
import { PeerSessions } from "./peer-sessions.ts";
import type { ClientId, Ports } from "./ports.ts";
import { Presence } from "./presence.ts";
import { RawCopies } from "./raw-copies.ts";
import type { Session } from "./session.ts";
import { Trace, type TraceEntry } from "./trace.ts";
import { reportUndelivered, type Undelivered, undeliveredError } from "./undelivered.ts";

export interface AccountOptions {
  bareJid: string;
  /** As it was last bound, so that clients can attach while there is no session; empty when it never was. */
  fullJid: string;
  /** The `<show/>` that contacts see while no client is available; empty for plain available. */
  detachedShow: string;
  /** LOG-7: what a device that was never here before is told of the past. */
  newDevice: NewDeviceWindow;
}

export class Account {
  readonly #ports: Ports;
  readonly #session: Session;
  readonly #clients = new Clients();
  readonly #outlet: Outlet;
  readonly #iq: Iq;
  readonly #presence: Presence;
  readonly #log: MessageLog;
  readonly #messages: MessageFlow;
  readonly #holes: Holes;
  /** In the order in which they are asked. */
  readonly #parts: readonly Part[];
  /** Those among them that look at what comes from upstream. */
  readonly #listening: readonly Part[];
  /** Who has something to do at some time. */
  readonly #timed: readonly Pick<Part, "nextDeadlineMs">[];
  readonly #attachments: Attachments;

  constructor(ports: Ports, { bareJid, fullJid, detachedShow, newDevice }: AccountOptions) {
    this.#ports = ports;
    this.#session = {
      bareJid,
      fullJid,
      connected: false,
      rosterVersioning: false,
      downReason: "There is no connection to the server yet.",
    };
    const trace = new Trace();
    const archive = new ArchiveHost(ports, bareJid);
    this.#holes = new Holes(ports);
    const logged = { ports, clients: this.#clients, session: this.#session, trace, archive };
    this.#log = new MessageLog(ports, this.#session, archive);
    const held = new HeldBack(ports, this.#clients, bareJid);
    const rawCopies = new RawCopies(ports);
    const catchUp = new CatchUp({ ...logged, held, rawCopies, newDevice });
    this.#outlet = new Outlet({ ports, trace, log: this.#log, catchUp, held });
    const caps = new OwnCaps(ports.store.capabilities, this.#clients);
    const shared = {
      ports,
      clients: this.#clients,
      caps,
      lastActivity: new LastActivity(ports.store.lastActivity, this.#clients),
      rawCopies,
      outlet: this.#outlet,
      session: this.#session,
    };
    const onSent = (id: ClientId, message: Element): void =>
      this.#eachPart((part) => part.sent?.(id, message));
    this.#messages = new MessageFlow({ ...shared, log: this.#log, onSent });
    this.#presence = new Presence({
      ...shared,
      detachedShow,
      onAvailable: (id) => this.#eachPart((part) => part.available?.(id)),
    });
    const sessions = new PeerSessions({ ...shared, ask: (request) => this.#iq.ask(request, undefined) });
    const onCapsLearned = (changed: boolean): void => this.#capabilitiesLearned(changed);
    const clientsAt = (address: string): ReadonlySet<ClientId> | undefined =>
      this.#parts.map((part) => part.clientsAt?.(address)).find((found) => found !== undefined);
    this.#iq = new Iq({ ...shared, archive, sessions, clientsAt, onCapsLearned });
    const log = { messages: this.#log, catchUp, places: new RoomPlaces(ports, catchUp) };
    const isRoom = (address: string): boolean => this.#parts.some((part) => part.isRoom?.(address) ?? false);
    const forgetContacts = (isGone: (address: string) => boolean): void =>
      this.#presence.forgetContacts(isGone);
    const rest = {
      archive,
      holes: this.#holes,
      detachedShow,
      iq: this.#iq,
      isRoom,
      forgetContacts,
      log,
      onSent,
    };
    this.#parts = [held, catchUp, sessions, ...makeParts({ ...shared, ...rest })];
    this.#listening = this.#parts.filter((part) => "fromUpstream" in part);
    this.#timed = [this.#iq, this.#presence, ...this.#parts].filter((part) => "nextDeadlineMs" in part);
    this.#attachments = new Attachments({
      ...shared,
      iq: this.#iq,
      presence: this.#presence,
      parts: this.#parts,
    });
  }

  /** What was decided lately and why, oldest first. */
  trace(): TraceEntry[] {
    return this.#outlet.trace.entries();
  }

  /** MAM-10: when the log may have missed something, and why; oldest first. */
  holes(): Hole[] {
    return this.#holes.all();
  }

  /** DELETE-6: a conversation, or everything, is about to be deleted from the log. */
  deletes(peer: string | undefined): void {
    const rooms = this.#ports.store.rooms.rooms().map(({ jid }) => jid);
    for (const room of peer === undefined ? rooms : [peer]) this.#log.deletes(room);
    if (peer === undefined) this.#holes.clear();
  }

  /** Who is attached, or expected back; most recently active first. */
  attached(): readonly Client[] {
    return this.#clients.byRecency();
  }

  /** Is anybody attached, or expected back? */
  get hasClients(): boolean {
    return this.#clients.size > 0;
  }

  /** UP-8: a session is bound, and its server knows nothing of us yet. */
  upstreamBound(fullJid: string, { rosterVersioning }: { rosterVersioning: boolean }): void {
    this.#session.fullJid = fullJid;
    this.#session.rosterVersioning = rosterVersioning;
    this.#session.connected = true;
    this.#iq.upstreamBound();
    this.#iq.ask(
      xml("iq", { xmlns: NS.client, type: "set" }, xml("enable", { xmlns: NS.carbons })),
      undefined,
    );
    this.#presence.upstreamBound();
    this.#eachPart((part) => part.upstreamBound?.());
  }

  /** The session goes on; its server has kept all that it knew of us. */
  upstreamResumed(): void {
    this.#session.connected = true;
    this.#iq.upstreamResumed();
    this.#presence.broadcast();
    this.#eachPart((part) => part.upstreamResumed?.());
  }

  /** The session is gone; `reason` is told to those whose requests fail. */
  upstreamLost(reason: string): void {
    this.#session.connected = false;
    this.#session.downReason = reason;
    this.#iq.upstreamLost();
    this.#eachPart((part) => part.upstreamLost?.());
  }

  /** UP-16, UP-17: what went out and is not sent again. Requests are answered with the error, messages told of. */
  undelivered(stanzas: readonly Undelivered[]): void {
    for (const request of stanzas.filter(({ stanza }) => isIqRequest(stanza))) {
      const answer = undeliveredError(request, this.#session.fullJid);
      this.#iq.answerFromUpstream(answer);
    }
    const messages = stanzas.filter(({ stanza }) => stanzaKind(stanza) === "message");
    for (const delivery of reportUndelivered(messages, this.#clients, this.#session)) {
      this.#outlet.deliver(delivery);
    }
  }

  /** ID-2: a client has bound. The same device attaching again replaces its old attachment. */
  attach(record: ClientRecord): void {
    this.#attachments.attach(record);
  }

  /** Clients whose sessions outlived the process: they are gone, since now where it is not known, and may come back. */
  revive(records: readonly (ClientRecord & { suspendedAtMs?: number | undefined })[]): void {
    this.#attachments.revive(records);
  }

  /** All clients that survived are here: what was kept for others is let go. */
  prune(): void {
    this.#attachments.prune();
  }

  /** SM-2: a client's socket is gone, but it may resume: it stays a client, and is told nothing now. */
  suspend(id: ClientId): void {
    this.#attachments.suspend(id);
  }

  /** The client is back. */
  resume(id: ClientId): void {
    this.#attachments.resume(id);
  }

  /** A client has acknowledged something: all that it was sent up to this place in the log, if any of it was there. */
  acknowledged(id: ClientId, logSeq: number | undefined): void {
    this.#eachPart((part) => part.acknowledged?.(id, logSeq));
  }

  /** A client is gone, however it went. */
  detach(id: ClientId): void {
    this.#attachments.detach(id);
  }

  /** SM-15: a client that may still come back is no client any more. */
  lapse(id: ClientId): void {
    this.#attachments.lapse(id);
  }

  /** CSI-1: what a client says about itself (XEP-0352); it concerns nobody else. */
  setClientState(id: ClientId, active: boolean): void {
    this.#attachments.setState(id, active);
  }

  /** What a client's stream should remember across the death of the process. */
  record(id: ClientId): ClientRecord | undefined {
    return this.#attachments.record(id);
  }

  /** DOWN-2: is this the id of a client's request that is not waited for any more? What is still to be sent of it is void. */
  isGivenUp(requestId: string): boolean {
    return this.#iq.isGivenUp(requestId);
  }

  /** Sees to what is overdue. */
  tick(): void {
    this.#iq.tick();
    this.#presence.broadcast();
    const nowMs = this.#ports.clock.nowMs();
    this.#eachPart((part) => part.tick?.(nowMs));
  }

  /** When tick() has something to do next, in milliseconds since the epoch. */
  nextDeadlineMs(): number | undefined {
    let next = Infinity;
    for (const part of this.#timed) next = Math.min(next, part.nextDeadlineMs?.() ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  fromUpstream(stanza: Element): void {
    const kind = stanzaKind(stanza);
    if (kind === "message" && !this.#isNew(stanza)) return;
    for (const part of this.#listening) if (part.fromUpstream?.(stanza)) return;
    switch (kind) {
      case "message":
        return this.#messages.fromUpstream(stanza);
      case "presence":
        return this.#presence.fromUpstream(stanza);
      case "iq":
        return isIqRequest(stanza)
          ? this.#iq.requestFromUpstream(stanza)
          : this.#iq.answerFromUpstream(stanza);
      case undefined:
        this.#outlet.withhold("XML-0", stanza, "not a stanza");
    }
  }

  /** A stanza from an attached client; its `from` was checked and is the account's to stamp. */
  fromClient(id: ClientId, stanza: Element): void {
    const client = this.#clients.get(id);
    if (!client) return;
    delete stanza.attrs.from;
    const isMessage = stanzaKind(stanza) === "message";
    if (isMessage && !isAutomatic(stanza)) client.lastActiveMs = this.#ports.clock.nowMs();
    const claimed = this.#parts.some((part) => part.fromClient?.(id, stanza) ?? false);
    if (!claimed) this.#byRule(id, stanza);
    if (isMessage) this.#presence.broadcast();
  }

  /** LOG-1: a message is in the log before anybody gets it. LOG-4: one that was there before was for everybody then. */
  #isNew(message: Element): boolean {
    const logged = this.#log.received(message);
    if (logged.outcome !== "duplicate" || logged.room) return true;
    this.#outlet.withhold("LOG-4", message, "it came before");
    return false;
  }

  #byRule(id: ClientId, stanza: Element): void {
    switch (stanzaKind(stanza)) {
      case "message":
        return this.#messages.fromClient(id, stanza);
      case "presence":
        return this.#presence.fromClient(id, stanza);
      case "iq":
        return isIqRequest(stanza)
          ? this.#iq.requestFromClient(id, stanza)
          : this.#iq.answerFromClient(id, stanza);
      case undefined:
        this.#outlet.withhold("XML-0", stanza, "not a stanza");
    }
  }

  #capabilitiesLearned(changed: boolean): void {
    if (changed) this.#presence.broadcast();
    this.#eachPart((part) => part.capabilitiesLearned?.());
  }

  #eachPart(act: (part: Part) => void): void {
    for (const part of this.#parts) act(part);
  }
}
