// A room is bookmarked for autojoin, and the account is in it, whoever of its clients is.
import { arrives, OUR_CAPS } from "../support/phrases.ts";
import { bobMakesRoom, field, gone, heard, here, said } from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const bookmarks = "urn:xmpp:bookmarks:1";
const options = `http://jabber.org/protocol/pubsub#publish-options`;
const form =
  `<x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", options)}` +
  `${field("pubsub#persist_items", "true")}${field("pubsub#access_model", "whitelist")}</x>`;
const marks = (autojoin: boolean): Script => [
  {
    from: "alice/desk",
    send:
      `<iq type="set" id="mark"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${bookmarks}"><item id="$room">` +
      `<conference xmlns="${bookmarks}" autojoin="${autojoin}"><nick>al</nick></conference></item></publish>` +
      `<publish-options>${form}</publish-options></pubsub></iq>`,
  },
  {
    to: "alice/desk",
    expect: `<iq type="result" id="mark"><pubsub xmlns="http://jabber.org/protocol/pubsub">…</pubsub></iq>`,
  },
];

export const scenario: Scenario = {
  title:
    "MUC-17 MUC-7: a room that is bookmarked for autojoin is joined and left with the bookmark, clients or not",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...marks(true),
    { contact: "bob", gets: here("al", {}, `<show>away</show>${OUR_CAPS}`) },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { silent: "alice/desk" },
    ...marks(false),
    { contact: "bob", gets: gone("al") },
    { silent: "alice/desk" },
  ],
};
