// What alice keeps on her server, one of her clients writes and another reads, and bob what is for everybody.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const note = (inside: string): string =>
  `<query xmlns="jabber:iq:private"><notes xmlns="urn:example:notes">${inside}</notes></query>`;
const card = `<vCard xmlns="vcard-temp"><FN>Alice Adams</FN><N><FAMILY>Adams</FAMILY><GIVEN>Alice</GIVEN><MIDDLE/><PREFIX/><SUFFIX/></N></vCard>`;

export const scenario: Scenario = {
  title:
    "DISCO-2: private storage and vCard are the server's: what one client writes another reads, and each gets its own answers",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { from: "alice/desk", send: `<iq type="set" id="1">${note("<note>Tea</note>")}</iq>` },
    { to: "alice/desk", expect: `<iq type="result" id="1"/>` },
    { from: "alice/phone", send: `<iq type="get" id="1">${note("")}</iq>` },
    { to: "alice/phone", expect: `<iq type="result" id="1">${note("<note>Tea</note>")}</iq>` },
    { from: "alice/phone", send: `<iq type="set" id="2">${card}</iq>` },
    { to: "alice/phone", expect: `<iq type="result" id="2"/>` },
    { from: "alice/desk", send: `<iq type="get" id="2"><vCard xmlns="vcard-temp"/></iq>` },
    { to: "alice/desk", expect: `<iq type="result" id="2">${card}</iq>` },
    { contact: "bob", sends: `<iq type="get" to="$bare" id="b1"><vCard xmlns="vcard-temp"/></iq>` },
    { contact: "bob", gets: `<iq type="result" from="$bare" to="$bobFull" id="b1">${card}</iq>` },
    { silent: "alice/phone" },
    { silent: "alice/desk" },
  ],
};
