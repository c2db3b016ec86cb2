// Clients that come later say how much of the past they want.
import { arrives } from "../support/phrases.ts";
import { bobHere, bobMakesRoom, enters, joins, NO_SUBJECT, past, self } from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const long = "tea".repeat(400);
const words = (id: string): string => (id === "b1" ? `b1 ${long}` : id);
const inFull = (stanza: string): string => stanza.replace(/<body>.*<\/body>/u, `<body>${words("b1")}</body>`);
const bobSays = (id: string): Script => [
  {
    contact: "bob",
    sends: `<message to="$room" type="groupchat" id="${id}"><body>${words(id)}</body></message>`,
  },
  {
    contact: "bob",
    gets: `<message from="$room/bob" to="$bobFull" type="groupchat" id="${id}"><body>${words(id)}</body></message>`,
  },
  {
    to: "alice/desk",
    expect: `<message from="$room/bob" to="$full" type="groupchat" id="${id}"><body>${words(id)}</body></message>`,
  },
];
/** The client asks anew, which is nobody's business but its own. */
const getsOf = (limits: string, ...before: readonly string[]): Script => [
  { from: "alice/phone", send: joins("al", limits === "" ? "" : `<history ${limits}/>`) },
  { to: "alice/phone", inOrder: [bobHere, self(), ...before, NO_SUBJECT] },
];
const b1 = inFull(past("bob", "b1", "$first"));
const [b2, b3] = [past("bob", "b2", "$second"), past("bob", "b3", "$third")];

export const scenario: Scenario = {
  title: "MUC-4 MUC-1: history is as much as the client wants, by number, age, time or length",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...bobSays("b1"),
    ...bobSays("b2"),
    ...bobSays("b3"),
    ...getsOf("", b1, b2, b3),
    ...getsOf(`maxstanzas="0"`),
    ...getsOf(`maxstanzas="2"`, b2, b3),
    ...getsOf(`since="$second"`, b2, b3),
    ...getsOf(`seconds="0"`),
    ...getsOf(`seconds="3600"`, b1, b2, b3),
    ...getsOf(`maxchars="0"`),
    // What is too long ends it.
    ...getsOf(`maxchars="1100"`, b2, b3),
    ...getsOf(`maxstanzas="2" since="$third"`, b3),
    { silent: "alice/desk" },
    { silent: "bob" },
  ],
};
