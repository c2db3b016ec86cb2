// Networks that break without a word, in both directions or in one, or that are slow: the proxy notices, comes back by
// itself, and says what it cannot know. A server that ends the stream over something it was sent.

import type { Element } from "@xmpp/xml";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { askStatus } from "../support/ask-status.ts";
import type { Account } from "../support/raw-client.ts";
import { describeEach } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { type Direction, TcpRelay } from "../support/tcp-relay.ts";
import { PLACES, type Server, type Stage } from "./stage.ts";

/** The shortest that can be set, since the tests wait for it: asked after 1 s, given up after 2.2 s. */
const IMPATIENT = { SERVER_SILENCE_SECONDS: "1" };

interface World {
  stage: Stage<Server>;
  relay: TcpRelay;
}

/** A server that the Worker reaches through a relay. */
async function startWorld(
  start: (vars: Readonly<Record<string, string>>) => Promise<Stage<Server>>,
): Promise<World> {
  const relay = await TcpRelay.to(0);
  const hosts = { UPSTREAM_HOSTS: JSON.stringify({ localhost: `xmpp://localhost:${relay.port}` }) };
  const stage = await start({ ...IMPATIENT, ...hosts });
  relay.leadTo(stage.server.ports.c2s);
  return { stage, relay };
}

function chat(to: string, id: string): string {
  return `<message xmlns="jabber:client" to="${to}" type="chat" id="${id}"><body>${id}</body></message>`;
}

/** Without the namespace, which RawSession adds itself. */
function bare(stanza: string): string {
  return stanza.replace(' xmlns="jabber:client"', "");
}

const says = (id: string) => (stanza: Element) => stanza.is("message") && stanza.getChildText("body") === id;
const isError = (id: string) => (stanza: Element) =>
  stanza.is("message") && stanza.attrs.type === "error" && stanza.attrs.id === id;

/** The bodies that came, in order. */
function bodies(stanzas: readonly Element[]): string[] {
  return stanzas.flatMap((stanza) => (stanza.is("message") ? (stanza.getChildText("body") ?? []) : []));
}

/** The bodies of what somebody has said, in order: nothing that the proxy tells by itself. */
function words(stanzas: readonly Element[]): string[] {
  return bodies(stanzas.filter(({ attrs }) => attrs.type === "chat"));
}

/** What is queued, or sent and not confirmed yet. */
async function waitingForServer(stage: Stage<Server>, account: Account): Promise<number> {
  return (await askStatus(stage.worker.url, account)).waitingForServer;
}

describeEach(PLACES, "a network that breaks before $name", ({ start }) => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld(async (vars) => await start({}, vars));
  });
  afterEach(() => world.relay.slowDown(undefined));
  afterAll(async () => {
    await world?.stage.stop();
    await world?.relay.stop();
  });

  it.each<[string, string, Direction[]]>([
    ["in both directions", "both", ["to-server", "to-client"]],
    ["towards the server", "there", ["to-server"]],
    ["towards us", "back", ["to-client"]],
  ])(
    "UP-9 UP-12: without a word, %s: it is noticed, and each message arrives once, in order",
    async (_how, name, directions) => {
      const { stage, relay } = world;
      const [alice, bob] = [await stage.account(`alice-${name}`), await stage.account(`bob-${name}`)];
      const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
      const friend = await stage.attachDirectly(bob, "desk");
      friend.send("<presence/>");
      phone.send('<presence xmlns="jabber:client"/>');
      phone.send(`<presence xmlns="jabber:client" to="${friend.fullJid}"/>`);
      const seen = await friend.stanza("presence", ({ attrs }) => attrs.from?.startsWith(alice.jid) ?? false);
      phone.send(chat(friend.fullJid, "before"));
      await friend.stanza("message", says("before"));

      const connections = relay.connections;
      relay.cut(...directions);
      phone.send(chat(friend.fullJid, "into nothing"));
      friend.send(bare(chat(seen.attrs.from ?? "", "from nothing")));
      await waitFor("another connection", () => relay.connections > connections);
      phone.send(chat(friend.fullJid, "after"));
      await friend.stanza("message", says("after"));
      friend.send(bare(chat(seen.attrs.from ?? "", "back again")));
      await phone.stanzas.first("bob's last", says("back again"));

      expect(bodies(friend.stanzas.all)).toEqual(["before", "into nothing", "after"]);
      expect(bodies(phone.stanzas.all)).toEqual(["from nothing", "back again"]);
      const gone = friend.stanzas.all.filter(
        ({ attrs }) => attrs.type === "unavailable" && (attrs.from?.startsWith(alice.jid) ?? false),
      );
      expect(gone, "nobody saw alice leave").toEqual([]);
      const { history, session } = await askStatus(stage.worker.url, alice);
      expect(session).toBe("resumed");
      expect(JSON.stringify(history)).toMatch(/The server has not answered for \d+ s\./);
      phone.stop();
      friend.client.drop();
    },
  );

  it("UP-7 UP-9: the server dies without a word, and is there again: each message arrives once, in order", async () => {
    const { stage } = world;
    const [alice, bob] = [await stage.account("alice-killed"), await stage.account("bob-killed")];
    // ejabberd's database writes with some delay: the accounts must have been written.
    await stage.server.restart();
    const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
    const friend = await ResumingClient.login(stage.worker.wsUrl(bob.jid), bob, "desk");
    for (const client of [phone, friend]) client.send('<presence xmlns="jabber:client"/>');
    phone.send(chat(bob.jid, "before"));
    await friend.stanzas.first("the first", says("before"));
    // What crosses its death may have been handled by it: nobody could know.
    for (const account of [alice, bob]) {
      await expect.poll(async () => await waitingForServer(stage, account)).toBe(0);
    }

    await stage.server.kill();
    await expect
      .poll(async () => await askStatus(stage.worker.url, alice))
      .toMatchObject({
        phase: "offline",
        lastError: { text: expect.stringMatching(/closed|reached|refused|reset/) },
        nextAttempt: expect.any(String),
      });
    phone.send(chat(bob.jid, "meanwhile"));
    friend.send(chat(alice.jid, "meanwhile too"));
    await stage.server.start();
    phone.send(chat(bob.jid, "after"));
    friend.send(chat(alice.jid, "after too"));
    await friend.stanzas.first("the last", says("after"), 0, 25_000);
    await phone.stanzas.first("bob's last", says("after too"), 0, 25_000);
    expect(words(friend.stanzas.all)).toEqual(["before", "meanwhile", "after"]);
    expect(words(phone.stanzas.all)).toEqual(["meanwhile too", "after too"]);
    expect([phone.failure, friend.failure]).toEqual([undefined, undefined]);
    phone.stop();
    friend.stop();
  });

  it("UP-7: slow to the extreme, everything still arrives", async () => {
    const { stage, relay } = world;
    // 64 bytes every 10 ms: a login takes seconds.
    relay.slowDown({ bytes: 64, everyMs: 10 });
    const [alice, bob] = [await stage.account("alice-slow"), await stage.account("bob-slow")];
    const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
    const friend = await stage.attachDirectly(bob, "desk");
    friend.send("<presence/>");
    const ids = Array.from({ length: 12 }, (_, index) => `slow ${index}`);
    for (const id of ids) {
      phone.send(chat(friend.fullJid, id));
      friend.send(bare(chat(alice.jid, id)));
    }
    await friend.stanza("message", says("slow 11"), 25_000);
    await phone.stanzas.first("bob's last", says("slow 11"), 0, 25_000);
    expect(bodies(friend.stanzas.all)).toEqual(ids);
    expect(words(phone.stanzas.all)).toEqual(ids);
    phone.stop();
    friend.client.drop();
  });

  it("UP-17: a message that is too large for the server comes back, and the next one arrives", async () => {
    const { stage } = world;
    const [alice, bob] = [await stage.account("alice-large"), await stage.account("bob-large")];
    const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
    const friend = await stage.attachDirectly(bob, "desk");
    friend.send("<presence/>");
    // Either takes 256 KiB from a client; we take 1 MiB.
    const large = `<message xmlns="jabber:client" to="${friend.fullJid}" id="large"><body>${"x".repeat(300_000)}</body></message>`;
    phone.send(chat(friend.fullJid, "first"));
    phone.send(large);
    phone.send(chat(friend.fullJid, "last"));
    const error = await phone.stanzas.first("the error", isError("large"), 0, 25_000);
    expect(error.getChild("error")?.attrs.type).toBe("modify");
    expect(error.getChild("error")?.getChild("policy-violation")).toBeDefined();
    await friend.stanza("message", says("last"));
    expect(bodies(friend.stanzas.all)).toEqual(["first", "last"]);
    phone.stop();
    friend.client.drop();
  });
});

/** What each calls its Stream Management. */
const WITHOUT = { Prosody: ["smacks"], ejabberd: ["mod_stream_mgmt"] };

describeEach(PLACES, "$name without Stream Management", ({ name: server, start }) => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld(async (vars) => await start({ withoutModules: WITHOUT[server] }, vars));
  });
  afterAll(async () => {
    await world?.stage.stop();
    await world?.relay.stop();
  });

  it.each<[string, string, (world: World) => Promise<void>]>([
    ["the network breaks without a word", "cut", async () => undefined],
    ["the process dies too", "dead", async ({ stage }) => await stage.worker.restart()],
  ])("UP-16: when %s, what may not have arrived is told, and not sent again", async (_how, name, happen) => {
    const { stage, relay } = world;
    const [alice, bob] = [await stage.account(`alice-${name}`), await stage.account(`bob-${name}`)];
    const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
    const friend = await stage.attachDirectly(bob, "desk");
    friend.send("<presence/>");
    phone.send(chat(friend.fullJid, "confirmed"));
    await friend.stanza("message", says("confirmed"));
    await expect.poll(async () => await waitingForServer(stage, alice)).toBe(0);

    relay.cut("to-server", "to-client");
    phone.send(chat(friend.fullJid, "in doubt"));
    await expect.poll(async () => await waitingForServer(stage, alice)).toBeGreaterThan(0);
    await happen(world);
    const error = await phone.stanzas.first("the error", isError("in doubt"));
    expect(error.attrs.from).toBe(friend.fullJid);
    expect(error.getChild("error")?.attrs.type).toBe("wait");
    expect(error.getChild("error")?.getChild("remote-server-timeout")).toBeDefined();
    phone.send(chat(friend.fullJid, "afterwards"));
    await friend.stanza("message", says("afterwards"));
    expect(bodies(friend.stanzas.all)).toEqual(["confirmed", "afterwards"]);
    expect(phone.stanzas.all.filter(({ attrs }) => attrs.type === "error")).toHaveLength(1);
    phone.stop();
    friend.client.drop();
  });
});
