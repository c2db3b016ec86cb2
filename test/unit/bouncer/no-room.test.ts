// DOWN-5: so much waits for the server that nothing more can be kept.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL } from "../../support/account-world.ts";
import { shape } from "../../support/xml-shape.ts";

const refused = (name: string, address: string): string =>
  `<${name} type="error" ${address}><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>` +
  `<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">Too much is waiting to be sent; try again later.</text></error></${name}>`;

/** One and two are attached, two with carbons; there is no room any more. */
function full(): AccountWorld {
  const world = new AccountWorld();
  world.attach("alice/one", "one");
  world.attach("alice/two", "two");
  world.send("alice/two", `<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
  world.next("alice/two");
  world.hasRoom = false;
  return world;
}

const came = (world: AccountWorld, client: string): unknown => shape(world.next(client) ?? "<nothing/>");

describe("DOWN-5 there is no room for what a client sends", () => {
  it("DOWN-5 a message: its sender is told, and nobody gets a copy", () => {
    const world = full();
    world.send("alice/one", `<message to="bob@example.org" id="1"><body>x</body></message>`);
    expect(came(world, "alice/one")).toEqual(shape(refused("message", `from="bob@example.org" id="1"`)));
    expect(world.leftovers()).toEqual({});
  });

  it("DOWN-5 an error gets no answer", () => {
    const world = full();
    world.send("alice/one", `<message type="error" to="bob@example.org" id="1"/>`);
    expect(world.leftovers()).toEqual({});
    expect(world.decisions()).toContainEqual(
      expect.objectContaining({ rule: "DOWN-5", reason: "too much is waiting for the server", to: [] }),
    );
  });

  it("DOWN-5 a request: its asker is told under its own id, once", () => {
    const world = full();
    world.send("alice/one", `<iq type="get" to="bob@example.org" id="1"><x xmlns="y"/></iq>`);
    expect(came(world, "alice/one")).toEqual(shape(refused("iq", `from="bob@example.org" id="1"`)));
    world.wait(200);
    expect(world.leftovers()).toEqual({});
  });

  it("DOWN-5 a request that waited for the session", () => {
    const world = full();
    world.upstreamLost("gone");
    world.send("alice/one", `<iq type="get" id="1"/>`);
    world.upstreamBound(FULL);
    expect(came(world, "alice/one")).toEqual(shape(refused("iq", `id="1"`)));
    world.wait(200);
    expect(world.leftovers()).toEqual({});
  });

  it("DOWN-5 presence is withheld, and said once there is room", () => {
    const world = full();
    world.send("alice/one", `<presence><show>dnd</show></presence>`);
    world.send("alice/one", `<presence to="bob@example.org" type="subscribe"/>`);
    expect(world.leftovers()).toEqual({});
    world.hasRoom = true;
    world.account.tick();
    expect(world.next("upstream")).toContain("<show>dnd</show>");
  });
});
