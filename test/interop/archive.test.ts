// MAM-2 to MAM-4: our archive, on a server that has none, beside Prosody's own (mod_mam), which was told the same: query by
// query they must say the same, page by page.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { PASSWORD, startTestProsody, type TestProsody } from "../support/prosody.ts";
import { RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const MAM = "urn:xmpp:mam:2";
const RSM = "http://jabber.org/protocol/rsm";
/** Pinned; each failure names its query. */
const SEED = 20_261_122;
const MESSAGES = 60;
const QUERIES = 250;
const PEERS = ["bob", "carol", "dave"] as const;

/** Mulberry32: the same numbers from the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One archive, and everybody who fills it. */
class World {
  readonly alice: RawSession;
  readonly #peers: ReadonlyMap<string, RawSession>;
  /** The ids of all messages, oldest first. */
  ids: string[] = [];
  #queries = 0;

  constructor(alice: RawSession, peers: ReadonlyMap<string, RawSession>) {
    this.alice = alice;
    this.#peers = peers;
  }

  /** Alice, as she is given, and the others on the server itself. */
  static async of(alice: RawSession, webSocketUrl: string): Promise<World> {
    const peers = new Map<string, RawSession>();
    for (const name of PEERS) {
      const account = { jid: `${name}@localhost`, password: PASSWORD };
      peers.set(name, await RawSession.login(webSocketUrl, account, "home"));
    }
    for (const session of [alice, ...peers.values()]) {
      session.send("<presence/>");
      await session.stanza("presence", ({ attrs }) => attrs.from === session.fullJid);
    }
    return new World(alice, peers);
  }

  /** Says it and waits until it has arrived, so that the order is that of the history. */
  async say({ peer, sent, body }: Said): Promise<void> {
    const other = this.#peers.get(peer);
    if (!other) throw new Error(`nobody called ${peer}`);
    const [from, to] = sent ? [this.alice, other] : [other, this.alice];
    const address = sent ? `${peer}@localhost` : "alice@localhost";
    from.send(`<message to="${address}" type="chat" id="id-of-${body}"><body>${body}</body></message>`);
    await to.stanza("message", (message) => message.getChildText("body") === body);
  }

  async ask(query: string): Promise<Answer> {
    this.#queries += 1;
    const id = `query-${this.#queries}`;
    const before = this.alice.stanzas.all.length;
    const iq = await this.alice.request(
      `<iq type="set" id="${id}"><query xmlns="${MAM}" queryid="${id}">${query}</query></iq>`,
    );
    const messages = this.alice.stanzas.all.slice(before).filter((stanza) => stanza.is("message"));
    const results = messages.map((message) => message.getChild("result", MAM));
    for (const result of results) expect(result?.attrs.queryid).toBe(id);
    const fin = iq.getChild("fin", MAM);
    const set = fin?.getChild("set", RSM);
    return {
      ids: results.map((result) => result?.attrs.id ?? ""),
      said: results.map((result) => describeResult(result)),
      complete: fin?.attrs.complete === "true",
      first: set?.getChildText("first") ?? undefined,
      last: set?.getChildText("last") ?? undefined,
      count: set?.getChildText("count") ?? undefined,
      error: iq.getChild("error")?.getChildElements()[0]?.getName(),
    };
  }

  /** Pages through everything, forwards. */
  async readAll(): Promise<string[]> {
    for (let after = ""; ;) {
      const place = after === "" ? "" : `<after>${after}</after>`;
      const answer = await this.ask(`<set xmlns="${RSM}"><max>7</max>${place}</set>`);
      this.ids.push(...answer.ids);
      if (answer.complete) return this.ids;
      after = answer.last ?? "";
    }
  }
}

interface Said {
  peer: string;
  sent: boolean;
  body: string;
}

interface Answer {
  ids: string[];
  said: string[];
  complete: boolean;
  first: string | undefined;
  last: string | undefined;
  count: string | undefined;
  error: string | undefined;
}

function describeResult(result: Element | undefined): string {
  const message = result?.getChild("forwarded", "urn:xmpp:forward:0")?.getChild("message", "jabber:client");
  const { from = "", to = "", id = "", type = "" } = message?.attrs ?? {};
  return [bareJidOf(from), bareJidOf(to), id, type, message?.getChildText("body")].join(" ");
}

/** A query without the ids that differ: made for each archive from the places of messages in the history. */
interface Question {
  what: string;
  fields: [name: string, value: string | number][];
  max: number;
  /** `undefined`: not there; "": empty; a number: the place of a message. */
  before: number | "" | undefined;
  after: number | undefined;
  flip: boolean;
}

function asQuery(question: Question, ids: readonly string[]): string {
  const { fields, max, before, after, flip } = question;
  const value = (of: string | number): string => (typeof of === "number" ? (ids[of] ?? "unknown") : of);
  const form =
    fields.length === 0
      ? ""
      : `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>${MAM}</value></field>` +
        fields.map(([name, of]) => `<field var="${name}"><value>${value(of)}</value></field>`).join("") +
        `</x>`;
  const place =
    (before === undefined ? "" : before === "" ? "<before/>" : `<before>${value(before)}</before>`) +
    (after === undefined ? "" : `<after>${value(after)}</after>`);
  return `${form}<set xmlns="${RSM}"><max>${max}</max>${place}</set>${flip ? "<flip-page/>" : ""}`;
}

describe.skipIf(missingProsody)("MAM-2 MAM-3 MAM-4 our archive and Prosody's say the same", () => {
  let stage: Stage;
  let reference: TestProsody;
  let ours: World;
  let theirs: World;
  const random = randomFrom(SEED);
  const history: Said[] = [];
  /** Times between bursts of the history, in whole seconds, since Prosody knows no others. */
  const pauses: string[] = [];

  beforeAll(async () => {
    stage = await startStage({ withoutModules: ["mam"] });
    reference = await startTestProsody({ extraGlobal: "max_archive_query_results = 250" });
    for (const server of [stage.server, reference.server]) await server.register("dave", PASSWORD);
    const alice = { jid: "alice@localhost", password: PASSWORD };
    ours = await World.of(await stage.attach(alice, "desk"), stage.server.webSocketUrl);
    const direct = await RawSession.login(reference.server.webSocketUrl, alice, "desk");
    theirs = await World.of(direct, reference.server.webSocketUrl);
    for (let n = 0; n < MESSAGES; n += 1) {
      const said = { peer: PEERS[random(3)] ?? "bob", sent: random(2) === 0, body: `message-${n}` };
      history.push(said);
      await Promise.all([ours.say(said), theirs.say(said)]);
      if (n % 20 === 19) {
        const pause = Math.ceil(Date.now() / 1000) + 1;
        pauses.push(new Date(pause * 1000).toISOString().replace(".000", ""));
        await waitFor("a second in which nobody says anything", () => Date.now() > (pause + 2) * 1000);
      }
    }
    await Promise.all([ours.readAll(), theirs.readAll()]);
  }, 60_000);
  afterAll(async () => {
    await stage?.stop();
    await reference?.stop();
  });

  it("MAM-1 MAM-4 both are said to be there, and have the whole history in order", async () => {
    const disco = '<iq type="get" id="d"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>';
    for (const { alice } of [ours, theirs]) {
      const features = (await alice.request(disco)).getChild("query")?.getChildren("feature") ?? [];
      expect(features.map(({ attrs }) => attrs.var)).toEqual(
        expect.arrayContaining([MAM, `${MAM}#extended`]),
      );
    }
    for (const world of [ours, theirs]) {
      expect(new Set(world.ids).size).toBe(MESSAGES);
      const { said } = await world.ask(`<set xmlns="${RSM}"><max>100</max></set>`);
      const wanted = history.map(({ peer, sent, body }) => {
        const [from, to] = sent ? ["alice", peer] : [peer, "alice"];
        return `${from}@localhost ${to}@localhost id-of-${body} chat ${body}`;
      });
      expect(said).toEqual(wanted);
    }
  });

  function draw(n: number): Question {
    const fields: Question["fields"] = [];
    const peer = [undefined, undefined, ...PEERS, "nobody"][random(6)];
    if (peer !== undefined) fields.push(["with", `${peer}@localhost`]);
    const start = random(3) === 0 ? pauses[random(pauses.length)] : undefined;
    const end = random(3) === 0 ? pauses[random(pauses.length)] : undefined;
    if (start !== undefined) fields.push(["start", start]);
    if (end !== undefined) fields.push(["end", end]);
    // Prosody takes ids of other messages than those that match for unknown ones.
    const matching = history.flatMap((said, index) => {
      const burst = Math.floor(index / 20);
      const isAfter = start === undefined || burst > pauses.indexOf(start);
      const isBefore = end === undefined || burst <= pauses.indexOf(end);
      return (peer === undefined || said.peer === peer) && isAfter && isBefore ? [index] : [];
    });
    const one = (): number | undefined => matching[random(Math.max(1, matching.length))];
    const kind = random(6);
    const isRange = kind === 5 && matching.length > 0;
    const [low, high] = [one() ?? 0, one() ?? 0].toSorted((a, b) => a - b);
    if (isRange) fields.push(["after-id", low ?? 0]);
    // Prosody looks for the end behind the beginning, and goes on to the end of the archive where there is none.
    if (isRange && low !== high && random(2) === 0) fields.push(["before-id", high ?? 0]);
    const before = kind === 1 ? "" : kind === 2 ? one() : undefined;
    const after = kind === 3 ? one() : undefined;
    const max = [1, 2, 5, 10, 60, 250][random(6)] ?? 10;
    return { what: `query ${n}`, fields, max, before, after, flip: random(4) === 0 };
  }

  it(`MAM-3 MAM-4 to ${QUERIES} queries (seed ${SEED})`, async () => {
    let empty = 0;
    for (let n = 0; n < QUERIES; n += 1) {
      const question = draw(n);
      const mine = await ours.ask(asQuery(question, ours.ids));
      const prosodys = await theirs.ask(asQuery(question, theirs.ids));
      const place = (world: World, id: string | undefined): number | undefined =>
        id === undefined ? undefined : world.ids.indexOf(id);
      const shape = (world: World, answer: Answer) => ({
        said: answer.said,
        complete: answer.complete,
        first: place(world, answer.first),
        last: place(world, answer.last),
        error: answer.error,
        // Prosody counts what `after-id` and `before-id` leave out.
        count: question.fields.some(([name]) => name.endsWith("-id")) ? undefined : answer.count,
      });
      expect(shape(ours, mine), JSON.stringify({ seed: SEED, ...question })).toEqual(shape(theirs, prosodys));
      if (mine.said.length === 0) empty += 1;
    }
    // Not all of them may have been about nothing.
    expect(empty).toBeLessThan(QUERIES / 2);
  }, 60_000);

  it.each([
    ["after an unknown id", `<set xmlns="${RSM}"><after>unknown</after></set>`],
    ["before an unknown id", `<set xmlns="${RSM}"><before>unknown</before></set>`],
    [
      "a form of another type",
      '<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>urn:x</value></field></x>',
    ],
  ])("MAM-3 both refuse %s in the same way", async (_what, query) => {
    const [mine, prosodys] = [await ours.ask(query), await theirs.ask(query)];
    expect(mine.error).toBeDefined();
    expect(mine).toEqual(prosodys);
  });

  it("MAM-3 both find messages by ids", async () => {
    for (const places of [[3], [40, 7, 22]]) {
      const [mine, prosodys] = await Promise.all(
        [ours, theirs].map(async (world) => {
          const values = places.map((index) => `<value>${world.ids[index]}</value>`).join("");
          return await world.ask(
            `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>${MAM}</value></field><field var="ids">${values}</field></x>`,
          );
        }),
      );
      expect(mine?.said).toHaveLength(places.length);
      expect(mine?.said).toEqual(prosodys?.said);
    }
  });

  it("MAM-5 both name the same first and last message", async () => {
    for (const { alice, ids } of [ours, theirs]) {
      const metadata = (
        await alice.request(`<iq type="get" id="m"><metadata xmlns="${MAM}"/></iq>`)
      ).getChild("metadata", MAM);
      expect(metadata?.getChild("start")?.attrs.id).toBe(ids[0]);
      expect(metadata?.getChild("end")?.attrs.id).toBe(ids.at(-1));
    }
  });
});
