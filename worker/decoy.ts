/**
 * The stream of an account that is not served here (CFG-2): it goes as for one that is and whose password is wrong, in words
 * and roughly in time, so that nobody finds out who uses this deployment. No object is made for it.
 */
import { closeSocket } from "../durable/clients/close-socket.ts";
import type { LoginGuard } from "../durable/clients/login-guard.ts";
import { BIND_TIME_MS, LATE, TOO_MANY_UNBOUND } from "../durable/clients/unbound-limits.ts";
import { nonce } from "../durable/random.ts";
import { formatJid, type Jid } from "../xmpp/jid.ts";
import { CLOSING_MS } from "../xmpp/receiving/closing.ts";
import { mechanismsByPreference } from "../xmpp/sasl/mechanisms.ts";
import type { ReceivingContext, ReceivingEvent } from "../xmpp/receiving/state.ts";
import { receive, startReceiving } from "../xmpp/receiving/stream.ts";
import { hashOfMechanism } from "../xmpp/sasl/scram-keys.ts";
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";
import { fakeVerifierFor } from "./fake-verifier.ts";
import { decoyGuards, enterAsStranger } from "./strangers.ts";

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
  const bareJid = formatJid(account);
  const guard = decoyGuards.of(bareJid);
  const from = guard.keyOf(address);
  const fake = fakeVerifierFor(key, bareJid);
  const context: ReceivingContext = {
    account,
    secure,
    mechanisms: mechanismsByPreference.filter((name) => secure || hashOfMechanism(name) !== undefined),
    verifierFor: (hash) => fake(account.local, hash),
    fakeVerifierFor: fake,
    refusal: () => guard.refusal(from),
    nonce,
    rosterVersioning: true,
  };
  new Decoy(server, context, { guard, from }).begin(
    enterAsStranger({ account: bareJid, address }, Date.now()),
  );
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": "xmpp" },
  });
}

class Decoy {
  readonly #ws: WebSocket;
  readonly #context: ReceivingContext;
  readonly #guesser: { guard: LoginGuard; from: string };
  readonly #state = startReceiving();
  #leave: (() => void) | undefined;
  #patience: ReturnType<typeof setTimeout> | null = null;

  constructor(ws: WebSocket, context: ReceivingContext, guesser: { guard: LoginGuard; from: string }) {
    this.#ws = ws;
    this.#context = context;
    this.#guesser = guesser;
  }

  /** `leave` makes room for another; undefined where there is none for this one. */
  begin(leave: (() => void) | undefined): void {
    this.#leave = leave;
    this.#patience = setTimeout(() => this.#take(LATE), BIND_TIME_MS);
    this.#ws.accept();
    this.#ws.addEventListener("message", ({ data }) => this.#onFrame(data));
    this.#ws.addEventListener("close", ({ code }) => this.#end(code));
    if (leave) return;
    this.#take(TOO_MANY_UNBOUND);
    this.#take({ type: "closing-overdue" });
  }

  #onFrame(data: string | ArrayBuffer): void {
    if (this.#state.phase === "closed") return;
    // RFC 7395 section 3.2.
    if (typeof data !== "string") return this.#end(1003);
    const frame = parseFrame(data, DEFAULT_LIMITS);
    if (!frame.ok) this.#take({ type: "problem", problem: frame.problem });
    else if (frame.element) this.#take({ type: "element", element: frame.element });
  }

  #take(event: ReceivingEvent): void {
    if (this.#state.phase === "closed") return;
    const { guard, from } = this.#guesser;
    for (const effect of receive(this.#state, event, this.#context)) {
      if (effect.type === "send") this.#ws.send(effect.frame);
      if (effect.type === "closing") this.#patience = this.#closing();
      if (effect.type === "end") this.#end(effect.code);
      if (effect.type === "check-password") void this.#refuse(effect.password);
      if (effect.type === "login-failed") guard.failed(from);
      if (effect.type === "check-token") {
        guard.failed(from);
        this.#take({ type: "login-refused", condition: "not-authorized" });
      }
    }
  }

  async #refuse(password: string): Promise<void> {
    const { guard, from } = this.#guesser;
    const verdict = await guard.check(password, from);
    if (!verdict.ok) this.#take({ type: "login-refused", ...verdict });
  }

  #closing(): ReturnType<typeof setTimeout> {
    clearTimeout(this.#patience);
    return setTimeout(() => this.#take({ type: "closing-overdue" }), CLOSING_MS);
  }

  /** As soon as it is over here, whatever the other end does about it. */
  #end(code: number): void {
    clearTimeout(this.#patience);
    this.#leave?.();
    this.#state.phase = "closed";
    closeSocket(this.#ws, code);
  }
}
