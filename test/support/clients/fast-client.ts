// @xmpp/client 0.14 as a web page that keeps what FAST and SASL2 let it keep (XEP-0484, XEP-0388): its installation's id and
// its token, and nothing else. A reload is a new one of these with the same memory.

import type { Element } from "@xmpp/xml";
import { client, type StoredToken, xml, type XmppClient } from "@xmpp/client";
import { waitFor } from "../../../scripts/processes.ts";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import type { Account } from "../raw-client.ts";
import type { Wire } from "./returning/wire.ts";

/** What outlives a page. */
export interface Memory {
  userAgent: string;
  token: StoredToken | undefined;
}

export class FastClient {
  /** Every mechanism tried, in order. */
  readonly mechanisms: string[] = [];
  /** Every `<success/>` of SASL2. */
  readonly successes: string[] = [];
  readonly bodies: string[] = [];
  /** How often it sent presence. */
  presences = 0;
  resumptions = 0;
  readonly #xmpp: XmppClient;

  private constructor(xmpp: XmppClient, wire: Wire | undefined) {
    this.#xmpp = xmpp;
    xmpp.on("error", () => undefined);
    xmpp.on("send", (element) => {
      if (element.is("authenticate")) this.mechanisms.push(element.attrs["mechanism"] ?? "");
      if (element.is("auth")) throw new Error("SASL2 is offered, and not used");
      if (element.is("presence")) this.presences += 1;
    });
    xmpp.on("send", (element) => wire?.sent(serialize(element)));
    xmpp.on("element", (element) => {
      wire?.came(serialize(element));
      if (element.is("success")) this.successes.push(serialize(element));
      const body = element.is("message") ? element.getChildText("body") : null;
      if (body !== null) this.bodies.push(body);
    });
    xmpp.streamManagement.on("resumed", () => (this.resumptions += 1));
  }

  /** Logs in and becomes available; `wire` is told of every element. */
  static async open(
    url: string,
    { jid, password }: Account,
    memory: Memory,
    wire?: Wire,
  ): Promise<FastClient> {
    const [username = "", domain = ""] = jid.split("@");
    const userAgent = xml("user-agent", { id: memory.userAgent }, xml("software", {}, "the tests"));
    const xmpp = client({ service: url, domain, resource: "page", username, password, userAgent });
    xmpp.reconnect.delay = 50;
    xmpp.fast.saveToken = async (token) => await Promise.resolve(void (memory.token = token));
    xmpp.fast.fetchToken = async () => await Promise.resolve(memory.token);
    xmpp.fast.deleteToken = async () => await Promise.resolve(void (memory.token = undefined));
    const page = new FastClient(xmpp, wire);
    await xmpp.start();
    await xmpp.send(xml("presence"));
    // So much has been handled when this returns. Not by its iqCaller, which keeps answers from being counted (XEP-0198 section 4).
    const answered = new Promise<void>((resolve) => {
      xmpp.on("element", ({ attrs }) => attrs["id"] === "ready" && resolve());
    });
    await xmpp.send(xml("iq", { type: "get", id: "ready" }, xml("ping", { xmlns: "urn:xmpp:ping" })));
    await answered;
    return page;
  }

  get fullJid(): string {
    return this.#xmpp.jid.toString();
  }

  async send(element: Element): Promise<void> {
    await this.#xmpp.send(element);
  }

  async say(to: string, body: string): Promise<void> {
    await this.#xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, body)));
  }

  /** The network goes; the client comes back by itself. */
  async dropNetwork(): Promise<void> {
    const before = this.successes.length;
    this.#xmpp.socket.end();
    await waitFor("the client to come back", () => this.successes.length > before);
  }

  /** The page is gone, without a word. */
  leave(): void {
    this.#xmpp.reconnect.stop();
    this.#xmpp.socket.end();
  }
}
