// A client of a deployment with settings of its own, in another place than loopback if need be.

import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Env } from "../../../durable/env.ts";
import worker from "../../../worker/index.ts";
import { encodeBase64Text } from "../../../xmpp/sasl/base64.ts";
import { Client, upgrade } from "./client.ts";

interface Asked {
  path?: string;
  origin?: string;
  vars?: Partial<Env>;
  address?: string | undefined;
}

/** A client of a deployment for these accounts. */
export async function connect(
  accounts: string,
  { path = "", origin, vars = {}, address }: Asked = {},
): Promise<Client> {
  const request = upgrade(`/xmpp-websocket${path}`, origin === undefined ? {} : { origin });
  if (address !== undefined) request.headers.set("CF-Connecting-IP", address);
  const settings = { ...env, ACCOUNTS: "", ALLOWED_ACCOUNTS: accounts, ...vars };
  const [first = ""] = accounts.split(",");
  return Client.of(await worker.fetch(request, settings, createExecutionContext()), first);
}

export function open(to: string, from?: string): string {
  const said = from === undefined ? "" : ` from="${from}"`;
  return `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${to}"${said} version="1.0"/>`;
}

export const plain = (name: string, password = "pencil"): string =>
  encodeBase64Text(`\0${name}\0${password}`);
