/**
 * What is on offer at a domain before the account is known. It has to be what the account's object will offer, or what a
 * client proves about it (XEP-0474) would not hold there: SCRAM where all the accounts it can be have logged in before and
 * need not do so again, else PLAIN alone, which every account takes.
 */
import type { Config } from "../../durable/config.ts";
import { nonce } from "../../durable/random.ts";
import { mechanismsByPreference } from "../../xmpp/sasl/mechanisms.ts";
import type { ReceivingContext } from "../../xmpp/receiving/state.ts";
import { fakeVerifierFor } from "../fake-verifier.ts";

interface Known {
  config: Config;
  /** The accounts that the settings name. */
  named: readonly string[];
  /** Those of them that have logged in. */
  loggedIn: ReadonlySet<string>;
  /** May a password be sent? */
  secure: boolean;
}

export function frontContext(domain: string, { config, named, loggedIn, secure }: Known): ReceivingContext {
  const here = named.filter((bareJid) => bareJid.endsWith(`@${domain}`));
  const isPattern = config.allowed.includes("*") || config.allowed.includes(`*@${domain}`);
  // A domain that is not served is answered for another one: the machine has the error for that.
  const served = here.length > 0 || isPattern ? domain : domainOf(named[0] ?? config.allowed[0] ?? "");
  const allLoggedIn = !isPattern && here.length > 0 && here.every((bareJid) => loggedIn.has(bareJid));
  return {
    account: { local: "", domain: served, resource: "" },
    secure,
    mechanisms: mechanismsByPreference.filter((name) => (name === "PLAIN" ? secure : allLoggedIn)),
    // Whoever gets as far as to be checked is handed over instead.
    verifierFor: () => undefined,
    fakeVerifierFor: fakeVerifierFor(config.credentialsKey, ""),
    refusal: () => undefined,
    nonce,
    rosterVersioning: true,
  };
}

function domainOf(entry: string): string {
  return entry.slice(entry.indexOf("@") + 1);
}
