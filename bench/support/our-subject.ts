// The bundled proxy in workerd, with the source server as the account's server.

import { CountingClient } from "./counting-client.ts";
import { ACCOUNT, PASSWORD, SourceServer } from "./source-server.ts";
import { messageXml, outgoingXml, type Subject } from "./subject.ts";
import { bindClient } from "./login.ts";
import { startWorker, type TestWorker, type WorkerOptions } from "../../test/support/worker.ts";

export interface OurSubject extends Subject {
  readonly source: SourceServer;
  readonly worker: TestWorker;
  /** `front`: at the endpoint for every account. */
  attach(index: number, options?: { front?: boolean }): Promise<CountingClient>;
}

/** `managed`: clients with Stream Management. */
export async function startOurs(
  bundle: string,
  { managed, ...where }: { managed: boolean } & Pick<WorkerOptions, "inspectorPort" | "persistTo">,
): Promise<OurSubject> {
  const source = new SourceServer();
  const port = await source.start();
  const worker = await startWorker({
    bundle,
    ...where,
    vars: {
      UPSTREAM_HOSTS: JSON.stringify({ "bench.example": `xmpp+plain://127.0.0.1:${port}` }),
      ALLOW_PLAINTEXT_LOOPBACK: "true",
    },
  });
  let poured = 0;
  return {
    name: managed ? "xmpproxy, clients with Stream Management" : "xmpproxy",
    pid: worker.pid,
    upstream: source,
    source,
    worker,
    attach: async (index, { front = false } = {}) => {
      const client = await CountingClient.connect(worker.wsUrl(front ? undefined : ACCOUNT));
      await bindClient(client, { jid: ACCOUNT, password: PASSWORD, resource: `c${index}`, managed });
      return client;
    },
    pour: (messages) => {
      let text = "";
      for (let index = 0; index < messages; index += 1)
        text += messageXml("bob@bench.example/phone", source.fullJid, (poured += 1));
      source.write(text);
    },
    say: (client, messages) => {
      for (let index = 0; index < messages; index += 1)
        client.send(outgoingXml("bob@bench.example", (poured += 1)));
    },
    stop: async () => {
      await worker.stop();
      source.stop();
    },
  };
}
