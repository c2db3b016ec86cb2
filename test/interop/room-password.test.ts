// MUC-15: rooms with a password, on real servers. The process is killed and the session given up meanwhile; no client says the
// password again, and it is nowhere on disk or in what the owner sees.

import { readdir, readFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import {
  codesOf,
  FORGETFUL_PLACES,
  type ForgetfulPlace,
  configure,
  enter,
  field,
  heard,
  host,
  join,
  say,
  showings,
  told,
} from "./room-visit.ts";

const PASSWORD = "opensesame-4711";
const said = (password: string): string => `<password>${password}</password>`;

/** An owner gives a room a password. */
async function protect(owner: RawSession, room: string, password: string): Promise<void> {
  const answer = await configure(
    owner,
    room,
    field("muc#roomconfig_passwordprotectedroom", "1"),
    field("muc#roomconfig_roomsecret", password),
  );
  expect(answer.attrs.type).toBe("result");
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(FORGETFUL_PLACES))(
  "a room with a password, on %s",
  (_name, start) => {
    let place: ForgetfulPlace;

    beforeAll(async () => {
      place = await start();
    });
    afterAll(async () => await place?.stage.stop());

    /** The files of the storage that have this in them, as bytes. */
    async function filesWith(text: string): Promise<string[]> {
      const { statePath } = place.stage.worker;
      const entries = await readdir(statePath, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      expect(files.some(({ name }) => name.endsWith(".sqlite"))).toBe(true);
      const found = await Promise.all(
        files.map(async ({ name, parentPath }) => {
          const bytes = await readFile(joinPath(parentPath, name));
          return bytes.includes(text) ? name : [];
        }),
      );
      return found.flat();
    }

    async function ask({ jid, password }: Account, what: string): Promise<string> {
      const authorization = `Basic ${Buffer.from(`${jid}:${password}`).toString("base64")}`;
      const url = `${place.stage.worker.url}/accounts/${jid}/${what}`;
      return await (await fetch(url, { headers: { authorization } })).text();
    }

    /** alice's phone is in bob's room. */
    async function visit(
      name: string,
    ): Promise<{ room: string; bob: RawSession; alice: Account; phone: ResumingClient; fullJid: string }> {
      const { stage } = place;
      const room = `${name}@${stage.server.rooms}`;
      const bob = await host(stage, `bob-${name}`, room);
      await protect(bob, room, PASSWORD);
      const alice = await stage.account(`alice-${name}`);
      const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
      phone.send(join(room, "al", said("a wrong guess")));
      const refused = await phone.stanzas.first("a refusal", ({ attrs }) => attrs.type === "error", 0);
      expect(refused.getChild("error")?.getChild("not-authorized")).toBeDefined();
      phone.send(join(room, "al", said(PASSWORD)));
      const self = await phone.stanzas.first("its presence", (stanza) => codesOf(stanza).includes("110"), 0);
      await told(bob, `${room}/al`);
      bob.send(say(room, "before"));
      await phone.stanzas.first("before", (stanza) => stanza.getChildText("body") === "before", 0);
      return { room, bob, alice, phone, fullJid: self.attrs.to ?? "" };
    }

    it("MUC-15 is entered again after a kill and a lost session, for clients that stay and that come; others see it", async () => {
      const { stage, giveUp } = place;
      const { room, bob, alice, phone, fullJid } = await visit("vault");
      await stage.worker.kill();
      await giveUp(fullJid);
      await told(bob, `${room}/al`, "unavailable");
      expect(await filesWith(PASSWORD)).toEqual([]);
      expect(await filesWith(`vault@${stage.server.rooms}`)).not.toEqual([]);
      await stage.worker.restart();

      await waitFor("alice to be back in the room", () => showings(bob, `${room}/al`) > 1, 30_000);
      bob.send(say(room, "after"));
      await phone.stanzas.first("after", (stanza) => stanza.getChildText("body") === "after", 0);
      phone.send(say(room, "still here"));
      await heard(bob, "still here");
      expect(phone.failure).toBeUndefined();
      expect(phone.stanzas.all.filter((stanza) => codesOf(stanza).includes("333"))).toEqual([]);
      const tablet = await stage.attach(alice, "tablet");
      await enter(room, "al", tablet);
      await heard(tablet, "still here");
      expect(showings(bob, `${room}/al`, "unavailable")).toBe(1);

      expect(await ask(alice, "trace")).toContain(room);
      expect(await ask(alice, "trace")).not.toContain(PASSWORD);
      expect(stage.worker.logs()).not.toContain(PASSWORD);
      await stage.worker.kill();
      expect(await filesWith(PASSWORD)).toEqual([]);
      await stage.worker.restart();
      phone.stop();
      for (const session of [tablet, bob]) session.client.drop();
    }, 90_000);

    it("MUC-15 MUC-11 that has another password by now: those in it are told, and get in with the new one", async () => {
      const { stage, giveUp } = place;
      const { room, bob, phone, fullJid } = await visit("changed");
      await stage.worker.kill();
      await giveUp(fullJid);
      await told(bob, `${room}/al`, "unavailable");
      await protect(bob, room, "another-0815");
      await stage.worker.restart();

      await phone.stanzas.first("that it is out", (stanza) => codesOf(stanza).includes("333"), 0);
      expect(showings(bob, `${room}/al`)).toBe(1);
      const seen = phone.stanzas.all.length;
      phone.send(join(room, "al", said("another-0815")));
      await phone.stanzas.first("its presence", (stanza) => codesOf(stanza).includes("110"), seen);
      await waitFor("alice to be back in the room", () => showings(bob, `${room}/al`) > 1, 30_000);
      expect(await filesWith("another-0815")).toEqual([]);
      phone.stop();
      bob.client.drop();
    }, 90_000);
  },
);
