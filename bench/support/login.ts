// A web client's way in, as short as it can be: PLAIN, bind, carbons, presence, and Stream Management where it is asked for.

import type { CountingClient } from "./counting-client.ts";

export interface LoginOptions {
  readonly jid: string;
  readonly password: string;
  readonly resource: string;
  /** Enables Stream Management. */
  readonly managed: boolean;
}

/** What a client knows of its stream. */
export interface BoundClient {
  readonly fullJid: string;
  /** What resumes it (XEP-0198); empty without Stream Management. */
  readonly previd: string;
}

/** Logs in, to where the client is offered to bind or to resume. */
export async function logIn(client: CountingClient, options: LoginOptions): Promise<void> {
  const [local = "", domain = ""] = options.jid.split("@");
  const open = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`;
  const plain = Buffer.from(`\0${local}\0${options.password}`).toString("base64");
  client.send(open);
  await client.next((text) => text.includes("<mechanism"), "the mechanisms");
  client.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${plain}</auth>`);
  await client.next((text) => text.startsWith("<success"), "success");
  client.send(open);
  await client.next((text) => text.includes("xmpp-bind"), "the bind feature");
}

/** Logs in and binds. What comes on the initial presence has come when it returns. */
export async function bindClient(client: CountingClient, options: LoginOptions): Promise<BoundClient> {
  await logIn(client, options);
  return await bind(client, options);
}

/** On a stream that is logged in. */
export async function bind(client: CountingClient, options: LoginOptions): Promise<BoundClient> {
  const bound = await request(
    client,
    "set",
    `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${options.resource}</resource></bind>`,
  );
  let enabled = "";
  if (options.managed) {
    client.send('<enable xmlns="urn:xmpp:sm:3" resume="true"/>');
    enabled = await client.next((text) => text.startsWith("<enabled"), "<enabled/>");
  }
  await request(client, "set", '<enable xmlns="urn:xmpp:carbons:2"/>');
  client.send('<presence xmlns="jabber:client"/>');
  // Whatever was to come on it has come before the answer to what is asked after it.
  await request(client, "get", '<ping xmlns="urn:xmpp:ping"/>');
  return {
    fullJid: /<jid>([^<]*)/.exec(bound)?.[1] ?? "",
    previd: / id="([^"]*)"/.exec(enabled)?.[1] ?? "",
  };
}

/** Asks the account's server something and returns the answer. */
export async function request(client: CountingClient, type: "get" | "set", payload: string): Promise<string> {
  const id = Math.random().toString(36).slice(2);
  client.send(`<iq xmlns="jabber:client" type="${type}" id="${id}">${payload}</iq>`);
  return await client.next((text) => text.startsWith("<iq") && text.includes(id), `the answer to ${payload}`);
}
