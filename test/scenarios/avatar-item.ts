// Alice has a new avatar. One client publishes it, another wants to hear of avatars and fetches it, a third does not care.
import { arrives, hasCapabilities } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const PUBSUB = "http://jabber.org/protocol/pubsub";
const hash = "111f4b3c50d7b0df729d299bc6f8e9ef9066971f";
const data = "urn:xmpp:avatar:data";
const metadata = "urn:xmpp:avatar:metadata";
const picture = `<item id="${hash}"><data xmlns="${data}">qANQR1DBwU4DX7jmYZnncm</data></item>`;
const about = `<item id="${hash}"><metadata xmlns="${metadata}"><info bytes="16" id="${hash}" type="image/png"/></metadata></item>`;
const publishes = (id: string, node: string, item: string): Scenario["script"] => [
  {
    from: "alice/phone",
    send: `<iq type="set" id="${id}"><pubsub xmlns="${PUBSUB}"><publish node="${node}">${item}</publish></pubsub></iq>`,
  },
  {
    to: "alice/phone",
    expect: `<iq type="result" id="${id}"><pubsub xmlns="${PUBSUB}"><publish node="${node}"><item id="${hash}"/></publish></pubsub></iq>`,
  },
];

export const scenario: Scenario = {
  title:
    "DISCO-2 PEP-1: an avatar that one client publishes is the server's to keep; who is interested is told, and fetches it",
  skip: {
    ejabberd:
      "it tells the account of each of its own nodes, whether anybody is interested or not, and again",
  },
  script: [
    { attach: "alice/desk" },
    ...hasCapabilities("alice/desk", [`${metadata}+notify`]),
    ...arrives("alice/phone"),
    ...arrives("alice/watch"),
    ...publishes("1", data, picture),
    ...publishes("2", metadata, about),
    {
      to: "alice/desk",
      expect: `<message from="$bare" to="$_" type="headline"><event xmlns="${PUBSUB}#event"><items node="${metadata}">${about}</items></event></message>`,
    },
    {
      from: "alice/desk",
      send: `<iq type="get" id="3"><pubsub xmlns="${PUBSUB}"><items node="${data}"/></pubsub></iq>`,
    },
    {
      to: "alice/desk",
      expect: `<iq type="result" id="3"><pubsub xmlns="${PUBSUB}"><items node="${data}">${picture}</items></pubsub></iq>`,
    },
    { silent: "alice/phone" },
    { silent: "alice/watch" },
  ],
};
