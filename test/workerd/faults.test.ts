// What servers do that real ones never do, over real TCP: nothing is disclosed to them, nothing is believed, and the client
// is told why (UP-1, UP-2, UP-5, UP-6, LOGIN-6).

import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Fault } from "../support/fake-server-faults.ts";
import { Client } from "./support/client.ts";
import { connections } from "./support/servers.ts";

/** Logs in to an account there; says what the client is told. */
async function login(fault: Fault, localpart: string): Promise<string> {
  const client = await Client.connect(`${localpart}@${fault}.example`);
  return await client.login("pencil");
}

const failure = (condition: string, text: string): string =>
  `<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><${condition}/><text xml:lang="en">${text}</text></failure>`;
const temporary = (text: string): string => failure("temporary-auth-failure", text);

describe("before TLS", () => {
  it("UP-1 no STARTTLS is offered: the connection ends, and nothing told who wanted to log in", async () => {
    expect(await login("no-starttls", "somebody")).toBe(
      temporary("The server does not offer STARTTLS, which is required; no setting allows to go without."),
    );
    const [connection] = await connections("no-starttls");
    expect(connection?.received).toContain(`to="no-starttls.example"`);
    expect(connection?.received).not.toMatch(/somebody|auth|c29tZWJvZHk/);
  });

  it.each<Fault>(["behind-proceed", "half-behind-proceed"])(
    "UP-2 %s: it is not taken for part of the protected stream",
    async (fault) => {
      expect(await login(fault, "somebody")).toBe(
        temporary("The server sent more before the new stream began."),
      );
      const [connection, ...others] = await connections(fault);
      expect(others).toEqual([]);
      expect(connection?.received).toContain("<starttls");
      expect(connection?.received).not.toMatch(/somebody|<auth|c29tZWJvZHk/);
    },
  );
});

describe("during the login", () => {
  it.each<Fault>(["behind-success", "half-behind-success"])("UP-2 something %s", async (fault) => {
    const client = await Client.connect(`somebody@${fault}.example`);
    await client.login("pencil");
    const [connection] = await connections(fault);
    await expect.poll(async () => (await connections(fault))[0]?.ended).toBe(true);
    expect(connection?.jid).toBeUndefined();
    // Said before the end, for whoever runs the server.
    const [ended] = await connections(fault);
    expect(ended?.received).toContain("<policy-violation ");
  });

  it("UP-5 a wrong signature: the server is not believed, the password not kept", async () => {
    expect(await login("wrong-signature", "somebody")).toBe(
      temporary("the server could not prove that it knows the account: its SCRAM signature is wrong"),
    );
    const stub = env.ACCOUNT.getByName("somebody@wrong-signature.example");
    const kept = await runInDurableObject(stub, (_instance, { storage }) =>
      storage.sql.exec("SELECT * FROM credential").toArray(),
    );
    expect(kept).toEqual([]);
  });

  it.each<[Fault, string]>([
    [
      "many-iterations",
      "The server asks for 100001 PBKDF2 iterations; this platform computes at most 100000.",
    ],
    ["few-iterations", "the server asks for only 4095 SCRAM iterations, at least 4096 are required"],
  ])("SASL-4 LOGIN-6 %s: refused in words, and no proof of the password leaves", async (fault, text) => {
    expect(await login(fault, "somebody")).toBe(temporary(text));
    const [connection] = await connections(fault);
    expect(connection?.received).toContain("<auth ");
    expect(connection?.received).not.toContain("<response");
    const stub = env.ACCOUNT.getByName(`somebody@${fault}.example`);
    const kept = await runInDurableObject(stub, (_instance, { storage }) =>
      storage.sql.exec("SELECT * FROM credential").toArray(),
    );
    expect(kept).toEqual([]);
  });

  it.each<[Fault, string]>([
    ["too-busy", temporary("The server refused the login: temporary-auth-failure.")],
    ["disabled", failure("account-disabled", "The server refused the login: account-disabled.")],
  ])("LOGIN-6 %s", async (fault, expected) => {
    expect(await login(fault, "somebody")).toBe(expected);
  });

  it.each<[Fault, RegExp]>([
    ["comment", /<temporary-auth-failure\/><text xml:lang="en">The server's XML: Comment/],
    // How the platform sees it depends on whether the header was on its way already.
    [
      "hangs-up",
      /<temporary-auth-failure\/><text xml:lang="en">The (server closed the connection|connection to .* broke)/,
    ],
    ["bad-utf8", /<temporary-auth-failure\/>/],
    ["unreachable", /<temporary-auth-failure\/>/],
  ])("LOGIN-6 %s", async (fault, expected) => {
    expect(await login(fault, "somebody")).toMatch(expected);
  });
});

describe("after the login", () => {
  it("UP-6 the JID of somebody else is bound: there is no session", async () => {
    const client = await Client.connect("somebody@foreign-jid.example");
    expect(await client.login("pencil")).toContain("<success");
    await expect.poll(async () => (await connections("foreign-jid"))[0]?.ended).toBe(true);
    const [connection] = await connections("foreign-jid");
    expect(connection?.stanzas).toEqual([]);
  });
});

describe("a silent server", () => {
  it("keeps nobody from being served: another client can connect meanwhile", async () => {
    const waiting = await Client.connect("somebody@silent.example");
    await waiting.open();
    const message = btoa("\0somebody\0pencil");
    waiting.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`);
    await expect.poll(async () => (await connections("silent"))[0]?.received).toContain("<stream:stream ");
    const other = await Client.connect("somebody@silent.example");
    expect(await other.open()).toContain("<mechanism>PLAIN</mechanism>");
  });
});
