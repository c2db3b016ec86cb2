// A nickname is set on one client. Another, which comes later, is told of it, if that is what it wants to know.
import { arrives, hasCapabilities } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const node = "http://jabber.org/protocol/nick";
const item = `<item id="current"><nick xmlns="${node}">Ally</nick></item>`;
const told = (inside: string): string =>
  `<message from="$bare" to="$_" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${node}">${item}</items></event>${inside}</message>`;

export const scenario: Scenario = {
  title: "PEP-1 PEP-3: who is interested is told, and who comes later of the last one",
  skip: { ejabberd: "it tells the last item again whenever our presence changes; see roster.test.ts" },
  script: [
    { attach: "alice/desk" },
    ...hasCapabilities("alice/desk", [`${node}+notify`]),
    ...arrives("alice/deaf"),
    {
      from: "alice/desk",
      send: `<iq type="set" id="publish"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${node}">${item}</publish></pubsub></iq>`,
    },
    { to: "alice/desk", expect: told("") },
    {
      to: "alice/desk",
      expect: `<iq type="result" id="publish"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${node}"><item id="current"/></publish></pubsub></iq>`,
    },
    { attach: "alice/phone" },
    ...hasCapabilities("alice/phone", [`${node}+notify`], { known: true }),
    { to: "alice/phone", expect: told(`<delay xmlns="urn:xmpp:delay" stamp="$_"/>`) },
    { silent: "alice/deaf" },
  ],
};
