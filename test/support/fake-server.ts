// XMPP servers on loopback that do what real ones never do, or not on demand: each fault has a port and a domain of its own,
// `{fault}.example`; "good" has none. Unencrypted (or with a STARTTLS that leads nowhere), SCRAM-SHA-1 only. A test that
// runs elsewhere leads them over HTTP (fake-server-control.ts).

import { pbkdf2Sync, randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { onClientFinal, onClientFirst, type ScramServerState } from "../../xmpp/sasl/scram-server.ts";
import { decodeBase64Text, encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { keysFromSaltedPassword, type ScramVerifier, verifierFromKeys } from "../../xmpp/sasl/scram-keys.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { type StreamEvent, StreamReader } from "../../xmpp/xml/stream-reader.ts";
import type { Element } from "@xmpp/xml";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { CLOSED_FAULTS, type Connection, type Fault, FAULTS, STARTTLS_FAULTS } from "./fake-server-faults.ts";
import { listenOnLoopback } from "./loopback-server.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const PASSWORD = "pencil";
const ITERATIONS = 4096;

/** All the servers. */
export class FakeServers {
  readonly connections: Connection[] = [];
  /** By localpart; all others have "pencil". */
  readonly passwords = new Map<string, string>();
  readonly #open = new Set<Fault>(FAULTS.filter((fault) => !CLOSED_FAULTS.has(fault)));
  readonly #sockets = new Map<Connection, Socket>();
  readonly #servers = new Map<Fault, { server: Server; port: number }>();

  async start(): Promise<void> {
    await Promise.all(
      FAULTS.map(async (fault) => {
        const server = createServer((socket) => this.#accept(fault, socket));
        this.#servers.set(fault, { server, port: await listenOnLoopback(server) });
      }),
    );
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.destroy();
    await Promise.all(
      [...this.#servers.values()].map(({ server }) => new Promise((done) => server.close(done))),
    );
  }

  /** UPSTREAM_HOSTS. */
  hosts(): Record<string, string> {
    const entries = [...this.#servers].map(([fault, { port }]) => {
      const scheme = STARTTLS_FAULTS.has(fault) ? "xmpp" : "xmpp+plain";
      return [`${fault}.example`, `${scheme}://127.0.0.1:${port}`];
    });
    return Object.fromEntries(entries);
  }

  /** Takes connections from now on, or refuses them and drops those that are there. */
  setOpen(fault: Fault, open: boolean): void {
    if (open) this.#open.add(fault);
    else {
      this.#open.delete(fault);
      for (const [connection, socket] of this.#sockets) {
        if (connection.domain === `${fault}.example`) socket.destroy();
      }
    }
  }

  /** Writes to the session of an account; false when it has none. */
  say(bareJid: string, xml: string): boolean {
    const socket = this.#sessionOf(bareJid);
    // What write() returns is something else: whether the caller had better wait.
    socket?.write(xml);
    return socket !== undefined;
  }

  /** Cuts the session of an account. */
  drop(bareJid: string): void {
    this.#sessionOf(bareJid)?.destroy();
  }

  verifier(localpart: string): ScramVerifier {
    // The same salt at every attempt, as a server has it that stores keys.
    const salt = Buffer.from(`salt of ${localpart}`).toString("base64");
    const password = this.passwords.get(localpart) ?? PASSWORD;
    const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), ITERATIONS, 20, "sha1");
    const parameters = { hash: "SHA-1", salt, iterations: ITERATIONS } as const;
    return verifierFromKeys(parameters, keysFromSaltedPassword("SHA-1", salted.toString("base64")));
  }

  #sessionOf(bareJid: string): Socket | undefined {
    for (const [connection, socket] of this.#sockets) {
      if (connection.jid?.startsWith(`${bareJid}/`) === true && !connection.ended) return socket;
    }
    return undefined;
  }

  #accept(fault: Fault, socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (fault === "hangs-up" || !this.#open.has(fault)) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      domain: `${fault}.example`,
      received: "",
      jid: undefined,
      stanzas: [],
      ended: false,
    };
    this.connections.push(connection);
    this.#sockets.set(connection, socket);
    const session = new Session(this, fault, connection, socket);
    socket.on("data", (chunk) => session.onData(chunk));
    socket.on("close", () => {
      connection.ended = true;
      this.#sockets.delete(connection);
    });
  }
}

class Session {
  readonly #servers: FakeServers;
  readonly #fault: Fault;
  readonly #connection: Connection;
  readonly #socket: Socket;
  #reader = new StreamReader(DEFAULT_LIMITS);
  #localpart = "";
  #scram: ScramServerState | undefined;
  #authenticated = false;
  /** Stanzas since <enable/> (XEP-0198). */
  #handled = 0;

  constructor(servers: FakeServers, fault: Fault, connection: Connection, socket: Socket) {
    this.#servers = servers;
    this.#fault = fault;
    this.#connection = connection;
    this.#socket = socket;
  }

  onData(chunk: Buffer): void {
    this.#connection.received += chunk.toString("latin1");
    if (this.#fault === "silent") return;
    // A fresh reader begins with the next chunk: our side never pipelines across a restart.
    for (const event of this.#reader.write(chunk.toString("utf8"))) this.#onEvent(event);
  }

  #onEvent(event: StreamEvent): void {
    if (event.type === "open") return this.#onOpen();
    if (event.type !== "element") return void this.#socket.end();
    const { element } = event;
    switch (element.getName()) {
      case "starttls":
        return this.#onStarttls();
      case "auth":
        return this.#onAuth(element);
      case "abort":
        return this.#write(`<failure xmlns='${SASL}'><aborted/></failure>`);
      case "response":
        return this.#onResponse(element);
      case "enable":
        this.#handled = 0;
        return this.#write(`<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>`);
      case "r":
        return this.#write(`<a xmlns='urn:xmpp:sm:3' h='${this.#handled}'/>`);
      case "a":
        return;
      default:
        this.#handled += 1;
        return this.#onStanza(element);
    }
  }

  #onOpen(): void {
    const header =
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'` +
      ` from='${this.#connection.domain}' id='${randomBytes(8).toString("hex")}' version='1.0'>`;
    if (this.#fault === "comment") return this.#write(`${header}<!-- hello -->`);
    if (this.#fault === "bad-utf8") {
      this.#write(header);
      return void this.#socket.write(Buffer.from([0x3c, 0x61, 0x20, 0xff, 0xfe]));
    }
    this.#write(`${header}<stream:features>${this.#features()}</stream:features>`);
  }

  #features(): string {
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><ver xmlns='urn:xmpp:features:rosterver'/>`;
    if (this.#authenticated)
      return this.#fault === "acknowledges" ? `${bind}<sm xmlns='urn:xmpp:sm:3'/>` : bind;
    if (this.#fault === "behind-proceed" || this.#fault === "half-behind-proceed")
      return `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`;
    return `<mechanisms xmlns='${SASL}'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>`;
  }

  /** What is sent behind <proceed/>, in the same segment, was put there by somebody in between. */
  #onStarttls(): void {
    const injected = `<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='${SASL}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`;
    const behind = this.#fault === "half-behind-proceed" ? injected.slice(0, 60) : injected;
    this.#write(`<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>${behind}`);
  }

  #onAuth(auth: Element): void {
    if (this.#fault === "too-busy") return this.#fail("temporary-auth-failure");
    const message = decodeBase64Text(auth.getText()) ?? "";
    this.#localpart = /n=([^,]*)/.exec(message)?.[1] ?? "";
    const outcome = onClientFirst(message, {
      account: { local: this.#localpart, domain: this.#connection.domain, resource: "" },
      verifier: { ...this.#servers.verifier(this.#localpart), ...this.#iterations() },
      fake: () => this.#servers.verifier(this.#localpart),
      serverNonce: randomBytes(12).toString("hex"),
    });
    if (outcome.type === "failed") return this.#fail(outcome.condition);
    this.#scram = outcome.state;
    this.#write(`<challenge xmlns='${SASL}'>${encodeBase64Text(outcome.message)}</challenge>`);
  }

  #iterations(): { iterations?: number } {
    if (this.#fault === "many-iterations") return { iterations: 100_001 };
    return this.#fault === "few-iterations" ? { iterations: 4_095 } : {};
  }

  #onResponse(response: Element): void {
    if (!this.#scram) return this.#fail("malformed-request");
    const outcome = onClientFinal(this.#scram, decodeBase64Text(response.getText()) ?? "");
    if (this.#fault === "disabled") return this.#fail("account-disabled");
    if (outcome.type === "failed") return this.#fail(outcome.condition);
    const message = this.#fault === "wrong-signature" ? "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=" : outcome.message;
    const stanza = `<message xmlns='jabber:client'><body>x</body></message>`;
    const injected =
      this.#fault === "behind-success"
        ? stanza
        : this.#fault === "half-behind-success"
          ? stanza.slice(0, 20)
          : "";
    this.#authenticated = true;
    this.#reader = new StreamReader(DEFAULT_LIMITS);
    this.#write(`<success xmlns='${SASL}'>${encodeBase64Text(message)}</success>${injected}`);
  }

  #onStanza(stanza: Element): void {
    const { id = "" } = stanza.attrs;
    const bind = stanza.getChild("bind");
    if (bind) {
      const domain = this.#fault === "foreign-jid" ? "elsewhere.example" : this.#connection.domain;
      const jid = `${this.#localpart}@${domain}/${bind.getChildText("resource") ?? "r"}`;
      this.#connection.jid = jid;
      return this.#write(
        `<iq type='result' id='${id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`,
      );
    }
    if (stanza.getChild("ping", "urn:xmpp:ping")) {
      if (this.#fault !== "confirms-nothing") this.#write(`<iq type='result' id='${id}'/>`);
      return;
    }
    this.#connection.stanzas.push(serialize(stanza));
    if (stanza.getChild("enable", "urn:xmpp:carbons:2")) this.#write(`<iq type='result' id='${id}'/>`);
  }

  #fail(condition: string): void {
    this.#write(`<failure xmlns='${SASL}'><${condition}/></failure>`);
  }

  #write(xml: string): void {
    this.#socket.write(xml);
  }
}
