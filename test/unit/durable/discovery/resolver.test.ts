// DNS over HTTPS against a resolver on loopback that answers well, badly and not at all.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dohResolver } from "../../../../durable/discovery/resolver.ts";
import type { Resolver } from "../../../../durable/discovery/resolver.ts";
import { startDohServer } from "../../../support/doh-server.ts";
import type { DohServer, Zone } from "../../../support/doh-server.ts";

let doh: DohServer;
let resolver: Resolver;

beforeAll(async () => {
  doh = await startDohServer();
  resolver = dohResolver(doh.url, (url, init) => fetch(url, init));
});

afterAll(async () => await doh.stop());

const given = (zone: Zone): void => {
  doh.zone = zone;
  doh.asked.length = 0;
};

const SRV = "_xmpp-client._tcp.example.org";

describe("FIND-2 SRV over HTTPS", () => {
  it("reads records, without the dot at the end of a target", async () => {
    given({ [`${SRV} SRV`]: { data: ["5 30 5222 XMPP.example.net.", "65535 0 443 b.example"] } });
    expect(await resolver.srv(SRV)).toEqual({
      ok: true,
      authenticated: false,
      records: [
        { priority: 5, weight: 30, port: 5222, target: "xmpp.example.net" },
        { priority: 65_535, weight: 0, port: 443, target: "b.example" },
      ],
    });
    expect(doh.asked).toEqual([`${SRV} SRV`]);
  });

  it("knows the root for no service", async () => {
    given({ [`${SRV} SRV`]: { data: ["0 0 0 ."], authenticated: true } });
    expect(await resolver.srv(SRV)).toEqual({
      ok: true,
      authenticated: true,
      records: [{ priority: 0, weight: 0, port: 0, target: "" }],
    });
  });

  it("follows what the resolver has followed", async () => {
    given({ [`${SRV} SRV`]: { data: ["CNAME _c._tcp.elsewhere.example.", "0 0 5222 a.example."] } });
    const answer = await resolver.srv(SRV);
    expect(answer.ok && answer.records.map(({ target }) => target)).toEqual(["a.example"]);
  });

  it.each([
    ["no such name", {}],
    ["no records of this type", { [`${SRV} SRV`]: {} }],
  ])("takes %s for an empty answer", async (_what, zone) => {
    given(zone);
    expect(await resolver.srv(SRV)).toEqual({ ok: true, authenticated: false, records: [] });
  });

  it.each([
    ["SERVFAIL", { status: 2 }, "answered SERVFAIL"],
    ["REFUSED", { status: 5 }, "answered REFUSED"],
    ["an unheard-of code", { status: 23 }, "answered code 23"],
    ["HTTP 500", { httpStatus: 500 }, "answered with HTTP status 500"],
    ["a redirect", { httpStatus: 302 }, "answered with HTTP status 302"],
    ["HTML", { body: "<html>log in to this network</html>" }, "sent something that is no DNS answer in JSON"],
    ["other JSON", { body: '{"Status":"0"}' }, "sent something that is no DNS answer in JSON"],
    ["a status that is no code", { body: '{"Status":0.5}' }, "sent something that is no DNS answer in JSON"],
    ["too much", { body: " ".repeat(70_000) }, "sent more than 65536 bytes"],
  ])("says what is wrong with %s", async (_what, entry, problem) => {
    given({ [`${SRV} SRV`]: entry });
    expect(await resolver.srv(SRV)).toEqual({
      ok: false,
      problem: `the resolver ${new URL(doh.url).host} ${problem}`,
    });
  });

  it.each([
    "0 0 5222",
    "0 0 70000 a.example.",
    "a b c d",
    "0 0 5222 a example.",
    "\\# 4 00000000",
    "0 0 1 a/b.",
  ])("does not guess at the record %j", async (data) => {
    given({ [`${SRV} SRV`]: { data: [data] } });
    expect(await resolver.srv(SRV)).toEqual({
      ok: false,
      problem: "the resolver sent an SRV record that cannot be read",
    });
  });

  it("gives up on a resolver that says nothing", async () => {
    given({ [`${SRV} SRV`]: { hang: true } });
    const impatient = dohResolver(doh.url, (url, init) => fetch(url, init), 100);
    expect(await impatient.srv(SRV)).toEqual({
      ok: false,
      problem: `the resolver ${new URL(doh.url).host} did not answer within 0.1 s`,
    });
  });

  it("says that it cannot be reached", async () => {
    const gone = await startDohServer();
    await gone.stop();
    const answer = await dohResolver(gone.url, (url, init) => fetch(url, init)).srv(SRV);
    expect(answer.ok ? "" : answer.problem).toContain(
      `the resolver ${new URL(gone.url).host} cannot be reached`,
    );
  });
});

describe("FIND-4 addresses over HTTPS", () => {
  it("gathers both families in one spelling", async () => {
    given({
      "a.example A": { data: ["CNAME b.example.", "192.0.2.1"], authenticated: true },
      "a.example AAAA": { data: ["2001:DB8:0:0::1"], authenticated: true },
    });
    expect(await resolver.addresses("a.example")).toEqual({
      ok: true,
      addresses: ["192.0.2.1", "2001:db8::1"],
      authenticated: true,
    });
  });

  it("is content with one family, and authenticated only by what answered", async () => {
    given({ "a.example A": { data: ["192.0.2.1"], authenticated: true }, "a.example AAAA": { status: 2 } });
    expect(await resolver.addresses("a.example")).toMatchObject({ ok: true, addresses: ["192.0.2.1"] });
    given({ "a.example A": { data: ["192.0.2.1"], authenticated: true }, "a.example AAAA": {} });
    expect(await resolver.addresses("a.example")).toMatchObject({ ok: true, authenticated: false });
  });

  it("has a problem when neither family is answered", async () => {
    given({ "a.example A": { status: 2 }, "a.example AAAA": { status: 5 } });
    expect(await resolver.addresses("a.example")).toEqual({
      ok: false,
      problem: `the resolver ${new URL(doh.url).host} answered SERVFAIL`,
    });
  });
});
