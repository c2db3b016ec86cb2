// Requests in both directions are answered once, by whom they were for.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const version = `<query xmlns="jabber:iq:version"/>`;

export const scenario: Scenario = {
  title:
    "IQ-1 IQ-2 IQ-6: bob's questions have one answer, and two clients' questions under one id each their own",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "bob", sends: `<iq type="get" to="$full" id="1"><ping xmlns="urn:xmpp:ping"/></iq>` },
    { contact: "bob", gets: `<iq type="result" from="$full" to="$bobFull" id="1"/>` },
    { contact: "bob", sends: `<iq type="get" to="$full" id="2">${version}</iq>` },
    {
      contact: "bob",
      gets: `<iq type="result" from="$full" to="$bobFull" id="2"><query xmlns="jabber:iq:version"><name>xmpproxy</name></query></iq>`,
    },
    { contact: "bob", sends: `<iq type="get" to="$full" id="3"><query xmlns="jabber:iq:last"/></iq>` },
    {
      contact: "bob",
      gets: `<iq type="result" from="$full" to="$bobFull" id="3"><query xmlns="jabber:iq:last" seconds="$_"/></iq>`,
    },
    { from: "alice/desk", send: `<iq type="get" to="$bobFull" id="q">${version}</iq>` },
    { from: "alice/phone", send: `<iq type="get" to="$bobFull" id="q"><time xmlns="urn:xmpp:time"/></iq>` },
    { contact: "bob", gets: `<iq type="get" from="$full" to="$bobFull" id="$ofDesk">${version}</iq>` },
    {
      contact: "bob",
      gets: `<iq type="get" from="$full" to="$bobFull" id="$ofPhone"><time xmlns="urn:xmpp:time"/></iq>`,
    },
    {
      contact: "bob",
      sends: `<iq type="error" to="$full" id="$ofPhone"><error type="cancel"><feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    },
    {
      to: "alice/phone",
      expect: `<iq type="error" from="$bobFull" id="q"><error type="cancel"><feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    },
    { contact: "bob", sends: `<iq type="result" to="$full" id="$ofDesk">${version}</iq>` },
    { contact: "bob", sends: `<iq type="result" to="$full" id="$ofDesk">${version}</iq>` },
    { to: "alice/desk", expect: `<iq type="result" from="$bobFull" id="q">${version}</iq>` },
    { silent: "alice/phone" },
    { silent: "alice/desk" },
  ],
};
