/**
 * MAM-1: who keeps the account's archive (XEP-0313): its server, or, where that has none, we. Where it is us: the ids under
 * which messages of the log are archived, on the messages themselves (XEP-0359) and nobody else's in our name.
 *
 * Ids are made from a message's number in the log and a secret: stable without a row of their own, and not to be guessed.
 */
import { base64urlnopad, utf8 } from "@scure/base";
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { hmacOf } from "../../xmpp/sasl/scram-keys.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";
import { escapeAttribute, serialize } from "../../xmpp/xml/serialize.ts";
import type { Ports } from "../ports.ts";

const SERVER = "server";
const SECRET = "secret";
const HAS = "has";
const HAS_NOT = "has-not";
const MESSAGE_END = "</message>";
const ID = /^(-?[0-9a-z]{1,10})-([\w-]{12})$/;

export class ArchiveHost {
  readonly #ports: Pick<Ports, "clock" | "ids"> & { store: Pick<Ports["store"], "archive"> };
  readonly #bareJid: string;
  /** Undefined while it was never said. */
  #serverHas: boolean | undefined;
  #key: Uint8Array | undefined;

  constructor(
    ports: Pick<Ports, "clock" | "ids"> & { store: Pick<Ports["store"], "archive"> },
    bareJid: string,
  ) {
    this.#ports = ports;
    this.#bareJid = bareJid;
    for (const { key, value } of ports.store.archive.entries()) {
      if (key === SERVER) this.#serverHas = value === HAS;
      if (key === SECRET) this.#key = utf8.decode(value);
    }
  }

  /** The server has none, so that the log is the archive. */
  get isOurs(): boolean {
    return this.#serverHas === false;
  }

  /** The server has said whether it has one. */
  told(serverHas: boolean): void {
    if (this.#serverHas === serverHas) return;
    this.#serverHas = serverHas;
    const { clock, store } = this.#ports;
    store.archive.set(SERVER, serverHas ? HAS : HAS_NOT, clock.nowMs());
  }

  /** The id of the message with this number in the log. */
  idOf(seq: number): string {
    const proof = hmacOf("SHA-256", this.#secret(), String(seq));
    return `${seq.toString(36)}-${base64urlnopad.encode(proof.subarray(0, 9))}`;
  }

  /** The number in the log behind an id that we have given; undefined for any other. */
  seqOf(id: string): number | undefined {
    const [, number = ""] = ID.exec(id) ?? [];
    if (number === "") return undefined;
    const seq = Number.parseInt(number, 36);
    return this.idOf(seq) === id ? seq : undefined;
  }

  /** Where the archive is ours, takes out of a message that has just come the ids that somebody else made up in our name. */
  strip(message: Element): void {
    if (!this.isOurs) return;
    for (const id of message.getChildren("stanza-id", NS.stanzaIds)) {
      if (bareJidOf(id.attrs.by ?? "") === this.#bareJid) message.remove(id);
    }
  }

  /** Where the archive is ours, puts on a message, and on its frame, the id under which it is archived. Returns the frame. */
  stamp(message: Element, frame: string, seq: number): string {
    if (!this.isOurs) return frame;
    const id = this.idOf(seq);
    message.append(xml("stanza-id", { xmlns: NS.stanzaIds, by: this.#bareJid, id }));
    return this.#stamped(frame, id);
  }

  /** A message as it lies in the log, with the id under which it is archived where the archive is ours. */
  fromLog(frame: string, seq: number): string {
    return this.isOurs ? this.#stamped(this.unstamped(frame), this.idOf(seq)) : frame;
  }

  /** A message as it lies in the log, without what a server had stamped that had an archive then. */
  unstamped(frame: string): string {
    if (!frame.includes(NS.stanzaIds) || !frame.includes(`"${escapeAttribute(this.#bareJid)}"`)) return frame;
    const parsed = parseFrame(frame, SERVER_LIMITS);
    if (!parsed.ok || !parsed.element) return frame;
    this.strip(parsed.element);
    return serialize(parsed.element);
  }

  #stamped(frame: string, id: string): string {
    if (!frame.endsWith(MESSAGE_END)) return frame;
    const by = escapeAttribute(this.#bareJid);
    const element = `<stanza-id xmlns="${NS.stanzaIds}" by="${by}" id="${id}"/>`;
    return `${frame.slice(0, -MESSAGE_END.length)}${element}${MESSAGE_END}`;
  }

  #secret(): Uint8Array {
    if (!this.#key) {
      const { clock, ids, store } = this.#ports;
      const secret = ids.next();
      store.archive.set(SECRET, secret, clock.nowMs());
      this.#key = utf8.decode(secret);
    }
    return this.#key;
  }
}
