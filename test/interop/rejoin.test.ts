// UP-8: what a new session's server is told first. A room hears nothing from somebody who has not joined it again.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { startEjabberdStage, startStage } from "./stage.ts";

interface World {
  readonly stage: Awaited<ReturnType<typeof startStage>> | Awaited<ReturnType<typeof startEjabberdStage>>;
  readonly rooms: string;
  /** Ends the session so that it cannot be resumed. */
  endSession(fullJid: string): Promise<void>;
}

const worlds: Record<string, () => Promise<World>> = {
  prosody: async () => {
    const stage = await startStage();
    return {
      stage,
      rooms: `rooms.${stage.server.host}`,
      endSession: async (fullJid) => {
        await stage.server.closeStreams(fullJid.slice(0, fullJid.indexOf("@")));
      },
    };
  },
  ejabberd: async () => {
    const stage = await startEjabberdStage();
    return {
      stage,
      rooms: stage.server.rooms,
      endSession: async (fullJid) => {
        await stage.server.kickSession(fullJid);
      },
    };
  },
};

function join(room: string, nick: string): string {
  return `<presence to="${room}/${nick}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(worlds))(
  "a session that cannot be resumed, on %s",
  (_name, start) => {
    let world: World;

    beforeAll(async () => {
      world = await start();
    });

    afterAll(async () => {
      await world.stage.stop();
    });

    it("UP-8 regression: a room hears what was said meanwhile, because it is joined again first", async () => {
      const { stage, rooms } = world;
      const [alice, bob] = [await stage.account("rejoining-alice"), await stage.account("rejoining-bob")];
      const room = `again@${rooms}`;
      const friend = await stage.attachDirectly(bob, "sofa");
      friend.send("<presence/>");
      friend.send(join(room, "bob"));
      await friend.stanza("presence", ({ attrs }) => attrs.from === `${room}/bob`);
      const form =
        '<query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"/></query>';
      await friend.request(`<iq type="set" id="form" to="${room}">${form}</iq>`);
      const desk = await stage.attach(alice, "desk");
      desk.send("<presence/>");
      desk.send(join(room, "alice"));
      await friend.stanza("presence", ({ attrs }) => attrs.from === `${room}/alice`);

      await world.endSession(desk.fullJid);
      await friend.stanza(
        "presence",
        ({ attrs }) => attrs.from === `${room}/alice` && attrs.type === "unavailable",
      );
      desk.send(`<message to="${room}" type="groupchat" id="g1"><body>still here</body></message>`);
      const echo = await desk.stanza("message", ({ attrs }) => attrs.id === "g1");
      expect(echo.attrs.type).toBe("groupchat");
      await friend.stanza("message", (message) => message.getChildText("body") === "still here");
    });
  },
);
