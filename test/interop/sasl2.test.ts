// SASL2, Bind 2 and tokens with a real Prosody (Debian's prosody-modules): how the account logs in, at first and again.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { WITH_SASL2 } from "../support/prosody.ts";
import type { RawSession } from "../support/raw-client.ts";
import { missingModules } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { type Stage, startStage } from "./stage.ts";

const TOKEN = "HT-SHA-256-NONE";

async function ping(session: RawSession): Promise<string | undefined> {
  const iq = '<iq type="get" to="localhost" id="p"><ping xmlns="urn:xmpp:ping"/></iq>';
  const { attrs } = await session.request(iq);
  return attrs.type;
}

function bodyOf(stanza: Element): string | null {
  return stanza.getChildText("body");
}

describe.skipIf(missingModules)("SASL2 with Prosody", () => {
  let stage: Stage;
  let state: string;
  let mark = 0;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "xmpproxy-state-"));
    stage = await startStage(WITH_SASL2, {}, state);
  });

  afterAll(async () => {
    await stage?.stop();
    await rm(state, { recursive: true, force: true });
  });

  /** From here on counts what is asked of the log. */
  function listen(): void {
    mark = stage.server.log().length;
  }

  /** The first-level elements that the server received since, as far as they tell how somebody logs in and begins a session. */
  function received(): string[] {
    const lines = stage.server
      .log()
      .slice(mark)
      .matchAll(/Received\[c2s\w*\]: <([\w-]+)([^\n]*)/g);
    return [...lines].flatMap(([, name = "", attributes = ""]) => {
      if (/^(auth|authenticate)$/.test(name)) return `${name} ${/mechanism='([^']*)'/.exec(attributes)?.[1]}`;
      if (name === "iq" && attributes.includes("id='bind'")) return "bind";
      return /^(abort|resume|enable)$/.test(name) ? name : [];
    });
  }

  function resumptions(): number {
    return stage.server.log().slice(mark).split("mod_smacks resuming").length - 1;
  }

  /** Runs Lua on the account's stored tokens. */
  async function tokens(localpart: string, lua: string): Promise<string> {
    const open = 'local store = require("core.storagemanager").open("localhost", "fast_tokens", "keyval")';
    return await stage.server.shell(`>(function () ${open} local name = "${localpart}" ${lua} end)()`);
  }

  /** The account's tokens as the server knows them. */
  async function secrets(localpart: string): Promise<string[]> {
    const lua = `local r = {} for _, t in pairs(store:get(name)) do r[#r + 1] = t.secret end return table.concat(r, "\\n")`;
    const answer = await tokens(localpart, lua);
    return [...answer.matchAll(/secret-token:[\w:-]+/g)].map(([secret]) => secret);
  }

  it("SASL2-1, SASL2-2, SASL2-4: the first login asks for the salt, then does everything at once", async () => {
    const account = await stage.account("first");
    listen();
    const desk = await stage.attach(account, "desk");
    expect(received()).toEqual(["auth SCRAM-SHA-1", "abort", "authenticate SCRAM-SHA-1"]);
    expect(desk.fullJid).toMatch(/^first@localhost\/xmpproxy~/);
    expect(await stage.server.boundResources("first")).toEqual([desk.fullJid]);
    expect(await ping(desk)).toBe("result");
    desk.client.drop();
  });

  it("FAST-2, SASL2-3: a lost connection: the token logs in, the session goes on, nothing else is sent", async () => {
    const desk = await stage.attach(await stage.account("again"), "desk");
    for (let time = 0; time < 2; time += 1) {
      listen();
      await stage.server.dropConnections("again");
      expect(await ping(desk)).toBe("result");
      expect(received()).toEqual([`authenticate ${TOKEN}`]);
      expect(resumptions()).toBe(1);
    }
    desk.client.drop();
  });

  it("FAST-2, SASL2-3, UP-9: the process is killed: the old session goes on by token, and what came meanwhile comes once", async () => {
    const account = await stage.account("killed");
    const phone = await ResumingClient.login(stage.worker.wsUrl(account.jid), account, "phone");
    const friend = await stage.attachDirectly(await stage.account("friend"), "desk");
    const [fullJid = ""] = await stage.server.boundResources("killed");
    const say = (body: string): void =>
      friend.send(`<message to="${fullJid}" type="chat"><body>${body}</body></message>`);
    say("one");
    await phone.stanzas.first("the first message", (stanza) => bodyOf(stanza) === "one");
    listen();
    await stage.worker.kill();
    say("two");
    say("three");
    expect(await ping(friend)).toBe("result");
    await stage.worker.restart();
    say("four");
    await phone.stanzas.first("the last message", (stanza) => bodyOf(stanza) === "four");
    expect(received()).toEqual([`authenticate ${TOKEN}`]);
    expect(resumptions()).toBe(1);
    expect(await stage.server.boundResources("killed")).toEqual([fullJid]);
    const bodies = phone.stanzas.all.filter((stanza) => stanza.is("message")).map(bodyOf);
    expect(bodies).toEqual(["one", "two", "three", "four"]);
    phone.stop();
    friend.client.drop();
  });

  it("FAST-3: a token that is refused: the keys at once, and another token", async () => {
    const desk = await stage.attach(await stage.account("revoked"), "desk");
    expect(await ping(desk)).toBe("result");
    await tokens("revoked", "return store:set(name, nil)");
    listen();
    await stage.server.dropConnections("revoked");
    expect(await ping(desk)).toBe("result");
    expect(received()).toEqual([`authenticate ${TOKEN}`, "authenticate SCRAM-SHA-1"]);
    expect(resumptions()).toBe(1);
    await waitFor("the new token to be stored", async () => (await secrets("revoked")).length > 0);
    listen();
    await stage.server.dropConnections("revoked");
    expect(await ping(desk)).toBe("result");
    expect(received()).toEqual([`authenticate ${TOKEN}`]);
    desk.client.drop();
  });

  it("SASL2-4, SASL2-5: with a client attached a new session is bound as ever, with the resource that the server chose", async () => {
    const desk = await stage.attach(await stage.account("bound"), "desk");
    expect(await ping(desk)).toBe("result");
    listen();
    await stage.server.closeStreams("bound");
    expect(await ping(desk)).toBe("result");
    expect(received().slice(0, 3)).toEqual([`authenticate ${TOKEN}`, "bind", "enable"]);
    expect(resumptions()).toBe(0);
    expect(await stage.server.boundResources("bound")).toEqual([desk.fullJid]);
    desk.client.drop();
  });

  it("FAST-5: with another password the token is gone", async () => {
    const account = await stage.account("changed");
    const desk = await stage.attach(account, "desk");
    // It ends the session, which the token, of which it thinks nothing, brings back.
    await stage.server.register("changed", "another password");
    await waitFor("the session to be back", async () => {
      const bound = await stage.server.boundResources("changed");
      return bound.length === 1;
    });
    expect(await ping(desk)).toBe("result");
    listen();
    const phone = await stage.attach({ ...account, password: "another password" }, "phone");
    expect(phone.fullJid).toBe(desk.fullJid);
    await stage.server.dropConnections("changed");
    expect(await ping(desk)).toBe("result");
    // The salt, the proof, and the way back.
    expect(received()).toEqual([
      "auth SCRAM-SHA-1",
      "abort",
      "authenticate SCRAM-SHA-1",
      "authenticate SCRAM-SHA-1",
    ]);
    expect(resumptions()).toBe(1);
    desk.client.drop();
    phone.client.drop();
  });

  it("FAST-1: no token lies in the storage or in a log", async () => {
    const names = await readdir(state, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    const stored = await Promise.all(
      files.map(async ({ parentPath, name }) => await readFile(join(parentPath, name))),
    );
    const found = (needle: string): boolean =>
      [...stored, Buffer.from(stage.worker.logs())].some((bytes) => bytes.includes(needle));
    // What is stored of an account is there: the search would find it.
    expect(found("again@localhost")).toBe(true);
    const known = await secrets("again");
    expect(known.length).toBeGreaterThan(0);
    for (const secret of known) expect(found(secret.slice("secret-token:".length))).toBe(false);
  });
});
