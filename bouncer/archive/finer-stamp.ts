/**
 * MAM-11: archives that know only the second in which something was said (Prosody's for one). Clients sort by it, and mix what
 * the archive tells with what they were told by us, whose stamps are finer: within a second they would show an order that nobody
 * has written in. A pure decision; knows neither the log nor who asks.
 */

const SECOND_MS = 1_000;
/** XEP-0082 without a fraction. */
const WHOLE_SECOND = /^[^.]*:\d\d(?:Z|[+-]\d\d:\d\d)$/;

/**
 * When a message was said, in milliseconds since the epoch: `loggedMs`, where the archive's stamp can mean that moment.
 * The server's clock is another one than ours, and it had the message at another moment: a second either way.
 */
export function finerTime(
  { stamp, stampedMs }: { stamp: string; stampedMs: number },
  loggedMs: number | undefined,
): number | undefined {
  if (loggedMs === undefined || !WHOLE_SECOND.test(stamp)) return undefined;
  const isNear = loggedMs >= stampedMs - SECOND_MS && loggedMs < stampedMs + 2 * SECOND_MS;
  return isNear ? loggedMs : undefined;
}
