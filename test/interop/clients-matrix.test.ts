// SM-1, SM-2, SM-7: four real clients and four ways to be gone for a while. They come back by themselves: nothing is lost, nothing
// doubled, in both directions; who resumes neither binds nor joins its room again; and to the world it was never away.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openConverse } from "../support/clients/returning/converse.ts";
import { openStanza } from "../support/clients/returning/stanza.ts";
import { openStrophe } from "../support/clients/returning/strophe.ts";
import type { ReturningClient, ReturningOptions } from "../support/clients/returning/wire.ts";
import { openXmppJs } from "../support/clients/returning/xmpp-js.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { Relay } from "../support/relay.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";
/** Messages that come while the client is gone. */
const MANY = 20;

interface Kind {
  name: string;
  open: (options: ReturningOptions) => Promise<ReturningClient>;
  /** Needs a browser: the page it is on, of our origin. */
  inBrowser: boolean;
  /** Does it keep over a reload what it needs to resume? */
  resumesAfterReload: boolean;
  /** Does it join its rooms again even where it has resumed? The proxy answers, and the room sees nothing of it. */
  joinsAgain?: true;
  /** Does it lose count of what is not acknowledged once it has sent something again? Then it does so only once here. */
  losesCount?: true;
  /** EDGE-4: says who it is when it logs in, and not in the address. */
  namesNoAccount?: true;
}

const KINDS: readonly Kind[] = [
  { name: "strophe.js", open: openStrophe, inBrowser: true, resumesAfterReload: true },
  { name: "stanza", open: openStanza, inBrowser: false, resumesAfterReload: true, losesCount: true },
  { name: "@xmpp/client", open: openXmppJs, inBrowser: false, resumesAfterReload: false },
  {
    name: "@xmpp/client at the endpoint for every account (EDGE-4)",
    open: openXmppJs,
    inBrowser: false,
    resumesAfterReload: false,
    namesNoAccount: true,
  },
  { name: "Converse", open: openConverse, inBrowser: true, resumesAfterReload: true, joinsAgain: true },
];

/** What happens while a client is gone, in two parts: something may be done between them. */
interface Meanwhile {
  some: () => Promise<void>;
  rest: () => void;
}

const numbered = (phase: string): string[] =>
  Array.from({ length: MANY }, (_none, index) => `${phase} ${index}`);

describe.skipIf(missingProsody)("clients that are gone for a while", () => {
  let stage: Stage;
  let relay: Relay;

  beforeAll(async () => {
    stage = await startStage();
    relay = await Relay.to(Number(new URL(stage.worker.url).port));
  });

  afterAll(async () => {
    await relay?.stop();
    await stage?.stop();
  });

  describe.each(KINDS)(
    "$name",
    ({ name, open, inBrowser, resumesAfterReload, joinsAgain, losesCount, namesNoAccount }) => {
      const label = name.toLowerCase().replaceAll(/\W/g, "");
      let alice: Account;
      let bob: Account;
      let friend: RawSession;
      let room: string;
      let client: ReturningClient;
      /** How often it has resumed, and how often bound: what the tests so far come to. */
      let resumed = 0;
      let bound = 1;
      /** All that was said over all absences, to the client and by it. */
      const told: string[] = [];
      const said: string[] = [];

      beforeAll(async () => {
        if (inBrowser && missingChromium) return;
        [alice, bob] = [await stage.account(`alice-${label}`), await stage.account(`bob-${label}`)];
        friend = await stage.attachDirectly(bob, "desk");
        friend.send("<presence/>");
        room = `${label}@rooms.${stage.server.host}`;
        friend.send(`<presence to="${room}/bob"><x xmlns="${MUC}"/></presence>`);
        await friend.stanza("presence", ({ attrs }) => attrs.from === `${room}/bob`);
        const form = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit"/></query>`;
        await friend.request(`<iq type="set" id="form" to="${room}">${form}</iq>`);

        const url =
          name === "Converse" ? stage.worker.url : stage.worker.wsUrl(namesNoAccount ? undefined : alice.jid);
        client = await open({ url: relay.through(url), ...alice });
        await client.join(room, "al");
        await friend.stanza("presence", ({ attrs }) => attrs.from === `${room}/al`);
      });

      afterAll(async () => await client?.close());

      const tell = (body: string): void =>
        friend.send(`<message to="${alice.jid}" type="chat"><body>${body}</body></message>`);
      const heard = async (body: string): Promise<unknown> =>
        await friend.stanza("message", (message) => message.getChildText("body") === body);

      /** Talks before, in and after an absence, and looks at all that was said of this phase. */
      async function absence(
        phase: string,
        { isResumed, bindings = 0 }: { isResumed: boolean; bindings?: number },
        away: (meanwhile: Meanwhile) => Promise<void>,
      ): Promise<void> {
        const [first = "", ...others] = numbered(phase);
        tell(first);
        await client.wire.until(first, new RegExp(`<body>${first}</body>`));
        // On its way when the client goes: nobody can know whether it has arrived.
        const onItsWay = losesCount && resumed > 0 ? [] : [`${phase} before`];
        for (const body of onItsWay) {
          // oxlint-disable-next-line no-await-in-loop -- one at most
          await client.say(bob.jid, body);
          // oxlint-disable-next-line no-await-in-loop -- likewise
          await client.wire.until("what is said", new RegExp(`^> <message .*<body>${body}</body>`));
        }
        const half = others.length / 2;
        const some = async (): Promise<void> => {
          for (const body of others.slice(0, half)) tell(body);
          friend.send(
            `<message to="${room}" type="groupchat" id="${phase}"><body>${phase} room</body></message>`,
          );
          await friend.stanza("message", ({ attrs }) => attrs.id === phase);
        };
        const rest = (): void => others.slice(half).forEach((body) => tell(body));
        await away({ some, rest });
        const last = others.at(-1) ?? "";
        await client.wire.until(last, new RegExp(`<body>${last}</body>`));
        await client.wire.until("the room", new RegExp(`<body>${phase} room</body>`));
        await client.say(bob.jid, `${phase} after`);
        await heard(`${phase} after`);
        await client.say(room, `${phase} room too`, "groupchat");
        await heard(`${phase} room too`);

        told.push(first, ...others);
        said.push(...onItsWay, `${phase} after`);
        const of = (bodies: readonly (string | null)[]): (string | null)[] =>
          bodies.filter((body) => body?.startsWith(`${phase} `) === true);
        expect(of(client.wire.bodies(bob.jid, { distinct: !isResumed }))).toEqual([first, ...others]);
        // In the room itself it is heard as well, from us.
        await client.wire.until("its echo", new RegExp(`^<message .*<body>${phase} room too</body>`));
        const inRoom = [`${phase} room`, `${phase} room too`];
        expect(of(client.wire.bodies(room, { distinct: !isResumed }))).toEqual(inRoom);
        const fromRoom = friend.stanzas.all.filter(
          ({ attrs }) => attrs.from?.startsWith(`${room}/`) === true,
        );
        expect(of(fromRoom.map((message) => message.getChildText("body")))).toEqual(inRoom);
        const toBob = friend.stanzas.all.filter(
          ({ name: kind, attrs }) => kind === "message" && attrs.from?.startsWith(alice.jid),
        );
        expect(of(toBob.map((message) => message.getChildText("body")))).toEqual([
          ...onItsWay,
          `${phase} after`,
        ]);

        // What has come is shown a moment later. Not looked at in its order: what comes live has the page's own time, which may be late,
        // and what was on its way has two, when it was written and when it got through.
        const shown = async (peer: string): Promise<unknown[]> =>
          of((await client.shown?.(peer)) ?? [])
            .map(String)
            .toSorted();
        if (client.shown) {
          const all = [first, ...others, `${phase} after`, ...onItsWay].toSorted();
          await expect.poll(() => shown(bob.jid), { timeout: 10_000 }).toEqual(all);
          await expect.poll(() => shown(room), { timeout: 10_000 }).toEqual(inRoom);
        }

        if (isResumed) resumed += 1;
        bound += bindings;
        expect(client.wire.count(/<resumed /)).toBe(resumed);
        expect(client.wire.count(/^<iq .*xmpp-bind|<bound /)).toBe(bound);
        const joins = new RegExp(`^> <presence [^>]*to="${room}/al"`);
        if (joinsAgain !== true) expect(client.wire.count(joins)).toBe(bound);
        // One session and one occupant, who never left.
        expect(await stage.server.boundResources(`alice-${label}`)).toHaveLength(1);
        const ofOccupant = friend.stanzas.all.filter(({ attrs }) => attrs.from === `${room}/al`);
        expect(ofOccupant.filter(({ name: kind }) => kind === "presence")).toHaveLength(1);
      }

      describe.skipIf(inBrowser && missingChromium)("comes back", { timeout: 60_000 }, () => {
        it("SM-1 SM-2 MUC-6: the network is gone for a while", async () => {
          await absence("tunnel", { isResumed: true }, async (meanwhile) => {
            relay.cut();
            await meanwhile.some();
            meanwhile.rest();
            relay.mend();
          });
        });

        it("SM-1 SM-7 MUC-15: the network is gone, and the process dies meanwhile", async () => {
          await absence("double", { isResumed: true }, async (meanwhile) => {
            relay.cut();
            await meanwhile.some();
            await stage.worker.restart();
            meanwhile.rest();
            relay.mend();
          });
        });

        it("SM-1 SM-7 MUC-15: the process dies underneath it", async () => {
          await absence("reset", { isResumed: true }, async (meanwhile) => {
            const back = stage.worker.restart();
            await meanwhile.some();
            meanwhile.rest();
            await back;
          });
        });

        it("SM-1 SM-2 LOG-10: it is reloaded", async () => {
          const bindings = resumesAfterReload ? 0 : 1;
          await absence("reload", { isResumed: resumesAfterReload, bindings }, (meanwhile) =>
            client.reload(async () => {
              await meanwhile.some();
              meanwhile.rest();
            }, "reload 0"),
          );
        });

        it("SM-1 SM-2: over all of it nothing came late and twice", async () => {
          // Whatever is still to come has come before the answer to this.
          const mark = `<message to="${alice.jid}" type="chat"><body>the end</body></message>`;
          friend.send(mark);
          await client.wire.until("the end", /<body>the end<\/body>/);
          expect(client.wire.bodies(bob.jid, { distinct: !resumesAfterReload })).toEqual([
            ...told,
            "the end",
          ]);
          await client.say(bob.jid, "the end too");
          await heard("the end too");
          const toBob = friend.stanzas.all.filter(
            ({ name: kind, attrs }) => kind === "message" && attrs.from?.startsWith(alice.jid),
          );
          const words = toBob.flatMap((message) => message.getChildText("body") ?? []);
          expect(words).toEqual([...said, "the end too"]);
        });
      });
    },
  );
});
