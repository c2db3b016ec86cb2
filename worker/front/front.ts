/**
 * The endpoint for every account (EDGE-4): the Worker answers the first frames itself, and once it knows the account, hands
 * the client over to the account's object and carries frames both ways. Costs the Worker's own time for every frame, and
 * the connection when the Worker is replaced; the endpoint that names the account has neither cost.
 */
import type { Jid } from "../../xmpp/jid.ts";
import { CLOSING_MS } from "../../xmpp/receiving/closing.ts";
import type { StreamProblem } from "../../xmpp/receiving/outcome.ts";
import type { ReceivingContext } from "../../xmpp/receiving/state.ts";
import { closeSocket } from "../../durable/clients/close-socket.ts";
import { BIND_TIME_MS } from "../../durable/clients/unbound-limits.ts";
import { enterUnnamed } from "../strangers.ts";
import { AccountChoice, type Choice } from "./account-choice.ts";

/** RFC 6120 sections 4.9.3.14 and 4.9.3.8. */
const TOO_EARLY: StreamProblem = {
  condition: "policy-violation",
  text: "Too much was said before the account could be reached.",
};
const UNREACHABLE: StreamProblem = {
  condition: "internal-server-error",
  text: "The account cannot be reached right now; try again in a moment.",
};

/** What may wait while the account's object is being reached. */
const MAX_WAITING = 20;

export interface FrontOptions {
  /** What is on offer at a domain before the account is known. */
  context(domain: string): ReceivingContext;
  /** The account's own WebSocket, not accepted yet. */
  connect(jid: Jid): Promise<WebSocket>;
}

/** The answer to an upgrade whose account is not known. `address`: where the request comes from, as far as that is known. */
export function openFront(options: FrontOptions, address: string | undefined): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  new Front(server, options).begin(enterUnnamed(address, Date.now()));
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": "xmpp" },
  });
}

class Front {
  readonly #client: WebSocket;
  readonly #options: FrontOptions;
  readonly #choice: AccountChoice;
  #account: WebSocket | undefined;
  /** The account's object is being reached. */
  #isReaching = false;
  /** Frames of the client that came meanwhile. */
  readonly #waiting: (string | ArrayBuffer)[] = [];
  /** Frames of the account that the client has had from us already. */
  #toSwallow: string[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #leave: (() => void) | undefined;

  constructor(client: WebSocket, options: FrontOptions) {
    this.#client = client;
    this.#options = options;
    this.#choice = new AccountChoice((domain) => options.context(domain));
  }

  /** WS-13: `leave` makes room for another; undefined where there is none for this one. */
  begin(leave: (() => void) | undefined): void {
    this.#leave = leave;
    this.#timer = setTimeout(() => this.#late(), BIND_TIME_MS);
    this.#client.addEventListener("message", ({ data }) => this.#fromClient(data));
    this.#client.addEventListener("close", ({ code }) => {
      this.#end(code);
      closeSocket(this.#account, code);
    });
    if (leave) return;
    this.#say(this.#choice.tooMany());
    this.#say(this.#choice.closingOverdue());
  }

  #fromClient(data: string | ArrayBuffer): void {
    if (this.#account) return this.#toAccount(this.#account, data);
    if (this.#isReaching) {
      if (this.#waiting.length >= MAX_WAITING) return this.#giveUp(TOO_EARLY);
      this.#waiting.push(data);
      return;
    }
    // RFC 7395 section 3.2.
    if (typeof data !== "string") return this.#end(1003);
    const choice = this.#choice.take(data);
    if (choice.type === "account") {
      this.#isReaching = true;
      void this.#handOver(choice);
      return;
    }
    this.#say(choice);
  }

  #say({ frames, closing, endCode }: Extract<Choice, { type: "frames" }>): void {
    for (const frame of frames) this.#client.send(frame);
    if (closing) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#say(this.#choice.closingOverdue()), CLOSING_MS);
    }
    if (endCode !== undefined) this.#end(endCode);
  }

  #late(): void {
    if (this.#isReaching) return this.#giveUp(UNREACHABLE);
    this.#say(this.#choice.late());
  }

  /** The client is not handed over after all. */
  #giveUp(problem: StreamProblem): void {
    this.#isReaching = false;
    this.#say(this.#choice.end(problem));
  }

  #end(code: number): void {
    this.#isReaching = false;
    clearTimeout(this.#timer);
    this.#leave?.();
    closeSocket(this.#client, code);
  }

  async #handOver({ jid, replay, answered }: Extract<Choice, { type: "account" }>): Promise<void> {
    try {
      const account = await this.#options.connect(jid);
      account.accept();
      // The client is gone meanwhile, or was sent away and has its time to close.
      if (!this.#isReaching) return closeSocket(account, 1001);
      // From here on the account counts it, and its time.
      clearTimeout(this.#timer);
      this.#leave?.();
      if (answered) this.#toSwallow = ["<open ", "<stream:features"];
      account.addEventListener("message", ({ data }) => this.#fromAccount(data));
      account.addEventListener("close", ({ code }) => {
        closeSocket(account, code);
        closeSocket(this.#client, code);
      });
      this.#account = account;
      for (const frame of [...replay, ...this.#waiting]) account.send(frame);
    } catch {
      if (this.#isReaching) this.#giveUp(UNREACHABLE);
    }
  }

  #toAccount(account: WebSocket, data: string | ArrayBuffer): void {
    try {
      account.send(data);
    } catch {
      // It is closed already, and with it the client is.
      closeSocket(this.#client, 1001);
    }
  }

  #fromAccount(data: string | ArrayBuffer): void {
    const [next] = this.#toSwallow;
    if (next !== undefined && typeof data === "string" && data.startsWith(next)) {
      this.#toSwallow.shift();
      return;
    }
    // Anything but what was expected is an error that the client has to see.
    this.#toSwallow = [];
    try {
      this.#client.send(data);
    } catch {
      closeSocket(this.#account, 1001);
    }
  }
}
