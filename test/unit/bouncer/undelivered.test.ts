// UP-16, UP-17: who is told what of stanzas that went out and are not sent again.

import { describe, expect, it } from "vitest";
import type { Undelivered } from "../../../bouncer/undelivered.ts";
import { AccountWorld, FULL } from "../../support/account-world.ts";
import { parse, shape } from "../../support/xml-shape.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

const unconfirmed = (sender: string | undefined, xml: string): Undelivered => ({
  stanza: parse(xml),
  sender,
  reason: "unconfirmed",
});
const message = (id: string, to = "bob@example.org/desk"): string =>
  `<message to="${to}" type="chat" id="${id}"><body>secret words</body></message>`;
const error = (id: string, from: string, type: string, condition: string, text: string): string =>
  `<message xmlns="jabber:client" from="${from}" to="${FULL}" id="${id}" type="error"><error type="${type}"><${condition} xmlns="${STANZAS}"/><text xmlns="${STANZAS}" xml:lang="en">${text}</text></error></message>`;
const lost = (id: string, from = "bob@example.org/desk"): string =>
  error(
    id,
    from,
    "wait",
    "remote-server-timeout",
    "The connection was lost before the server confirmed this message: it may have arrived, or not.",
  );
const notice = (body: string): string =>
  `<message xmlns="jabber:client" from="example.org" type="headline"><body>${body}</body></message>`;

/** Two clients, and what each is told. */
async function told(...stanzas: Undelivered[]): Promise<{ one: string[]; two: string[]; upstream: unknown }> {
  const world = new AccountWorld();
  world.attach("one", "phone");
  world.attach("two", "desk");
  world.account.undelivered(stanzas);
  const left = world.leftovers();
  return { one: left["one"] ?? [], two: left["two"] ?? [], upstream: left["upstream"] };
}

describe("UP-16 what nobody knows to have arrived", () => {
  it("UP-16 its error goes to every client, under its own id, and nothing is sent again", async () => {
    const { one, two, upstream } = await told(unconfirmed("one", message("m1")));
    expect(one.map(shape)).toEqual([shape(lost("m1"))]);
    expect(two).toEqual(one);
    expect(upstream).toBeUndefined();
    expect(one.join()).not.toContain("secret");
  });

  it("UP-16 where the sender is gone, a notice names whom they were for, without a word of them", async () => {
    const { one } = await told(
      unconfirmed("gone", message("m1")),
      unconfirmed("one", message("m2")),
      unconfirmed(undefined, message("m3", "room@rooms.example.org")),
      unconfirmed("gone", message("m4")),
    );
    expect(one.map(shape)).toEqual([
      shape(lost("m1")),
      shape(lost("m2")),
      shape(lost("m3", "room@rooms.example.org")),
      shape(lost("m4")),
      shape(
        notice(
          "It is not known whether 3 messages to bob@example.org, room@rooms.example.org arrived: the connection to example.org was lost before the server confirmed that. It was not sent again.",
        ),
      ),
    ]);
  });

  it("UP-16 at most five are named", async () => {
    const orphans = Array.from({ length: 8 }, (_, index) =>
      unconfirmed("gone", message("m", `c${index}@x.org`)),
    );
    const { one } = await told(...orphans);
    expect(one.at(-1)).toContain(
      "8 messages to c0@x.org, c1@x.org, c2@x.org, c3@x.org, c4@x.org, 3 others arrived",
    );
  });

  it.each([
    ["an error", `<message to="bob@example.org" type="error" id="x"><error/></message>`],
    [
      "a chat state",
      `<message to="bob@example.org"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`,
    ],
    [
      "a chat state in a thread, with a hint",
      `<message to="bob@example.org"><paused xmlns="http://jabber.org/protocol/chatstates"/><thread>t</thread><no-store xmlns="urn:xmpp:hints"/></message>`,
    ],
    ["presence", `<presence to="bob@example.org"/>`],
  ])("UP-16 %s is not worth telling", async (_what, xml) => {
    expect((await told(unconfirmed("gone", xml))).one).toEqual([]);
  });

  it("UP-16 what is encrypted, and a receipt, are", async () => {
    const { one } = await told(
      unconfirmed(
        "one",
        `<message to="b@x.org" id="e"><encrypted xmlns="eu.siacs.conversations.axolotl"/></message>`,
      ),
      unconfirmed(
        "one",
        `<message to="b@x.org" id="r"><received xmlns="urn:xmpp:receipts" id="9"/></message>`,
      ),
    );
    expect(one.map(shape)).toEqual([shape(lost("e", "b@x.org")), shape(lost("r", "b@x.org"))]);
  });
});

describe("UP-17 what the server does not stand", () => {
  it("UP-17 a message: its error says that it is not sent again", async () => {
    const { one, two } = await told({ ...unconfirmed("one", message("big")), reason: "refused" });
    const text = "The server ends the connection over this; it is not sent again.";
    const expected = error("big", "bob@example.org/desk", "modify", "policy-violation", text);
    expect(one.map(shape)).toEqual([shape(expected)]);
    expect(two).toEqual(one);
  });

  it("UP-17 a request: its asker, and nobody else, gets the error as the answer", () => {
    const world = new AccountWorld();
    world.attach("one", "phone");
    world.attach("two", "desk");
    world.send("one", `<iq type="set" id="mine" to="pubsub.example.org"><query xmlns="urn:x"/></iq>`);
    const sent = world.next("upstream") ?? "";
    world.account.undelivered([{ stanza: parse(sent), sender: undefined, reason: "refused" }]);
    const answer = parse(world.next("one") ?? "");
    expect(answer.attrs).toMatchObject({ type: "error", id: "mine", from: "pubsub.example.org" });
    expect(answer.getChild("error")?.getChild("policy-violation")).toBeDefined();
    expect(world.next("two")).toBeUndefined();
  });
});
