// BLOCK with real servers: two clients behind the proxy and one beside it always know the same block list, whoever changes it;
// and what is sent to somebody who is blocked comes back with the reason.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { type Server, type Stage, startEjabberdStage, startStage } from "./stage.ts";

const PLACES = [
  { name: "Prosody", isMissing: missingProsody, start: startStage },
  { name: "ejabberd", isMissing: missingEjabberd, start: startEjabberdStage },
];
const BLOCKING = "urn:xmpp:blocking";

const items = (payload: Element | undefined): (string | undefined)[] =>
  (payload?.getChildren("item") ?? []).map(({ attrs }) => attrs.jid);

async function blocked(session: RawSession): Promise<(string | undefined)[]> {
  const answer = await session.request(`<iq type="get" id="list"><blocklist xmlns="${BLOCKING}"/></iq>`);
  return items(answer.getChild("blocklist", BLOCKING));
}

/** The push of this change, from `after` on: its id. Acknowledged, as clients do. */
async function pushOf(
  session: RawSession,
  { name, jid, after }: { name: string; jid: string; after: number },
): Promise<string> {
  const isPush = (stanza: Element): boolean =>
    stanza.is("iq") && stanza.attrs.type === "set" && items(stanza.getChild(name, BLOCKING)).includes(jid);
  const push = await session.stanzas.first(`the push to ${name} ${jid}`, isPush, after);
  session.send(`<iq type="result" id="${push.attrs.id}"/>`);
  return push.attrs.id ?? "";
}

const pushesTo = ({ stanzas }: RawSession): Element[] =>
  stanzas.all.filter(
    (stanza) => stanza.attrs.type === "set" && stanza.getChildElements()[0]?.getNS() === BLOCKING,
  );

describe.each(PLACES)("the block list on $name", ({ name: serverName, isMissing, start }) => {
  if (isMissing) {
    it.skip("needs the server", () => undefined);
    return;
  }
  let stage: Stage<Server>;

  beforeAll(async () => {
    stage = await start();
  });

  afterAll(async () => {
    await stage?.stop();
  });

  it("BLOCK-1 BLOCK-4 whoever changes it, all clients that have asked for it are told, once each", async () => {
    const ann = await stage.account("ann");
    const eve = (await stage.account("eve")).jid;
    const desk = await stage.attach(ann, "desk");
    const phone = await stage.attach(ann, "phone");
    const deaf = await stage.attach(ann, "deaf");
    const beside = await stage.attachDirectly(ann, "beside");
    const all = [desk, phone, beside];
    for (const session of [...all, deaf]) session.send("<presence/>");
    for (const session of all) expect(await blocked(session)).toEqual([]);
    for (const [who, name] of [
      [desk, "block"],
      [beside, "unblock"],
      [beside, "block"],
    ] as const) {
      const before = all.map(({ stanzas }) => stanzas.all.length);
      const change = `<${name} xmlns="${BLOCKING}"><item jid="${eve}"/></${name}>`;
      const answer = await who.request(`<iq type="set" id="${name}">${change}</iq>`);
      expect(answer.attrs.type).toBe("result");
      const ids = [];
      for (const [index, session] of all.entries()) {
        ids.push(await pushOf(session, { name, jid: eve, after: before[index] ?? 0 }));
      }
      expect(ids[0]).not.toBe(ids[1]);
      for (const session of all) expect(await blocked(session)).toEqual(name === "block" ? [eve] : []);
    }
    desk.send(`<message to="${eve}" type="chat" id="m"><body>Are you there?</body></message>`);
    for (const session of [desk, phone]) {
      const failed = await session.stanza(
        "message",
        ({ attrs }) => attrs.type === "error" && attrs.id === "m",
      );
      // ejabberd gives the reason of privacy lists, which it keeps the list in.
      const reasons = ["not-acceptable", `blocked ${BLOCKING}:errors`];
      const told = (failed.getChild("error")?.getChildElements() ?? []).map((child) =>
        child.getNS() === `${BLOCKING}:errors` ? `${child.getName()} ${child.getNS()}` : child.getName(),
      );
      expect(told).toEqual(expect.arrayContaining(reasons.slice(0, serverName === "Prosody" ? 2 : 1)));
    }
    expect([desk, phone, deaf].map((session) => pushesTo(session).length)).toEqual([3, 3, 0]);
    for (const session of [...all, deaf]) await session.close();
  });
});
