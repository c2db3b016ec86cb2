// A web client that never gives up: RFC 7395 with Stream Management (XEP-0198), which reconnects and resumes whenever its
// WebSocket is gone, sends again what was not acknowledged, and notices when resuming did not work.

import type { Element } from "@xmpp/xml";
import { Inbox } from "./clients/inbox.ts";
import { type Account, element, openTo, plainAuth, RawClient } from "./raw-client.ts";

const SM = "urn:xmpp:sm:3";
const RETRY_MS = 100;

export class ResumingClient {
  /** Every stanza received, in order. */
  readonly stanzas = new Inbox<Element>(String);
  /** How often the stream was taken up again. */
  resumptions = 0;
  /** Set when a stream could not be resumed: what a person would notice. */
  failure: string | undefined;
  readonly #url: string;
  readonly #account: Account;
  #client: RawClient | undefined;
  #previd = "";
  #handled = 0;
  #acknowledged = 0;
  /** Sent and not acknowledged, oldest first. */
  #unacknowledged: string[] = [];
  #stopped = false;

  private constructor(url: string, account: Account) {
    this.#url = url;
    this.#account = account;
  }

  /**
   * Logs in with PLAIN, binds the device and enables Stream Management.
   * @throws when any of that fails
   */
  static async login(url: string, account: Account, device: string): Promise<ResumingClient> {
    const phone = new ResumingClient(url, account);
    const client = await phone.#authenticate();
    const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${device}</resource></bind>`;
    await client.exchange(`<iq xmlns="jabber:client" type="set" id="bind">${bind}</iq>`);
    const [enabled = ""] = await client.exchange(`<enable xmlns="${SM}" resume="true"/>`);
    phone.#previd = element(enabled).attrs.id ?? "";
    if (phone.#previd === "") throw new Error(`no resumption: ${enabled}`);
    void phone.#live(client, client.frames.all.length);
    return phone;
  }

  /** Sends a stanza (with its namespace), now or after the next resumption. */
  send(stanza: string): void {
    this.#unacknowledged.push(stanza);
    try {
      this.#client?.send(stanza);
    } catch {
      // The socket is gone: it is sent again when the stream is resumed.
    }
  }

  /** Stops for good, without a word. */
  stop(): void {
    this.#stopped = true;
    this.#client?.drop();
  }

  async #authenticate(): Promise<RawClient> {
    const [local = "", domain = ""] = this.#account.jid.split("@");
    const client = await RawClient.connect(this.#url);
    await client.exchange(openTo(domain), 2);
    const [verdict = ""] = await client.exchange(plainAuth(local, this.#account.password));
    if (!verdict.startsWith("<success")) throw new Error(`login failed: ${verdict}`);
    await client.exchange(openTo(domain), 2);
    return client;
  }

  /** Takes what comes, from this frame on, until the end of the socket; then begins again. */
  async #live(client: RawClient, from: number): Promise<void> {
    this.#client = client;
    void this.#watch(client);
    for (let position = from; ; position += 1) {
      const frame = await client.frames.first("any frame", () => true, position, 2 ** 31 - 1);
      if (!frame.startsWith("<")) return;
      this.#onFrame(client, element(frame));
    }
  }

  async #watch(client: RawClient): Promise<void> {
    await client.closed;
    if (this.#client === client) this.#client = undefined;
    if (!this.#stopped) await this.#comeBack();
  }

  #onFrame(client: RawClient, frame: Element): void {
    if (frame.is("r", SM)) client.send(`<a xmlns="${SM}" h="${this.#handled}"/>`);
    else if (frame.is("a", SM)) this.#onAcknowledged(Number(frame.attrs.h));
    else if (frame.getNS() === "jabber:client") {
      this.#handled += 1;
      this.stanzas.push(frame);
    }
  }

  #onAcknowledged(h: number): void {
    this.#unacknowledged.splice(0, h - this.#acknowledged);
    this.#acknowledged = h;
  }

  async #comeBack(): Promise<void> {
    for (;;) {
      if (this.#stopped) return;
      try {
        const client = await this.#authenticate();
        const [answer = ""] = await client.exchange(
          `<resume xmlns="${SM}" previd="${this.#previd}" h="${this.#handled}"/>`,
        );
        const resumed = element(answer);
        if (!resumed.is("resumed", SM)) {
          this.failure = answer;
          return;
        }
        this.#onAcknowledged(Number(resumed.attrs.h));
        this.resumptions += 1;
        const behind = client.frames.all.indexOf(answer) + 1;
        for (const stanza of this.#unacknowledged) client.send(stanza);
        client.send(`<r xmlns="${SM}"/>`);
        void this.#live(client, behind);
        return;
      } catch {
        await new Promise((resolve) => void setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
