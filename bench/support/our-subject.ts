// The bundled proxy in workerd, with the source server as the account's server.

import { CountingClient } from "./counting-client.ts";
import { ACCOUNT, PASSWORD, SourceServer } from "./source-server.ts";
import { messageXml, type Subject } from "./subject.ts";
import { bindClient } from "./login.ts";
import { startWorker, type TestWorker } from "../../test/support/worker.ts";

export interface OurSubject extends Subject {
  readonly source: SourceServer;
  readonly worker: TestWorker;
}

/** `managed`: clients with Stream Management. */
export async function startOurs(bundle: string, { managed }: { managed: boolean }): Promise<OurSubject> {
  const source = new SourceServer();
  const port = await source.start();
  const worker = await startWorker({
    bundle,
    vars: {
      UPSTREAM_HOSTS: JSON.stringify({ "bench.example": `xmpp+plain://127.0.0.1:${port}` }),
      ALLOW_PLAINTEXT_LOOPBACK: "true",
    },
  });
  let poured = 0;
  return {
    name: managed ? "xmpproxy, clients with Stream Management" : "xmpproxy",
    pid: worker.pid,
    source,
    worker,
    attach: async (index) => {
      const client = await CountingClient.connect(worker.wsUrl(ACCOUNT));
      await bindClient(client, { jid: ACCOUNT, password: PASSWORD, resource: `c${index}`, managed });
      return client;
    },
    pour: (messages) => {
      let text = "";
      for (let index = 0; index < messages; index += 1)
        text += messageXml("bob@bench.example/phone", source.fullJid, (poured += 1));
      source.write(text);
    },
    stop: async () => {
      await worker.stop();
      source.stop();
    },
  };
}
