// Types for the part of @xmpp/client 0.14 that the tests use; the package ships none.
declare module "@xmpp/client" {
  import type { Element } from "@xmpp/xml";

  export interface XmppClient {
    start(): Promise<{ toString(): string }>;
    stop(): Promise<void>;
    send(element: Element): Promise<void>;
    on(event: "error", listener: (error: Error & { condition?: string }) => void): void;
    on(event: "element" | "send" | "nonza" | "stanza", listener: (element: Element) => void): void;
    readonly jid: { toString(): string };
    readonly iqCaller: { request(iq: Element): Promise<Element> };
    readonly reconnect: { stop(): void; delay: number };
    readonly streamManagement: { on(event: "resumed", listener: () => void): void };
    /** Where tokens are kept (XEP-0484). */
    readonly fast: {
      saveToken(token: StoredToken): Promise<void>;
      fetchToken(): Promise<StoredToken | undefined>;
      deleteToken(): Promise<void>;
    };
    /** Its connection. */
    readonly socket: { end(): void };
  }

  export interface StoredToken {
    mechanism: string;
    token: string;
    expiry: string;
  }

  export function client(options: {
    service: string;
    domain: string;
    resource: string;
    username: string;
    password: string;
    userAgent?: Element;
  }): XmppClient;
  export { default as xml } from "@xmpp/xml";
}
