// Alice's picture, as her presence tells of it. Only one of her clients knows about pictures.
import { OUR_CAPS } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const picture = (hash: string): string => `<x xmlns="vcard-temp:x:update"><photo>${hash}</photo></x>`;
const OLD = picture("111f4b3c50d7b0df729d299bc6f8e9ef9066971f");
const NEW = picture("0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33");
const ours = (inside: string): string => `<presence from="$full">${inside}${OUR_CAPS}</presence>`;
/** Bob sees it, and these clients their own. */
const isSeen = (inside: string, clients: readonly string[]): Scenario["script"] => [
  { contact: "bob", gets: ours(inside) },
  { to: clients, expect: ours(inside) },
];
/** What a client is told on its initial presence, while it is so and so. */
const isTold = (client: string, before: string): Scenario["script"] => [
  { to: client, expect: ours(before) },
  { to: client, expect: `<presence from="$bobFull"/>` },
];

export const scenario: Scenario = {
  title: "PRES-13: the avatar that a client told last stays in the presence that bob sees, whoever leads",
  presence: true,
  script: [
    { attach: "alice/desk" },
    { from: "alice/desk", send: `<presence>${OLD}</presence>` },
    ...isTold("alice/desk", `<show>away</show>`),
    ...isSeen(OLD, ["alice/desk"]),
    { attach: "alice/phone" },
    { from: "alice/phone", send: `<presence><show>dnd</show></presence>` },
    ...isTold("alice/phone", OLD),
    ...isSeen(`<show>dnd</show>${OLD}`, ["alice/desk", "alice/phone"]),
    { from: "alice/desk", send: `<presence>${NEW}</presence>` },
    ...isSeen(NEW, ["alice/desk", "alice/phone"]),
    // Its own idea of it is not news.
    { from: "alice/phone", send: `<presence><show>chat</show><x xmlns="vcard-temp:x:update"/></presence>` },
    ...isSeen(`<show>chat</show>${NEW}`, ["alice/desk", "alice/phone"]),
    { leave: "alice/desk" },
    { leave: "alice/phone" },
    { contact: "bob", gets: ours(`<show>away</show>${NEW}`) },
    { silent: "bob" },
    { attach: "alice/watch" },
    { from: "alice/watch", send: `<presence/>` },
    ...isTold("alice/watch", `<show>away</show>${NEW}`),
    ...isSeen(NEW, ["alice/watch"]),
  ],
};
