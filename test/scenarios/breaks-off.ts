// A phone goes through a tunnel.
import { arrives, copyOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const said = (id: string): string =>
  `<message to="$bare" type="chat" id="${id}"><body>${id}</body></message>`;
const heard = (id: string): string => said(id).replace("<message", `<message from="$bobFull"`);
const reply = `<message to="$bob" type="chat" id="a1"><body>Reply</body></message>`;

export const scenario: Scenario = {
  title:
    "SM-1 SM-2: a client that breaks off and resumes has heard everything once, and has said everything once",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "bob", sends: said("b1") },
    { to: ["alice/desk", "alice/phone"], expect: heard("b1") },
    { breaksOff: "alice/phone" },
    { contact: "bob", sends: said("b2") },
    { to: "alice/desk", expect: heard("b2") },
    { from: "alice/desk", send: reply },
    { contact: "bob", gets: reply.replace("<message", `<message from="$full"`) },
    { contact: "bob", sends: said("b3") },
    { to: "alice/desk", expect: heard("b3") },
    { resumes: "alice/phone" },
    { to: "alice/phone", expect: heard("b2") },
    { to: "alice/phone", expect: copyOf(reply) },
    { to: "alice/phone", expect: heard("b3") },
    { from: "alice/phone", send: reply.replaceAll("a1", "a2") },
    { contact: "bob", gets: reply.replaceAll("a1", "a2").replace("<message", `<message from="$full"`) },
    { to: "alice/desk", expect: copyOf(reply.replaceAll("a1", "a2")) },
  ],
};
