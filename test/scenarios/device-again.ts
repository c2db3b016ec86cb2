// A page is loaded again while its old self is still there.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const heard = `<message from="$bobFull" to="$bare" type="chat" id="b1"><body>Where are you?</body></message>`;

export const scenario: Scenario = {
  title: "ID-2: a device that attaches again takes the place of its old self, and nobody else notices",
  script: [
    ...arrives("alice/desk", { device: "desk" }),
    ...arrives("alice/phone", { device: "phone" }),
    ...arrives("alice/desk again", { device: "desk" }),
    { replaced: "alice/desk" },
    { contact: "bob", sends: heard.replace(` from="$bobFull"`, "") },
    { to: ["alice/desk again", "alice/phone"], expect: heard },
    { silent: "alice/desk" },
  ],
};
