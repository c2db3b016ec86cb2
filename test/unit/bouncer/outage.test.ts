// DOWN-1, DOWN-4 and UP-8: without a session, and when there is one again. DOWN-2 is with the requests (iq-out), DOWN-3
// the shell's.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_AWAY, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const notice = (body: string): string =>
  `<message from="example.org" type="headline"><body>${body}</body></message>`;
const down = notice(
  "No connection to example.org. The server closed the connection. What you send is kept until it is back.",
);
const back = notice("The connection to example.org is back. What you sent meanwhile has been delivered.");
const lost: Script = [{ upstream: "lost", reason: "The server closed the connection." }];
const carbonsOn = `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>`;
const boundAgain: Script = [
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: carbonsOn },
];

describe("DOWN-1 clients stay attached", () => {
  it("DOWN-1 and talk to each other through sent carbons, also one that attached meanwhile", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...lost,
      { attach: "alice/two" },
      ...enablesCarbons("alice/two"),
      { from: "alice/one", send: `<message to="bob@example.org"><body>x</body></message>` },
      // DOWN-3: the port keeps it until there is a session.
      { upstream: "gets", xml: `<message to="bob@example.org"><body>x</body></message>` },
      {
        to: "alice/two",
        expect: `<message from="$bare" to="$full"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">
          <message xmlns="jabber:client" from="$full" to="bob@example.org"><body>x</body></message>
        </forwarded></sent></message>`,
      },
      ...boundAgain,
      { upstream: "gets", xml: OUR_AWAY },
    ]);
  });
});

describe("DOWN-4 an outage is told once it has lasted ten seconds, and once more when it is over", () => {
  it("DOWN-4 to every attached client, whether it is available or not", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      ...comesOnline("alice/one"),
      ...lost,
      { waitSeconds: 9.9 },
      { silent: "alice/one" },
      { waitSeconds: 0.2 },
      { rule: "DOWN-4", because: "a notice to everybody", to: ["alice/one", "alice/two"] },
      { to: ["alice/one", "alice/two"], expect: down },
      { waitSeconds: 3_600 },
      { silent: "alice/one" },
      ...boundAgain,
      { rule: "DOWN-4", because: "a notice to everybody", to: ["alice/one", "alice/two"] },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: ["alice/one", "alice/two"], expect: back },
      { waitSeconds: 60 },
    ]);
  });

  it("DOWN-4 a short break is not worth a word", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...lost,
      { waitSeconds: 9 },
      ...boundAgain,
      { upstream: "gets", xml: OUR_AWAY },
      { waitSeconds: 60 },
    ]);
  });

  it("DOWN-4 failed attempts meanwhile neither repeat nor put off the notice; the last reason counts", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { upstream: "lost", reason: "The first reason." },
      { waitSeconds: 6 },
      ...lost,
      { waitSeconds: 4.1 },
      { to: "alice/one", expect: down },
      ...lost,
      { waitSeconds: 30 },
      { silent: "alice/one" },
      ...boundAgain,
      { upstream: "gets", xml: OUR_AWAY },
      { to: "alice/one", expect: back },
    ]);
  });

  it("DOWN-4 a second outage is told like the first", async () => {
    const once: Script = [
      ...lost,
      { waitSeconds: 11 },
      { to: "alice/one", expect: down },
      ...boundAgain,
      { upstream: "gets", xml: OUR_AWAY },
      { to: "alice/one", expect: back },
    ];
    await playPolicy([{ attach: "alice/one" }, ...once, ...once]);
  });

  it("DOWN-4 from the very beginning too", async () => {
    await playPolicy(
      [{ attach: "alice/one" }, ...lost, { waitSeconds: 11 }, { to: "alice/one", expect: down }],
      {
        session: "down",
      },
    );
  });
});

describe("UP-8 on a new session", () => {
  it("UP-8 carbons, presence, directed presence, what waited: in this order", async () => {
    const join = `<presence to="room@muc.example.org/al"/>`;
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { from: "alice/one", send: join },
      { upstream: "gets", xml: join },
      ...lost,
      { from: "alice/one", send: `<iq type="get" id="1"/>` },
      { upstream: "bound", as: "$bare/other" },
      { rule: "IQ-1", because: "a request, under an id of ours", to: "upstream" },
      { upstream: "gets", xml: carbonsOn },
      { upstream: "gets", xml: OUR_PRESENCE },
      { upstream: "gets", xml: join },
      { upstream: "gets", xml: `<iq type="get" id="$_"/>` },
    ]);
  });

  it("UP-8 MSG-5 copies carry the new full JID from then on", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      ...enablesCarbons("alice/two"),
      ...lost,
      { upstream: "bound", as: "$bare/other" },
      { upstream: "gets", xml: carbonsOn },
      { upstream: "gets", xml: OUR_AWAY },
      { from: "alice/one", send: `<message to="bob@example.org" type="chat"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org" type="chat"/>` },
      {
        to: "alice/two",
        expect: `<message from="$bare" to="$bare/other" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">
          <message xmlns="jabber:client" from="$bare/other" to="bob@example.org" type="chat"/>
        </forwarded></sent></message>`,
      },
    ]);
  });
});
