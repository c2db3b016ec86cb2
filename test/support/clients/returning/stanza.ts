// stanza 12: a page that keeps the state of its Stream Management can go on after a reload.

import { type Agent, createClient } from "stanza";
import { waitFor } from "../../../../scripts/processes.ts";
import { type ReturningClient, type ReturningOptions, Wire } from "./wire.ts";

type Kept = Parameters<Agent["sm"]["load"]>[0];

export async function openStanza(options: ReturningOptions): Promise<ReturningClient> {
  const wire = new Wire();
  let kept: Kept | undefined;
  let agent = begin();
  await wire.until("the first login", /^<enabled/);
  return {
    wire,
    say: async (to, body, type = "chat") => await Promise.resolve(void agent.sendMessage({ to, type, body })),
    join: async (room, nickname) => void (await agent.joinRoom(room, nickname)),
    reload: async (meanwhile) => {
      const left = agent;
      left.config.autoReconnect = false;
      left.sm.cache(() => undefined);
      left.transport?.disconnect(false);
      await waitFor("the page to be gone", () => left.transport === undefined);
      await meanwhile();
      agent = begin();
    },
    close: async () => {
      agent.config.autoReconnect = false;
      agent.disconnect();
      await Promise.resolve();
    },
  };

  function begin(): Agent {
    const { url, jid, password } = options;
    const next = createClient({
      jid,
      password,
      resource: "page",
      transports: { websocket: url, bosh: false },
      autoReconnect: true,
      maxReconnectBackoff: 1,
    });
    next.on("raw:incoming", (frame: string) => wire.came(frame));
    next.on("raw:outgoing", (frame: string) => wire.sent(frame));
    next.on("session:started", () => next.sendPresence());
    if (kept) next.sm.load(kept);
    next.sm.cache((state) => (kept = structuredClone(state)));
    next.connect();
    return next;
  }
}
