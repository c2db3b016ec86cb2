// Which clients are attached, or may come back.

import type { ClientStatus } from "../../bouncer/owner-status.ts";
import { make, makeSection, makeTime, replace, type Section } from "./console-dom.ts";
import { count } from "./console-words.ts";

/** The `<show/>` of presence (RFC 6121 section 4.7.2.1) in words. */
const PRESENCES: Readonly<Record<string, string>> = {
  away: "away",
  chat: "free for chat",
  dnd: "do not disturb",
  xa: "away for longer",
  available: "available",
  unavailable: "not shown to contacts",
};

function describe({ device, state, since, presence, waiting }: ClientStatus): HTMLElement {
  const isConnected = state === "connected";
  const status = isConnected ? (PRESENCES[presence] ?? presence) : "gone for now, can resume";
  const left =
    waiting === 0 ? undefined : make("span", "quiet", `${count(waiting, "stanza")} not confirmed yet`);
  const when =
    since === undefined
      ? undefined
      : make("span", "quiet", isConnected ? "attached " : "gone since ", makeTime(since));
  return make(
    "li",
    "",
    make("div", "entry", make("strong", "", device), status),
    make("div", "entry", when, left),
  );
}

export function clientsSection(): Section {
  const list = make("ul", "list");
  const nobody = make("p", "quiet");
  const root = makeSection("Clients", make("div", "", nobody, list));
  return {
    root,
    show({ clients, phase }) {
      const seen = phase === "online" ? " Your contacts see you as away." : "";
      replace(nobody, `No client is attached.${seen}`);
      nobody.hidden = clients.length > 0;
      replace(list, ...clients.map(describe));
    },
  };
}
