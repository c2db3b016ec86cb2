/**
 * LOGIN-4: what is kept of credentials that the server has just accepted: keys in place of the password where they will open
 * the account again, and a token where one was given.
 */
import type { AuthenticationEvidence, Credentials } from "../../xmpp/initiating/state.ts";
import type { Vault } from "../credentials/vault.ts";

/** Resolves when it is written, and rejects when it cannot be. */
export async function keepAccepted(
  vault: Vault,
  credentials: Credentials,
  { mechanism, scram, saltIsStable, token }: AuthenticationEvidence,
): Promise<void> {
  if (credentials.type === "password") {
    const lasting: Credentials = scram && saltIsStable ? { type: "scram", ...scram } : credentials;
    await vault.accept(credentials.password, lasting, mechanism, token);
  } else if (token) {
    await vault.keepToken(token);
  }
}
