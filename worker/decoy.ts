/**
 * The stream of an account that is not served here (CFG-2): it goes as for one that is and whose password is wrong, in words
 * and roughly in time, so that nobody finds out who uses this deployment. No object is made for it.
 */
import { PASSWORD_REFUSED } from "../durable/clients/login-guard.ts";
import { nonce } from "../durable/random.ts";
import { formatJid, type Jid } from "../xmpp/jid.ts";
import { mechanismsByPreference } from "../xmpp/sasl/mechanisms.ts";
import type { ReceivingContext, ReceivingEvent } from "../xmpp/receiving/state.ts";
import { receive, startReceiving } from "../xmpp/receiving/stream.ts";
import { hashOfMechanism } from "../xmpp/sasl/scram-keys.ts";
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";
import { DecoyGuesses } from "./decoy-guesses.ts";
import { fakeVerifierFor } from "./fake-verifier.ts";

/** As long as a client has to bind (WS-13). */
const PATIENCE_MS = 60_000;
/** A password that is wrong is asked about at the account's server, which takes about this long. */
const ASKING_MS = { least: 200, most: 700 };

interface DecoyOptions {
  account: Jid;
  secure: boolean;
  /** Where the request comes from, as the account's object is told it. */
  address: string | undefined;
  /** CREDENTIALS_KEY: what is made up is made from it. */
  key: string;
}

const guesses = new DecoyGuesses();

/** The answer to the upgrade. */
export function openDecoy({ account, secure, address, key }: DecoyOptions): Response {
  const bareJid = formatJid(account);
  const { 0: client, 1: server } = new WebSocketPair();
  const fake = fakeVerifierFor(key);
  const context: ReceivingContext = {
    account,
    secure,
    mechanisms: mechanismsByPreference.filter((name) => secure || hashOfMechanism(name) !== undefined),
    verifierFor: (hash) => fake(account.local, hash),
    fakeVerifierFor: fake,
    refusal: () => guesses.refusal(bareJid, address, Date.now()),
    nonce,
    rosterVersioning: true,
  };
  serve(server, context, () => guesses.failed(bareJid, address, Date.now()));
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": "xmpp" },
  });
}

function serve(ws: WebSocket, context: ReceivingContext, onFailed: () => void): void {
  const state = startReceiving();
  const take = (event: ReceivingEvent): void => {
    for (const effect of receive(state, event, context)) {
      if (effect.type === "send") ws.send(effect.frame);
      if (effect.type === "end") ws.close(effect.code);
      if (effect.type === "check-password") {
        const refused = {
          type: "login-refused",
          condition: "not-authorized",
          text: PASSWORD_REFUSED,
        } as const;
        const { least, most } = ASKING_MS;
        const answer = (): void => {
          onFailed();
          take(refused);
        };
        setTimeout(answer, least + Math.random() * (most - least));
      }
      if (effect.type === "login-failed") onFailed();
      if (effect.type === "check-token") {
        onFailed();
        take({ type: "login-refused", condition: "not-authorized" });
      }
    }
  };
  const shutdown: ReceivingEvent = {
    type: "shutdown",
    condition: "connection-timeout",
    text: "The stream was not negotiated in time.",
  };
  const timer = setTimeout(() => take(shutdown), PATIENCE_MS);
  ws.accept();
  ws.addEventListener("message", ({ data }) => {
    // RFC 7395 section 3.2.
    if (typeof data !== "string") return ws.close(1003);
    const frame = parseFrame(data, DEFAULT_LIMITS);
    if (!frame.ok) take({ type: "problem", problem: frame.problem });
    else if (frame.element) take({ type: "element", element: frame.element });
  });
  ws.addEventListener("close", () => {
    clearTimeout(timer);
    state.phase = "closed";
    ws.close(1000);
  });
}
