// The platform's floor (bench/floor) in workerd, with a TCP server that writes lines.

import { createServer, type Socket } from "node:net";
import { startWorker } from "../../test/support/worker.ts";
import { CountingClient } from "./counting-client.ts";
import { messageXml, outgoingXml, type Subject } from "./subject.ts";

const NEWLINE = 10;

/** `readBytes`: how much it reads at once; what the platform chooses unless given. */
export async function startFloor(bundle: string, readBytes?: number): Promise<Subject> {
  let socket: Socket | undefined;
  const upstream: { messages: number; onMessage: (() => void) | undefined } = {
    messages: 0,
    onMessage: undefined,
  };
  const server = createServer((accepted) => {
    accepted.setNoDelay(true);
    accepted.on("error", () => undefined);
    socket = accepted;
    accepted.on("data", (chunk) => {
      for (const byte of chunk) if (byte === NEWLINE) upstream.messages += 1;
      upstream.onMessage?.();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const reading = readBytes === undefined ? {} : { READ_BYTES: String(readBytes) };
  const worker = await startWorker({ bundle, vars: { SOURCE_PORT: String(port), ...reading } });
  let poured = 0;
  return {
    name: readBytes === undefined ? "floor" : `floor, ${readBytes / 1_024} KiB at once`,
    pid: worker.pid,
    upstream,
    attach: async () => await CountingClient.connect(worker.wsUrl()),
    pour: (messages) => {
      let text = "";
      for (let index = 0; index < messages; index += 1) {
        text += `${messageXml("bob@bench.example/phone", "alice@bench.example/bench", (poured += 1))}\n`;
      }
      socket?.write(text);
    },
    say: (client, messages) => {
      for (let index = 0; index < messages; index += 1)
        client.send(outgoingXml("bob@bench.example", (poured += 1)));
    },
    stop: async () => {
      await worker.stop();
      socket?.destroy();
      server.close();
    },
  };
}
