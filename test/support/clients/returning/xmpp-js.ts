// @xmpp/client 0.14: SASL2 with a token, Stream Management inline. After a reload it is the same device with a new stream.

import { randomUUID } from "node:crypto";
import { xml } from "@xmpp/client";
import { FastClient, type Memory } from "../fast-client.ts";
import { type ReturningClient, type ReturningOptions, Wire } from "./wire.ts";

export async function openXmppJs({ url, jid, password }: ReturningOptions): Promise<ReturningClient> {
  const wire = new Wire();
  const memory: Memory = { userAgent: randomUUID(), token: undefined };
  const open = async (): Promise<FastClient> => await FastClient.open(url, { jid, password }, memory, wire);
  let client = await open();
  const rooms: [string, string][] = [];
  const join = async (room: string, nickname: string): Promise<void> => {
    await client.send(
      xml("presence", { to: `${room}/${nickname}` }, xml("x", { xmlns: "http://jabber.org/protocol/muc" })),
    );
  };
  return {
    wire,
    say: async (to, body, type = "chat") =>
      await client.send(xml("message", { to, type }, xml("body", {}, body))),
    join: async (room, nickname) => {
      rooms.push([room, nickname]);
      await join(room, nickname);
    },
    reload: async (meanwhile) => {
      client.leave();
      await meanwhile();
      client = await open();
      await Promise.all(rooms.map(([room, nickname]) => join(room, nickname)));
    },
    close: async () => await Promise.resolve(client.leave()),
  };
}
