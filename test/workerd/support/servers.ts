// Leads the fake servers (test/support/fake-server.ts), which run outside of workerd.

import { expect, inject } from "vitest";
import { type Connection, type Fault, FAULTS } from "../../support/fake-server-faults.ts";

async function order(path: string, query: Record<string, string>, body?: string): Promise<string> {
  const url = `${inject("fakeServerControl")}${path}?${new URLSearchParams(query).toString()}`;
  const response = await fetch(url, body === undefined ? {} : { method: "POST", body });
  return await response.text();
}

/** Every connection that a server ever had, oldest first. */
export async function connections(fault: Fault): Promise<Connection[]> {
  const found: Connection[] = JSON.parse(await order("/connections", { fault }));
  return found;
}

/** The connections that an account has bound a session on. */
export async function sessions(fault: Fault, account: string): Promise<Connection[]> {
  const all = await connections(fault);
  return all.filter(({ jid }) => jid?.startsWith(`${account}/`) === true);
}

/** What the account's newest session has been sent since it was bound. */
export async function stanzasOf(account: string): Promise<string[]> {
  const fault = FAULTS.find((name) => account.endsWith(`@${name}.example`));
  const found = fault === undefined ? [] : await sessions(fault, account);
  return found.at(-1)?.stanzas ?? [];
}

/** Writes to the account's session. */
export async function say(account: string, xml: string): Promise<void> {
  expect(await order("/say", { account }, xml)).toBe("true");
}

/** Cuts the account's session. */
export async function drop(account: string): Promise<void> {
  await order("/drop", { account }, "");
}

export async function setPassword(localpart: string, password: string): Promise<void> {
  await order("/password", { account: localpart }, password);
}

export async function setOpen(fault: Fault, open: boolean): Promise<void> {
  await order(open ? "/open" : "/shut", { fault }, "");
}
