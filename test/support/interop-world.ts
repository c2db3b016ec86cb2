// A World in which everything is real: clients with Stream Management on the deployable bundle in workerd, contacts straight
// on Prosody or ejabberd. Each scenario has accounts of its own. Nothing is ever known to be over on a network, so what must
// not have come is looked for behind a fence: pings over every path, each behind what was sent before.

import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { stanzaKind } from "../../xmpp/stanza.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { Server, Stage } from "../interop/stage.ts";
import { isAvailability, Mailboxes, withoutServerMarks } from "./mailboxes.ts";
import { ManagedClient } from "./managed-client.ts";
import type { Account, RawSession } from "./raw-client.ts";
import type { RoomsEvent, Scenario, World } from "./scenario.ts";
import { play } from "./scenario.ts";
import { CONTACTS } from "./served-world.ts";
import type { Shape } from "./xml-shape.ts";

/** How long a hang may last, beyond what the script waits for. */
const PATIENCE_MS = 10_000;
const FENCE = "fence-";
const PING = `<ping xmlns="urn:xmpp:ping"/>`;

interface Beginning {
  stage: Stage<Server>;
  alice: Account;
  contacts: ReadonlyMap<string, RawSession>;
  fullJid: string;
  showsPresence: boolean | "rooms";
}

class InteropWorld implements World {
  readonly variables: Readonly<Record<string, string>>;
  readonly #stage: Stage<Server>;
  readonly #alice: Account;
  readonly #own: { bare: string; full: string };
  readonly #contacts = new Map<string, RawSession>();
  readonly #showsPresence: boolean | "rooms";
  readonly #clients = new Map<string, ManagedClient>();
  readonly #connected = new Set<string>();
  readonly #inactive = new Set<string>();
  readonly #mail = new Mailboxes();
  readonly #fencesPassed = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #patienceMs = PATIENCE_MS;
  #fences = 0;
  #isAway = false;

  private constructor({ stage, alice, contacts, fullJid, showsPresence }: Beginning) {
    this.#stage = stage;
    this.#alice = alice;
    this.#own = { bare: alice.jid, full: fullJid };
    this.#showsPresence = showsPresence;
    const { host: domain, rooms } = stage.server;
    const [localpart = ""] = alice.jid.split("@");
    const addresses = [...contacts].flatMap(([name, { fullJid: full }]) => [
      [name, bareJidOf(full)],
      [`${name}Full`, full],
    ]);
    const room = `tea-${localpart}@${rooms}`;
    this.variables = { ...this.#own, domain, room, ...Object.fromEntries(addresses) };
    for (const [name, contact] of contacts) this.#meet(name, contact);
  }

  /** Accounts called alice-N and so on, friends as CONTACTS says; alice was here once, and nobody is attached now. */
  static async begin(
    stage: Stage<Server>,
    n: number,
    { presence = false }: Pick<Scenario, "presence">,
  ): Promise<InteropWorld> {
    const alice = await stage.account(`alice-${n}`);
    const direct = await stage.attachDirectly(alice, "before");
    const contacts = new Map<string, RawSession>();
    for (const { name, isFriend } of CONTACTS) {
      const contact = await stage.attachDirectly(await stage.account(`${name}-${n}`), "phone");
      contacts.set(name, contact);
      // RFC 6121 section 3.1.6: only who has asked for the roster is told of answers to its requests.
      await contact.request(`<iq type="get" id="roster-before"><query xmlns="jabber:iq:roster"/></iq>`);
      if (isFriend) await befriend(direct, contact);
      contact.send("<presence/>");
      await contact.stanza("presence", ({ attrs }) => attrs.from === contact.fullJid);
    }
    await direct.close();
    const first = await stage.attach(alice, "first");
    const { fullJid } = first;
    const bob = contacts.get("bob");
    await bob?.stanza("presence", ({ attrs }) => attrs.from === fullJid && attrs.type === undefined);
    await first.close();
    return new InteropWorld({ stage, alice, contacts, fullJid, showsPresence: presence });
  }

  async attach(client: string, device: string): Promise<void> {
    const managed = await ManagedClient.login(
      this.#stage.worker.wsUrl(this.#alice.jid),
      this.#alice,
      device,
      (stanza) => this.#onStanza(client, stanza, (answer) => managed.send(answer)),
    );
    this.#clients.set(client, managed);
    this.#connected.add(client);
  }

  async leave(client: string): Promise<void> {
    this.#connected.delete(client);
    await this.#client(client).close();
  }

  async breakOff(client: string): Promise<void> {
    this.#connected.delete(client);
    await this.#client(client).breakOff();
  }

  async resume(client: string): Promise<void> {
    const managed = this.#client(client);
    if (!(await managed.resume())) throw new Error(`${client} cannot resume: ${managed.endedBy}`);
    this.#connected.add(client);
  }

  /** As a power cut: no handler of ours runs. */
  async restart(): Promise<void> {
    this.#connected.clear();
    await this.#stage.worker.restart();
  }

  async stopServer(): Promise<void> {
    await this.#stage.server.stop();
  }

  /** Contacts come back as they were. */
  async startServer(): Promise<void> {
    await this.#stage.server.start();
    for (const [name, { fullJid }] of this.#contacts) {
      const account = { jid: bareJidOf(fullJid), password: this.#alice.password };
      const contact = await this.#stage.attachDirectly(account, fullJid.slice(account.jid.length + 1));
      this.#meet(name, contact);
      contact.send("<presence/>");
    }
  }

  /** What the server has of a session that nobody uses any more, it gives up at once. */
  async goAway(): Promise<void> {
    this.#connected.clear();
    this.#isAway = true;
    const { server, worker } = this.#stage;
    await worker.kill();
    if ("kickSession" in server) await server.kickSession(this.#own.full);
    else await server.endSession(this.#own.full);
  }

  async comeBack(): Promise<void> {
    this.#isAway = false;
    await this.#stage.worker.start();
  }

  async doToRooms(event: RoomsEvent): Promise<void> {
    const { server } = this.#stage;
    if (!("shell" in server)) throw new Error("this server cannot be brought to it");
    if (event === "forget") await server.forgetOccupant(this.variables["room"] ?? "", this.#own.full);
    else await server.setRoomService(event === "start");
  }

  send(client: string, xml: string): void {
    this.#client(client).send(xml);
  }

  async setClientState(client: string, active: boolean): Promise<void> {
    if (active) this.#inactive.delete(client);
    else this.#inactive.add(client);
    this.#client(client).sendNonza(`<${active ? "active" : "inactive"} xmlns="urn:xmpp:csi:0"/>`);
    // What others do next finds it so.
    await this.#client(client).acknowledged();
  }

  contactSends(contact: string, xml: string): void {
    this.#contact(contact).send(xml);
  }

  /** Time passes by itself: whoever waits for what comes of it waits longer. */
  wait(seconds: number): void {
    this.#patienceMs = PATIENCE_MS + seconds * 1_000;
  }

  async next(place: string, expected?: Shape, isVeryNext?: boolean): Promise<string | undefined> {
    if (!expected) {
      await this.#fence();
      return this.#mail.take(place);
    }
    const deadlineMs = Date.now() + this.#patienceMs;
    for (;;) {
      const came = this.#mail.take(place, expected, isVeryNext);
      if (came !== undefined) {
        this.#patienceMs = PATIENCE_MS;
        return came;
      }
      if (!(await this.#somethingComes(deadlineMs - Date.now()))) {
        throw new Error(
          `waited in vain; what came to ${place}: ${this.#mail.rest()[place]?.join("\n") ?? "nothing"}`,
        );
      }
    }
  }

  async isReplaced(client: string): Promise<boolean> {
    const managed = this.#client(client);
    await managed.gone;
    this.#connected.delete(client);
    return managed.endedBy === "conflict";
  }

  async leftovers(): Promise<Record<string, string[]>> {
    await this.#fence();
    return this.#mail.rest();
  }

  /** Everybody goes. */
  async end(): Promise<void> {
    if (this.#isAway) await this.comeBack();
    await Promise.all([...this.#connected].map(async (client) => await this.leave(client)));
    await Promise.all([...this.#contacts.values()].map(async (contact) => await contact.close()));
  }

  #client(name: string): ManagedClient {
    const client = this.#clients.get(name);
    if (!client) throw new Error(`${name} is not attached`);
    return client;
  }

  #contact(name: string): RawSession {
    const contact = this.#contacts.get(name);
    if (!contact) throw new Error(`there is nobody called ${name}`);
    return contact;
  }

  #meet(name: string, contact: RawSession): void {
    this.#contacts.set(name, contact);
    contact.stanzas.watch((stanza) => this.#onStanza(name, stanza, (answer) => contact.send(answer)));
  }

  #onStanza(place: string, stanza: Element, answer: (stanza: string) => void): void {
    // How a server that stops ends its streams.
    if (stanzaKind(stanza) === undefined) return;
    const { from, id = "", type } = stanza.attrs;
    // What a client asks comes under an id of ours.
    const isPing = type === "get" && stanza.getChild("ping", "urn:xmpp:ping") !== undefined;
    // ejabberd's block list is a privacy list too (XEP-0016), and it tells of that as well.
    const isPrivacyPush = type === "set" && stanza.getChild("query", "jabber:iq:privacy") !== undefined;
    // What becomes of a contact's own roster is not a part of the script.
    const isTheirRoster =
      type === "set" &&
      this.#contacts.has(place) &&
      stanza.getChild("query", "jabber:iq:roster") !== undefined;
    if (isPing || isPrivacyPush || isTheirRoster)
      answer(`<iq type="result"${from === undefined ? "" : ` to="${from}"`} id="${id}"/>`);
    else if (stanza.is("presence") && from === this.#contacts.get(place)?.fullJid) return;
    else if (isOfSomebodyAbsent(stanza)) return;
    else if (id.startsWith(FENCE)) this.#fencesPassed.add(id);
    else if (!isAvailability(stanza) || this.#shows(stanza)) {
      this.#mail.put(place, withoutServerMarks(stanza, this.#own));
    }
    for (const listener of this.#listeners) listener();
  }

  #shows({ attrs: { from = "" } }: Element): boolean {
    if (this.#showsPresence !== "rooms") return this.#showsPresence;
    // ejabberd's rooms say what they can do (XEP-0115).
    return from.includes(`@${this.#stage.server.rooms}/`);
  }

  async #somethingComes(withinMs: number): Promise<boolean> {
    return await new Promise((resolve) => {
      const end = (came: boolean): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(came);
      };
      const listener = (): void => end(true);
      const timer = setTimeout(() => end(false), Math.max(0, withinMs));
      this.#listeners.add(listener);
    });
  }

  /** Over every path and back, there and then the other way round: what was sent before has come. */
  async #fence(): Promise<void> {
    const isInactive = (name: string): boolean => this.#inactive.has(name);
    const connected = [...this.#connected]
      .filter((name) => !isInactive(name))
      .map((name) => this.#client(name));
    const contacts = [...this.#contacts.values()];
    const ask = (from: { send(stanza: string): void }, to: string): string => {
      const id = `${FENCE}${(this.#fences += 1)}`;
      from.send(`<iq type="get" to="${to}" id="${id}">${PING}</iq>`);
      return id;
    };
    const passed = async (ids: string[]): Promise<void> => {
      const deadlineMs = Date.now() + PATIENCE_MS;
      while (!ids.every((id) => this.#fencesPassed.has(id))) {
        if (!(await this.#somethingComes(deadlineMs - Date.now())))
          throw new Error("a ping was not answered");
      }
    };
    await passed(connected.flatMap((client) => contacts.map(({ fullJid }) => ask(client, fullJid))));
    await passed(contacts.map((contact) => ask(contact, this.#own.full)));
    await passed(connected.map((client) => ask(client, this.#own.full)));
    // An answer would wake these (CSI-3).
    const inactive = [...this.#connected].filter(isInactive);
    await Promise.all(inactive.map(async (name) => await this.#client(name).acknowledged()));
  }
}

/** What Prosody's rooms say of the affiliation of somebody who is not there (XEP-0045 section 9.3, "MAY"). */
function isOfSomebodyAbsent(stanza: Element): boolean {
  const user = stanza.getChild("x", "http://jabber.org/protocol/muc#user");
  return stanza.is("message") && user?.getChild("item") !== undefined;
}

/** Both see each other's presence from now on. */
async function befriend(alice: RawSession, bob: RawSession): Promise<void> {
  await alice.request(`<iq type="get" id="roster-before"><query xmlns="jabber:iq:roster"/></iq>`);
  for (const session of [alice, bob]) session.send("<presence/>");
  for (const [asker, asked] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const isFrom = ({ attrs }: Element): boolean => attrs.from?.startsWith(bareJidOf(asker.fullJid)) ?? false;
    asker.send(`<presence type="subscribe" to="${bareJidOf(asked.fullJid)}"/>`);
    await asked.stanza("presence", (stanza) => stanza.attrs.type === "subscribe" && isFrom(stanza));
    asked.send(`<presence type="subscribed" to="${bareJidOf(asker.fullJid)}"/>`);
    await asker.stanza("presence", (stanza) => stanza.attrs.type === "subscribed");
  }
  for (const session of [alice, bob]) {
    await session.stanza("iq", (stanza) => /subscription=.both/.test(serialize(stanza)));
  }
}

/** Plays a scenario end to end. `n` makes its accounts. */
export async function playInterop(stage: Stage<Server>, n: number, scenario: Scenario): Promise<void> {
  const world = await InteropWorld.begin(stage, n, scenario);
  try {
    await play(scenario.script, world);
  } finally {
    await world.end();
  }
}
