// A server by itself, Prosody or ejabberd, delivering the same messages to N resources of one account that have carbons
// enabled, over its own WebSocket: what the account's owner would have without us.

import { startTestEjabberd } from "../../test/support/ejabberd.ts";
import { PASSWORD, startTestProsody } from "../../test/support/prosody.ts";
import { CountingClient } from "./counting-client.ts";
import { bindClient } from "./login.ts";
import { messageXml, outgoingXml, type Subject } from "./subject.ts";

interface RunningServer {
  readonly server: { readonly host: string; readonly webSocketUrl: string; readonly pid: number | undefined };
  readonly stop: () => Promise<void>;
}

/** `archive`: with its message archive (XEP-0313) on. */
export async function startProsodySubject(archive: boolean): Promise<Subject> {
  // Silent: a server that writes a log line a stanza measures its disk.
  const running = await startTestProsody({ logLevel: "error", withoutModules: archive ? [] : ["mam"] });
  return await serverSubject(`Prosody 0.12, archive ${archive ? "on" : "off"}`, running);
}

export async function startEjabberdSubject(archive: boolean): Promise<Subject> {
  const running = await startTestEjabberd({ withoutModules: archive ? [] : ["mod_mam"] });
  return await serverSubject(`ejabberd 23.01, archive ${archive ? "on" : "off"}`, running);
}

async function serverSubject(name: string, { server, stop }: RunningServer): Promise<Subject> {
  const jid = `alice@${server.host}`;
  const sender = await CountingClient.connect(server.webSocketUrl);
  await bindClient(sender, {
    jid: `bob@${server.host}`,
    password: PASSWORD,
    resource: "phone",
    managed: false,
  });
  sender.count("<message", false);
  let target = "";
  let poured = 0;
  return {
    name,
    pid: server.pid ?? 0,
    upstream: {
      get messages() {
        return sender.counted;
      },
      get onMessage() {
        return sender.onCount;
      },
      set onMessage(listener) {
        sender.onCount = listener;
      },
    },
    attach: async (index) => {
      const client = await CountingClient.connect(server.webSocketUrl);
      const options = { jid, password: PASSWORD, resource: `c${index}`, managed: false };
      const { fullJid } = await bindClient(client, options);
      if (index === 0) target = fullJid;
      return client;
    },
    pour: (messages) => {
      for (let index = 0; index < messages; index += 1)
        sender.send(messageXml(`bob@${server.host}/phone`, target, (poured += 1)));
    },
    say: (client, messages) => {
      for (let index = 0; index < messages; index += 1)
        client.send(outgoingXml(`bob@${server.host}/phone`, (poured += 1)));
    },
    stop: async () => {
      sender.drop();
      await stop();
    },
  };
}
