// SASL2's elements as a client and the receiving machine write them, and the dialogues that they begin.

import type { ReceivingEvent } from "../../../../xmpp/receiving/state.ts";
import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import * as d from "./dialogue.ts";
import type { Line } from "./dialogue.ts";

export const NS = "urn:xmpp:sasl:2";
export const SM = "urn:xmpp:sm:3";
export const BIND = "urn:xmpp:bind:0";
export const FAST = "urn:xmpp:fast:0";
/** XEP-0388 example 3. */
export const DEVICE = "d4565fa7-4d72-4749-b3d3-740edbf87770";
export const AGENT = `<user-agent id="${DEVICE}"><software>AwesomeXMPP</software><device>Kiva's Phone</device></user-agent>`;
export const BARE = "<authorization-identifier>user@example.org</authorization-identifier>";
export const FULL = `<authorization-identifier>${d.FULL}</authorization-identifier>`;
export const VERIFIED = `<additional-data>${encodeBase64Text(d.SCRAM.serverFinal)}</additional-data>`;
export const BIND_NONE = `<bind xmlns="${BIND}"/>`;
/** After a success with Bind 2. */
export const featuresOfBound = (managed: boolean): string =>
  `<stream:features xmlns:stream="http://etherx.jabber.org/streams">${managed ? "" : `<sm xmlns="${SM}"/>`}` +
  `<csi xmlns="urn:xmpp:csi:0"/><ver xmlns="urn:xmpp:features:rosterver"/></stream:features>`;

export const initial = (message: string): string => `<initial-response>${btoa(message)}</initial-response>`;
export const authenticate = (mechanism: string, children: string): Line => ({
  client: `<authenticate xmlns="${NS}" mechanism="${mechanism}">${children}</authenticate>`,
});
export const success = (children: string): Line => ({
  server: `<success xmlns="${NS}">${children}</success>`,
});
export const fails = (condition: string, text?: string): Line => ({
  server:
    `<failure xmlns="${NS}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>` +
    `${text === undefined ? "" : `<text xml:lang="en">${text}</text>`}</failure>`,
});
export const guessedWrong: Line[] = [{ does: { type: "login-failed" } }, fails("not-authorized")];

/** SCRAM to the point where the mechanism is through. */
export const scram = (inline: string): Line[] => [
  ...d.opened,
  authenticate("SCRAM-SHA-1", initial(d.SCRAM.clientFirst) + inline),
  { server: `<challenge xmlns="${NS}">${btoa(d.SCRAM.serverFirst)}</challenge>` },
  { client: `<response xmlns="${NS}">${btoa(d.SCRAM.clientFinal)}</response>` },
  { does: { type: "authenticated", mechanism: "SCRAM-SHA-1" } },
];
export const plain = (inline: string): Line[] => [
  ...d.opened,
  authenticate("PLAIN", initial("\0user\0pencil") + inline),
  { does: { type: "check-password", password: "pencil" } },
  { event: { type: "password-accepted" } },
  { does: { type: "authenticated", mechanism: "PLAIN" } },
];
export const grants = (granted: Omit<Extract<ReceivingEvent, { type: "granted" }>, "type"> = {}): Line => ({
  event: { type: "granted", ...granted },
});
export const nothingElse: Line[] = [
  { does: { type: "grant", token: undefined, management: undefined } },
  grants(),
];
export const upstream: Line[] = [
  { does: { type: "await-upstream" } },
  { event: { type: "upstream-bound", fullJid: d.FULL } },
];
