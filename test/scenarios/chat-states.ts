// Bob sees one person typing.
import type { Scenario } from "../support/scenario.ts";

const state = (name: string): string => `<${name} xmlns="http://jabber.org/protocol/chatstates"/>`;
const says = (client: string, name: string): Scenario["script"][number] => ({
  from: client,
  send: `<message to="$bobFull" type="chat">${state(name)}</message>`,
});
const sees = (name: string): Scenario["script"][number] => ({
  contact: "bob",
  gets: `<message from="$full" to="$bobFull" type="chat">${state(name)}</message>`,
});

export const scenario: Scenario = {
  title: "RCPT-5 RCPT-6: chat states come from the client that is typing, and end with it",
  script: [
    { attach: "alice/desk" },
    { attach: "alice/phone" },
    { from: "alice/desk", send: `<presence/>` },
    { from: "alice/phone", send: `<presence/>` },
    says("alice/desk", "composing"),
    sees("composing"),
    says("alice/phone", "active"),
    says("alice/phone", "paused"),
    { silent: "bob" },
    says("alice/phone", "composing"),
    sees("composing"),
    says("alice/desk", "paused"),
    { silent: "bob" },
    { leave: "alice/phone" },
    sees("paused"),
  ],
};
