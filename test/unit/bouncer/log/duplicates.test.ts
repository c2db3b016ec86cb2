// LOG-4: messages that a server gives us again.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL } from "../../../support/account-world.ts";

const BARE = "alice@example.org";
const BODY = "<body>Hi</body>";
const CHAT = `from="bob@example.org/a" to="${FULL}" type="chat" id="m"`;
const stanzaId = (by: string, id: string): string =>
  `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;
const inRoom = (inner: string): string =>
  `<message from="room@muc.example.org/bob" to="${FULL}" type="groupchat" id="g">${BODY}${inner}</message>`;
const delayed = (peer: string, id: number): string =>
  `<message from="${peer}" id="${id}">${BODY}<delay xmlns="urn:xmpp:delay" stamp="2025-12-31T23:00:00Z"/></message>`;

describe("LOG-4 a message that comes again", () => {
  const again = (inner: string): [AccountWorld, number] => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.upstreamSends(`<message ${CHAT}>${BODY}${stanzaId(BARE, "first")}</message>`);
    world.next("alice/one");
    world.restart();
    world.upstreamSends(inner);
    return [world, world.leftovers()["alice/one"]?.length ?? 0];
  };
  const delay = `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2025-12-31T23:00:00Z"/>`;

  it.each([
    ["under the same archive id", `<message ${CHAT}>${BODY}${stanzaId(BARE, "first")}</message>`, 0],
    ["delayed, with the same id and words", `<message ${CHAT}>${BODY}${delay}</message>`, 0],
    ["delayed, with the same id and other words", `<message ${CHAT}><body>Ho</body>${delay}</message>`, 1],
    [
      "with the same id and words, but not delayed: it was said twice",
      `<message ${CHAT}>${BODY}</message>`,
      1,
    ],
    [
      "from somebody else under that archive id",
      `<message from="eve@example.org/x">${BODY}${stanzaId(BARE, "first")}</message>`,
      1,
    ],
    ["delayed and without an id", `<message from="bob@example.org/a">${BODY}${delay}</message>`, 1],
  ])("LOG-4 also after a reset: %s", (_what, xml, delivered) => {
    const [world, count] = again(xml);
    expect(count).toBe(delivered);
    expect(world.log.messages).toHaveLength(1 + delivered);
  });

  it("LOG-4 the trace says why nobody got it", () => {
    const [world] = again(`<message ${CHAT}>${BODY}${stanzaId(BARE, "first")}</message>`);
    expect(world.decisions()).toEqual([
      expect.objectContaining({ rule: "LOG-4", reason: "it came before", to: [] }),
    ]);
  });

  it("LOG-4 a room's history is delivered, but not logged again", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.upstreamSends(inRoom(""));
    world.upstreamSends(
      inRoom(`<delay xmlns="urn:xmpp:delay" from="room@muc.example.org" stamp="2025-12-31T23:00:00Z"/>`),
    );
    expect(world.log.messages).toHaveLength(1);
  });

  it("LOG-4 what is remembered of a peer is bounded", () => {
    const world = new AccountWorld();
    for (let peer = 0; peer < 30; peer += 1) world.upstreamSends(delayed(`p${peer}@example.org`, 1));
    for (let id = 2; id < 600; id += 1) world.upstreamSends(delayed("p29@example.org", id));
    expect(world.log.messages).toHaveLength(30 + 598);
    for (let peer = 0; peer < 30; peer += 1)
      world.upstreamSends(delayed(`p${peer}@example.org`, peer === 29 ? 599 : 1));
    expect(world.log.messages).toHaveLength(30 + 598);
  });
});
