// One random run of several devices of alice's with bob, who talk, ask, break off, come back and go, while the process and its
// session with the server die and come back: what is done, and what must have come of it. Played in a ServedWorld.
//
// Devices do what programs do by themselves: they acknowledge what they were sent (XEP-0198), and the eager ones send receipts.

import type { Element } from "@xmpp/xml";
import { expect } from "vitest";
import { ServedWorld } from "./served-world.ts";
import { parse } from "./xml-shape.ts";

export type Op =
  | {
      op: "attach" | "leave" | "breakOff" | "resume" | "say" | "show" | "ask" | "bobAsks";
      who: number;
      what: number;
    }
  | { op: "bobSays" | "bobAnswers" | "lose" | "goesOn" | "newSession" | "wait"; what: number }
  | { op: "restart"; fates: readonly ("connected" | "gone" | "lost")[] };

export interface DeviceTraits {
  carbons: boolean;
  /** Sends a receipt for every message. */
  eager: boolean;
  /** Answers what it is asked. */
  answers: boolean;
}

const PATIENCE_MS = 60_000;
const SHOWS = ["", "away", "chat", "dnd", "xa"];

class Device {
  readonly traits: DeviceTraits;
  readonly name: string;
  /** The stream that it has now, if any. */
  client: string | undefined;
  connected = false;
  times = 0;
  show = "";
  lastActive = 0;
  suspendedAtMs = 0;
  /** By body: how often it came. */
  readonly heard = new Map<string, number>();
  readonly copies = new Map<string, number>();
  /** By id: how often its requests were answered. Those of streams that ended are not waited for. */
  asked = new Map<string, number>();
  /**
   * Heard on the stream that it has now, before the process died: LOG-5's cursors may be 25 s old then, so a device that does
   * not resume may be told again.
   */
  readonly maybeAgain = new Set<string>();
  /** What there was to hear, and to be told of as a copy, since it was here first. */
  owedMessages: string[] = [];
  owedCopies: string[] = [];

  constructor(name: string, traits: DeviceTraits) {
    this.name = name;
    this.traits = traits;
  }
}

export class RandomRun {
  readonly #world = new ServedWorld({ presence: true });
  readonly #devices: Device[];
  readonly #bobHeard = new Map<string, number>();
  readonly #receipts = new Map<string, number>();
  /** Requests of bob's: how often each was answered. */
  readonly #bobAsked = new Map<string, number>();
  /** Requests of bob's that a later session cannot answer. */
  readonly #void = new Set<string>();
  readonly #said: string[] = [];
  /** Said by bob, and not with us yet. */
  readonly #underWay: string[] = [];
  /** Requests that bob has not answered yet. */
  #open: Element[] = [];
  #bobSees = "away";
  #count = 0;

  constructor(traits: readonly DeviceTraits[]) {
    this.#devices = traits.map((each, index) => new Device(`d${index}`, each));
  }

  do(step: Op): void {
    switch (step.op) {
      case "restart":
        this.#restart(step.fates);
        break;
      case "bobSays":
        this.#bobSays(`b${(this.#count += 1)}`);
        break;
      case "bobAnswers":
        this.#bobAnswers();
        break;
      case "lose":
        if (this.#world.isConnected) this.#world.loseSession();
        break;
      case "goesOn":
        if (!this.#world.isConnected) this.#world.regainSession("resumed");
        break;
      case "newSession":
        this.#newSession();
        break;
      case "wait":
        this.#world.wait(1 + (step.what % 50));
        break;
      default: {
        const device = this.#devices[step.who % this.#devices.length];
        if (device) this.#doOn(device, step.op, step.what);
      }
    }
    this.#arrive();
    this.#collect();
    this.#checkPresence();
  }

  /** Everybody comes back, everything has its time, and then everybody goes. */
  end(): void {
    if (!this.#world.isConnected) this.do({ op: "goesOn", what: 0 });
    for (const device of this.#devices) if (!device.connected) this.#attach(device);
    this.#collect();
    for (let minute = 0; minute < 5; minute += 1) {
      this.#world.wait(60);
      this.#collect();
    }
    this.#checkEverything();
    for (const device of this.#devices) if (device.client !== undefined) this.#leave(device);
    this.#collect();
    this.#checkPresence();
    this.#world.wait(300);
    const { requests, inbound, held, directed, blockList, roster } = this.#world.policy.rows();
    expect({ requests, inbound, held, directed, blockList }, "rows left").toEqual({
      requests: 0,
      inbound: 0,
      held: 0,
      directed: 0,
      blockList: 0,
    });
    expect(roster).toBeLessThan(5);
  }

  #doOn(device: Device, op: string, what: number): void {
    const { client } = device;
    if (op === "attach") this.#attach(device);
    else if (op === "bobAsks") this.#bobAsks(what);
    else if (client === undefined) return;
    else if (op === "leave") this.#leave(device);
    else if (op === "resume" && !device.connected) {
      device.connected = true;
      this.#world.resume(client);
    } else if (!device.connected) return;
    else if (op === "breakOff") {
      this.#world.breakOff(client);
      this.#cutOff(device);
    } else if (op === "say") this.#say(device, client, `a${(this.#count += 1)}`);
    else if (op === "show") this.#show(device, SHOWS[what % SHOWS.length] ?? "");
    else if (op === "ask") {
      const id = `q${(this.#count += 1)}`;
      device.asked.set(id, 0);
      this.#world.send(
        client,
        `<iq type="get" to="$bob/phone" id="${id}"><query xmlns="urn:example:q"/></iq>`.replace(
          "$bob/phone",
          this.#bobFull,
        ),
      );
    }
  }

  get #bobFull(): string {
    return this.#world.variables.bobFull ?? "";
  }

  #attach(device: Device): void {
    // Whatever was on its way to the old stream is gone with it.
    if (device.client !== undefined) this.#forget(device);
    const client = `alice/${device.name}/${(device.times += 1)}`;
    device.client = client;
    device.connected = true;
    this.#world.attach(client, device.name);
    if (device.traits.carbons)
      this.#world.send(client, `<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    this.#show(device, "");
  }

  /** Takes up what came in time, and forgets the rest with the stream. */
  #forget(device: Device): void {
    if (device.connected) this.#take(device, device.client ?? "");
    while (this.#world.next(device.client ?? "") !== undefined);
    device.client = undefined;
    device.connected = false;
    device.asked = new Map();
  }

  #leave(device: Device): void {
    const { client = "" } = device;
    this.#forget(device);
    this.#world.leave(client);
  }

  #cutOff(device: Device): void {
    device.connected = false;
    device.suspendedAtMs = this.#world.policy.nowMs;
  }

  #show(device: Device, show: string): void {
    device.show = show;
    this.#world.send(device.client ?? "", `<presence>${show && `<show>${show}</show>`}</presence>`);
    device.lastActive = this.#world.policy.nowMs;
  }

  #say(device: Device, client: string, body: string): void {
    const { bob = "" } = this.#world.variables;
    this.#bobHeard.set(body, 0);
    for (const other of this.#devices) if (other !== device && other.times > 0) other.owedCopies.push(body);
    this.#world.send(client, `<message to="${bob}" type="chat" id="${body}"><body>${body}</body></message>`);
    device.lastActive = this.#world.policy.nowMs;
  }

  #bobSays(body: string): void {
    this.#said.push(body);
    this.#underWay.push(body);
    this.#arrive();
    const request = `<request xmlns="urn:xmpp:receipts"/>`;
    this.#world.contactSends(
      "bob",
      `<message to="alice@example.org" type="chat" id="${body}"><body>${body}</body>${request}</message>`,
    );
  }

  /** What bob has said comes when there is a session, and is for every device that was here by then. */
  #arrive(): void {
    if (!this.#world.isConnected) return;
    const arrived = this.#underWay.splice(0);
    for (const device of this.#devices) if (device.times > 0) device.owedMessages.push(...arrived);
  }

  #bobAsks(what: number): void {
    const id = `r${(this.#count += 1)}`;
    this.#bobAsked.set(id, 0);
    if (!this.#world.isConnected) this.#void.add(id);
    const payload = what % 3 === 0 ? `<ping xmlns="urn:xmpp:ping"/>` : `<query xmlns="urn:example:q"/>`;
    this.#world.contactSends(
      "bob",
      `<iq type="get" to="$full" id="${id}">${payload}</iq>`.replace(
        "$full",
        this.#world.variables.full ?? "",
      ),
    );
  }

  #bobAnswers(): void {
    const request = this.#open.shift();
    if (!request) return;
    const { id, from } = request.attrs;
    const answer = `<iq type="result" to="${from}" id="${id}"/>`;
    // Twice: only the first one counts.
    this.#world.contactSends("bob", answer);
    this.#world.contactSends("bob", answer);
  }

  #newSession(): void {
    if (this.#world.isConnected) return;
    // What bob has asked in the old one is not answered in the new one.
    for (const [id, times] of this.#bobAsked) if (times === 0) this.#void.add(id);
    this.#open = [];
    this.#world.regainSession("bound");
  }

  #restart(fates: readonly ("connected" | "gone" | "lost")[]): void {
    const here = this.#devices.filter(({ client }) => client !== undefined);
    const fateOf = (device: Device): string => {
      const fate = fates[this.#devices.indexOf(device) % fates.length] ?? "gone";
      return fate === "connected" && !device.connected ? "gone" : fate;
    };
    const those = (fate: string): Device[] => here.filter((device) => fateOf(device) === fate);
    const names = (devices: Device[]): string[] => devices.flatMap(({ client }) => client ?? []);
    const [lost, gone, connected] = [those("lost"), those("gone"), those("connected")];
    const lostNames = names(lost);
    for (const { heard, copies, maybeAgain } of here) {
      for (const body of [...heard.keys(), ...copies.keys()]) maybeAgain.add(body);
    }
    for (const device of lost) this.#forget(device);
    this.#world.restart({ lost: lostNames, connected: names(connected) });
    for (const device of gone) this.#cutOff(device);
  }

  /** Everybody who is connected takes what came, until nothing more comes of it. */
  #collect(): void {
    for (let isQuiet = false; !isQuiet;) {
      isQuiet = true;
      for (const device of this.#devices) {
        if (device.connected && device.client !== undefined && this.#take(device, device.client))
          isQuiet = false;
      }
      for (let came = this.#world.next("bob"); came !== undefined; came = this.#world.next("bob")) {
        isQuiet = false;
        this.#bobGets(parse(came));
      }
    }
    while (this.#world.next("carol") !== undefined);
  }

  #take(device: Device, client: string): boolean {
    let hasCome = false;
    for (let came = this.#world.next(client); came !== undefined; came = this.#world.next(client)) {
      hasCome = true;
      this.#deviceGets(device, client, parse(came));
    }
    if (hasCome) this.#world.acknowledge(client);
    return hasCome;
  }

  #deviceGets(device: Device, client: string, stanza: Element): void {
    const { id = "", from = "", type } = stanza.attrs;
    if (stanza.is("iq")) {
      if (type === "get" && device.traits.answers)
        this.#world.send(client, `<iq type="result" to="${from}" id="${id}"/>`);
      if (type === "result" || type === "error") count(device.asked, id);
      return;
    }
    if (!stanza.is("message")) return;
    const copied = stanza.getChild("sent")?.getChild("forwarded")?.getChild("message")?.getChildText("body");
    if (typeof copied === "string") return count(device.copies, copied);
    const body = stanza.getChildText("body");
    if (body === null || type === "headline") return;
    count(device.heard, body);
    if (!device.traits.eager) return;
    this.#world.send(
      client,
      `<message to="${from}" type="chat"><received xmlns="urn:xmpp:receipts" id="${id}"/></message>`,
    );
  }

  #bobGets(stanza: Element): void {
    const { id = "", type } = stanza.attrs;
    if (stanza.is("presence")) this.#bobSees = stanza.attrs.type ?? stanza.getChildText("show") ?? "";
    else if (stanza.is("iq") && (type === "get" || type === "set")) this.#open.push(stanza);
    else if (stanza.is("iq")) count(this.#bobAsked, id);
    else {
      const body = stanza.getChildText("body");
      const receipt = stanza.getChild("received", "urn:xmpp:receipts")?.attrs.id;
      if (body !== null) count(this.#bobHeard, body);
      if (receipt !== undefined) count(this.#receipts, receipt);
    }
  }

  /** PRES-1, while there is a session to say it in. */
  #checkPresence(): void {
    if (!this.#world.isConnected) return;
    const { nowMs } = this.#world.policy;
    const present = this.#devices
      .filter(
        ({ client, connected, suspendedAtMs }) =>
          client !== undefined && (connected || nowMs - suspendedAtMs < PATIENCE_MS),
      )
      .toSorted((a, b) => b.lastActive - a.lastActive);
    expect(this.#bobSees, "what bob sees").toBe(present.length === 0 ? "away" : present[0]?.show);
  }

  #checkEverything(): void {
    const once = (names: readonly string[]): Record<string, number> =>
      Object.fromEntries(names.map((name) => [name, 1]));
    for (const { name, traits, heard, copies, asked, maybeAgain, owedMessages, owedCopies } of this
      .#devices) {
      const certain = (times: Map<string, number>): Record<string, number> =>
        Object.fromEntries([...times].map(([body, n]) => [body, maybeAgain.has(body) ? 1 : n]));
      expect(certain(heard), `what ${name} has heard`).toEqual(once(owedMessages));
      expect(certain(copies), `copies to ${name}`).toEqual(once(traits.carbons ? owedCopies : []));
      expect(Object.fromEntries(asked), `answers to ${name}`).toEqual(once([...asked.keys()]));
    }
    expect(Object.fromEntries(this.#bobHeard), "what bob has heard").toEqual(
      once([...this.#bobHeard.keys()]),
    );
    const receipted = new Set(
      this.#devices.filter(({ traits }) => traits.eager).flatMap(({ heard }) => [...heard.keys()]),
    );
    expect(Object.fromEntries(this.#receipts), "receipts").toEqual(
      once(this.#said.filter((body) => receipted.has(body))),
    );
    for (const [id, times] of this.#bobAsked) {
      if (this.#void.has(id)) expect(times, `answers to bob's ${id}`).toBeLessThan(2);
      else expect(times, `answers to bob's ${id}`).toBe(1);
    }
  }
}

function count(times: Map<string, number>, what: string): void {
  times.set(what, (times.get(what) ?? 0) + 1);
}
