// Words about rosters.

import type { AccountWorld } from "../../support/account-world.ts";
import type { Script } from "../../support/scenario.ts";
import { OUR_AWAY } from "../../support/phrases.ts";

export const ROSTER = "jabber:iq:roster";
export const bob = `<item jid="bob@example.org" name="Bob" subscription="both"><group>Friends</group></item>`;
export const carol = `<item jid="carol@example.org" subscription="none"/>`;
export const query = (items: string, ver: string): string =>
  `<query xmlns="${ROSTER}"${ver}>${items}</query>`;
export const get = (ver = "", to = ""): string =>
  `<iq type="get"${to} id="r"><query xmlns="${ROSTER}"${ver}/></iq>`;
export const result = (items: string, ver = "$_"): string =>
  `<iq type="result" id="r">${query(items, ` ver="${ver}"`)}</iq>`;
export const set = `<iq type="set" id="s">${query(carol, "")}</iq>`;
export const push = (items: string, ver = ""): string =>
  `<iq type="set" to="$full" id="push">${query(items, ver)}</iq>`;
export const acknowledged = `<iq type="result" from="$full" id="push"/>`;

export const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
export const boundAgain: Script = [
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: OUR_AWAY },
];
export const error = (name: string): string =>
  `<error type="cancel"><${name} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

/** What the server is asked. */
export function asked(ver: string): string {
  return `<iq type="get" id="$fetch"><query xmlns="${ROSTER}"${ver}/></iq>`;
}

/** What the client one is told. */
export function ask(world: AccountWorld, ver: string): string {
  world.send("alice/one", `<iq type="get" id="r"><query xmlns="${ROSTER}"${ver}/></iq>`);
  return world.next("alice/one") ?? "";
}

/** So many contacts. */
export function contacts(count: number): string {
  return Array.from(
    { length: count },
    (_, n) =>
      `<item jid="contact-${n}@example.org" name="Contact number ${n}" subscription="both"><group>Friends</group></item>`,
  ).join("");
}
