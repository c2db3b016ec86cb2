/** Gathers what the owner can be told (bouncer/owner-status.ts) from the parts of an account's runtime. Changes nothing. */
import type { Hole } from "../../bouncer/archive/holes.ts";
import type { Client } from "../../bouncer/clients.ts";
import type { ClientStatus, OwnerEvent, OwnerHole, OwnerStatus } from "../../bouncer/owner-status.ts";
import type { UpstreamStatus } from "../upstream/upstream-status.ts";
import type { History, HistoryEvent } from "./history.ts";

export interface StatusSources {
  account: string;
  fullJid(): string | undefined;
  upstream: { status(): UpstreamStatus };
  history: Pick<History, "onlineSinceMs" | "offlineSinceMs" | "events">;
  /** How often this account's process began, this time included, and when this one did. */
  boots: number;
  bootedAtMs: number;
  clients(): readonly Client[];
  /** Since when this client's socket stands. */
  connectedSinceMs(id: string): number | undefined;
  waitingFor(id: string): number;
  waitingForServer(): number;
  holes(): readonly Hole[];
}

export function gatherStatus(sources: StatusSources): OwnerStatus {
  const upstream = sources.upstream.status();
  const address = sources.fullJid();
  const { server, session, nextAttemptMs } = upstream;
  return {
    account: sources.account,
    ...(address !== undefined && { address }),
    phase: upstream.phase,
    since: stamp(sinceMs(upstream, sources.history)),
    ...(server && {
      server: { url: server.url, host: server.host, port: server.port, protection: server.way },
    }),
    streamManagement: upstream.streamManagement,
    ...(session && { session }),
    ...lastError(upstream, sources.history.events),
    ...(nextAttemptMs !== undefined && { nextAttempt: stamp(nextAttemptMs) }),
    tried: upstream.tried.map(({ what, why }) => ({ what, why })),
    restarts: sources.boots - 1,
    lastRestart: stamp(sources.bootedAtMs),
    clients: sources.clients().map((client) => describeClient(client, sources)),
    waitingForServer: sources.waitingForServer(),
    history: sources.history.events.map(describeEvent),
    holes: sources.holes().map(describeHole),
  };
}

/** An outage began when the session was lost, however often it was tried to get another since then. */
function sinceMs(upstream: UpstreamStatus, history: StatusSources["history"]): number {
  const known = upstream.phase === "online" ? history.onlineSinceMs : history.offlineSinceMs;
  return known ?? upstream.sinceMs;
}

/** Of this process, else of an earlier one. */
function lastError(
  upstream: UpstreamStatus,
  events: readonly HistoryEvent[],
): Pick<OwnerStatus, "lastError"> {
  const { lastError: text, lastErrorAtMs } = upstream;
  if (text !== "" && lastErrorAtMs !== undefined) return { lastError: { text, at: stamp(lastErrorAtMs) } };
  const last = events.findLast(({ what }) => what === "lost" || what === "refused");
  return last?.text === undefined ? {} : { lastError: { text: last.text, at: stamp(last.lastMs) } };
}

function describeClient(client: Client, sources: StatusSources): ClientStatus {
  const { id, device, lastActiveMs, presence, suspendedAtMs } = client;
  const since = suspendedAtMs ?? sources.connectedSinceMs(id);
  const show = presence?.getChildText("show");
  return {
    device,
    state: suspendedAtMs === undefined ? "connected" : "gone",
    ...(since !== undefined && { since: stamp(since) }),
    lastActive: stamp(lastActiveMs),
    presence: presence ? (show ?? "available") : "unavailable",
    waiting: sources.waitingFor(id),
  };
}

function describeEvent({ atMs, what, text, times, lastMs }: HistoryEvent): OwnerEvent {
  return {
    at: stamp(atMs),
    what,
    ...(text !== undefined && { text }),
    ...(times > 1 && { times, lastAt: stamp(lastMs) }),
  };
}

function describeHole({ fromMs, toMs, reason, room }: Hole): OwnerHole {
  return { from: stamp(fromMs), to: stamp(toMs), ...(room !== undefined && { room }), reason };
}

function stamp(atMs: number): string {
  return new Date(atMs).toISOString();
}
