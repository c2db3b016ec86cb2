// XEP-0156 against a web server on loopback. It stands for every https:// host: what is under test is what is asked of
// whom; that HTTPS is really HTTPS is the platform's `fetch`.

import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostMetaOver } from "../../../../durable/discovery/host-meta.ts";
import { endServer, listenOnLoopback } from "../../../support/loopback-server.ts";

type Site = Record<string, (response: ServerResponse) => void>;

let site: Site = {};
let asked: string[] = [];
let origin = "";
const server = createServer((request, response) => {
  const file = site[request.headers["x-url"]?.toString() ?? ""];
  if (file) file(response);
  else response.writeHead(404).end("not here");
});

beforeAll(async () => {
  origin = `http://127.0.0.1:${await listenOnLoopback(server)}/`;
});

afterAll(async () => await endServer(server));

const hostMeta = hostMetaOver((url, init) => {
  asked.push(url);
  return fetch(origin, { ...init, headers: { ...init.headers, "X-Url": url } });
});

async function ask(files: Site) {
  site = files;
  asked = [];
  return await hostMeta("example.org");
}

const JSON_FILE = "https://example.org/.well-known/host-meta.json";
const XRD_FILE = "https://example.org/.well-known/host-meta";
const say = (body: string) => (response: ServerResponse) => void response.end(body);
const redirect =
  (location: string, status = 302) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { Location: location }).end();

const WEBSOCKET = "urn:xmpp:alt-connections:websocket";
const links = (...hrefs: string[]): string =>
  JSON.stringify({ links: hrefs.map((href) => ({ rel: WEBSOCKET, href })) });

// XEP-0156 v1.4.0, the example of section 2.3, with the dots left out.
const XRD_EXAMPLE = `<?xml version='1.0' encoding='utf-8'?>
<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>
  <Link rel="urn:xmpp:alt-connections:xbosh"
        href="https://web.example.com:5280/bosh" />
  <Link rel="urn:xmpp:alt-connections:websocket"
        href="wss://web.example.com:443/ws" />
</XRD>
`;

describe("FIND-6 host-meta", () => {
  it("reads the JSON file, and only that when it says enough", async () => {
    const json = JSON.stringify({
      subject: "https://example.org",
      links: [
        { rel: "urn:xmpp:alt-connections:xbosh", href: "https://web.example.com:5280/bosh" },
        { rel: "lrdd", template: "https://example.org/{uri}" },
        { rel: WEBSOCKET, href: "wss://web.example.com:443/ws" },
        { rel: WEBSOCKET, href: null },
      ],
    });
    expect(await ask({ [JSON_FILE]: say(json) })).toEqual({ ok: true, urls: ["wss://web.example.com/ws"] });
    expect(asked).toEqual([JSON_FILE]);
  });

  it("reads the XRD file when there is no JSON", async () => {
    expect(await ask({ [XRD_FILE]: say(XRD_EXAMPLE) })).toEqual({
      ok: true,
      urls: ["wss://web.example.com/ws"],
    });
    expect(asked).toEqual([JSON_FILE, XRD_FILE]);
  });

  it("keeps several, each once", async () => {
    const file = links("wss://a.example/ws", "wss://b.example/ws", "wss://a.example/ws");
    expect(await ask({ [JSON_FILE]: say(file) })).toEqual({
      ok: true,
      urls: ["wss://a.example/ws", "wss://b.example/ws"],
    });
  });

  it.each([
    "ws://a.example/ws",
    "https://a.example/ws",
    "wss://user@a.example/",
    "/ws",
    "",
    "wss://a.example/#x",
  ])("does not take %j for an endpoint", async (href) => {
    const answer = await ask({ [JSON_FILE]: say(links(href)) });
    expect(answer).toEqual({
      ok: false,
      problem: `${JSON_FILE} names no wss:// endpoint; ${XRD_FILE} answered 404`,
    });
  });

  it.each([
    ["a comment", XRD_EXAMPLE.replace("<Link", "<!-- --><Link")],
    ["a DTD", XRD_EXAMPLE.replace("<XRD", "<!DOCTYPE XRD><XRD")],
    ["another namespace", XRD_EXAMPLE.replace("xrd-1.0", "xrd-2.0")],
    ["another root", "<html xmlns='http://www.w3.org/1999/xhtml'/>"],
    ["no XML", "hello"],
    ["half of it", XRD_EXAMPLE.slice(0, 200)],
  ])("does not read XRD with %s", async (_what, xrd) => {
    const answer = await ask({ [XRD_FILE]: say(xrd) });
    expect(answer).toEqual({ ok: false, problem: `${JSON_FILE} answered 404; ${XRD_FILE} cannot be read` });
  });

  it("does not take a link of another namespace", async () => {
    const xrd = XRD_EXAMPLE.replaceAll("<Link", "<Link xmlns='urn:other'");
    const answer = await ask({ [XRD_FILE]: say(xrd) });
    expect(answer.ok ? "" : answer.problem).toContain(`${XRD_FILE} names no wss:// endpoint`);
  });

  it.each([301, 302, 303, 307, 308])("follows a redirect %i that stays on HTTPS", async (status) => {
    const answer = await ask({
      [JSON_FILE]: redirect("https://www.example.org/meta", status),
      "https://www.example.org/meta": redirect("/other", status),
      "https://www.example.org/other": say(links("wss://a.example/ws")),
    });
    expect(answer).toEqual({ ok: true, urls: ["wss://a.example/ws"] });
  });

  it.each(["http://example.org/meta", "//user@example.org/", "ftp://example.org/"])(
    "does not follow one to %s",
    async (location) => {
      const answer = await ask({ [JSON_FILE]: redirect(location) });
      expect(asked).toEqual([JSON_FILE, XRD_FILE]);
      expect(answer.ok ? "" : answer.problem).toContain("redirects to something that is no https:// address");
    },
  );

  it("does not go in circles", async () => {
    const answer = await ask({ [JSON_FILE]: redirect(JSON_FILE) });
    expect(asked).toEqual([JSON_FILE, JSON_FILE, JSON_FILE, JSON_FILE, XRD_FILE]);
    expect(answer.ok ? "" : answer.problem).toContain(`${JSON_FILE} redirects more than 3 times`);
  });

  it.each([
    ["too much", " ".repeat(70_000), "sent more than 65536 bytes"],
    ["no JSON", "hello", "cannot be read"],
    ["links that are no list", '{"links":1}', "cannot be read"],
    ["no links", "{}", "names no wss:// endpoint"],
  ])("says what is wrong with %s", async (_what, body, problem) => {
    const answer = await ask({ [JSON_FILE]: say(body) });
    expect(answer.ok ? "" : answer.problem).toContain(`${JSON_FILE} ${problem};`);
  });
});
