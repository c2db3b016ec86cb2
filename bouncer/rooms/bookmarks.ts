/** Bookmarked rooms as they stand in the account's own data: XEP-0402, and XEP-0048 where there is nothing newer. Read only. */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf, parseJid } from "../../xmpp/jid.ts";
import { readPassword } from "../../xmpp/muc.ts";
import { NS } from "../../xmpp/namespaces.ts";

export interface Bookmark {
  jid: string;
  autojoin: boolean;
  nick: string | undefined;
  password: string | undefined;
}

/** What an event, or the answer to a question, says: rooms that are bookmarked, and rooms that are no more. */
export interface BookmarkChanges {
  bookmarks: Bookmark[];
  retracted: string[];
}

/** XEP-0402 section 3.2. */
export function askForBookmarks(): Element {
  const items = xml("items", { node: NS.bookmarks });
  return xml("iq", { xmlns: NS.client, type: "get" }, xml("pubsub", { xmlns: NS.pubsub }, items));
}

/** XEP-0049 section 2, for the bookmarks of XEP-0048. */
export function askForLegacyBookmarks(): Element {
  const storage = xml("storage", { xmlns: NS.bookmarksLegacy });
  return xml("iq", { xmlns: NS.client, type: "get" }, xml("query", { xmlns: NS.privateStorage }, storage));
}

/** The answer to askForBookmarks; undefined when it is an error. */
export function readBookmarks(answer: Element): Bookmark[] | undefined {
  const items = answer.getChild("pubsub", NS.pubsub)?.getChild("items");
  return answer.attrs.type === "result" && items ? readItems(items).bookmarks : undefined;
}

/** The answer to askForLegacyBookmarks; undefined when it is an error. */
export function readLegacyBookmarks(answer: Element): Bookmark[] | undefined {
  const storage = answer.getChild("query", NS.privateStorage)?.getChild("storage", NS.bookmarksLegacy);
  return storage?.getChildren("conference").flatMap((conference) => {
    return readConference(conference, conference.attrs.jid);
  });
}

/** What an event from the account's own server changes (XEP-0402 section 4); undefined when it is none. */
export function readBookmarkEvent(message: Element, bareJid: string): BookmarkChanges | undefined {
  const { from } = message.attrs;
  // Anybody may send something that looks like it.
  if (from !== undefined && from !== bareJid) return undefined;
  const items = message.getChild("event", NS.pubsubEvent)?.getChild("items");
  return items?.attrs.node === NS.bookmarks ? readItems(items) : undefined;
}

function readItems(items: Element): BookmarkChanges {
  const bookmarks = items.getChildren("item").flatMap((item) => {
    const conference = item.getChild("conference", NS.bookmarks);
    return conference ? readConference(conference, item.attrs.id) : [];
  });
  const retracted = items
    .getChildren("retract")
    .flatMap(({ attrs }) => (attrs.id === undefined ? [] : [attrs.id]));
  return { bookmarks, retracted: retracted.map(bareJidOf) };
}

function readConference(conference: Element, address: string | undefined): Bookmark[] {
  const jid = address === undefined ? undefined : parseJid(address);
  if (!jid || jid.local === "") return [];
  const { autojoin } = conference.attrs;
  return [
    {
      jid: `${jid.local}@${jid.domain}`,
      autojoin: autojoin === "true" || autojoin === "1",
      nick: conference.getChildText("nick") ?? undefined,
      password: readPassword(conference),
    },
  ];
}
