// What tests of rooms say and look for, on whatever server: joins, roles, and what a client was told by the room.

import type { Element } from "@xmpp/xml";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingModules } from "../support/requirements.ts";
import { startEjabberdStage, startStage } from "./stage.ts";

export type AnyStage =
  Awaited<ReturnType<typeof startStage>> | Awaited<ReturnType<typeof startEjabberdStage>>;

export const MUC = "http://jabber.org/protocol/muc";
export const USER = `${MUC}#user`;
export const STAGES: Record<string, () => Promise<AnyStage>> = {
  // XEP-0425, where it is installed.
  prosody: async () => await startStage(missingModules ? {} : { withRoomModules: ["muc_moderation"] }),
  ejabberd: startEjabberdStage,
};

/** A client asks to enter; `inside` stands in the `<x/>`. */
export function join(room: string, nick: string, inside = ""): string {
  return `<presence to="${room}/${nick}"><x xmlns="${MUC}">${inside}</x></presence>`;
}

export function say(room: string, body: string): string {
  return `<message to="${room}" type="groupchat" id="${body}"><body>${body}</body></message>`;
}

export function codesOf(stanza: Element): (string | undefined)[] {
  const statuses = stanza.getChild("x", USER)?.getChildren("status") ?? [];
  return statuses.map(({ attrs }) => attrs.code);
}

export const field = (variable: string, value: string): string =>
  `<field var="${variable}"><value>${value}</value></field>`;

/** The message with this body, come or yet to come. */
export async function heard(session: RawSession, body: string): Promise<Element> {
  return await session.stanza("message", (message) => message.getChildText("body") === body);
}

/** Presence from this address, come or yet to come. */
export async function told(session: RawSession, from: string, type?: string): Promise<Element> {
  return await session.stanza("presence", ({ attrs }) => attrs.from === from && attrs.type === type);
}

/** Somebody who makes the room, without the proxy, and sees everything in it. */
export async function host(stage: AnyStage, localpart: string, room: string): Promise<RawSession> {
  const bob = await stage.attachDirectly(await stage.account(localpart), "sofa");
  bob.send("<presence/>");
  bob.send(join(room, "bob"));
  await told(bob, `${room}/bob`);
  await configure(bob, room);
  return bob;
}

/** An owner sets what these fields say; none: a room as the service makes it. */
export async function configure(owner: RawSession, room: string, ...fields: string[]): Promise<Element> {
  const values = fields.length === 0 ? "" : field("FORM_TYPE", `${MUC}#roomconfig`) + fields.join("");
  const form = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">${values}</x></query>`;
  return await owner.request(`<iq type="set" id="form" to="${room}">${form}</iq>`);
}

/** What a moderator, admin or owner makes of somebody (XEP-0045 sections 8 to 10). */
export async function decree(owner: RawSession, room: string, item: string): Promise<Element> {
  const query = `<query xmlns="${MUC}#admin"><item ${item}><reason>so be it</reason></item></query>`;
  return await owner.request(`<iq type="set" id="decree" to="${room}">${query}</iq>`);
}

/** How often the room has shown this nickname to somebody, as coming and as going. */
export function showings(onlooker: RawSession, address: string, type?: string): number {
  return onlooker.stanzas.all.filter(
    (stanza) => stanza.is("presence") && stanza.attrs.from === address && stanza.attrs.type === type,
  ).length;
}

/** What has come to a client from the room or anybody in it. */
export function fromRoom(session: RawSession, room: string): Element[] {
  return session.stanzas.all.filter(({ attrs }) => attrs.from === room || attrs.from?.startsWith(`${room}/`));
}

/** Everything that was decided so far has come to the client when this returns. */
export async function settled(session: RawSession, stage: AnyStage): Promise<void> {
  const ping = '<ping xmlns="urn:xmpp:ping"/>';
  await session.request(`<iq type="get" id="settled" to="${stage.server.host}">${ping}</iq>`);
}

const isSubject = (message: Element): boolean => message.getChild("subject") !== undefined;

/** These clients enter, one after the other, and have been told all when it returns. */
export async function enter(room: string, nick: string, ...clients: RawSession[]): Promise<void> {
  for (const client of clients) {
    client.send(join(room, nick));
    await client.stanza(
      "message",
      (message) => message.attrs.from?.startsWith(room) === true && isSubject(message),
    );
  }
}

/** bob, who owns the room and is there without the proxy; two clients of alice's in it, and one that is not. */
export interface Company {
  room: string;
  bob: RawSession;
  alice: Account;
  desk: RawSession;
  phone: RawSession;
  /** Attached and available, in no room. */
  tablet: RawSession;
}

/** `name` is the room's, and in the accounts' names; `joins`: whether alice's two are in the room already. */
export async function company(stage: AnyStage, name: string, joins = true): Promise<Company> {
  const room = `${name}@${stage.server.rooms}`;
  const bob = await host(stage, `bob-${name}`, room);
  const alice = await stage.account(`alice-${name}`);
  const [desk, phone, tablet] = [
    await stage.attach(alice, "desk"),
    await stage.attach(alice, "phone"),
    await stage.attach(alice, "tablet"),
  ];
  tablet.send("<presence/>");
  if (joins) await enter(room, "al", desk, phone);
  return { room, bob, alice, desk, phone, tablet };
}

/** A server that gives up a session which nobody is connected to any more. */
export interface ForgetfulPlace {
  stage: AnyStage;
  giveUp: (fullJid: string) => Promise<void>;
}

export const FORGETFUL_PLACES: Record<string, () => Promise<ForgetfulPlace>> = {
  prosody: async () => ({
    stage: await startStage({ extraGlobal: "smacks_hibernation_time = 1" }),
    giveUp: async () => {},
  }),
  ejabberd: async () => {
    const stage = await startEjabberdStage();
    return { stage, giveUp: async (fullJid) => await stage.server.kickSession(fullJid) };
  },
};
