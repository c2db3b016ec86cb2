// Types for the part of @xmpp/client 0.14 that the tests use; the package ships none.
declare module "@xmpp/client" {
  import type { Element } from "@xmpp/xml";

  export interface XmppClient {
    start(): Promise<{ toString(): string }>;
    stop(): Promise<void>;
    send(element: Element): Promise<void>;
    on(event: "error", listener: (error: Error & { condition?: string }) => void): void;
    on(event: "element" | "send" | "nonza", listener: (element: Element) => void): void;
    readonly iqCaller: { request(iq: Element): Promise<Element> };
    readonly reconnect: { stop(): void };
  }

  export function client(options: {
    service: string;
    domain: string;
    resource: string;
    username: string;
    password: string;
  }): XmppClient;
  export { default as xml } from "@xmpp/xml";
}
