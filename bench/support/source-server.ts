// The upstream side of a measurement: an XMPP server (RFC 6120, without TLS) with one account that does as little as
// possible itself, so that it is not what is measured. It answers what a session needs, and pours out stanzas on demand.

import { pbkdf2Sync } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { decodeBase64Text, encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { keysFromSaltedPassword, verifierFromKeys } from "../../xmpp/sasl/scram-keys.ts";
import { onClientFinal, onClientFirst, type ScramServerState } from "../../xmpp/sasl/scram-server.ts";
import { SERVER_LIMITS } from "../../xmpp/xml/limits.ts";
import { StreamReader } from "../../xmpp/xml/stream-reader.ts";
import type { Element } from "@xmpp/xml";

const HEADER =
  `<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0"` +
  ` from="bench.example" id="1">`;
const LOGIN =
  `<stream:features><mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl">` +
  `<mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>`;
const SESSION = `<stream:features><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><sm xmlns="urn:xmpp:sm:3"/></stream:features>`;

export const ACCOUNT = "alice@bench.example";
export const PASSWORD = "pencil";

const PARAMETERS = {
  hash: "SHA-1",
  salt: Buffer.from("a salt of bench!").toString("base64"),
  iterations: 4_096,
} as const;
const VERIFIER = verifierFromKeys(
  PARAMETERS,
  keysFromSaltedPassword(
    "SHA-1",
    pbkdf2Sync(PASSWORD, Buffer.from(PARAMETERS.salt, "base64"), PARAMETERS.iterations, 20, "sha1").toString(
      "base64",
    ),
  ),
);

export class SourceServer {
  readonly #server: Server;
  #socket: Socket | undefined;
  #authenticated = false;
  #scram: ScramServerState | undefined;
  /** Stanzas of the account that came. */
  handled = 0;
  /** Messages among them. */
  messages = 0;
  /** The newest `<a/>`. */
  acknowledged = 0;
  fullJid = "";
  onMessage: (() => void) | undefined;
  /** Answers a request that the session needs nothing of; undefined: an empty result. */
  onRequest: ((iq: Element) => string | undefined) | undefined;
  onPresence: ((presence: Element) => void) | undefined;

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  stop(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  get isBound(): boolean {
    return this.fullJid !== "";
  }

  /** Writes to the session as it is. */
  write(xml: string): void {
    this.#socket?.write(xml);
  }

  /** Cuts the connection. */
  drop(): void {
    this.#socket?.destroy();
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    this.#socket = socket;
    this.#authenticated = false;
    let reader = new StreamReader(SERVER_LIMITS);
    socket.on("data", (chunk: Buffer) => {
      for (const event of reader.write(chunk.toString())) {
        if (event.type === "open") socket.write(HEADER + (this.#authenticated ? SESSION : LOGIN));
        if (event.type !== "element") continue;
        const sasl = this.#onSasl(event.element);
        if (sasl === undefined) this.#onElement(event.element);
        else socket.write(sasl);
        if (sasl?.startsWith("<success") === true) {
          this.#authenticated = true;
          reader = new StreamReader(SERVER_LIMITS);
        }
      }
    });
  }

  /** The answer to an element of SASL (RFC 5802); undefined for any other. */
  #onSasl(element: Element): string | undefined {
    const xmlns = "urn:ietf:params:xml:ns:xmpp-sasl";
    const message = decodeBase64Text(element.getText()) ?? "";
    switch (element.getName()) {
      case "auth": {
        const [local = "", domain = ""] = ACCOUNT.split("@");
        const account = { local, domain, resource: "" };
        const outcome = onClientFirst(message, {
          account,
          verifier: VERIFIER,
          fake: () => VERIFIER,
          serverNonce: "bench",
        });
        if (outcome.type === "failed") return `<failure xmlns="${xmlns}"><${outcome.condition}/></failure>`;
        this.#scram = outcome.state;
        return `<challenge xmlns="${xmlns}">${encodeBase64Text(outcome.message)}</challenge>`;
      }
      case "abort":
        return `<failure xmlns="${xmlns}"><aborted/></failure>`;
      case "response": {
        const outcome = this.#scram && onClientFinal(this.#scram, message);
        return outcome?.type === "success"
          ? `<success xmlns="${xmlns}">${encodeBase64Text(outcome.message)}</success>`
          : `<failure xmlns="${xmlns}"><not-authorized/></failure>`;
      }
      default:
        return undefined;
    }
  }

  #onElement(element: Element): void {
    const { id, to, type } = element.attrs;
    switch (element.getName()) {
      case "r":
        return this.write(`<a xmlns="urn:xmpp:sm:3" h="${this.handled}"/>`);
      case "a":
        this.acknowledged = Number(element.attrs.h);
        return;
      case "enable":
        this.handled = 0;
        return this.write(`<enabled xmlns="urn:xmpp:sm:3" resume="true" id="bench"/>`);
      case "resume":
        return this.write(
          `<failed xmlns="urn:xmpp:sm:3"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`,
        );
      case "message":
        this.handled += 1;
        this.messages += 1;
        return this.onMessage?.();
      case "presence":
        this.handled += 1;
        return this.onPresence?.(element);
      case "iq": {
        this.handled += 1;
        if (type !== "get" && type !== "set") return;
        const bind = element.getChild("bind");
        if (bind) {
          this.fullJid = `${ACCOUNT}/${bind.getChildText("resource") ?? "bench"}`;
          return this.write(
            `<iq type="result" id="${id}"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>${this.fullJid}</jid></bind></iq>`,
          );
        }
        const from = to === undefined ? "" : ` from="${to}"`;
        return this.write(
          this.onRequest?.(element) ?? `<iq type="result" id="${id}"${from} to="${this.fullJid}"/>`,
        );
      }
      default:
    }
  }
}
