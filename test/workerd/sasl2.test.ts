// SASL2 towards clients through the whole object: what a client asks for along with authentication is done, and a token
// logs in again (RSASL2-4 to -6, RFAST-1 to -6).

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { hashedTokenMessage } from "../../xmpp/sasl/hashed-token.ts";
import { Client } from "./support/client.ts";
import { drop, say, setPassword } from "./support/servers.ts";

const NS = "urn:xmpp:sasl:2";
const SM = "urn:xmpp:sm:3";
const FAST = "urn:xmpp:fast:0";
const PHONE = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const LAPTOP = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
const WANTS_TOKEN = `<request-token xmlns="${FAST}" mechanism="HT-SHA-256-NONE"/>`;
const WANTS_SM = `<bind xmlns="urn:xmpp:bind:0"><tag>x</tag><enable xmlns="${SM}" resume="true"/></bind>`;
const DAY_MS = 24 * 3600 * 1000;

type Login = { account: string; device?: string; inline?: string };

async function authenticate(
  client: Client,
  mechanism: string,
  message: string,
  rest: string,
): Promise<string> {
  client.send(
    `<authenticate xmlns="${NS}" mechanism="${mechanism}"><initial-response>${message}</initial-response>${rest}</authenticate>`,
  );
  return await client.until(/^<success|^<failure/);
}

/** With the password; says what the answer was. */
async function withPassword({ account, device = PHONE, inline = "" }: Login, password = "pencil") {
  const client = await Client.connect(account);
  await client.open();
  const message = btoa(`\0${account.split("@")[0]}\0${password}`);
  const answer = await authenticate(client, "PLAIN", message, `<user-agent id="${device}"/>${inline}`);
  return { client, answer };
}

async function withToken(token: string, { account, device = PHONE, inline = "" }: Login, attributes = "") {
  const client = await Client.connect(account);
  await client.open();
  const message = hashedTokenMessage(account.split("@")[0] ?? "", token);
  const rest = `<user-agent id="${device}"/><fast xmlns="${FAST}"${attributes}/>${inline}`;
  const answer = await authenticate(client, "HT-SHA-256-NONE", message, rest);
  return { client, answer };
}

const tokenIn = (answer: string): string => /<token [^>]*token="([^"]+)"/.exec(answer)?.[1] ?? "";

async function firstToken(account: string, device = PHONE): Promise<string> {
  const { client, answer } = await withPassword({ account, device, inline: WANTS_TOKEN });
  client.drop();
  const token = tokenIn(answer);
  expect(token).toHaveLength(24);
  return token;
}

async function inStorage<T>(account: string, use: (sql: SqlStorage) => T): Promise<T> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, state) =>
    use(state.storage.sql),
  );
}

describe("Bind 2", () => {
  it("RSASL2-4 the first login of an account waits for its session, and is told its address", async () => {
    const account = "bind2@good.example";
    const bind = `<bind xmlns="urn:xmpp:bind:0"><enable xmlns="urn:xmpp:carbons:2"/><enable xmlns="${SM}" resume="true"/></bind>`;
    const { client, answer } = await withPassword({ account, inline: bind });
    expect(answer).toMatch(
      /^<success xmlns="urn:xmpp:sasl:2"><authorization-identifier>bind2@good\.example\/[^<]+<\/authorization-identifier><bound xmlns="urn:xmpp:bind:0"><enabled xmlns="urn:xmpp:sm:3" id="[^"]+" resume="true" max="\d+"\/><\/bound><\/success>$/,
    );
    expect(await client.next()).toMatch(/^<stream:features/);
    // Carbons are on: what a sibling sends comes as one.
    const sibling = await Client.online(account, { resource: "sibling" });
    sibling.send(`<message xmlns="jabber:client" to="bob@example.org"><body>copied</body></message>`);
    expect(await client.until(/copied/)).toContain("<sent ");
    client.send(`<r xmlns="${SM}"/>`);
    expect(await client.until(/^<a /)).toBe(`<a xmlns="${SM}" h="0"/>`);
  });

  it("SM-13 RSASL2-4 the client is told for how long it can come back: as it prefers", async () => {
    const inline = WANTS_SM.replace("/></bind>", ' max="60"/></bind>');
    const { answer } = await withPassword({ account: "brief-bind2@good.example", inline });
    expect(answer).toMatch(/<enabled xmlns="urn:xmpp:sm:3" id="[^"]+" resume="true" max="60"\/><\/bound>/);
  });

  it("ID-2 the same installation again ends its old stream, another one does not", async () => {
    const account = "devices@good.example";
    const phone = await withPassword({ account, inline: WANTS_SM });
    const laptop = await withPassword({ account, device: LAPTOP, inline: WANTS_SM });
    await withPassword({ account, inline: WANTS_SM });
    expect((await phone.client.rest()).join("")).toContain("<conflict ");
    laptop.client.send(`<r xmlns="${SM}"/>`);
    expect(await laptop.client.until(/^<a /)).toContain('h="0"');
  });
});

describe("an old stream along with authentication", () => {
  it("RSASL2-6 RFAST-2 by token: what was missed comes right after success", async () => {
    const account = "resumer@good.example";
    const { client, answer } = await withPassword({ account, inline: WANTS_SM + WANTS_TOKEN });
    const previd = /<enabled [^>]*id="([^"]+)"/.exec(answer)?.[1] ?? "";
    client.drop();
    await say(account, `<message from="bob@example.org" id="missed"/>`);
    const resume = `<resume xmlns="${SM}" h="0" previd="${previd}"/>${WANTS_SM}`;
    const again = await withToken(tokenIn(answer), { account, inline: resume });
    expect(again.answer).toMatch(
      /<authorization-identifier>resumer@good\.example\/[^<]+<\/authorization-identifier><resumed /,
    );
    expect(again.answer).not.toContain("<bound");
    expect(await again.client.next()).toContain('id="missed"');
  });

  it("RSASL2-6 one that is not known: a new stream in the same answer", async () => {
    const account = "stale-resumer@good.example";
    const inline = `<resume xmlns="${SM}" h="0" previd="never-given"/>${WANTS_SM}`;
    const { answer } = await withPassword({ account, inline });
    expect(answer).toMatch(
      /<failed xmlns="urn:xmpp:sm:3"><item-not-found [^>]*\/><\/failed><bound [^>]*><enabled /,
    );
  });
});

describe("tokens", () => {
  it("RFAST-1 RFAST-2 log in again and again, only their own device, and what is stored does not", async () => {
    const account = "tokens@good.example";
    const token = await firstToken(account);
    expect((await withToken(token, { account })).answer).toContain("<success ");
    expect((await withToken(token, { account })).answer).toContain("<success ");
    expect((await withToken(token, { account, device: LAPTOP })).answer).toContain("<not-authorized ");
    const stored = await inStorage(account, (sql) =>
      JSON.stringify(sql.exec("SELECT * FROM client_token").toArray()),
    );
    expect(stored).not.toContain(token);
    const proof = atob(hashedTokenMessage("x", token)).slice(2);
    expect(stored).not.toContain(btoa(proof));
  });

  it("RFAST-2 a wrong token is refused, and another mechanism gets in on the same stream", async () => {
    const account = "wrong-token@good.example";
    await firstToken(account);
    const { client, answer } = await withToken("a-guess", { account });
    expect(answer).toContain("<not-authorized ");
    const message = btoa("\0wrong-token\0pencil");
    expect(await authenticate(client, "PLAIN", message, `<user-agent id="${PHONE}"/>`)).toContain(
      "<success ",
    );
  });

  it("RFAST-2 counts have to rise", async () => {
    const account = "counting@good.example";
    const token = await firstToken(account);
    const attempt = async (count: number): Promise<boolean> =>
      (await withToken(token, { account }, ` count="${count}"`)).answer.startsWith("<success");
    expect([
      await attempt(0),
      await attempt(5),
      await attempt(5),
      await attempt(4),
      await attempt(6),
    ]).toEqual([true, true, false, false, true]);
  });

  it("RFAST-3 one that is due is replaced, and stays good until the new one is used", async () => {
    const account = "rotation@good.example";
    const token = await firstToken(account);
    expect(tokenIn((await withToken(token, { account })).answer)).toBe("");
    await inStorage(account, (sql) => {
      sql.exec("UPDATE client_token SET expires_ms = expires_ms - ?", DAY_MS + 1);
    });
    // The first answer is lost; so the old one is used once more.
    const lost = tokenIn((await withToken(token, { account })).answer);
    const next = tokenIn((await withToken(token, { account })).answer);
    expect(next).toHaveLength(24);
    expect((await withToken(lost, { account })).answer).toContain("<not-authorized ");
    expect((await withToken(token, { account })).answer).toContain("<success ");
    const newest = await withToken(next, { account });
    // The last use of the old one has made another.
    expect(newest.answer).toContain("<not-authorized ");
  });

  it("RFAST-3 the new one ends the old one", async () => {
    const account = "rotated@good.example";
    const token = await firstToken(account);
    await withToken(token, { account });
    await inStorage(account, (sql) => {
      sql.exec("UPDATE client_token SET expires_ms = expires_ms - ?", DAY_MS + 1);
    });
    const next = tokenIn((await withToken(token, { account })).answer);
    expect((await withToken(next, { account })).answer).toContain("<success ");
    expect((await withToken(token, { account })).answer).toContain("<not-authorized ");
  });

  it("RFAST-4 one that was given up, or has expired, logs in no more", async () => {
    const account = "given-up@good.example";
    const given = await firstToken(account);
    expect((await withToken(given, { account }, ` invalidate="true"`)).answer).toMatch(
      /^<success(?!.*<token)/,
    );
    expect((await withToken(given, { account })).answer).toContain("<not-authorized ");
    const old = await firstToken(account);
    await inStorage(account, (sql) => {
      sql.exec("UPDATE client_token SET expires_ms = 1");
    });
    expect((await withToken(old, { account })).answer).toContain("<credentials-expired ");
    expect((await withToken(old, { account })).answer).toContain("<not-authorized ");
  });

  it("RFAST-5 all of them end with the password, and are of no use while the account must log in anew", async () => {
    const account = "changed@good.example";
    const { client, answer } = await withPassword({ account, inline: WANTS_SM + WANTS_TOKEN });
    const token = tokenIn(answer);
    await setPassword("changed", "pen");
    await drop(account);
    // The server refuses what is stored.
    expect((await client.rest()).join("")).toContain("<not-authorized ");
    expect((await withToken(token, { account })).answer).toContain("<credentials-expired ");
    expect((await withPassword({ account }, "pen")).answer).toContain("<success ");
    expect((await withToken(token, { account })).answer).toContain("<not-authorized ");
  });

  it("RFAST-5 a new password beside a session that stands ends them too", async () => {
    const account = "renewed@good.example";
    const token = await firstToken(account);
    await setPassword("renewed", "pen");
    expect((await withPassword({ account }, "pen")).answer).toContain("<success ");
    expect((await withToken(token, { account })).answer).toContain("<not-authorized ");
  });

  it("RFAST-6 of 100 devices at most: the one that would expire first gives way", async () => {
    const account = "many-devices@good.example";
    const token = await firstToken(account);
    await inStorage(account, (sql) => {
      for (let index = 0; index < 100; index += 1) {
        sql.exec(
          "INSERT INTO client_token SELECT ?, slot, check_hash, answer, expires_ms + 1000, count FROM client_token WHERE device = ?",
          `device-${index}`,
          PHONE,
        );
      }
    });
    await firstToken(account, LAPTOP);
    const devices = await inStorage(
      account,
      (sql) => sql.exec<{ n: number }>("SELECT count(DISTINCT device) AS n FROM client_token").one().n,
    );
    expect(devices).toBe(100);
    expect((await withToken(token, { account })).answer).toContain("<not-authorized ");
  });
});
