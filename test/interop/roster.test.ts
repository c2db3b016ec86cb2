// ROS and PEP with real servers: three clients of one account, one by hand and two of libraries, always see the same roster;
// and a client that comes later is told what the others were told.

import { afterAll, beforeAll, expect, it } from "vitest";
import {
  rawRoster,
  type RosterClient,
  stanzaRoster,
  xmppJsRoster,
} from "../support/clients/roster-client.ts";
import type { RawSession } from "../support/raw-client.ts";
import { describeEach } from "../support/requirements.ts";
import { PLACES, type Server, type Stage } from "./stage.ts";

const NICK = "http://jabber.org/protocol/nick";
const INFO = "http://jabber.org/protocol/disco#info";
const EVENT = "http://jabber.org/protocol/pubsub#event";

function isNickname(stanza: RawSession["stanzas"]["all"][number]): boolean {
  return stanza.getChild("event", EVENT)?.getChild("items")?.attrs.node === NICK;
}

/** Says by capabilities that it wants nicknames. */
async function wantsNicknames(session: RawSession, isFirst: boolean): Promise<void> {
  session.send(
    `<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="urn:nicknames" ver="v"/></presence>`,
  );
  if (!isFirst) return;
  const asked = await session.stanza("iq", ({ attrs }) => attrs.type === "get");
  const features = `<feature var="${NICK}"/><feature var="${NICK}+notify"/>`;
  session.send(
    `<iq type="result" id="${asked.attrs.id}" to="${asked.attrs.from}"><query xmlns="${INFO}">${features}</query></iq>`,
  );
}

describeEach(PLACES, "the roster on $name", ({ start }) => {
  let stage: Stage<Server>;

  beforeAll(async () => {
    stage = await start();
  });

  afterAll(async () => {
    await stage?.stop();
  });

  it("ROS-1 ROS-3 ROS-7 whoever edits it, all three clients show the same", async () => {
    const account = await stage.account("contacts");
    const options = (device: string): Parameters<typeof rawRoster>[0] =>
      Object.assign({ url: stage.worker.wsUrl(account.jid), device }, account);
    const clients: RosterClient[] = [
      await rawRoster(options("by-hand")),
      await xmppJsRoster(options("xmpp-js")),
      await stanzaRoster(options("stanza")),
    ];
    const friend = (name: string): string => `${name}@${stage.server.host}`;
    const edits = clients.flatMap((client, index) => [
      {
        client,
        item: { jid: friend(`f${index}`), name: `Friend ${index}`, groups: ["a", "b"], subscription: "none" },
      },
      {
        client,
        item: { jid: friend("shared"), name: `Named by ${index}`, groups: [], subscription: "none" },
      },
    ]);
    for (const client of clients.slice(2)) {
      edits.push({ client, item: { jid: friend("f0"), name: "", groups: [], subscription: "remove" } });
    }
    for (const { client, item } of edits) {
      const before = clients.map(({ copy }) => copy.pushed.all.length);
      await client.edit(item);
      for (const [index, { copy }] of clients.entries()) {
        await copy.pushed.first(`the push of ${item.jid}`, ({ jid }) => jid === item.jid, before[index]);
      }
    }
    const expected = [
      `${friend("f1")} | Friend 1 | none | a | b`,
      `${friend("f2")} | Friend 2 | none | a | b`,
      `${friend("shared")} | Named by 2 | none`,
    ];
    for (const { copy } of clients) expect(copy.lines()).toEqual(expected);
    const late = await rawRoster(options("late"));
    expect(late.copy.lines()).toEqual(expected);
    // And so does the server itself.
    const direct = await rawRoster({ ...options("direct"), url: stage.server.webSocketUrl });
    expect(direct.copy.lines()).toEqual(expected);
    for (const client of [...clients, late, direct]) await client.close();
  });

  it("PEP-1 PEP-3 a client that comes later is told the last of what the others were told", async () => {
    const account = await stage.account("nicknames");
    const desk = await stage.attach(account, "desk");
    await wantsNicknames(desk, true);
    const item = `<item id="current"><nick xmlns="${NICK}">Ally</nick></item>`;
    const published = await desk.request(
      `<iq type="set" id="publish"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${NICK}">${item}</publish></pubsub></iq>`,
    );
    expect(published.attrs.type).toBe("result");
    await desk.stanza("message", isNickname);
    const deaf = await stage.attach(account, "deaf");
    deaf.send("<presence/>");
    const phone = await stage.attach(account, "phone");
    await wantsNicknames(phone, false);
    const told = await phone.stanza("message", isNickname);
    expect(told.getChild("delay", "urn:xmpp:delay")).toBeDefined();
    expect(told.getChild("event", EVENT)?.getChild("items")?.getChild("item")?.getChildText("nick")).toBe(
      "Ally",
    );
    await deaf.request(`<iq type="get" id="fence"><query xmlns="jabber:iq:roster"/></iq>`);
    expect(deaf.stanzas.all.filter(isNickname)).toEqual([]);
    for (const session of [desk, deaf, phone]) await session.close();
  });
});
