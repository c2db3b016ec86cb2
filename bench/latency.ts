// Latency: how much later a message, and the answer to a request, comes when the proxy is between a client and Prosody. One
// Prosody serves both ways and each sample is taken on both in turn, so that whatever else goes on meets both.

import { PASSWORD, startTestProsody } from "../test/support/prosody.ts";
import { startWorker } from "../test/support/worker.ts";
import { CountingClient } from "./support/counting-client.ts";
import { bindClient, request } from "./support/login.ts";
import { quantile, type Section } from "./support/section.ts";
import { outgoingXml } from "./support/subject.ts";

const WARM_UP = 50;
/**
 * With Nagle's algorithm, which Prosody leaves on, a segment of the server's waits until the last one is acknowledged, and the
 * kernel acknowledges what nothing is sent after some 40 ms later: one message in a hundred then shows that and nothing else.
 */
const WITHOUT_NAGLE = "network_settings = { nagle = false }";

interface Way {
  readonly name: string;
  readonly client: CountingClient;
  readonly bareJid: string;
  readonly message: number[];
  readonly request: number[];
}

export async function measureLatency(bundle: string, samples: number): Promise<Section> {
  const { server, stop } = await startTestProsody({ logLevel: "error", extraGlobal: WITHOUT_NAGLE });
  const vars = { UPSTREAM_HOSTS: server.upstreamHosts };
  const worker = await startWorker({ bundle, caPath: server.caPath, vars });
  const clients: CountingClient[] = [];
  const connect = async (url: string, localpart: string): Promise<CountingClient> => {
    const client = await CountingClient.connect(url);
    clients.push(client);
    const jid = `${localpart}@${server.host}`;
    await bindClient(client, { jid, password: PASSWORD, resource: "bench", managed: false });
    return client;
  };
  try {
    const bob = await connect(server.webSocketUrl, "bob");
    const direct = await connect(server.webSocketUrl, "carol");
    const through = await connect(worker.wsUrl(`alice@${server.host}`), "alice");
    const ways: Way[] = [
      {
        name: "straight to Prosody",
        client: direct,
        bareJid: `carol@${server.host}`,
        message: [],
        request: [],
      },
      {
        name: "through xmpproxy",
        client: through,
        bareJid: `alice@${server.host}`,
        message: [],
        request: [],
      },
    ];
    for (let sample = 0; sample < samples + WARM_UP; sample += 1) {
      for (const way of ways) await takeSample(way, bob, sample);
    }
    for (const { message, request: asked } of ways) {
      message.splice(0, WARM_UP);
      asked.splice(0, WARM_UP);
    }
    return {
      title: "Latency",
      note:
        `Milliseconds of ${samples} samples each, Prosody's own WebSocket against the proxy on the same machine in front of` +
        " the same Prosody (over TLS). A message: from when another client sends it until it is here. A request: a ping to" +
        " the server (XEP-0199) and its answer. What has come is acknowledged to TCP at once (counting-client.ts).",
      head: ["way", "message p50", "message p99", "request p50", "request p99"],
      rows: ways.map((way) => [
        way.name,
        ...[way.message, way.request].flatMap((times) => [
          quantile(times, 0.5).toFixed(2),
          quantile(times, 0.99).toFixed(2),
        ]),
      ]),
      data: ways.map(({ name, message, request: asked }) => ({ name, message, request: asked })),
    };
  } finally {
    for (const client of clients) client.drop();
    await worker.stop();
    await stop();
  }
}

async function takeSample(way: Way, bob: CountingClient, sample: number): Promise<void> {
  const beganAt = performance.now();
  bob.send(outgoingXml(way.bareJid, sample));
  await way.client.next((text) => text.startsWith("<message"), "the message");
  way.message.push(performance.now() - beganAt);
  way.client.acknowledgeNow();
  const askedAt = performance.now();
  await request(way.client, "get", '<ping xmlns="urn:xmpp:ping"/>');
  way.request.push(performance.now() - askedAt);
  way.client.acknowledgeNow();
}
