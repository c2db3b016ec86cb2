// A World in which the policy meets a server (small-server.ts) and contacts, all of it in memory and without a clock of its
// own: what interop-world.ts is with everything real.

import type { Element } from "@xmpp/xml";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { AccountWorld, FULL, SCRIPTED } from "./account-world.ts";
import { isAvailability, Mailboxes, withoutServerMarks } from "./mailboxes.ts";
import type { RoomsEvent, Scenario, World } from "./scenario.ts";
import { play } from "./scenario.ts";
import { type Contact, SmallServer } from "./small-server.ts";
import { parse, type Shape } from "./xml-shape.ts";

/** Everybody of a scenario but alice. Only friends see when she comes. */
export const CONTACTS = [
  { name: "bob", isFriend: true },
  { name: "carol", isFriend: false },
] as const;

const ROOM_SERVICE = "@rooms.example.org";

export class ServedWorld implements World {
  readonly variables: Readonly<Record<string, string>>;
  readonly policy = new AccountWorld({ session: "new", roster: SCRIPTED, bookmarks: true });
  readonly #server: SmallServer;
  readonly #mail = new Mailboxes();
  readonly #showsPresence: boolean | "rooms";
  /** What the server has for the account while there is no session. */
  readonly #kept: Element[] = [];
  #connected = true;

  constructor({ presence = false }: Pick<Scenario, "presence"> = {}) {
    this.#showsPresence = presence;
    const contacts: Contact[] = CONTACTS.map(({ name, isFriend }) => ({
      name,
      isFriend,
      fullJid: `${name}@example.org/phone`,
    }));
    const full = contacts.map(({ name, fullJid }) => [`${name}Full`, fullJid]);
    const bare = CONTACTS.map(({ name }) => [name, `${name}@example.org`]);
    const own = { ...this.policy.variables, room: `tea${ROOM_SERVICE}` };
    this.variables = { ...own, ...Object.fromEntries([...full, ...bare]) };
    this.#server = new SmallServer(own, contacts, {
      toAccount: (stanza) => this.#toAccount(stanza),
      toContact: (name, stanza) => this.#put(name, stanza),
      stamp: () => new Date(this.policy.nowMs).toISOString(),
    });
    for (const { name } of CONTACTS) this.#server.fromContact(name, parse("<presence/>"));
    this.policy.upstreamBound(FULL);
    this.#settle();
    // What came before the script begins is not a part of it.
    for (const { name } of CONTACTS) while (this.#mail.take(name) !== undefined);
  }

  attach(client: string, device: string): void {
    this.policy.attach(client, device);
    this.#settle();
  }

  leave(client: string): void {
    this.policy.leave(client);
    this.#settle();
  }

  breakOff(client: string): void {
    this.policy.breakOff(client);
    this.#settle();
  }

  resume(client: string): void {
    this.policy.resume(client);
    this.#settle();
  }

  acknowledge(client: string): void {
    this.policy.acknowledge(client);
    this.#settle();
  }

  /** The process dies; its session with the server goes on as soon as there is a new one. */
  restart(survivors: Parameters<AccountWorld["restart"]>[0] = {}): void {
    this.policy.restart(survivors);
    if (this.#connected) this.policy.upstreamResumed();
    this.#settle();
  }

  /** The session does not outlive the process this time. */
  goAway(): void {
    this.policy.restart();
    this.#connected = false;
    this.#server.endSession();
    this.#settle();
  }

  comeBack(): void {
    this.regainSession("bound");
  }

  doToRooms(event: RoomsEvent): void {
    this.#server.doToRooms(event, this.variables["room"] ?? "");
    this.#settle();
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  send(client: string, stanza: string): void {
    this.policy.send(client, stanza);
    this.#settle();
  }

  setClientState(client: string, active: boolean): void {
    this.policy.setClientState(client, active);
    this.#settle();
  }

  contactSends(contact: string, stanza: string): void {
    this.#server.fromContact(contact, parse(stanza));
    this.#settle();
  }

  /** The session breaks off; the server waits for it, or not. */
  loseSession(): void {
    this.#connected = false;
    this.policy.upstreamLost("The server hung up.");
    this.#settle();
  }

  /** The lost session goes on, or another takes its place: then what the server had for the old one is gone, or offline. */
  regainSession(how: "resumed" | "bound"): void {
    this.#connected = true;
    if (how === "resumed") this.policy.upstreamResumed();
    else this.policy.upstreamBound(FULL);
    for (const stanza of this.#kept.splice(0)) {
      if (how === "resumed" || stanza.is("message")) this.policy.upstreamSends(serialize(stanza));
    }
    this.#settle();
  }

  stopServer(): void {
    this.loseSession();
  }

  /** It knows nothing of the old session. */
  startServer(): void {
    this.regainSession("bound");
  }

  wait(seconds: number): void {
    this.policy.wait(seconds);
    this.#settle();
  }

  next(place: string, expected?: Shape, isVeryNext?: boolean): string | undefined {
    return this.#mail.take(place, expected, isVeryNext);
  }

  isReplaced(client: string): boolean {
    return this.policy.isReplaced(client);
  }

  leftovers(): Record<string, string[]> {
    return this.#mail.rest();
  }

  /** What each side has for the other goes there, until nobody has anything more to say. */
  #settle(): void {
    if (this.#connected) {
      for (let said = this.policy.next("upstream"); said !== undefined; said = this.policy.next("upstream")) {
        this.#server.fromAccount(parseLong(said));
      }
    }
    for (const place of Object.keys(this.policy.leftovers())) {
      if (place === "upstream") continue;
      for (let frame = this.policy.next(place); frame !== undefined; frame = this.policy.next(place)) {
        this.#put(place, parseLong(frame));
      }
    }
  }

  #toAccount(stanza: Element): void {
    if (!this.#connected) this.#kept.push(stanza);
    else this.policy.upstreamSends(serialize(stanza));
  }

  #put(place: string, stanza: Element): void {
    const isOfRoom = stanza.attrs.from?.includes(ROOM_SERVICE) ?? false;
    const shows = this.#showsPresence === "rooms" ? isOfRoom : this.#showsPresence;
    if (isAvailability(stanza) && !shows) return;
    this.#mail.put(place, withoutServerMarks(stanza, { bare: "alice@example.org", full: FULL }));
  }
}

function parseLong(frame: string): Element {
  const parsed = parseFrame(frame, SERVER_LIMITS);
  if (!parsed.ok || !parsed.element) throw new Error(`no stanza: ${frame}`);
  return parsed.element;
}

/** Plays a scenario with the policy alone behind its clients. */
export async function playServed({ script, presence = false }: Scenario): Promise<void> {
  await play(script, new ServedWorld({ presence }));
}
