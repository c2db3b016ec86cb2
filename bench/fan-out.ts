// Fan-out and outbound: what one message costs a subject in CPU time with N clients attached, when it comes from upstream,
// and when one of the clients sends it and the others get copies.

import type { CountingClient } from "./support/counting-client.ts";
import { drive, type Load } from "./support/drive.ts";
import { MESSAGE_PREFIX, type Subject } from "./support/subject.ts";

export interface Rate {
  readonly subject: string;
  readonly clients: number;
  /** CPU time per delivery, in microseconds: per client that gets the message, and for what a client sends, the server. */
  readonly cpuMicrosPerDelivery: number;
  readonly deliveriesPerSecond: number;
  readonly clientLoad: number;
}

/** From upstream to every client. */
export async function fanOut(
  subject: Subject,
  clients: readonly CountingClient[],
  messages: number,
  managed: boolean,
): Promise<Rate> {
  for (const client of clients) client.count(MESSAGE_PREFIX, managed);
  const load: Load = {
    name: subject.name,
    pid: subject.pid,
    send: (count) => subject.pour(count),
    done: () => Math.min(...clients.map(({ counted }) => counted)),
    listen: (listener) => {
      for (const client of clients) client.onCount = listener;
    },
  };
  return rate(subject, clients.length, clients.length * messages, await drive(load, messages));
}

/** From the first client to the server, with a copy for each of its siblings. */
export async function outbound(
  subject: Subject,
  clients: readonly CountingClient[],
  messages: number,
  managed: boolean,
): Promise<Rate> {
  for (const client of clients) client.count(MESSAGE_PREFIX, managed);
  const [sender, ...siblings] = clients;
  const load: Load = {
    name: subject.name,
    pid: subject.pid,
    send: (count) => {
      if (sender) subject.say(sender, count);
    },
    done: () => Math.min(subject.upstream.messages, ...siblings.map(({ counted }) => counted)),
    listen: (listener) => {
      subject.upstream.onMessage = listener;
      for (const client of siblings) client.onCount = listener;
    },
  };
  return rate(subject, clients.length, clients.length * messages, await drive(load, messages));
}

function rate(
  subject: Subject,
  clients: number,
  deliveries: number,
  { cpuMicros, elapsedMs, clientLoad }: Awaited<ReturnType<typeof drive>>,
): Rate {
  return {
    subject: subject.name,
    clients,
    cpuMicrosPerDelivery: cpuMicros / deliveries,
    deliveriesPerSecond: deliveries / (elapsedMs / 1_000),
    clientLoad,
  };
}
