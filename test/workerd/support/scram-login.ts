// A login by SCRAM (RFC 5802, RFC 7677, XEP-0388, XEP-0474) on a stream whose features have come, and all that is to be seen of it.

import { encodeBase64Text } from "../../../xmpp/sasl/base64.ts";
import { downgradeProtection } from "../../../xmpp/sasl/downgrade-protection.ts";
import { onKeys, onServerFinal, onServerFirst, startScramClient } from "../../../xmpp/sasl/scram-client.ts";
import { hashOfMechanism } from "../../../xmpp/sasl/scram-keys.ts";
import { deriveKeys } from "../../../durable/credentials/derive-keys.ts";
import type { Client } from "./client.ts";

export const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
export const SASL2 = "urn:xmpp:sasl:2";

type Profile = typeof SASL | typeof SASL2;

interface ScramLogin {
  profile: Profile;
  /** As it was offered to this client. */
  features: string;
  username: string;
  password: string;
  mechanism: string;
}

/**
 * The challenge and what comes last, `<success/>` or `<failure/>`.
 * @throws when the other side does not know the account, or says of its offer what was not offered
 */
export async function scramLogin(
  client: Client,
  { profile, features, username, password, mechanism }: ScramLogin,
): Promise<[challenge: string, end: string]> {
  const hash = hashOfMechanism(mechanism);
  if (!hash) throw new Error(`${mechanism} is no SCRAM`);
  const begun = startScramClient({ hash, username, nonce: "fyko+d2lbbFgONRv9qkxdawL" });
  const first = encodeBase64Text(begun.message);
  client.send(
    profile === SASL
      ? `<auth xmlns="${SASL}" mechanism="${mechanism}">${first}</auth>`
      : `<authenticate xmlns="${SASL2}" mechanism="${mechanism}"><initial-response>${first}</initial-response></authenticate>`,
  );
  const challenge = await client.next();
  const [, said = ""] = /^<challenge [^>]*>([^<]*)</.exec(challenge) ?? [];
  const answered = onServerFirst(begun.state, atob(said), undefined, protection(profile, features, hash));
  if (answered.type === "failed") throw new Error(answered.reason);
  const derived = await deriveKeys(password, answered.parameters);
  if (!derived.ok) throw new Error(derived.text);
  const proof = onKeys(answered.state, derived.keys);
  client.send(`<response xmlns="${profile}">${encodeBase64Text(proof.message)}</response>`);
  const end = await client.until(/^<(success|failure)/);
  const [, final] = /^<success [^>]*>(?:<additional-data>)?([^<]+)</.exec(end) ?? [];
  if (end.startsWith("<failure")) return [challenge, end];
  const outcome = onServerFinal(proof.state, atob(final ?? ""));
  if (outcome.type === "failed") throw new Error(outcome.reason);
  return [challenge, end];
}

function protection(
  profile: Profile,
  features: string,
  hash: Parameters<typeof downgradeProtection>[0],
): string {
  const [, list = ""] =
    new RegExp(`xmlns="${profile}">((?:<mechanism>[^<]*</mechanism>)*)`).exec(features) ?? [];
  return downgradeProtection(
    hash,
    [...list.matchAll(/<mechanism>([^<]*)</g)].map(([, name = ""]) => name),
  );
}
