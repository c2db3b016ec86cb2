// What three libraries know of the roster: each keeps its own copy, from the result and from pushes, as its users would. The
// copies are compared as lines of text.

import { client as xmppClient, xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { createClient } from "stanza";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { RawSession } from "../raw-client.ts";
import type { LoginOptions } from "./chat-client.ts";
import { Inbox } from "./inbox.ts";

interface Item {
  readonly jid: string;
  readonly name?: string | undefined;
  readonly groups: readonly string[];
  /** "remove" takes it out. */
  readonly subscription: string;
}

const ROSTER = "jabber:iq:roster";

/** A copy of the roster, and what came that changed it. */
class Copy {
  readonly pushed = new Inbox<Item>(({ jid, subscription }) => `${jid} ${subscription}`);
  readonly #items = new Map<string, Item>();

  take(items: readonly Item[]): void {
    for (const item of items) {
      if (item.subscription === "remove") this.#items.delete(item.jid);
      else this.#items.set(item.jid, item);
    }
  }

  push(item: Item): void {
    this.take([item]);
    this.pushed.push(item);
  }

  lines(): string[] {
    return [...this.#items.values()]
      .map(({ jid, name = "", groups, subscription }) =>
        [jid, name, subscription, ...groups.toSorted()].join(" | "),
      )
      .toSorted();
  }
}

export interface RosterClient {
  readonly copy: Copy;
  /** Adds, changes or (with the subscription "remove") removes. Resolves with the server's answer. */
  edit(item: Item): Promise<void>;
  close(): Promise<void>;
}

function itemsIn(query: Element | undefined): Item[] {
  return (query?.getChildren("item") ?? []).map((item) => ({
    jid: item.attrs.jid ?? "",
    name: item.attrs.name,
    subscription: item.attrs.subscription ?? "none",
    groups: item.getChildren("group").map((group) => group.getText()),
  }));
}

function isPush(iq: Element): boolean {
  return iq.is("iq") && iq.attrs.type === "set" && iq.getChild("query", ROSTER) !== undefined;
}

function itemElement({ jid, name, groups, subscription }: Item): Element {
  const attrs = subscription === "remove" ? { jid, subscription } : { jid, name };
  return xml("item", attrs, ...groups.map((group) => xml("group", {}, group)));
}

/** Stanzas by hand. */
export async function rawRoster({ url, jid, password, device }: LoginOptions): Promise<RosterClient> {
  const session = await RawSession.login(url, { jid, password }, device);
  const copy = new Copy();
  const answer = await session.request(`<iq type="get" id="roster"><query xmlns="${ROSTER}"/></iq>`);
  copy.take(itemsIn(answer.getChild("query")));
  session.stanzas.watch((stanza) => {
    if (isPush(stanza)) for (const item of itemsIn(stanza.getChild("query"))) copy.push(item);
  });
  session.send("<presence/>");
  let edits = 0;
  return {
    copy,
    edit: async (item) => {
      const query = xml("query", { xmlns: ROSTER }, itemElement(item));
      await session.request(`<iq type="set" id="edit-${(edits += 1)}">${serialize(query)}</iq>`);
    },
    close: async () => void (await session.close()),
  };
}

/** @xmpp/client 0.14. */
export async function xmppJsRoster({ url, jid, password, device }: LoginOptions): Promise<RosterClient> {
  const [username = "", domain = ""] = jid.split("@");
  const xmpp = xmppClient({ service: url, domain, resource: device, username, password });
  xmpp.reconnect.stop();
  const copy = new Copy();
  xmpp.on("element", (stanza) => {
    if (isPush(stanza)) for (const item of itemsIn(stanza.getChild("query"))) copy.push(item);
  });
  await xmpp.start();
  const answer = await xmpp.iqCaller.request(xml("iq", { type: "get" }, xml("query", { xmlns: ROSTER })));
  copy.take(itemsIn(answer.getChild("query")));
  await xmpp.send(xml("presence"));
  return {
    copy,
    edit: async (item) => {
      const query = xml("query", { xmlns: ROSTER }, itemElement(item));
      await xmpp.iqCaller.request(xml("iq", { type: "set" }, query));
    },
    close: async () => await xmpp.stop(),
  };
}

function itemOf({ jid, name, groups = [], subscription = "none" }: RosterItemJson): Item {
  return { jid, name, groups, subscription };
}

/** stanza 12. */
export async function stanzaRoster({ url, jid, password, device }: LoginOptions): Promise<RosterClient> {
  const agent = createClient({
    jid,
    password,
    resource: device,
    transports: { websocket: url, bosh: false },
    autoReconnect: false,
  });
  const copy = new Copy();
  agent.on("roster:update", ({ roster }) => {
    for (const item of roster.items ?? []) copy.push(itemOf(item));
  });
  await new Promise<void>((resolve, reject) => {
    agent.once("session:started", () => resolve());
    agent.once("disconnected", () => reject(new Error(`stanza as ${jid} did not get in`)));
    agent.connect();
  });
  copy.take(((await agent.getRoster()).items ?? []).map(itemOf));
  agent.sendPresence();
  return {
    copy,
    edit: async ({ jid: address, name, groups, subscription }) => {
      if (subscription === "remove") await agent.removeRosterItem(address);
      else
        await agent.updateRosterItem({
          jid: address,
          groups: [...groups],
          subscription: "none",
          ...(name && { name }),
        });
    },
    close: async () =>
      await new Promise<void>((resolve) => {
        agent.once("disconnected", () => resolve());
        agent.disconnect();
      }),
  };
}

interface RosterItemJson {
  jid: string;
  name?: string;
  groups?: string[];
  subscription?: string;
}
