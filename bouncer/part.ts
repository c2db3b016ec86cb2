/**
 * How a feature takes part in the policy: it may claim stanzas before the general rules see them, and hears of what
 * happens to clients and to the session. account.ts asks its parts in a fixed order; the first that claims a stanza
 * decides.
 */
import type { Element } from "@xmpp/xml";
import type { ArchiveHost } from "./archive/archive-host.ts";
import type { Holes } from "./archive/holes.ts";
import type { OwnCaps } from "./caps.ts";
import type { Clients, Departure } from "./clients.ts";
import type { Iq } from "./iq.ts";
import type { LastActivity } from "./last-activity.ts";
import type { CatchUp } from "./log/catch-up.ts";
import type { MessageLog } from "./log/message-log.ts";
import type { RoomPlaces } from "./log/room-places.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId, Ports } from "./ports.ts";
import type { RawCopies } from "./raw-copies.ts";
import type { Session } from "./session.ts";

/** What every part may use. Only account.ts changes the session and which clients there are. */
export interface PartContext {
  ports: Ports;
  clients: Clients;
  outlet: Outlet;
  session: Session;
  caps: OwnCaps;
  lastActivity: LastActivity;
  /** Who gets sent messages as they are. */
  rawCopies: RawCopies;
  /** Nothing more will be heard of contacts with such addresses: they are unavailable from now on. */
  forgetContacts(isGone: (address: string) => boolean): void;
  /** Is this bare JID a room that the account is in? */
  isRoom(bareJid: string): boolean;
  /** The `<show/>` that others see while no client is there; empty for plain available. */
  detachedShow: string;
  /** Tells every part that a client's message is on its way (Part.sent); for a part that sends it itself. */
  onSent(id: ClientId, message: Element): void;
  /** For questions of our own to the server, or to anybody. */
  iq: Pick<Iq, "archiveResult" | "ask" | "hold" | "takeHeld">;
  log: {
    /** What has just come, or is just sent, and its place in the log. */
    messages: Pick<MessageLog, "archived" | "deleted" | "placeOf" | "sent" | "timeOf" | "wasThere" | "watch">;
    /** Where clients' devices stopped. */
    catchUp: Pick<CatchUp, "late">;
    /** And where in rooms. */
    places: RoomPlaces;
  };
  /** Who keeps the account's archive (XEP-0313). */
  archive: ArchiveHost;
  holes: Pick<Holes, "add">;
}

export interface Part {
  /** A stanza from the server, as it came. True when it is dealt with: no other part and no general rule sees it. */
  fromUpstream?(stanza: Element): boolean;
  /** A stanza from a client, without `from`. True when it is dealt with. */
  fromClient?(id: ClientId, stanza: Element): boolean;
  /** A client's message is on its way to the server: there was room for it. */
  sent?(id: ClientId, message: Element): void;
  /** Is this bare JID a room that the account is in? */
  isRoom?(bareJid: string): boolean;
  /** The clients that alone have to do with this bare JID; undefined where all have, as far as this part knows. */
  clientsAt?(bareJid: string): ReadonlySet<ClientId> | undefined;
  /** A client has bound. */
  attached?(id: ClientId): void;
  /** A client has sent its initial presence, and was told who is there (PRES-9). */
  available?(id: ClientId): void;
  /** We have learned what some client's software can do (XEP-0115). */
  capabilitiesLearned?(): void;
  /** A client's socket is gone, but it may come back. */
  suspended?(id: ClientId): void;
  resumed?(id: ClientId): void;
  /** A client has said whether a person is looking at it (XEP-0352). */
  clientState?(id: ClientId): void;
  /** A client with Stream Management has acknowledged something, up to this place in the log if any of it was there. */
  acknowledged?(id: ClientId, logSeq: number | undefined): void;
  /** A client is gone; it is no longer among the clients. */
  detached?(id: ClientId, how: Departure): void;
  /** UP-8: a new session, whose server knows nothing of us yet but what the general rules have just said. */
  upstreamBound?(): void;
  /** The session goes on; its server has kept all that it knew of us. */
  upstreamResumed?(): void;
  upstreamLost?(): void;
  /** All clients that survived the death of the process are here: what was kept for others may be let go. */
  revived?(): void;
  /** Sees to what is overdue. */
  tick?(nowMs: number): void;
  /** When tick() has something to do next, in milliseconds since the epoch. */
  nextDeadlineMs?(): number | undefined;
}
