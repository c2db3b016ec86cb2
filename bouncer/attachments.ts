/**
 * How clients come and go: they attach, replace their device's old attachment, are cut off and come back, outlive the process,
 * and leave for good. Carried out here for the general rules and told to every part.
 *
 * It must not know what any of them does about it, or what carries clients' streams.
 */
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { OwnCaps } from "./caps.ts";
import type { ClientRecord, Clients, Departure } from "./clients.ts";
import type { Iq } from "./iq.ts";
import type { LastActivity } from "./last-activity.ts";
import type { Part } from "./part.ts";
import type { ClientId, Ports } from "./ports.ts";
import type { Presence } from "./presence.ts";

interface AttachmentsDependencies {
  ports: { clients: Pick<Ports["clients"], "replace">; clock: Pick<Ports["clock"], "nowMs"> };
  clients: Clients;
  caps: Pick<OwnCaps, "detach">;
  iq: Pick<Iq, "detach" | "revived" | "suspend">;
  lastActivity: Pick<LastActivity, "seen">;
  presence: Pick<Presence, "detach" | "prune" | "resume">;
  parts: readonly Part[];
}

export class Attachments {
  readonly #deps: AttachmentsDependencies;

  constructor(deps: AttachmentsDependencies) {
    this.#deps = deps;
  }

  /** ID-2: a client has bound. The same device attaching again replaces its old attachment. */
  attach(record: ClientRecord): void {
    const { clients, lastActivity, ports } = this.#deps;
    const old = clients.byDevice(record.device);
    if (old) {
      this.#end(old.id, "replaced");
      ports.clients.replace(old.id);
    }
    clients.add({ ...record, presence: undefined, suspendedAtMs: undefined });
    lastActivity.seen(record);
    this.#eachPart((part) => part.attached?.(record.id));
  }

  /** Clients whose sessions outlived the process: they are gone, since now where it is not known, and may come back. */
  revive(records: readonly (ClientRecord & { suspendedAtMs?: number | undefined })[]): void {
    const nowMs = this.#deps.ports.clock.nowMs();
    for (const record of records) {
      const presence =
        record.presence === undefined ? undefined : parseFrame(record.presence, DEFAULT_LIMITS);
      this.#deps.clients.add({
        ...record,
        presence: presence?.ok ? presence.element : undefined,
        suspendedAtMs: record.suspendedAtMs ?? nowMs,
      });
    }
  }

  /** All clients that survived are here: what was kept for others is let go. */
  prune(): void {
    this.#deps.presence.prune();
    this.#deps.iq.revived();
    this.#eachPart((part) => part.revived?.());
  }

  /** SM-2: a client's socket is gone, but it may resume: it stays a client, and is told nothing now. */
  suspend(id: ClientId): void {
    const client = this.#deps.clients.get(id);
    if (!client) return;
    client.suspendedAtMs = this.#deps.ports.clock.nowMs();
    this.#deps.iq.suspend(id);
    this.#eachPart((part) => part.suspended?.(id));
  }

  /** The client is back. */
  resume(id: ClientId): void {
    const client = this.#deps.clients.get(id);
    if (!client) return;
    client.suspendedAtMs = undefined;
    this.#deps.presence.resume(id);
    this.#eachPart((part) => part.resumed?.(id));
  }

  /** A client is gone, however it went. */
  detach(id: ClientId): void {
    this.#end(id, "left");
  }

  /** SM-15: a client that may still come back is no client any more. */
  lapse(id: ClientId): void {
    this.#end(id, "lapsed");
  }

  /** CSI-1: what a client says about itself (XEP-0352); it concerns nobody else. */
  setState(id: ClientId, active: boolean): void {
    const client = this.#deps.clients.get(id);
    if (!client || client.active === active) return;
    client.active = active;
    this.#eachPart((part) => part.clientState?.(id));
  }

  /** What a client's stream should remember across the death of the process. */
  record(id: ClientId): ClientRecord | undefined {
    const client = this.#deps.clients.get(id);
    if (!client) return undefined;
    const { device, carbons, interested, active, lastActiveMs } = client;
    const presence = client.presence && serialize(client.presence);
    return { id, device, carbons, interested, active, lastActiveMs, presence };
  }

  #end(id: ClientId, how: Departure): void {
    const { caps, clients, iq, lastActivity, presence } = this.#deps;
    const client = clients.remove(id);
    if (!client) return;
    lastActivity.seen(client);
    caps.detach(id);
    presence.detach(id);
    iq.detach(id);
    this.#eachPart((part) => part.detached?.(id, how));
  }

  #eachPart(act: (part: Part) => void): void {
    for (const part of this.#deps.parts) act(part);
  }
}
