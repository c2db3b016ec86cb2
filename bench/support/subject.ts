// What is measured, in the same terms whatever it is: a process whose CPU time counts, clients attached to it, and messages
// that go in on one side and come out on the other.

import type { CountingClient } from "./counting-client.ts";

/** The other side, as it hears of what clients send. */
interface UpstreamSide {
  /** Messages that have arrived there. */
  readonly messages: number;
  onMessage: (() => void) | undefined;
}

export interface Subject {
  readonly name: string;
  /** Whose CPU time counts. */
  readonly pid: number;
  readonly upstream: UpstreamSide;
  /** Attaches one more client. The first has index 0. */
  attach(index: number): Promise<CountingClient>;
  /** Writes this many messages, together, on the upstream side. */
  pour(messages: number): void;
  /** Sends this many messages, together, from a client. */
  say(client: CountingClient, messages: number): void;
  stop(): Promise<void>;
}

/** What comes to a client for each message begins like this, raw or as a carbon. */
export const MESSAGE_PREFIX = "<message";

const BODY = "<body>See you at the station at a quarter past seven, if the train is on time.</body>";

/** 200 bytes or a little more: what people write to one another. */
export function messageXml(from: string, to: string, id: number): string {
  return `<message xmlns="jabber:client" from="${from}" to="${to}" type="chat" id="${name(id)}">${BODY}</message>`;
}

/** The same, as a client sends it. */
export function outgoingXml(to: string, id: number): string {
  return `<message xmlns="jabber:client" to="${to}" type="chat" id="${name(id)}">${BODY}</message>`;
}

function name(id: number): string {
  return `m${String(id).padStart(8, "0")}`;
}
