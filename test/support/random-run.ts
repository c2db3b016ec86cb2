// One random run of several devices of alice's with bob, who talk, ask, break off, come back and go, while the process and its
// session with the server die and come back: what is done, and what must have come of it. Played in a ServedWorld.
// Devices do what programs do by themselves: they acknowledge what they were sent (XEP-0198), and the eager ones send receipts.

import type { Element } from "@xmpp/xml";
import { expect } from "vitest";
import { FULL } from "./account-world.ts";
import { RandomBob } from "./random-bob.ts";
import { count, Device, type DeviceTraits } from "./random-device.ts";
import { ServedWorld } from "./served-world.ts";
import { parse } from "./xml-shape.ts";

export type Op =
  | {
      op: "attach" | "leave" | "breakOff" | "resume" | "say" | "look" | "show" | "ask" | "bobAsks";
      who: number;
      what: number;
    }
  | { op: "bobSays" | "bobAnswers" | "lose" | "goesOn" | "newSession" | "wait"; what: number }
  | { op: "restart"; fates: readonly ("connected" | "gone" | "lost")[] };

const PATIENCE_MS = 60_000;
const SHOWS = ["", "away", "chat", "dnd", "xa"];

export class RandomRun {
  readonly #world = new ServedWorld({ presence: true });
  readonly #devices: Device[];
  readonly #bob = new RandomBob();
  readonly #said: string[] = [];
  /** Said by bob, and not with us yet. */
  readonly #underWay: string[] = [];
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
    else if (op === "look") this.#world.setClientState(client, what % 2 === 0);
    else if (op === "ask") {
      const id = `q${(this.#count += 1)}`;
      device.asked.set(id, 0);
      const query = `<query xmlns="urn:example:q"/>`;
      this.#world.send(client, `<iq type="get" to="${this.#bobFull}" id="${id}">${query}</iq>`);
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
    this.#bob.heard.set(body, 0);
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
    this.#bob.asked.set(id, 0);
    if (!this.#world.isConnected) this.#bob.unanswerable.add(id);
    const payload = what % 3 === 0 ? `<ping xmlns="urn:xmpp:ping"/>` : `<query xmlns="urn:example:q"/>`;
    this.#world.contactSends("bob", `<iq type="get" to="${FULL}" id="${id}">${payload}</iq>`);
  }

  #bobAnswers(): void {
    const request = this.#bob.open.shift();
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
    for (const [id, times] of this.#bob.asked) if (times === 0) this.#bob.unanswerable.add(id);
    this.#bob.open = [];
    this.#world.regainSession("bound");
  }

  #restart(fates: readonly ("connected" | "gone" | "lost")[]): void {
    const here = this.#devices.filter(({ client }) => client !== undefined);
    const fateOf = (device: Device): string => {
      const fate = fates[this.#devices.indexOf(device) % fates.length] ?? "gone";
      return fate === "connected" && !device.connected ? "gone" : fate;
    };
    const those = (fate: string): Device[] => here.filter((device) => fateOf(device) === fate);
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
        this.#bob.gets(parse(came));
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
    expect(this.#bob.sees, "what bob sees").toBe(present.length === 0 ? "away" : present[0]?.show);
  }

  #checkEverything(): void {
    for (const device of this.#devices) device.check();
    const eager = this.#devices.filter(({ traits }) => traits.eager);
    this.#bob.check(this.#said.filter((body) => eager.some(({ heard }) => heard.has(body))));
  }
}

function names(devices: readonly Device[]): string[] {
  return devices.flatMap(({ client }) => client ?? []);
}
