/**
 * IQ-7: who may answer a request from outside, in the order in which they are asked: the client that has the session it
 * belongs to, else those that say that they can, else those that say nothing of what they can do; most recently active first.
 * MUC-21: what comes out of a room is for those only that are in it.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { readSessionStep } from "../xmpp/peer-session.ts";
import { iqPayload } from "../xmpp/stanza.ts";
import type { OwnCaps } from "./caps.ts";
import type { Client, Clients } from "./clients.ts";
import type { PeerSessions } from "./peer-sessions.ts";
import type { ClientId } from "./ports.ts";

export interface Responder {
  client: Client;
  reason: string;
}

interface RespondersDependencies {
  clients: Clients;
  caps: Pick<OwnCaps, "featuresOf">;
  sessions: Pick<PeerSessions, "ownerOf">;
  /** The clients that alone have to do with this bare JID; undefined where all have. */
  clientsAt(bareJid: string): ReadonlySet<ClientId> | undefined;
}

export class Responders {
  readonly #deps: RespondersDependencies;

  constructor(deps: RespondersDependencies) {
    this.#deps = deps;
  }

  /** All who may be asked. */
  of(request: Element): Responder[] {
    const { clients, caps, sessions } = this.#deps;
    const owner = clients.get(sessions.ownerOf(request) ?? "");
    // SM-2: although it is gone for now: nobody else could go on with its session.
    if (owner) return [{ client: owner, reason: "the client that has this session" }];
    const payload = iqPayload(request);
    const namespace = payload?.getNS() ?? "";
    const needs = readSessionStep(payload)?.needs ?? [];
    const inRoom = this.#deps.clientsAt(bareJidOf(request.attrs.from ?? ""));
    const there = clients.byRecency().filter((client) => isThere(client, inRoom));
    const can = there.filter((client) => caps.featuresOf(client)?.has(namespace));
    const canAll = can.filter((client) => needs.every((need) => caps.featuresOf(client)?.has(need)));
    const unknown = there.filter((client) => caps.featuresOf(client) === undefined);
    return [
      ...named(canAll, "the most recently active client that says it can"),
      ...named(
        can.filter((client) => !canAll.includes(client)),
        "a client that says it can in part",
      ),
      ...named(unknown, "the most recently active client"),
    ];
  }

  /** Does the request belong to a session that only one client can go on with? */
  isOwned(request: Element): boolean {
    return this.#deps.clients.get(this.#deps.sessions.ownerOf(request) ?? "") !== undefined;
  }
}

/** SM-2: a client that is gone for now could not answer in time. In a room it is available who has joined it. */
function isThere({ id, presence, suspendedAtMs }: Client, inRoom?: ReadonlySet<ClientId>): boolean {
  const isAvailable = inRoom ? inRoom.has(id) : presence !== undefined;
  return isAvailable && suspendedAtMs === undefined;
}

function named(clients: Client[], reason: string): Responder[] {
  return clients.map((client) => ({ client, reason }));
}
