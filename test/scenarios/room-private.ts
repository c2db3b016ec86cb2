// Words in private through a room: heard by all of alice's clients that are there, and said by all of them.
import { arrives, copyOf } from "../support/phrases.ts";
import { bobMakesRoom, enters, entersToo, USER } from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const both = ["alice/desk", "alice/phone"];
const user = `<x xmlns="${USER}"/>`;
const whisper = (address: string, id: string): string =>
  `<message ${address} type="chat" id="${id}"><body>${id}</body>${user}</message>`;

export const scenario: Scenario = {
  title:
    "MUC-13: private messages reach every client in the room, and what one sends is copied to the others there",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/elsewhere"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { contact: "bob", sends: `<message to="$room/al" type="chat" id="b1"><body>b1</body></message>` },
    { to: both, expect: whisper(`from="$room/bob" to="$full"`, "b1") },
    { from: "alice/desk", send: whisper(`to="$room/bob"`, "a1") },
    { contact: "bob", gets: whisper(`from="$room/al" to="$bobFull"`, "a1") },
    { to: "alice/phone", expect: copyOf(whisper(`to="$room/bob"`, "a1")) },
    { silent: "alice/desk" },
    { silent: "alice/elsewhere" },
  ],
};
