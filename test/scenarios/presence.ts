// Bob sees one person, as she is where she was last.
import { OUR_CAPS } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const seen = (inside: string): string => `<presence from="$full">${inside}${OUR_CAPS}</presence>`;
const own = (inside: string): string => `<presence from="$full">${inside}${OUR_CAPS}</presence>`;
/** What a client is told on its initial presence, while it is so and so. */
const told = (client: string, before: string): Scenario["script"] => [
  { to: client, expect: own(before) },
  {
    to: client,
    expect: `<presence from="$bobFull"/>`,
  },
];

export const scenario: Scenario = {
  title:
    "PRES-1 PRES-3 PRES-4 PRES-7 PRES-9: the most recently active client is what bob sees; a client's going is nobody's business",
  presence: true,
  script: [
    { attach: "alice/desk" },
    { from: "alice/desk", send: `<presence><show>chat</show><priority>5</priority></presence>` },
    ...told("alice/desk", `<show>away</show>`),
    { contact: "bob", gets: seen(`<show>chat</show>`) },
    { to: "alice/desk", expect: own(`<show>chat</show>`) },
    { attach: "alice/phone" },
    { from: "alice/phone", send: `<presence><show>dnd</show></presence>` },
    ...told("alice/phone", `<show>chat</show>`),
    { contact: "bob", gets: seen(`<show>dnd</show>`) },
    { to: ["alice/desk", "alice/phone"], expect: own(`<show>dnd</show>`) },
    { contact: "bob", sends: `<presence><show>xa</show></presence>` },
    {
      to: ["alice/desk", "alice/phone"],
      expect: `<presence from="$bobFull"><show>xa</show></presence>`,
    },
    { leave: "alice/phone" },
    { contact: "bob", gets: seen(`<show>chat</show>`) },
    { to: "alice/desk", expect: own(`<show>chat</show>`) },
    { leave: "alice/desk" },
    { contact: "bob", gets: seen(`<show>away</show>`) },
  ],
};
