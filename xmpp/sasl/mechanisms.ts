// Which SASL mechanism to use: the strongest in common, never one weaker than the server is known to have (RFC 6120 6.3.3,
// 13.9.4; the memory against downgrades is RFC 5802 9's advice).
// Must not know: how a mechanism works, where the memory is kept.

/** The mechanisms spoken here, strongest first. Never a -PLUS: the platform's TLS gives no channel binding data. */
export const mechanismsByPreference = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] as const;

type SaslMechanism = (typeof mechanismsByPreference)[number];

/** The other side's names, fit to be shown: only what RFC 4422 3.1 allows in a name, and not without end. */
function describe(offered: readonly string[]): string {
  const names = offered.filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).slice(0, 10);
  return names.length === 0 ? "nothing" : names.join(", ");
}

/**
 * Chooses among the mechanisms that a server offers.
 * @param offered names as they stand in the stream features; unknown ones are passed over
 * @param policy.allowPlain whether the password itself may be sent to this server
 * @param policy.strongestSeen the strongest mechanism known here that the server ever offered; whatever is weaker is taken
 *   for a downgrade. After a success, the mechanism chosen is the next one's. An unknown name lets nothing pass.
 * @returns the mechanism, or a reason in words for the account's owner; `onlyPlain` when `allowPlain` would have let it pass
 */
export function chooseMechanism(
  offered: readonly string[],
  policy: { readonly allowPlain: boolean; readonly strongestSeen?: string | undefined },
): { ok: true; mechanism: SaslMechanism } | { ok: false; reason: string; onlyPlain?: true } {
  const strongest = mechanismsByPreference.find((mechanism) => offered.includes(mechanism));
  if (strongest === undefined) {
    return {
      ok: false,
      reason: `the server offers no known SASL mechanism (it offers ${describe(offered)})`,
    };
  }
  const { strongestSeen } = policy;
  const rank = mechanismsByPreference.indexOf(strongest);
  const rankSeen = mechanismsByPreference.findIndex((mechanism) => mechanism === strongestSeen);
  if (strongestSeen !== undefined && rank > rankSeen) {
    const reason = `the server had ${strongestSeen} before and now offers at most ${strongest}: this may be a downgrade attack`;
    return { ok: false, reason };
  }
  if (strongest === "PLAIN" && !policy.allowPlain) {
    const reason = "the server offers only PLAIN, which would tell it the password";
    return { ok: false, reason, onlyPlain: true };
  }
  return { ok: true, mechanism: strongest };
}
