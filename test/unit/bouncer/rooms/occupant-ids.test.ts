// MUC-2, MUC-4: who somebody is in a room, under whatever nickname (XEP-0421): live, and for who comes later.

import { it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { both, join, occupant, said, says, subject, twoInRoom } from "./words.ts";

const id = `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="bob-s"/>`;
const ours = `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="al-s"/>`;
const renamed = occupant("bob", [303], {
  type: "unavailable",
  content: id,
  item: `<item affiliation="none" role="participant" nick="robert"/>`,
});

it("MUC-2 MUC-4 an occupant's id is told as it came, with presence and messages, under one nickname and the next", async () => {
  await playPolicy([
    ...twoInRoom,
    { upstream: "sends", xml: occupant("al", [110], { content: ours }) },
    { to: both, expect: occupant("al", [110], { content: ours }) },
    { upstream: "sends", xml: occupant("bob", [], { content: id }) },
    { to: both, expect: occupant("bob", [], { content: id }) },
    { upstream: "sends", xml: says("bob", "one", id) },
    { to: both, expect: says("bob", "one", id) },
    { upstream: "sends", xml: renamed },
    { to: both, expect: renamed },
    { upstream: "sends", xml: occupant("robert", [], { content: id }) },
    { to: both, expect: occupant("robert", [], { content: id }) },
    { from: "alice/three", send: join("al") },
    {
      to: "alice/three",
      inOrder: [
        occupant("robert", [], { content: id }),
        occupant("al", [110], { content: ours }),
        said("bob", "one", "$_", id),
        subject("Tea"),
      ],
    },
  ]);
});
