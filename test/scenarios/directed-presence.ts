// Carol is no contact; she sees alice for as long as one of alice's clients shows itself to her.
import type { Scenario } from "../support/scenario.ts";

export const scenario: Scenario = {
  title: "PRES-5: directed presence ends when the last client that sent it is gone",
  script: [
    { attach: "alice/desk" },
    { attach: "alice/phone" },
    { from: "alice/desk", send: `<presence to="$carol"><status>Hi</status></presence>` },
    { contact: "carol", gets: `<presence from="$full"><status>Hi</status></presence>` },
    { from: "alice/phone", send: `<presence to="$carol"/>` },
    { contact: "carol", gets: `<presence from="$full"/>` },
    { leave: "alice/desk" },
    { silent: "carol" },
    { from: "alice/phone", send: `<presence to="$carol" type="unavailable"/>` },
    { contact: "carol", gets: `<presence from="$full" type="unavailable"/>` },
  ],
  presence: true,
};
