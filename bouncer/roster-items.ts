/**
 * ROS: the account's roster as it is known (RFC 6121 section 2), an entry of the store per contact, under a version of our
 * own that changes whenever it does. What the server calls its version is kept beside it, to ask for changes only.
 *
 * Items are kept as text, ready to be sent. Who is told what is not known here.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { exceeds } from "../xmpp/xml/characters.ts";
import { clone } from "../xmpp/xml/element.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { TextStore } from "./ports.ts";
import { joinFields, splitFields } from "./text-fields.ts";

/** UTF-8 bytes of all items together: a larger roster fits into no frame. Some 10,000 contacts with names and groups. */
const MAX_ROSTER_BYTES = 1_800_000;
/** What goes beyond this is not kept: a roster of that size is nobody's. */
const MAX_KEPT = {
  /** Characters of one item. */
  length: 65_536,
  /** Characters of all together. */
  totalLength: 8_388_608,
};
/** No contact has this address. */
const META = "";

export class RosterItems {
  /** By the contact's address, each as it stands in a `<query/>`. */
  readonly #items = new Map<string, string>();
  readonly #store: TextStore;
  #length = 0;
  #epoch: string;
  #changes = 0;
  #isKnown = false;
  #isFresh = false;
  #serverVer: string | undefined;
  /** All items, until one changes. */
  #text: string | undefined;

  /** `epoch`: tells this roster's versions from those of any other, if it is a new one. */
  constructor(store: TextStore, epoch: string) {
    this.#store = store;
    this.#epoch = epoch;
    for (const { key, value } of store.entries()) {
      if (key === META) this.#load(value);
      else this.#keep(key, value);
    }
  }

  /** Has the server told us the roster, in this session or an earlier one? */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** And has it done so in this session? */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** What the server called the version that is known; undefined where it has no versions. */
  get serverVer(): string | undefined {
    return this.#serverVer;
  }

  /** What clients are told. */
  get ver(): string {
    return `${this.#epoch}.${this.#changes}`;
  }

  has(jid: string): boolean {
    return this.#items.has(jid);
  }

  /** What stands in the `<query/>`; undefined when it is more than fits into a frame. */
  text(): string | undefined {
    if (this.#length > MAX_ROSTER_BYTES) return undefined;
    const text = (this.#text ??= [...this.#items.values()].join(""));
    return exceeds(MAX_ROSTER_BYTES, 0, text, 0, text.length) ? undefined : text;
  }

  /** A new session: the server may know of changes. */
  grewStale(nowMs: number): void {
    if (!this.#isFresh) return;
    this.#isFresh = false;
    this.#save(nowMs);
  }

  /** The server has confirmed what is known. */
  confirmed(nowMs: number): void {
    this.#isKnown = true;
    this.#isFresh = true;
    this.#save(nowMs);
  }

  /** A push: one item that was added, changed or removed. */
  push(item: Element, serverVer: string | undefined, nowMs: number): void {
    this.#set(item, nowMs);
    this.#changes += 1;
    this.#serverVer = serverVer ?? this.#serverVer;
    this.#save(nowMs);
  }

  /** The whole roster, as the server tells it: the items that are not as they were, the removed ones marked as such. */
  replace(items: readonly Element[], serverVer: string | undefined, nowMs: number): Element[] {
    const told = new Set(items.map(({ attrs }) => attrs.jid));
    const changed = items.filter((item) => this.#set(item, nowMs));
    for (const jid of this.#items.keys()) {
      if (told.has(jid)) continue;
      this.#drop(jid);
      changed.push(removal(jid));
    }
    if (changed.length > 0) this.#changes += 1;
    this.#serverVer = serverVer;
    this.confirmed(nowMs);
    return changed;
  }

  /** Is anything different now? */
  #set(item: Element, nowMs: number): boolean {
    const { jid, subscription } = item.attrs;
    if (jid === undefined || jid === META) return false;
    if (subscription === "remove") return this.#drop(jid);
    const text = canonical(item);
    if (this.#items.get(jid) === text) return false;
    const { length, totalLength } = MAX_KEPT;
    if (text.length > length || this.#length + text.length > totalLength) return true;
    this.#keep(jid, text);
    this.#store.set(jid, text, nowMs);
    return true;
  }

  #keep(jid: string, text: string): void {
    this.#length += text.length - (this.#items.get(jid)?.length ?? 0);
    this.#items.set(jid, text);
    this.#text = undefined;
  }

  #drop(jid: string): boolean {
    const text = this.#items.get(jid);
    if (text === undefined) return false;
    this.#items.delete(jid);
    this.#length -= text.length;
    this.#text = undefined;
    this.#store.delete(jid);
    return true;
  }

  #save(nowMs: number): void {
    const flags = [this.#isKnown, this.#isFresh].map((flag) => (flag ? "yes" : undefined));
    this.#store.set(META, joinFields(this.#epoch, String(this.#changes), this.#serverVer, ...flags), nowMs);
  }

  #load(value: string): void {
    const [epoch, changes, serverVer, isKnown, isFresh] = splitFields(value);
    this.#epoch = epoch ?? this.#epoch;
    this.#changes = Number(changes ?? 0);
    this.#serverVer = serverVer;
    this.#isKnown = isKnown !== undefined;
    this.#isFresh = isFresh !== undefined;
  }
}

function removal(jid: string): Element {
  return xml("item", { jid, subscription: "remove" });
}

/** The same text for the same item: servers keep attributes and groups in no order. */
function canonical(item: Element): string {
  const copy = clone(item);
  const attrs = Object.entries(copy.attrs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  copy.attrs = Object.assign<Element["attrs"], Element["attrs"]>(
    Object.create(null),
    Object.fromEntries(attrs),
  );
  const children = copy.getChildElements().map((child) => ({ child, text: serialize(child, NS.roster) }));
  copy.children = children.toSorted((a, b) => (a.text < b.text ? -1 : 1)).map(({ child }) => child);
  return serialize(copy, NS.roster);
}
