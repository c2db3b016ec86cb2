/**
 * The beginning of a stream whose account is not known yet (RFC 7395 section 3.4, RFC 6120 section 6): spoken by the Worker
 * until the client has said who it is, in `<open from=…/>` or in the first message of its login. Pure but for the context
 * it is given; knows nothing of sockets, nor whether the account exists.
 */
import xml, { type Element } from "@xmpp/xml";
import { LATE, TOO_MANY_UNBOUND } from "../../durable/clients/unbound-limits.ts";
import { type Jid, parseJid } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import type { StreamProblem } from "../../xmpp/receiving/outcome.ts";
import { readInitial } from "../../xmpp/receiving/sasl-profiles.ts";
import type { ReceivingContext, ReceivingEffect, ReceivingState } from "../../xmpp/receiving/state.ts";
import { receive, startReceiving } from "../../xmpp/receiving/stream.ts";
import { whoseLogin } from "../../xmpp/receiving/whose-login.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";

export type Choice =
  /** Goes on here: what to send, whether the client is then to close, and whether that is the end. */
  | { type: "frames"; frames: string[]; closing?: boolean; endCode?: number | undefined }
  /** The account; `replay` are the frames that it has to see, `answered` whether the client has had an `<open/>` already. */
  | { type: "account"; jid: Jid; replay: string[]; answered: boolean };

export class AccountChoice {
  readonly #state: ReceivingState = startReceiving();
  readonly #context: (domain: string) => ReceivingContext;
  #open = "";
  #domain = "";
  /** An `<auth/>` whose initial response is still to come (RFC 6120 section 6.4.2). */
  #auth: Element | undefined;

  /** `context` says what is on offer at a domain. */
  constructor(context: (domain: string) => ReceivingContext) {
    this.#context = context;
  }

  /** Takes one text frame. */
  take(data: string): Choice {
    const frame = parseFrame(data, DEFAULT_LIMITS);
    if (!frame.ok) return this.#receive({ type: "problem", problem: frame.problem });
    const { element } = frame;
    if (!element) return { type: "frames", frames: [] };
    if (this.#state.phase === "opening" && element.is("open", NS.framing)) return this.#onOpen(data, element);
    if (this.#state.phase === "authenticating") {
      const chosen = this.#onLogin(data, element);
      if (chosen) return chosen;
    }
    return this.#receive({ type: "element", element });
  }

  /** WS-13: nobody has said who it is, and the time for it is over. */
  late(): Extract<Choice, { type: "frames" }> {
    return this.#receive(LATE);
  }

  /** The account that the client has named is out of reach. */
  end(problem: StreamProblem): Extract<Choice, { type: "frames" }> {
    return this.#receive({ type: "shutdown", ...problem });
  }

  /** WS-13: there is no room for one more of its address. */
  tooMany(): Extract<Choice, { type: "frames" }> {
    return this.#receive({
      ...TOO_MANY_UNBOUND,
      text: "Too many connections from this address are logging in.",
    });
  }

  /** The client had its time to answer our `<close/>`. */
  closingOverdue(): Extract<Choice, { type: "frames" }> {
    return this.#receive({ type: "closing-overdue" });
  }

  #onOpen(data: string, open: Element): Choice {
    this.#open = data;
    this.#domain = (open.attrs.to ?? "").toLowerCase();
    const from = parseJid(open.attrs.from ?? "");
    if (from && from.local !== "") {
      return { type: "account", jid: { ...from, resource: "" }, replay: [data], answered: false };
    }
    return this.#receive({ type: "element", element: open });
  }

  /** Undefined when it is none, or a broken one: then the machine has the error for it. */
  #onLogin(data: string, element: Element): Choice | undefined {
    const namespace = element.getNS();
    const isResponse = this.#auth !== undefined && element.is("response", NS.sasl);
    const isFirst = element.is("auth", NS.sasl) || element.is("authenticate", NS.sasl2);
    if (!isFirst && !isResponse) return undefined;
    const mechanism = (isFirst ? element : this.#auth)?.attrs.mechanism ?? "";
    const initial = isFirst
      ? readInitial(namespace === NS.sasl2 ? "sasl2" : "sasl", element)
      : element.getText();
    if (initial === undefined && namespace === NS.sasl && this.#offers(mechanism)) {
      this.#auth = element;
      const challenge = serialize(xml("challenge", { xmlns: NS.sasl }));
      return { type: "frames", frames: [challenge] };
    }
    const jid = initial === undefined ? undefined : whoseLogin(mechanism, initial, this.#domain);
    if (!jid) return undefined;
    const login = isFirst ? data : serialize(xml("auth", { xmlns: NS.sasl, mechanism }, initial));
    return { type: "account", jid, replay: [this.#open, login], answered: true };
  }

  #offers(mechanism: string): boolean {
    return this.#context(this.#domain).mechanisms.includes(mechanism);
  }

  #receive(event: Parameters<typeof receive>[1]): Extract<Choice, { type: "frames" }> {
    const effects = receive(this.#state, event, this.#context(this.#domain));
    const ended = effects.find((effect) => effect.type === "end");
    return {
      type: "frames",
      frames: effects.flatMap((effect: ReceivingEffect) => (effect.type === "send" ? [effect.frame] : [])),
      closing: effects.some(({ type }) => type === "closing"),
      endCode: ended?.code,
    };
  }
}
