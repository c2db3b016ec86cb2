/**
 * The stream of an account that is not served here (CFG-2): it goes as for one that is and whose password is wrong, in words
 * and roughly in time, so that nobody finds out who uses this deployment. No object is made for it.
 */
import { checkAsDecoy } from "../durable/clients/decoy-check.ts";
import { BIND_TIME_MS, LATE, TOO_MANY_UNBOUND } from "../durable/clients/unbound-limits.ts";
import { nonce } from "../durable/random.ts";
import { formatJid, type Jid } from "../xmpp/jid.ts";
import { mechanismsByPreference } from "../xmpp/sasl/mechanisms.ts";
import type { ReceivingContext, ReceivingEvent } from "../xmpp/receiving/state.ts";
import { receive, startReceiving } from "../xmpp/receiving/stream.ts";
import { hashOfMechanism } from "../xmpp/sasl/scram-keys.ts";
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";
import { fakeVerifierFor } from "./fake-verifier.ts";
import { decoyGuesses, enterAsStranger } from "./strangers.ts";

interface DecoyOptions {
  account: Jid;
  secure: boolean;
  /** Where the request comes from, as the account's object is told it. */
  address: string | undefined;
  /** CREDENTIALS_KEY: what is made up is made from it. */
  key: string;
}

/** The answer to the upgrade. */
export function openDecoy({ account, secure, address, key }: DecoyOptions): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  const fake = fakeVerifierFor(key);
  const guesser = { account: formatJid(account), address };
  const context: ReceivingContext = {
    account,
    secure,
    mechanisms: mechanismsByPreference.filter((name) => secure || hashOfMechanism(name) !== undefined),
    verifierFor: (hash) => fake(account.local, hash),
    fakeVerifierFor: fake,
    refusal: () => decoyGuesses.refusal(guesser.account, address, Date.now()),
    nonce,
    rosterVersioning: true,
  };
  serve(server, context, guesser);
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": "xmpp" },
  });
}

interface Guesser {
  account: string;
  address: string | undefined;
}

function serve(ws: WebSocket, context: ReceivingContext, guesser: Guesser): void {
  const state = startReceiving();
  const onFailed = (): void => decoyGuesses.failed(guesser.account, guesser.address, Date.now());
  const take = (event: ReceivingEvent): void => {
    for (const effect of receive(state, event, context)) {
      if (effect.type === "send") ws.send(effect.frame);
      if (effect.type === "end") ws.close(effect.code);
      if (effect.type === "check-password") void refusePassword(effect.password);
      if (effect.type === "login-failed") onFailed();
      if (effect.type === "check-token") {
        onFailed();
        take({ type: "login-refused", condition: "not-authorized" });
      }
    }
  };
  const refusePassword = async (password: string): Promise<void> => {
    const refused = await checkAsDecoy(decoyGuesses, guesser, password);
    if (state.phase !== "closed") take({ type: "login-refused", ...refused });
  };
  const { hasRoom, leave } = enterAsStranger(guesser);
  const patience = setTimeout(() => take(LATE), BIND_TIME_MS);
  ws.accept();
  ws.addEventListener("message", ({ data }) => {
    // RFC 7395 section 3.2.
    if (typeof data !== "string") return ws.close(1003);
    const frame = parseFrame(data, DEFAULT_LIMITS);
    if (!frame.ok) take({ type: "problem", problem: frame.problem });
    else if (frame.element) take({ type: "element", element: frame.element });
  });
  ws.addEventListener("close", () => {
    clearTimeout(patience);
    leave();
    state.phase = "closed";
    ws.close(1000);
  });
  if (!hasRoom) take(TOO_MANY_UNBOUND);
}
