// Two clients in a room, and one that is not. One after the other leaves; the room sees the last one go.
import { arrives } from "../support/phrases.ts";
import {
  bobMakesRoom,
  enters,
  entersToo,
  gone,
  heard,
  leaves,
  refusal,
  said,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const left = gone("al", { codes: [110] });

export const scenario: Scenario = {
  title:
    "MUC-5 MUC-6 MUC-19: leaving is between a client and us, until nobody is left; who is not in is told so",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/elsewhere"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { from: "alice/elsewhere", send: said("a1") },
    {
      to: "alice/elsewhere",
      expect: refusal("message", "$room", "not-acceptable").replace("<message", `<message id="a1"`),
    },
    // It believes to be in.
    { from: "alice/elsewhere", send: `<presence to="$room/al"><show>away</show></presence>` },
    { to: "alice/elsewhere", expect: gone("al", { codes: [110, 307, 333] }) },
    { from: "alice/desk", send: leaves("al") },
    { to: "alice/desk", expect: left },
    { silent: "bob" },
    { silent: "alice/phone" },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { to: "alice/phone", expect: heard("bob", "b1") },
    { silent: "alice/desk" },
    { from: "alice/desk", send: said("a2") },
    {
      to: "alice/desk",
      expect: refusal("message", "$room", "not-acceptable").replace("<message", `<message id="a2"`),
    },
    {
      from: "alice/phone",
      send: `<presence to="$room/al" type="unavailable"><status>Bye</status></presence>`,
    },
    { to: "alice/phone", expect: left.replace("</presence>", "<status>Bye</status></presence>") },
    { contact: "bob", gets: gone("al").replace(">", "><status>Bye</status>") },
    // Back again, where it has heard all, and away with its stream.
    ...enters("alice/phone"),
    { leave: "alice/phone" },
    { contact: "bob", gets: gone("al") },
    { silent: "alice/desk" },
  ],
};
