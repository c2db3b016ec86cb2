// A web client with Stream Management by hand (RFC 7395, XEP-0198): it loses its socket and takes its stream up again when it
// is told to, acknowledges what it is asked for, and sends again what was not acknowledged.

import type { Element } from "@xmpp/xml";
import { type Account, CLOSE, element, openTo, plainAuth, RawClient } from "./raw-client.ts";

const SM = "urn:xmpp:sm:3";
const STREAM_ERROR = "http://etherx.jabber.org/streams";

export class ManagedClient {
  /** The condition of the stream error that ended it, if one did. */
  endedBy: string | undefined;
  fullJid = "";
  readonly #url: string;
  readonly #account: Account;
  readonly #onStanza: (stanza: Element) => void;
  #client: RawClient | undefined;
  #previd = "";
  #handled = 0;
  #acknowledged = 0;
  /** Sent and not acknowledged, oldest first. */
  #unacknowledged: string[] = [];

  private constructor(url: string, account: Account, onStanza: (stanza: Element) => void) {
    this.#url = url;
    this.#account = account;
    this.#onStanza = onStanza;
  }

  /**
   * Logs in with PLAIN, binds the device and enables Stream Management.
   * @throws when any of that fails
   */
  static async login(
    url: string,
    account: Account,
    device: string,
    onStanza: (stanza: Element) => void,
  ): Promise<ManagedClient> {
    const managed = new ManagedClient(url, account, onStanza);
    const client = await managed.#authenticate();
    const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${device}</resource></bind>`;
    const [bound = ""] = await client.exchange(`<iq xmlns="jabber:client" type="set" id="bind">${bind}</iq>`);
    managed.fullJid = element(bound).getChild("bind")?.getChildText("jid") ?? "";
    const [enabled = ""] = await client.exchange(`<enable xmlns="${SM}" resume="true"/>`);
    managed.#previd = element(enabled).attrs.id ?? "";
    if (managed.#previd === "") throw new Error(`no resumption: ${bound} ${enabled}`);
    managed.#live(client, client.frames.all.length);
    return managed;
  }

  /** When the socket that it has now is gone. */
  get gone(): Promise<unknown> {
    return this.#client?.closed ?? Promise.resolve();
  }

  /** Sends a stanza; its namespace is added. What the network loses is sent again when the stream is taken up. */
  send(stanza: string): void {
    const frame = stanza.replace(/^<(\w+)(?![^>]* xmlns=)/, '<$1 xmlns="jabber:client"');
    this.#unacknowledged.push(frame);
    this.sendNonza(frame);
  }

  /** Sends what Stream Management does not count. */
  sendNonza(frame: string): void {
    try {
      this.#client?.send(frame);
    } catch {
      // The socket is gone, which is for the one who resumes to see to.
    }
  }

  /** Loses its socket, without a word of XMPP. */
  async breakOff(): Promise<void> {
    this.#client?.drop();
    await this.gone;
  }

  /** Takes its stream up again. False when that cannot be: whoever uses it would notice. */
  async resume(): Promise<boolean> {
    await this.gone;
    const client = await this.#authenticate();
    const [answer = ""] = await client.exchange(
      `<resume xmlns="${SM}" previd="${this.#previd}" h="${this.#handled}"/>`,
    );
    const resumed = element(answer);
    if (!resumed.is("resumed", SM)) {
      this.endedBy = answer;
      return false;
    }
    this.#onAcknowledged(Number(resumed.attrs.h));
    this.#live(client, client.frames.all.indexOf(answer) + 1);
    for (const stanza of this.#unacknowledged) client.send(stanza);
    client.send(`<r xmlns="${SM}"/>`);
    return true;
  }

  /** When the proxy has acknowledged what was sent to it, and so whatever it sent before that has come. */
  async acknowledged(): Promise<void> {
    const before = this.#client?.frames.all.length ?? 0;
    this.sendNonza(`<r xmlns="${SM}"/>`);
    await this.#client?.frames.first("an acknowledgement", (frame) => frame.startsWith("<a "), before);
  }

  /** Ends its stream. */
  async close(): Promise<void> {
    this.sendNonza(CLOSE);
    await this.gone;
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

  /** Takes what comes, from this frame on. */
  #live(client: RawClient, from: number): void {
    this.#client = client;
    client.frames.watch((frame) => this.#onFrame(client, frame));
    for (const frame of client.frames.all.slice(from)) this.#onFrame(client, frame);
  }

  #onFrame(client: RawClient, text: string): void {
    if (!text.startsWith("<")) return;
    const frame = element(text);
    if (frame.is("r", SM)) client.send(`<a xmlns="${SM}" h="${this.#handled}"/>`);
    else if (frame.is("a", SM)) this.#onAcknowledged(Number(frame.attrs.h));
    else if (frame.is("error", STREAM_ERROR)) this.endedBy = frame.getChildElements()[0]?.getName();
    else if (frame.getNS() === "jabber:client") {
      this.#handled += 1;
      this.#onStanza(frame);
    }
  }

  #onAcknowledged(h: number): void {
    this.#unacknowledged.splice(0, h - this.#acknowledged);
    this.#acknowledged = h;
  }
}
