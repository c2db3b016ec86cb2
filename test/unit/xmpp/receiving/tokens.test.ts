// RFAST-1 to -3: a client's tokens, with XEP-0484's examples.

import { describe, it } from "vitest";
import * as d from "./dialogue.ts";
import { converse, type Line } from "./dialogue.ts";
import {
  SM,
  BIND,
  FAST,
  DEVICE,
  AGENT,
  BARE,
  FULL,
  VERIFIED,
  BIND_NONE,
  featuresOfBound,
  initial,
  authenticate,
  success,
  fails,
  guessedWrong,
  scram,
  plain,
  grants,
  nothingElse,
  upstream,
} from "./sasl2-words.ts";

describe("RFAST-1 tokens (XEP-0484)", () => {
  const TOKEN = "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm";
  /** HMAC-SHA-256 of "Initiator" and "Responder" under that token, by OpenSSL. */
  const PROOF = "kJd4dGGhhOD6hOwAwTgRkLbE0WqOxEU8eyrF5/z5Ne0=";
  const ANSWER = "TlE0CWMUdIY7mGyfPoweJ8op0derntQJfnr9YAe/nGI=";
  const given = { token: TOKEN, expiry: "2020-03-12T14:36:15.000Z" };
  const tokenOf = ({ token, expiry }: typeof given): string =>
    `<token xmlns="${FAST}" token="${token}" expiry="${expiry}"/>`;
  const message = (name: string): string => initial(`${name}\0${atob(PROOF)}`);
  const login = (fast: string, name = "user"): Line =>
    authenticate("HT-SHA-256-NONE", message(name) + AGENT + fast);
  const request = `<request-token xmlns="${FAST}" mechanism="HT-SHA-256-NONE"/>`;

  it("RFAST-1 a client asks for one, and gets it (examples 2, 3)", () => {
    converse([
      ...scram(AGENT + BIND_NONE + request),
      ...upstream,
      { does: { type: "grant", token: { device: DEVICE, asked: "wanted" }, management: undefined } },
      grants({ token: given }),
      success(`${VERIFIED}${FULL}<bound xmlns="${BIND}"/>${tokenOf(given)}`),
      { server: featuresOfBound(false) },
      { does: { type: "bound", device: DEVICE, carbons: false, active: true } },
    ]);
  });

  it.each([
    ["of another mechanism", AGENT + `<request-token xmlns="${FAST}" mechanism="HT-SHA-256-ENDP"/>`],
    ["of no mechanism", AGENT + `<request-token xmlns="${FAST}"/>`],
    ["without a user agent", request],
  ])("RFAST-1 a token %s is not given", (_name, inline) => {
    converse([...plain(inline), ...nothingElse, success(BARE), { server: d.BIND_FEATURES }]);
  });

  it.each([
    ["", undefined, false],
    [` count="123"`, 123, false],
    [` count="123" invalidate="true"`, 123, true],
    [` invalidate="1"`, undefined, true],
    [` invalidate="false"`, undefined, false],
  ])("RFAST-2 logs in with <fast%s/> (examples 4, 6)", (attributes, count, invalidate) => {
    const token = invalidate ? undefined : ({ device: DEVICE, asked: "due" } as const);
    converse([
      ...d.opened,
      login(`<fast xmlns="${FAST}"${attributes}/>`),
      { does: { type: "check-token", device: DEVICE, proof: PROOF, count, invalidate } },
      { event: { type: "token-accepted", answer: ANSWER } },
      { does: { type: "authenticated", mechanism: "HT-SHA-256-NONE" } },
      { does: { type: "grant", token, management: undefined } },
      grants(),
      success(`<additional-data>${ANSWER}</additional-data>${BARE}`),
      { server: d.BIND_FEATURES },
    ]);
  });

  it("RFAST-3 one that is due is replaced along with it (example 5), also when an old stream goes on", () => {
    converse([
      ...d.opened,
      login(`<fast xmlns="${FAST}"/><resume xmlns="${SM}" h="0" previd="sm-0"/>`),
      { does: { type: "check-token", device: DEVICE, proof: PROOF, count: undefined, invalidate: false } },
      { event: { type: "token-accepted", answer: ANSWER } },
      { does: { type: "authenticated", mechanism: "HT-SHA-256-NONE" } },
      { does: { type: "resume", previd: "sm-0", h: 0 } },
      { event: { type: "sm-resumed", previd: "sm-0", h: 3, fullJid: d.FULL } },
      { does: { type: "grant", token: { device: DEVICE, asked: "due" }, management: undefined } },
      grants({ token: given }),
      success(
        `<additional-data>${ANSWER}</additional-data>${FULL}<resumed xmlns="${SM}" previd="sm-0" h="3"/>${tokenOf(given)}`,
      ),
    ]);
  });

  it("RFAST-3 who gives one up and asks for another gets it (section 3.6)", () => {
    converse([
      ...d.opened,
      login(`<fast xmlns="${FAST}" invalidate="true"/>${request}`),
      { does: { type: "check-token", device: DEVICE, proof: PROOF, count: undefined, invalidate: true } },
      { event: { type: "token-accepted", answer: ANSWER } },
      { does: { type: "authenticated", mechanism: "HT-SHA-256-NONE" } },
      { does: { type: "grant", token: { device: DEVICE, asked: "wanted" }, management: undefined } },
    ]);
  });

  it.each(["not-authorized", "credentials-expired"] as const)(
    "RFAST-2 %s: another mechanism may follow on the same stream",
    (condition) => {
      converse([
        ...d.opened,
        login(`<fast xmlns="${FAST}"/>`),
        { does: { type: "check-token", device: DEVICE, proof: PROOF, count: undefined, invalidate: false } },
        { event: { type: "login-refused", condition } },
        fails(condition),
        ...scram(AGENT).slice(d.opened.length),
        ...nothingElse.slice(0, 1),
      ]);
    },
  );

  it("LOGIN-9 a token is looked at however many others have guessed wrong", () => {
    converse(
      [
        ...d.opened,
        login(`<fast xmlns="${FAST}"/>`),
        { does: { type: "check-token", device: DEVICE, proof: PROOF, count: undefined, invalidate: false } },
        { event: { type: "token-accepted", answer: ANSWER } },
        { does: { type: "authenticated", mechanism: "HT-SHA-256-NONE" } },
        { does: { type: "grant", token: { device: DEVICE, asked: "due" }, management: undefined } },
      ],
      { refusal: () => "Too many wrong passwords; try again in a minute." },
    );
  });

  const needs = "A token needs &lt;fast/&gt; and a user agent with its id.";
  it.each([
    ["without <fast/>", login(""), [fails("malformed-request", needs)]],
    [
      "without a user agent",
      authenticate("HT-SHA-256-NONE", `${message("user")}<fast xmlns="${FAST}"/>`),
      [fails("malformed-request", needs)],
    ],
    ["of somebody else", login(`<fast xmlns="${FAST}"/>`, "eve"), guessedWrong],
    ["of nobody", login(`<fast xmlns="${FAST}"/>`, ""), [fails("malformed-request")]],
    [
      "with half a proof",
      authenticate("HT-SHA-256-NONE", `${initial("user\0half")}${AGENT}<fast xmlns="${FAST}"/>`),
      [fails("malformed-request")],
    ],
    [
      "that is no base64",
      authenticate(
        "HT-SHA-256-NONE",
        `<initial-response>!</initial-response>${AGENT}<fast xmlns="${FAST}"/>`,
      ),
      [fails("malformed-request")],
    ],
    [
      "by way of the older SASL",
      { client: `<auth xmlns="${d.SASL}" mechanism="HT-SHA-256-NONE">eA==</auth>` },
      [d.fails("invalid-mechanism")],
    ],
  ] as [string, Line, Line[]][])("RFAST-2 a token %s", (_name, line, failure) => {
    converse([...d.opened, line, ...failure]);
  });
});
