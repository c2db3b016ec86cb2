// Scripts of what several clients and a server say to each other, readable as a conversation, and what plays them.
// Must not know what they are played against: that is a World. account-world.ts is the policy alone, with the script as
// its server; in served-world.ts and interop-world.ts there is a server, and scripts have contacts instead.
//
// In a script's XML, `$name` stands for a variable: known ones are put in before anything is sent or compared; one that is
// still unknown in an expectation, alone in an attribute or as an element's text, takes what has come. `$_` takes anything
// and remembers nothing. `…` at the end of an element stands for whatever else is said there, in attributes too.

import { expect } from "vitest";
import { parse, type Shape, shapeOf } from "./xml-shape.ts";

/** Clients are written as account/client: "alice/one"; contacts by their names: "bob". */
type Step =
  | { attach: string; device?: string }
  | { leave: string }
  /** Its connection breaks, and it may come back and resume (XEP-0198 section 5). */
  | { breaksOff: string }
  | { resumes: string }
  /** It acknowledges all that it was sent (XEP-0198 section 4). */
  | { acknowledges: string }
  /** A client says whether a person is looking at it (XEP-0352). */
  | { from: string; says: "active" | "inactive" }
  | { from: string; send: string }
  /** The next thing that the client gets. */
  | { to: string; expect: string }
  | { to: readonly string[]; expect: string }
  /** The next things that the client gets, in this order and with nothing between them. */
  | { to: string; inOrder: Sequence }
  /** Nothing is on its way to the client, or contact. */
  | { silent: string }
  /** The client's stream has been ended, because its device is attached anew. */
  | { replaced: string }
  | { upstream: "sends"; xml: string }
  /** The next thing that the server gets. */
  | { upstream: "gets"; xml: string }
  | { upstream: "silent" }
  | { upstream: "lost"; reason: string }
  | { upstream: "bound"; as: string }
  /** The lost session goes on. */
  | { upstream: "resumed" }
  /** The proxy's process dies and begins anew. All clients are cut off, and may resume. */
  | { proxy: "restarts" }
  /** The server goes, and all sessions with it. Until it is there again nobody on it can say anything, or is silent. */
  | { server: "stops" | "starts" }
  /** It dies, and while it is gone its session with the server ends; it begins anew with another session. */
  | { proxy: "isAway" }
  | { proxy: "isBack" }
  /** Who runs the server does something to its rooms. */
  | { rooms: RoomsEvent }
  /** Somebody else, straight on the server, says something. The server adds `from`. */
  | { contact: string; sends: string }
  | { contact: string; gets: string }
  | { contact: string; getsInOrder: Sequence }
  | { waitSeconds: number }
  /** Why: what was decided since the last thing that happened. Skipped where nobody can look inside. */
  | { rule: string; because: string; to?: readonly string[] | "upstream" };

/** `forget`: $room takes the account to be out of it, and tells nobody. `stop`, `start`: nobody can enter one for a while. */
export type RoomsEvent = "forget" | "stop" | "start";

/** Where some stand together, their order is for whoever sends them. */
type Sequence = readonly (string | readonly string[])[];

export type Script = readonly Step[];

interface Decision {
  rule: string;
  reason: string;
  to: readonly string[] | "upstream";
}

/** Where a script is played. Everything may take its time. */
export interface World {
  /** What the script's variables stand for in the beginning, `full` (the full JID) for one. */
  readonly variables: Readonly<Record<string, string>>;
  attach(client: string, device: string): void | Promise<void>;
  leave(client: string): void | Promise<void>;
  breakOff(client: string): void | Promise<void>;
  resume(client: string): void | Promise<void>;
  /** Only where clients do not do that by themselves. */
  acknowledge?(client: string): void | Promise<void>;
  restart(): void | Promise<void>;
  /** Where there is a server. */
  stopServer?(): void | Promise<void>;
  startServer?(): void | Promise<void>;
  goAway?(): void | Promise<void>;
  comeBack?(): void | Promise<void>;
  doToRooms?(event: RoomsEvent): void | Promise<void>;
  send(client: string, xml: string): void | Promise<void>;
  setClientState(client: string, active: boolean): void | Promise<void>;
  /** Where the script is the server. */
  upstreamSends?(xml: string): void | Promise<void>;
  upstreamBound?(fullJid: string): void | Promise<void>;
  upstreamResumed?(): void | Promise<void>;
  upstreamLost?(reason: string): void | Promise<void>;
  /** Where there is a server, and somebody else on it. */
  contactSends?(contact: string, xml: string): void | Promise<void>;
  wait(seconds: number): void | Promise<void>;
  /**
   * Takes the next stanza that came to a client, a contact or to "upstream"; undefined when there is none. Where a server
   * decides on the order of things that have nothing to do with each other: the next one like that which is expected, unless
   * it is to be the very next.
   */
  next(
    place: string,
    expected?: Shape,
    isVeryNext?: boolean,
  ): string | undefined | Promise<string | undefined>;
  isReplaced(client: string): boolean | Promise<boolean>;
  /** Everything that came and that nobody took. */
  leftovers(): Record<string, string[]> | Promise<Record<string, string[]>>;
  /** What was decided since the last thing that happened. */
  decisions?(): readonly Decision[];
}

/** A script that is played in every world in which there is a server. */
export interface Scenario {
  /** With the ids of the rules that it shows. */
  title: string;
  /** Does it count who is there, or who is in rooms? Where it does not, nobody sees any presence but that of subscriptions. */
  presence?: boolean | "rooms";
  /** Where it is not played, and why. */
  skip?: Partial<Record<"policy" | "Prosody" | "ejabberd", string>>;
  script: Script;
}

/** Plays a script; in the end nothing may be left that the script did not expect. */
export async function play(script: Script, world: World): Promise<void> {
  const player = new Player(world);
  for (const [index, step] of script.entries()) {
    await player.step(step, `step ${index + 1}: ${JSON.stringify(step)}`);
  }
  expect(await world.leftovers(), "what came and was not expected").toEqual({});
}

class Player {
  readonly #world: World;
  /** What was captured. */
  readonly #variables: Record<string, string> = {};

  constructor(world: World) {
    this.#world = world;
  }

  async step(step: Step, where: string): Promise<void> {
    const world = this.#world;
    const isScripted = "upstream" in step && step.upstream !== "gets" && step.upstream !== "silent";
    if (isScripted && !world.upstreamSends) throw new Error(`there is a server here: ${where}`);
    if ("server" in step && !world.stopServer) throw new Error(`there is no server here: ${where}`);
    if (("contact" in step || "rooms" in step) && !world.contactSends)
      throw new Error(`there is nobody else here: ${where}`);
    if ("attach" in step) return await world.attach(step.attach, step.device ?? step.attach);
    if ("leave" in step) return await world.leave(step.leave);
    if ("breaksOff" in step) return await world.breakOff(step.breaksOff);
    if ("resumes" in step) return await world.resume(step.resumes);
    if ("acknowledges" in step) return await world.acknowledge?.(step.acknowledges);
    if ("proxy" in step) return await this.#proxy(step.proxy);
    if ("server" in step)
      return await (step.server === "stops" ? world.stopServer?.() : world.startServer?.());
    if ("rooms" in step) return await world.doToRooms?.(step.rooms);
    if ("says" in step) return await world.setClientState(step.from, step.says === "active");
    if ("from" in step) return await world.send(step.from, this.#fill(step.send));
    if ("silent" in step) return expect(await world.next(step.silent), where).toBeUndefined();
    if ("replaced" in step) return expect(await world.isReplaced(step.replaced), where).toBe(true);
    if ("waitSeconds" in step) return await world.wait(step.waitSeconds);
    if ("rule" in step) return this.#checkDecision(step, where);
    if ("upstream" in step) return await this.#upstream(step, where);
    if ("sends" in step) return await world.contactSends?.(step.contact, this.#fill(step.sends));
    if ("gets" in step) return await this.#expect(step.contact, [step.gets], where);
    if ("getsInOrder" in step) return await this.#expectInOrder(step.contact, step.getsInOrder, where);
    if ("inOrder" in step) return await this.#expectInOrder(step.to, step.inOrder, where);
    for (const client of typeof step.to === "string" ? [step.to] : step.to) {
      await this.#expect(client, [step.expect], where);
    }
  }

  async #upstream(step: Extract<Step, { upstream: unknown }>, where: string): Promise<void> {
    const world = this.#world;
    switch (step.upstream) {
      case "sends":
        return await world.upstreamSends?.(this.#fill(step.xml));
      case "gets":
        return await this.#expect("upstream", [step.xml], where);
      case "silent":
        return expect(await world.next("upstream"), where).toBeUndefined();
      case "lost":
        return await world.upstreamLost?.(step.reason);
      case "bound":
        return await world.upstreamBound?.(this.#fill(step.as));
      case "resumed":
        return await world.upstreamResumed?.();
    }
  }

  async #proxy(what: "restarts" | "isAway" | "isBack"): Promise<void> {
    if (what === "restarts") return await this.#world.restart();
    return what === "isAway" ? await this.#world.goAway?.() : await this.#world.comeBack?.();
  }

  async #expectInOrder(place: string, sequence: Sequence, where: string): Promise<void> {
    for (const part of sequence) {
      const open = typeof part === "string" ? [part] : [...part];
      while (open.length > 0) await this.#expect(place, open, where, true);
    }
  }

  /** One of these, which is taken out of them. */
  async #expect(place: string, literals: string[], where: string, isVeryNext = false): Promise<void> {
    const shapes = literals.map((literal) => shapeOf(parse(this.#fill(literal))));
    const came = await this.#world.next(place, shapes[0], isVeryNext);
    if (came === undefined) expect.fail(`nothing came to ${place} (${where})`);
    const actual = shapeOf(parse(came));
    const index = Math.max(
      0,
      shapes.findIndex(({ attrs }) => attrs["from"] === actual.attrs["from"]),
    );
    literals.splice(index, 1);
    const expected = shapes[index] ?? actual;
    this.#capture(expected, actual);
    expect(actual, `to ${place}, ${where}`).toEqual(expected);
  }

  #checkDecision(step: Extract<Step, { rule: string }>, where: string): void {
    if (!this.#world.decisions) return;
    const { rule, because, to } = step;
    const wanted = { rule, reason: because, ...(to === undefined ? {} : { to }) };
    expect(this.#world.decisions(), where).toContainEqual(expect.objectContaining(wanted));
  }

  #fill(xml: string): string {
    return xml.replaceAll(/\$([a-z]\w*)/gi, (token, name: string) => this.#variable(name) ?? token);
  }

  #variable(name: string): string | undefined {
    return this.#variables[name] ?? this.#world.variables[name];
  }

  /** Lets unknown variables in the expectation take what has come in their place. */
  #capture(expected: Shape, actual: Shape): void {
    if (expected.children.at(-1) === "…") {
      expected.children.splice(-1, 1, ...actual.children.slice(expected.children.length - 1));
      expected.attrs = { ...actual.attrs, ...expected.attrs };
    }
    for (const [name, wanted] of Object.entries(expected.attrs)) {
      expected.attrs[name] = this.#take(wanted, actual.attrs[name]);
    }
    for (const [index, wanted] of expected.children.entries()) {
      const came = actual.children[index];
      if (typeof wanted !== "string") {
        if (typeof came === "object") this.#capture(wanted, came);
      } else if (typeof came === "string") expected.children[index] = this.#take(wanted, came);
    }
  }

  #take(wanted: string, came: string | undefined): string {
    if (came === undefined) return wanted;
    if (wanted === "$_") return came;
    const name = /^\$([a-z]\w*)$/i.exec(wanted)?.[1];
    if (name === undefined) return wanted;
    const value = this.#variable(name) ?? came;
    this.#variables[name] = value;
    return value;
  }
}
