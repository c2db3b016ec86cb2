// MAM-1, MAM-6: who keeps the account's archive, and the ids on messages where it is us.

import { describe, expect, it } from "vitest";
import { ArchiveHost } from "../../../../bouncer/archive/archive-host.ts";
import { playPolicy, SCRIPTED } from "../../../support/account-world.ts";
import { memoryTextStore } from "../../../support/memory-store.ts";
import { comesOnline, enablesCarbons, OUR_AWAY } from "../../../support/phrases.ts";
import { type Script } from "../../../support/scenario.ts";
import { DELAY, DISCO, MAM, OURS, asks, chat, fin, page, result, sent, stanzaId } from "./archive-words.ts";

const says = (id: string, features: string): Script[number] => ({
  upstream: "sends",
  xml: `<iq type="result" id="${id}" to="$full"><query xmlns="http://jabber.org/protocol/disco#info">${features}</query></iq>`,
});

describe("MAM-1 who keeps the archive", () => {
  it("MAM-1 where it is the server, or was never told, queries go there", async () => {
    for (const archive of ["has", "error"] as const) {
      await playPolicy(
        [
          { attach: "alice/one" },
          { upstream: "sends", xml: chat(1, undefined, stanzaId("server-1")) },
          { to: "alice/one", expect: chat(1, undefined, stanzaId("server-1")) },
          { from: "alice/one", send: `<iq type="set" id="q"><query xmlns="${MAM}"/></iq>` },
          { upstream: "gets", xml: `<iq type="set" id="$_"><query xmlns="${MAM}" queryid="$_"/></iq>` },
        ],
        { archive },
      );
    }
  });

  it("MAM-1 queries to others go to them", async () => {
    await playPolicy(
      [
        { attach: "alice/one" },
        {
          from: "alice/one",
          send: `<iq type="set" id="q" to="room@muc.example.org"><query xmlns="${MAM}"/></iq>`,
        },
        {
          upstream: "gets",
          xml: `<iq type="set" id="$_" to="room@muc.example.org"><query xmlns="${MAM}" queryid="$_"/></iq>`,
        },
        { from: "alice/one", send: `<iq type="get" id="q" to="example.org"><query xmlns="${MAM}"/></iq>` },
        { upstream: "gets", xml: `<iq type="get" id="$_" to="example.org"><query xmlns="${MAM}"/></iq>` },
        { from: "alice/one", send: `<iq type="set" id="q"><query xmlns="urn:xmpp:mam:1"/></iq>` },
        { upstream: "gets", xml: `<iq type="set" id="$_"><query xmlns="urn:xmpp:mam:1" queryid="$_"/></iq>` },
      ],
      OURS,
    );
  });

  it.each([
    ["none", "has-not", ` to="$bare"`, ` from="$bare"`, true],
    ["none, asked without an address", "has-not", "", "", true],
    ["one", "has", "", "", false],
  ] as const)(
    "MAM-1 where the server has %s, clients are told who has",
    async (_what, archive, to, from, ours) => {
      const features = [
        "urn:xmpp:mam:2",
        "urn:xmpp:mam:2#extended",
        "urn:xmpp:mam:2#groupchat-field",
        "urn:xmpp:mam:2#groupchat-available",
        "urn:xmpp:sid:0",
      ];
      const told = ours ? features.map((name) => `<feature var="${name}"/>`).join("") : "";
      await playPolicy(
        [
          { attach: "alice/one" },
          { from: "alice/one", send: `<iq type="get" id="d"${to}>${DISCO}</iq>` },
          { upstream: "gets", xml: `<iq type="get" id="$d"${to}>${DISCO}</iq>` },
          { upstream: "sends", xml: `<iq type="result" id="$d"${from} to="$full">${DISCO}</iq>` },
          {
            to: "alice/one",
            expect: `<iq type="result" id="d"${from} to="$full"><query xmlns="http://jabber.org/protocol/disco#info">${told}</query></iq>`,
          },
        ],
        { archive },
      );
    },
  );

  it("MAM-1 what each new session's server says counts from then on", async () => {
    const carbons = `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>`;
    const begins = (id: string): Script => [
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: carbons },
      { upstream: "gets", xml: OUR_AWAY },
      { upstream: "gets", xml: `<iq type="get" id="${id}">${DISCO}</iq>` },
    ];
    await playPolicy(
      [
        { attach: "alice/one" },
        ...begins("$first"),
        says("$first", '<feature var="urn:xmpp:mam:1"/>'),
        ...asks("", [], fin("<count>0</count>")),
        { upstream: "lost", reason: "gone" },
        ...begins("$second"),
        ...asks("", [], fin("<count>0</count>")),
        says("$second", `<feature var="${MAM}"/>`),
        { from: "alice/one", send: `<iq type="set" id="q"><query xmlns="${MAM}"/></iq>` },
        { upstream: "gets", xml: `<iq type="set" id="$_"><query xmlns="${MAM}" queryid="$_"/></iq>` },
      ],
      { archive: SCRIPTED, session: "down" },
    );
  });
});

const sentCarbon = (message: string, after = ""): string =>
  `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${message}${after}</forwarded></sent></message>`;
const receivedCarbon = (message: string): string =>
  `<message from="$bare" to="$full"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${message}</forwarded></received></message>`;
const hostWith = (secret: string) => {
  const archive = memoryTextStore();
  const ports = {
    store: { archive },
    clock: { nowMs: () => 0, stamp: String, parse: Number },
    ids: { next: () => secret },
  };
  return () => new ArchiveHost(ports, "alice@example.org");
};

describe("MAM-6 ids on messages (XEP-0359)", () => {
  it("MAM-6 ids that others have made up in our name are taken out, and only those", async () => {
    const theirs = `<stanza-id xmlns="urn:xmpp:sid:0" by="bob@example.org" id="b1"/>`;
    await playPolicy(
      [
        { attach: "alice/one" },
        { upstream: "sends", xml: chat(1, undefined, `${stanzaId("forged")}${theirs}`) },
        { to: "alice/one", expect: chat(1, undefined, `${theirs}${stanzaId("$a")}`) },
        ...asks("", [result("$a", chat(1, undefined, theirs))], fin(page("$a", "$a", 0, 1))),
      ],
      OURS,
    );
  });

  it("MAM-6 copies carry them, what goes to the server does not; a device that comes later gets the same", async () => {
    const copied = sent(1, ' from="$full"').replace("</message>", `${stanzaId("$s")}</message>`);
    await playPolicy(
      [
        { attach: "alice/one" },
        { attach: "alice/two" },
        ...enablesCarbons("alice/two"),
        { from: "alice/one", send: sent(1) },
        { upstream: "gets", xml: sent(1) },
        { to: "alice/two", expect: sentCarbon(copied) },
        { upstream: "sends", xml: chat(2) },
        { to: ["alice/one", "alice/two"], expect: chat(2, undefined, stanzaId("$r")) },
        ...asks(
          "",
          [result("$s", sent(1, ' from="$full"')), result("$r", chat(2))],
          fin(page("$s", "$r", 0, 2)),
        ),
        { attach: "alice/three" },
        ...enablesCarbons("alice/three"),
        ...comesOnline("alice/three"),
        { to: "alice/three", expect: sentCarbon(copied, DELAY) },
        { to: "alice/three", expect: chat(2, undefined, `${stanzaId("$r")}${DELAY}`) },
      ],
      { ...OURS, newDevice: { count: 10, ageMs: 1e9 } },
    );
  });

  it("MAM-6 received carbons carry them too", async () => {
    await playPolicy(
      [
        { attach: "alice/one" },
        ...enablesCarbons("alice/one"),
        { upstream: "sends", xml: receivedCarbon(chat(1)) },
        { to: "alice/one", expect: receivedCarbon(chat(1, undefined, stanzaId("$a"))) },
        ...asks("", [result("$a", chat(1))], fin(page("$a", "$a", 0, 1))),
      ],
      OURS,
    );
  });

  it("MAM-6 ids are stable, not to be guessed, and not those of another account", () => {
    const [own, other] = [hostWith("a secret"), hostWith("another")];
    const id = own().idOf(7);
    expect(own().idOf(7)).toBe(id);
    expect(own().seqOf(id)).toBe(7);
    expect(own().idOf(8)).not.toBe(id);
    expect(other().idOf(7)).not.toBe(id);
    expect(other().seqOf(id)).toBeUndefined();
    expect(own().seqOf(id.replace("7-", "8-"))).toBeUndefined();
    expect(own().seqOf(id.replace("7-", "07-"))).toBeUndefined();
  });
});
