// CMD-2: the course of a command with several stages (XEP-0050 sections 2.4 and 3.4), and its bounds.

import { beforeEach, describe, expect, it } from "vitest";
import type { Command, Stage } from "../../../../bouncer/commands/command.ts";
import { CommandSessions } from "../../../../bouncer/commands/command-sessions.ts";
import { formToFill } from "../../../../xmpp/data-forms.ts";
import { serialize } from "../../../../xmpp/xml/serialize.ts";
import { parse } from "../../../support/xml-shape.ts";

const NS = "http://jabber.org/protocol/commands";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** Which service, then which mode, as in the XEP's examples. */
const configure: Command = {
  node: "config",
  name: "Configure Service",
  begin: () => ({
    type: "ask",
    form: formToFill("Configure Service", "Which?", [{ name: "service", label: "Service", required: true }]),
    isLast: false,
    submit: (values) => chooseMode(values.get("service")?.[0]),
  }),
};

function chooseMode(service: string | undefined): Stage | { type: "refused"; text: string } {
  if (service === undefined) return { type: "refused", text: "Say which service." };
  return {
    type: "ask",
    form: formToFill("Configure Service", `Mode of ${service}?`, [{ name: "mode" }]),
    isLast: true,
    submit: (values) => ({
      type: "done",
      note: { type: "info", text: `${service} is ${String(values.get("mode")?.[0])}` },
    }),
  };
}

let sessions: CommandSessions;
let nowMs: number;

beforeEach(() => {
  let count = 0;
  nowMs = 1_000_000;
  sessions = new CommandSessions({
    clock: { nowMs: () => nowMs, stamp: String, parse: Number },
    ids: { next: () => `s${(count += 1)}` },
  });
});

/** What `<command/>` with these attributes is answered with, inside of the IQ. */
function say(attributes: string, fields = "", client = "one"): string {
  const form = fields === "" ? "" : `<x xmlns="jabber:x:data" type="submit">${fields}</x>`;
  const request = parse(
    `<iq type="set" to="a@b/c" id="1"><command xmlns="${NS}" node="config" ${attributes}>${form}</command></iq>`,
  );
  const command = request.getChildElements()[0];
  if (!command) throw new Error("no command");
  return serialize(sessions.answer(client, request, command, configure));
}

const field = (name: string, value: string): string => `<field var="${name}"><value>${value}</value></field>`;
const status = (answer: string): string | undefined => /status="(\w+)"/.exec(answer)?.[1];
const error = (type: string, general: string): string =>
  `<error type="${type}"><${general} xmlns="${STANZAS}"/><text xmlns="${STANZAS}" xml:lang="en">`;

describe("CMD-2 the stages of a command", () => {
  it("CMD-2 forward: execute, next, complete", () => {
    const first = say("");
    expect(first).toContain(`sessionid="s1" node="config" status="executing" xml:lang="en"`);
    expect(first).toContain(`<actions execute="next"><next/></actions><x xmlns="jabber:x:data" type="form">`);
    expect(first).toContain(`<field var="service" label="Service"><required/></field>`);
    const second = say(`sessionid="s1" action="next"`, field("service", "httpd"));
    expect(second).toContain(`<actions execute="complete"><prev/><complete/></actions>`);
    expect(second).toContain("Mode of httpd?");
    const third = say(`sessionid="s1" action="complete"`, field("mode", "on"));
    expect(third).toBe(
      `<iq xmlns="jabber:client" from="a@b/c" id="1" type="result"><command xmlns="${NS}" sessionid="s1" node="config" status="completed" xml:lang="en"><note type="info">httpd is on</note></command></iq>`,
    );
  });

  it("CMD-2 execute, or no action, does what the stage says", () => {
    say("");
    expect(say(`sessionid="s1"`, field("service", "httpd"))).toContain("Mode of httpd?");
    expect(status(say(`sessionid="s1" action="execute"`, field("mode", "on")))).toBe("completed");
  });

  it("CMD-2 back, and forward another way", () => {
    say("");
    say(`sessionid="s1"`, field("service", "httpd"));
    const back = say(`sessionid="s1" action="prev"`);
    expect(back).toContain(`<actions execute="next"><next/></actions>`);
    expect(say(`sessionid="s1"`, field("service", "jabberd"))).toContain("Mode of jabberd?");
    expect(say(`sessionid="s1"`, field("mode", "off"))).toContain("jabberd is off");
  });

  it("CMD-2 cancel, at any stage", () => {
    say("");
    expect(status(say(`sessionid="s1" action="cancel"`))).toBe("canceled");
    expect(say(`sessionid="s1" action="next"`)).toContain("<session-expired");
  });

  it("CMD-2 a form that cannot be taken leaves the stage as it is", () => {
    say("");
    expect(say(`sessionid="s1"`)).toContain(`Say which service.</text><bad-payload xmlns="${NS}"/></error>`);
    expect(say(`sessionid="s1"`, field("service", "httpd"))).toContain("Mode of httpd?");
  });
});

describe("CMD-2 what is refused, with the XEP's conditions", () => {
  it.each([
    ["an action that does not exist", `action="explode"`, "modify", "bad-request", "malformed-action"],
    ["to begin with another action", `action="next"`, "modify", "bad-request", "bad-action"],
    [
      "to complete what is not at its end",
      `sessionid="s1" action="complete"`,
      "modify",
      "bad-request",
      "bad-action",
    ],
    ["to go back from the beginning", `sessionid="s1" action="prev"`, "modify", "bad-request", "bad-action"],
    ["a session that is not known", `sessionid="s9"`, "cancel", "not-allowed", "session-expired"],
  ])("CMD-2 %s", (_name, attributes, type, general, specific) => {
    say("");
    const answer = say(attributes);
    expect(answer).toContain(error(type, general));
    expect(answer).toContain(`<${specific} xmlns="${NS}"/></error></iq>`);
  });

  it("CMD-2 another client's session", () => {
    say("");
    expect(say(`sessionid="s1"`, "", "two")).toContain("<bad-sessionid");
  });
});

describe("CMD-2 bounds", () => {
  it("CMD-2 a session that nobody goes on with for ten minutes is over", () => {
    say("");
    nowMs += 600_001;
    expect(say(`sessionid="s1"`, field("service", "httpd"))).toContain("<session-expired");
  });

  it("CMD-2 a client has five sessions, the oldest gives way", () => {
    for (let count = 0; count < 6; count += 1) say("");
    expect(say(`sessionid="s1"`)).toContain("<session-expired");
    expect(say(`sessionid="s2"`)).toContain("<bad-payload");
  });

  it("CMD-2 all clients together have fifty", () => {
    for (let count = 0; count < 51; count += 1) say("", "", `client ${count}`);
    expect(say(`sessionid="s1"`, "", "client 0")).toContain("<session-expired");
    expect(say(`sessionid="s2"`, "", "client 1")).toContain("<bad-payload");
  });

  it("CMD-2 a client that has left leaves nothing", () => {
    say("");
    sessions.detach("one");
    expect(say(`sessionid="s1"`)).toContain("<session-expired");
  });
});
