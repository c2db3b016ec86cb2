// UPSTREAM_HOSTS and its neighbours: what is accepted, and what is never accepted unencrypted.

import { describe, expect, it } from "vitest";
import { readConfig } from "../../../../durable/config.ts";
import {
  asciiHostname,
  formatEndpoint,
  protectionOf,
  readEndpoint,
} from "../../../../durable/discovery/endpoint.ts";

const KEY = "k".repeat(32);

const read = (vars: Record<string, string>) => readConfig({ CREDENTIALS_KEY: KEY, ...vars });

describe("FIND-1 the notation of a server", () => {
  it.each([
    ["xmpp://xmpp.example.net:5222", "xmpp.example.net", 5222, "starttls"],
    ["xmpp://xmpp.example.net", "xmpp.example.net", 5222, "starttls"],
    ["xmpps://xmpp.example.net", "xmpp.example.net", 5223, "direct"],
    ["xmpps://XMPP.Example.net:443/", "xmpp.example.net", 443, "direct"],
    ["xmpps://bücher.example:80", "xn--bcher-kva.example", 80, "direct"],
    ["xmpp://[2001:db8::1]:5222", "[2001:db8::1]", 5222, "starttls"],
    ["xmpp+plain://127.0.0.1:5222", "127.0.0.1", 5222, "none"],
    ["xmpp+plain://localhost", "localhost", 5222, "none"],
  ])("reads %s", (text, hostname, port, tls) => {
    expect(readEndpoint(text)).toEqual({ transport: "tcp", hostname, port, tls });
  });

  it.each([
    ["wss://example.net/ws", "direct"],
    ["wss://example.net:5281/xmpp-websocket?a=b", "direct"],
    ["ws://localhost:5280/ws", "none"],
    ["ws://[::1]:5280/ws", "none"],
  ])("reads %s", (url, protection) => {
    const endpoint = readEndpoint(url);
    expect(endpoint).toEqual({ transport: "websocket", url });
    expect(endpoint && protectionOf(endpoint)).toBe(protection);
  });

  it.each([
    ["xmpp+plain://example.net:5222"],
    ["xmpp+plain://127.0.0.1.example.net:5222"],
    ["xmpp+plain://localhost.example.net"],
    ["ws://example.net/ws"],
    ["http://example.net"],
    ["example.net:5222"],
    ["example.net"],
    [""],
    ["xmpp://"],
    ["xmpp://user@example.net"],
    ["xmpp://:secret@example.net"],
    ["wss://user:secret@example.net/"],
    ["xmpp://example.net:5222/path"],
    ["xmpp://example.net?x"],
    ["wss://example.net/#x"],
    ["xmpp://example.net:0"],
    ["xmpp://example.net:99999"],
    ["xmpp://7"],
  ])("refuses %s", (text) => {
    expect(readEndpoint(text)).toBeUndefined();
  });

  it.each([
    ["xmpp://a.example:5222"],
    ["xmpps://a.example:443"],
    ["xmpp+plain://127.0.0.1:5222"],
    ["wss://a.example/ws"],
  ])("writes %s back", (text) => {
    const endpoint = readEndpoint(text);
    expect(endpoint && formatEndpoint(endpoint)).toBe(text);
  });

  it("tells nobody the query of a WebSocket's URL", () => {
    const endpoint = readEndpoint("wss://a.example/ws?token=secret");
    expect(endpoint && formatEndpoint(endpoint)).toBe("wss://a.example/ws");
  });

  it.each([
    ["example.org", "example.org"],
    ["Bücher.Example", "xn--bcher-kva.example"],
    ["192.0.2.1", "192.0.2.1"],
    ["[2001:DB8:0::1]", "[2001:db8::1]"],
    ["1", undefined],
    ["0x7f.1", undefined],
    ["example.org:80", undefined],
    ["a/b", undefined],
    ["a@b", undefined],
    ["", undefined],
  ])("takes %s for the host %s", (domain, host) => {
    expect(asciiHostname(domain)).toBe(host);
  });
});

describe("CFG-6 the settings", () => {
  it("asks Cloudflare's resolver unless told otherwise", () => {
    const result = read({});
    expect(result.ok && result.config.dohUrl).toBe("https://cloudflare-dns.com/dns-query");
  });

  it.each(["https://dns.example/q", "http://127.0.0.1:1/dns-query", "http://localhost/"])(
    "asks %s",
    (url) => {
      const result = read({ DOH_URL: url });
      expect(result.ok && result.config.dohUrl).toBe(url);
    },
  );

  it.each(["http://dns.example/q", "ftp://localhost/", "dns.example"])("refuses the resolver %s", (url) => {
    expect(read({ DOH_URL: url })).toEqual({
      ok: false,
      problems: ["DOH_URL: must be an https:// URL (http:// only on a loopback host)"],
    });
  });

  it.each(["xmpp+plain://127.0.0.1:5222", "ws://localhost:5280/ws"])("takes %s only by name", (url) => {
    const UPSTREAM_HOSTS = JSON.stringify({ "example.org": url });
    expect(read({ UPSTREAM_HOSTS })).toEqual({
      ok: false,
      problems: [
        `UPSTREAM_HOSTS: "example.org" is at ${url}, which is not encrypted;` +
          ' for development that takes ALLOW_PLAINTEXT_LOOPBACK = "true"',
      ],
    });
    expect(read({ UPSTREAM_HOSTS, ALLOW_PLAINTEXT_LOOPBACK: "false" }).ok).toBe(false);
    expect(read({ UPSTREAM_HOSTS, ALLOW_PLAINTEXT_LOOPBACK: "true" }).ok).toBe(true);
  });

  it("does not let that setting open other machines", () => {
    const UPSTREAM_HOSTS = JSON.stringify({ "example.org": "ws://example.net/ws" });
    expect(read({ UPSTREAM_HOSTS, ALLOW_PLAINTEXT_LOOPBACK: "true" }).ok).toBe(false);
  });

  it("refuses any other word in it", () => {
    expect(read({ ALLOW_PLAINTEXT_LOOPBACK: "yes" })).toEqual({
      ok: false,
      problems: ['ALLOW_PLAINTEXT_LOOPBACK: must be "true" or "false"'],
    });
  });
});
