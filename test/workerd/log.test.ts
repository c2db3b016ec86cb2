// LOG-5 to LOG-8 through the whole object: a phone that was away, with resets of the object while it catches up.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Client } from "./support/client.ts";
import { say, sessions } from "./support/servers.ts";

const SM = "urn:xmpp:sm:3";
const DAY_MS = 86_400_000;
/** Pinned: the points at which the object is reset. */
const SEED = 20_261_122;

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Numerical Recipes' generator: the same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

/** One who counts what it handles (XEP-0198), and keeps the numbers of the messages among it. */
class Phone {
  readonly #account: string;
  #client!: Client;
  #previd = "";
  #handled = 0;
  /** Of both directions, in the order in which they came. */
  readonly heard: number[] = [];
  readonly frames: string[] = [];

  constructor(account: string) {
    this.#account = account;
  }

  async attach(): Promise<void> {
    this.#client = await Client.online(this.#account, { resource: "phone" });
    this.#handled = 0;
    this.#client.send(`<enable xmlns="${SM}" resume="true"/>`);
    [, this.#previd = ""] = /id="([^"]+)"/.exec(await this.#client.until(/<enabled/)) ?? [];
    this.#client.send(
      `<iq xmlns="jabber:client" type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`,
    );
    this.#client.send(`<presence xmlns="jabber:client"/>`);
  }

  async resume(): Promise<void> {
    this.#client = await Client.connect(this.#account);
    await this.#client.login("pencil");
    await this.#client.open();
    this.#client.send(`<resume xmlns="${SM}" previd="${this.#previd}" h="${this.#handled}"/>`);
    expect(await this.#client.next()).toContain("<resumed");
  }

  /** Takes what comes until it has heard this many messages; acknowledges when it is asked. */
  async hears(count: number): Promise<void> {
    while (this.heard.length < count) {
      // oxlint-disable-next-line no-await-in-loop -- one frame after the other
      const frame = await this.#client.next();
      if (frame.startsWith("<r ")) this.#client.send(`<a xmlns="${SM}" h="${this.#handled}"/>`);
      if (!/^<(message|presence|iq)/.test(frame)) continue;
      this.#handled += 1;
      const number = /<body>(\d+)<\/body>/.exec(frame)?.[1];
      if (number === undefined) continue;
      this.heard.push(Number(number));
      this.frames.push(frame);
    }
  }

  async acknowledgeAndLeave(): Promise<void> {
    this.#client.send(`<a xmlns="${SM}" h="${this.#handled}"/>`);
    this.#client.send(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`);
    await this.#client.until(/^closed/);
  }
}

function message(number: number): string {
  return `<message from="bob@example.org/a" type="chat" id="m${number}"><body>${number}</body></message>`;
}

async function logged(account: string): Promise<number> {
  return await runInDurableObject(
    env.ACCOUNT.getByName(account),
    (_instance, { storage }) =>
      storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM log").one().count,
  );
}

/** A phone that was here and has left; then so many messages: every third one from the laptop. */
async function awayFrom(account: string, count: number): Promise<Phone> {
  const phone = new Phone(account);
  await phone.attach();
  await phone.acknowledgeAndLeave();
  const laptop = await Client.online(account, { resource: "laptop" });
  for (const number of range(1, count)) {
    if (number % 3 === 0) {
      laptop.send(
        `<message xmlns="jabber:client" to="bob@example.org" type="chat" id="s${number}"><body>${number}</body></message>`,
      );
    } else {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await say(account, message(number));
    }
    // oxlint-disable-next-line no-await-in-loop -- the two ways are not the same connection
    await expect.poll(async () => await logged(account), { interval: 2 }).toBe(number);
  }
  return phone;
}

describe("LOG-6 a phone that was away for a day", () => {
  it("LOG-6 has the whole conversation, both directions, once, in order, stamped with when it was", async () => {
    const account = "log-away@good.example";
    const phone = await awayFrom(account, 12);
    await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) => {
      storage.sql.exec("UPDATE log SET at_ms = at_ms - ?", DAY_MS);
    });
    await phone.attach();
    await phone.hears(12);
    await say(account, message(13));
    await phone.hears(13);
    expect(phone.heard).toEqual(range(1, 13));
    const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    for (const frame of phone.frames.slice(0, 12)) {
      expect(/<delay xmlns="urn:xmpp:delay" stamp="([^"]{10})/.exec(frame)?.[1]).toBe(yesterday);
    }
    expect(phone.frames[2]).toMatch(/^<message[^>]*><sent xmlns="urn:xmpp:carbons:2"><forwarded /);
    expect(phone.frames[12]).toBe(message(13).replace("<message", `<message xmlns="jabber:client"`));
    await phone.acknowledgeAndLeave();

    // It has all of it: nothing comes again.
    await phone.attach();
    await say(account, message(14));
    await phone.hears(14);
    expect(phone.heard).toEqual(range(1, 14));
  });

  it("LOG-6 and what retention has left of it", async () => {
    const account = "log-cut@good.example";
    const phone = await awayFrom(account, 8);
    await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) => {
      storage.sql.exec("DELETE FROM log WHERE seq <= 5");
    });
    await phone.attach();
    await phone.hears(3);
    expect(phone.heard).toEqual([6, 7, 8]);
  });
});

describe("LOG-8 resets of the object while it catches up", () => {
  it(`LOG-8 at random points (seed ${SEED}): once and in order all the same`, async () => {
    const account = "log-resets@good.example";
    const phone = new Phone(account);
    await phone.attach();
    await phone.acknowledgeAndLeave();
    // The platform would take its time for as many connections and turns: the rows are written as the object writes them.
    await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) => {
      for (const number of range(1, 650)) {
        storage.sql.exec(
          "INSERT INTO log (seq, at_ms, sent, room, peer, stanza) VALUES (?, ?, 0, 0, 'bob@example.org', ?)",
          number,
          Date.now() - DAY_MS,
          message(number).replace("<message", `<message xmlns="jabber:client"`),
        );
      }
    });
    await abortAllDurableObjects();
    const random = numbers(SEED);
    await phone.attach();
    for (let resets = 0; resets < 6; resets += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one reset after the other
      await phone.hears(Math.min(640, phone.heard.length + 1 + random(140)));
      // oxlint-disable-next-line no-await-in-loop
      await abortAllDurableObjects();
      // oxlint-disable-next-line no-await-in-loop
      await phone.resume();
    }
    await phone.hears(650);
    expect(phone.heard).toEqual(range(1, 650));
    const isOnline = async (): Promise<boolean> => (await sessions("good", account)).at(-1)?.ended === false;
    await expect.poll(isOnline, { timeout: 5_000 }).toBe(true);
    await say(account, message(651));
    await phone.hears(651);
    expect(phone.heard).toEqual(range(1, 651));
  });
});

describe("LOG-1 what a message costs the object", () => {
  it("LOG-1 one row of the log, however many clients get it", async () => {
    const account = "log-cost@good.example";
    for (const resource of ["one", "two", "three"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await Client.online(account, { resource });
    }
    for (const number of range(1, 5)) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await say(account, message(number));
    }
    await expect.poll(async () => await logged(account)).toBe(5);
    const devices = await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) =>
      storage.sql.exec("SELECT name, cursor, position FROM device ORDER BY name").toArray(),
    );
    expect(devices).toEqual(["one", "three", "two"].map((name) => ({ name, cursor: 0, position: null })));
  });
});
