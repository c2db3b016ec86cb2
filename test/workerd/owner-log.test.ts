// SEARCH, DELETE over HTTP: the log in the hands of its owner, from the edge to the tables.

import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { Client } from "./support/client.ts";
import { say } from "./support/servers.ts";

async function ask(
  account: string,
  path: string,
  init: { method?: string; body?: BodyInit } = {},
): Promise<Response> {
  const Authorization = `Basic ${encodeBase64Text(`${account}:pencil`)}`;
  const url = `http://localhost/accounts/${encodeURIComponent(account)}/${path}`;
  return await exports.default.fetch(new Request(url, { ...init, headers: { Authorization } }));
}

/** The account has a conversation with bob, one message encrypted, and one with carol. */
async function talk(account: string): Promise<Client> {
  const client = await Client.online(account, { resource: "phone" });
  await say(
    account,
    `<message from="bob@example.org/a" type="chat" id="1"><body>Meet me at nine</body></message>`,
  );
  await say(
    account,
    `<message from="bob@example.org/a" type="chat" id="2"><body>secret</body><encryption xmlns="urn:xmpp:eme:0"/></message>`,
  );
  await say(
    account,
    `<message from="carol@example.org/a" type="chat" id="3"><body>At nine I sleep</body></message>`,
  );
  await client.until(/I sleep/);
  client.send(
    `<message xmlns="jabber:client" to="bob@example.org" type="chat" id="4"><body>Nine is fine</body></message>`,
  );
  client.send(
    `<iq xmlns="jabber:client" type="get" id="done" to="${account}"><ping xmlns="urn:xmpp:ping"/></iq>`,
  );
  await client.until(/id="done"/);
  return client;
}

describe("SEARCH-3 GET search", () => {
  it("SEARCH-3 SEARCH-4 finds what was said, the latest first, and says what it cannot see into", async () => {
    const account = "seeker@good.example";
    await talk(account);
    const response = await ask(account, "search?q=nine");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await response.json()).toEqual({
      hits: [
        { seq: 4, at, with: "bob@example.org", direction: "sent", excerpt: "Nine is fine" },
        { seq: 3, at, with: "carol@example.org", direction: "received", excerpt: "At nine I sleep" },
        { seq: 1, at, with: "bob@example.org", direction: "received", excerpt: "Meet me at nine" },
      ],
      encrypted: 1,
    });
    const page = await ask(account, "search?q=nine&with=BOB@example.org&count=1&since=2026-01-01");
    expect(await page.json()).toMatchObject({ hits: [{ seq: 4 }], next: 4, encrypted: 1 });
    const next = await ask(account, "search?q=nine&with=bob@example.org&before=4");
    expect(await next.json()).toEqual({ hits: [expect.objectContaining({ seq: 1 })], encrypted: 1 });
    const past = await ask(account, "search?q=nine&until=2020-01-01");
    expect(await past.json()).toEqual({ hits: [], encrypted: 0 });
  });

  it.each([
    "search",
    "search?q=",
    "search?q=x&with=a/b",
    "search?q=x&since=yesterday",
    "search?q=x&count=0",
    "search?q=x&wiht=a",
  ])("SEARCH-3 %s is refused in words", async (path) => {
    const account = "sloppy@good.example";
    await Client.online(account);
    const response = await ask(account, path);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });
});

describe("EXPORT GET log", () => {
  it("EXPORT-1 EXPORT-2 everything as JSON Lines, with the stanzas themselves", async () => {
    const account = "keeper@good.example";
    await talk(account);
    const response = await ask(account, "log");
    expect(response.headers.get("Content-Type")).toBe("application/jsonl");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Content-Disposition")).toMatch(
      /^attachment; filename="keeper@good\.example \d{4}-\d\d-\d\d\.jsonl"$/,
    );
    const text = await response.text();
    const [head, ...lines]: unknown[] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(head).toMatchObject({ type: "xmpproxy log", version: 1, account, most: 4 });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      direction: "received",
      with: "bob@example.org",
      stanza: expect.stringContaining("<body>Meet me at nine</body>"),
    });
    expect(lines[3]).toMatchObject({
      direction: "sent",
      device: "phone",
      stanza: expect.stringContaining(`to="bob@example.org"`),
    });
  });

  it("EXPORT-3 one conversation as text", async () => {
    const account = "reader@good.example";
    await talk(account);
    const response = await ask(account, "log?format=text&with=bob@example.org&since=2026-01-01");
    expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    const [, , ...lines] = (await response.text()).split("\n");
    expect(lines.map((line) => line.slice("2026-01-01T00:00:00.000Z ".length))).toEqual([
      "bob@example.org: Meet me at nine",
      "bob@example.org: (encrypted)",
      "me to bob@example.org: Nine is fine",
      "",
    ]);
  });

  it.each(["log?format=pdf", "log?with=a/b", "log?until=soon", "log?wiht=a"])(
    "EXPORT-1 %s is refused in words",
    async (path) => {
      const account = "careless@good.example";
      await Client.online(account);
      expect((await ask(account, path)).status).toBe(400);
    },
  );
});

const post = async (account: string, body: string): Promise<Response> =>
  await ask(account, "log", { method: "POST", body });

const linesOf = (text: string): string[] => text.trimEnd().split("\n").slice(1);

describe("IMPORT POST log", () => {
  it("IMPORT-1 what was exported, into an account that is here for the first time; and again, which changes nothing", async () => {
    const account = "mover@good.example";
    await talk(account);
    const exported = await (await ask(account, "log")).text();
    await ask(account, "log", { method: "DELETE" });
    // Meanwhile something has come.
    const client = await Client.online(account, { resource: "new" });
    await say(
      account,
      `<message from="bob@example.org/a" type="chat" id="5"><body>Nine o'clock?</body></message>`,
    );
    await client.until(/Nine o/);
    expect(await (await post(account, exported)).json()).toEqual({
      imported: 4,
      duplicates: 0,
      rejected: [],
      rejections: 0,
    });
    const again = await post(account, exported);
    expect(await again.json()).toEqual({ imported: 0, duplicates: 4, rejected: [], rejections: 0 });
    const found: { hits: { seq: number }[]; encrypted: number } = await (
      await ask(account, "search?q=nine")
    ).json();
    expect(found.hits.map(({ seq }) => seq)).toEqual([5, 0, -1, -3]);
    expect(found.encrypted).toBe(1);
    expect(linesOf(await (await ask(account, "log")).text()).slice(0, 4)).toEqual(linesOf(exported));
  });

  it("IMPORT-2 what is no line of an own export is refused, line by line", async () => {
    const account = "strict@good.example";
    await Client.online(account);
    const head = { type: "xmpproxy log", version: 1, account, exported: "x", most: 20 };
    const line = {
      at: new Date().toISOString(),
      direction: "received",
      with: "bob@example.org",
      stanza: `<message xmlns="jabber:client" from="bob@example.org/a" id="1"><body>hi</body></message>`,
    };
    const of = (...lines: object[]): string =>
      [head, ...lines].map((each) => JSON.stringify(each)).join("\n");
    const bad = [
      { ...line, at: "yesterday" },
      { ...line, at: "2999-01-01T00:00:00Z" },
      { ...line, at: "2001-01-01T00:00:00Z" },
      { ...line, more: 1 },
      { ...line, with: "Bob@example.org" },
      { ...line, with: "carol@example.org" },
      { ...line, direction: "sent", with: account },
      { ...line, room: true },
      { ...line, stanza: "<message" },
      { ...line, stanza: `<iq xmlns="jabber:client"/>` },
      { ...line, stanza: `<!DOCTYPE x><message xmlns="jabber:client" from="bob@example.org"/>` },
    ];
    const answer: { imported: number; rejected: { line: number; reason: string }[] } = await (
      await post(account, `${of(line, ...bad)}\nnot json\n`)
    ).json();
    expect(answer.imported).toBe(1);
    expect(answer.rejected.map((each) => each.line)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect((await post(account, of(line).replace(account, "eve@good.example"))).status).toBe(400);
    for (const body of ["", "{}", JSON.stringify(line)])
      expect((await post(account, body)).status, body).toBe(400);
  });
});

describe("DELETE-3 DELETE log", () => {
  it("DELETE-3 one conversation, then everything; what comes afterwards is logged", async () => {
    const account = "leaver@good.example";
    const client = await talk(account);
    const found = async (): Promise<number[]> => {
      const result: { hits: { seq: number }[] } = await (await ask(account, "search?q=nine")).json();
      return result.hits.map(({ seq }) => seq);
    };
    expect((await ask(account, "log?wiht=bob@example.org", { method: "DELETE" })).status).toBe(400);
    expect(await found()).toEqual([4, 3, 1]);
    const deleted = await ask(account, "log?with=bob@example.org", { method: "DELETE" });
    expect(await deleted.json()).toEqual({ deleted: "bob@example.org" });
    expect(await found()).toEqual([3]);
    expect(await (await ask(account, "log", { method: "DELETE" })).json()).toEqual({ deleted: "everything" });
    expect(await found()).toEqual([]);
    await say(
      account,
      `<message from="bob@example.org/a" type="chat" id="9"><body>Nine again</body></message>`,
    );
    await client.until(/Nine again/);
    expect(await found()).toEqual([5]);
  });
});
