// Carol would like to see when alice is there. Whoever of alice's clients comes is told until one of them has answered.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const asked = `<presence from="$carol" type="subscribe"/>`;

export const scenario: Scenario = {
  title:
    "PRES-11 PRES-12: a request to subscribe is told to every client, also to those that come later, until one answers",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "carol", sends: `<presence to="$bare" type="subscribe"/>` },
    { to: ["alice/desk", "alice/phone"], expect: asked },
    ...arrives("alice/watch"),
    { to: "alice/watch", expect: asked },
    { proxy: "restarts" },
    { resumes: "alice/desk" },
    { resumes: "alice/phone" },
    { leave: "alice/phone" },
    ...arrives("alice/tablet"),
    { to: "alice/tablet", expect: asked },
    { from: "alice/desk", send: `<presence to="$carol" type="subscribed"/>` },
    { contact: "carol", gets: `<presence from="$bare" type="subscribed"/>` },
    ...arrives("alice/phone again"),
    { silent: "alice/phone again" },
    { silent: "alice/tablet" },
    { silent: "alice/desk" },
    { silent: "carol" },
  ],
};
