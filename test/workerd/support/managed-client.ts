// A client with Stream Management (XEP-0198): counts what it handles, answers what it is asked, and resumes.

import { Client } from "./client.ts";

const SM = "urn:xmpp:sm:3";

export class ManagedClient {
  readonly account: string;
  /** What the stanzas said, by their `id`. */
  readonly handled: string[] = [];
  previd = "";
  client: Client;
  /** Said by `<resumed/>`: how many of ours were handled. */
  acknowledged = 0;

  private constructor(account: string, client: Client) {
    this.account = account;
    this.client = client;
  }

  static async online(account: string, resource: string): Promise<ManagedClient> {
    const client = await Client.online(account, { resource });
    const managed = new ManagedClient(account, client);
    client.send(`<enable xmlns="${SM}" resume="true"/>`);
    [, managed.previd = ""] = /id="([^"]+)"/.exec(await client.until(/<enabled/)) ?? [];
    return managed;
  }

  /** After `<failed/>`: binds on the same stream, enables Stream Management and becomes available. */
  async beginsAnew(resource: string): Promise<void> {
    const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${resource}</resource></bind>`;
    this.client.send(`<iq xmlns="jabber:client" type="set" id="again">${bind}</iq>`);
    await this.client.until(/ id="again"/);
    this.client.send(`<enable xmlns="${SM}" resume="true"/>`);
    [, this.previd = ""] = /id="([^"]+)"/.exec(await this.client.until(/<enabled/)) ?? [];
    this.handled.length = 0;
    this.client.send(`<presence xmlns="jabber:client"/>`);
  }

  /** Takes what comes until this many stanzas were handled; answers requests unless told to be silent. */
  async handles(count: number, { answers = true } = {}): Promise<void> {
    while (this.handled.length < count) {
      // oxlint-disable-next-line no-await-in-loop -- one frame after the other
      const frame = await this.client.next();
      if (/^<(message|presence|iq)/.test(frame)) this.handled.push(/ id="([^"]*)"/.exec(frame)?.[1] ?? frame);
      else if (frame.startsWith("<r ")) {
        if (answers) this.answer();
      } else throw new Error(`unexpected: ${frame}`);
    }
  }

  answer(): void {
    this.client.send(`<a xmlns="${SM}" h="${this.handled.length}"/>`);
  }

  /** Connects anew and asks for the old session. The answer is `<resumed/>` or `<failed/>`. */
  async comesBack(): Promise<string> {
    this.client = await Client.connect(this.account);
    const outcome = await this.client.login("pencil");
    if (!outcome.startsWith("<success")) throw new Error(outcome);
    await this.client.open();
    this.client.send(`<resume xmlns="${SM}" previd="${this.previd}" h="${this.handled.length}"/>`);
    const answer = await this.client.next();
    this.acknowledged = Number(/ h="(\d+)"/.exec(answer)?.[1] ?? 0);
    return answer;
  }
}
