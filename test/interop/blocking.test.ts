// BLOCK with real servers: two clients behind the proxy and one beside it always know the same block list, whoever changes it;
// and what is sent to somebody who is blocked comes back with the reason.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RawSession } from "../support/raw-client.ts";
import { describeEach } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { PLACES, type Server, type Stage } from "./stage.ts";

const BLOCKING = "urn:xmpp:blocking";

/** Both kinds of clients. */
type Client = Pick<RawSession, "stanzas" | "send">;

const items = (payload: Element | undefined): (string | undefined)[] =>
  (payload?.getChildren("item") ?? []).map(({ attrs }) => attrs.jid);

async function request(client: Client, iq: string): Promise<Element> {
  const after = client.stanzas.all.length;
  const id = /\bid="([^"]*)"/.exec(iq)?.[1];
  client.send(iq);
  const isAnswer = ({ attrs }: Element): boolean => attrs.id === id && attrs.type !== "set";
  return await client.stanzas.first(`the answer to ${iq}`, isAnswer, after);
}

async function blocked(client: Client): Promise<(string | undefined)[]> {
  const answer = await request(client, `<iq type="get" id="list"><blocklist xmlns="${BLOCKING}"/></iq>`);
  return items(answer.getChild("blocklist", BLOCKING));
}

async function change(client: Client, name: string, jid: string): Promise<void> {
  const payload = `<${name} xmlns="${BLOCKING}"><item jid="${jid}"/></${name}>`;
  const answer = await request(client, `<iq type="set" id="${name}-${jid}">${payload}</iq>`);
  expect(answer.attrs.type).toBe("result");
}

/** The push of this change, from `after` on: its id. Acknowledged, as clients do. */
async function pushOf(
  session: Client,
  { name, jid, after }: { name: string; jid: string; after: number },
): Promise<string> {
  const isPush = (stanza: Element): boolean =>
    stanza.is("iq") && stanza.attrs.type === "set" && items(stanza.getChild(name, BLOCKING)).includes(jid);
  const push = await session.stanzas.first(`the push to ${name} ${jid}`, isPush, after);
  session.send(`<iq type="result" id="${push.attrs.id}"/>`);
  return push.attrs.id ?? "";
}

const pushesTo = ({ stanzas }: Client): Element[] =>
  stanzas.all.filter(
    (stanza) => stanza.attrs.type === "set" && stanza.getChildElements()[0]?.getNS() === BLOCKING,
  );

describeEach(PLACES, "the block list on $name", ({ name: serverName, start }) => {
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
      await change(who, name, eve);
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

  it("BLOCK-3 what was changed elsewhere while the proxy was away is pushed to who had asked for the list", async () => {
    const flo = await stage.account("flo");
    const [old, kept, eve] = ["old", "kept", "eve"].map((name) => `${name}@${stage.server.host}`);
    if (!old || !kept || !eve) throw new Error("unreachable");
    const url = stage.worker.wsUrl(flo.jid);
    const phone = await ResumingClient.login(url, flo, "phone");
    const deaf = await ResumingClient.login(url, flo, "deaf");
    expect(await blocked(phone)).toEqual([]);
    for (const jid of [old, kept]) {
      await change(phone, "block", jid);
      await pushOf(phone, { name: "block", jid, after: 0 });
    }
    const after = phone.stanzas.all.length;

    await stage.worker.kill();
    // No session outlives that: the next one is new, and its server tells it of no change that was made before.
    await stage.server.restart();
    const beside = await stage.attachDirectly(flo, "beside");
    expect(new Set(await blocked(beside))).toEqual(new Set([kept, old]));
    await change(beside, "unblock", old);
    await change(beside, "block", eve);
    await beside.close();
    await stage.worker.start();

    await pushOf(phone, { name: "block", jid: eve, after });
    await pushOf(phone, { name: "unblock", jid: old, after });
    expect(new Set(await blocked(phone))).toEqual(new Set([eve, kept]));
    const ping = `<iq type="get" id="fence" to="${stage.server.host}"><ping xmlns="urn:xmpp:ping"/></iq>`;
    for (const client of [phone, deaf]) await request(client, ping);
    expect(pushesTo(phone).flatMap((push) => items(push.getChildElements()[0]))).toEqual([
      old,
      kept,
      eve,
      old,
    ]);
    expect(pushesTo(deaf)).toEqual([]);
    for (const { resumptions, failure } of [phone, deaf])
      expect({ resumptions, failure }).toEqual({ resumptions: 1, failure: undefined });
    for (const client of [phone, deaf]) client.stop();
  });
});
