// The first section: is the account online, since when, with which server, and if not, why and what comes next.

import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import { make, makeSection, makeTime, replace, type Section } from "./console-dom.ts";
import { count } from "./console-words.ts";

type Phase = OwnerStatus["phase"];

const PHASES: Readonly<Record<Phase, { words: string; mood: string; meaning: string }>> = {
  online: {
    words: "Online",
    mood: "good",
    meaning: "The proxy holds your session, whether or not a client is attached.",
  },
  connecting: { words: "Connecting", mood: "busy", meaning: "The proxy is on its way to your server." },
  offline: { words: "Offline", mood: "bad", meaning: "The proxy tries again by itself." },
  "needs-login": {
    words: "Needs you to log in",
    mood: "bad",
    meaning:
      "Your server does not take what the proxy has stored. Log in with your password, here or in a client.",
  },
};

/** In the words of owner-status.ts. */
const PROTECTIONS: Readonly<Record<string, string>> = {
  "direct TLS": "encrypted from the first byte (TLS)",
  STARTTLS: "encrypted (TLS after STARTTLS)",
  "WebSocket over TLS": "encrypted (WebSocket over TLS)",
  unencrypted: "NOT encrypted",
  "WebSocket, unencrypted": "NOT encrypted (WebSocket)",
};

function fact(term: string, ...description: (Node | string)[]): HTMLElement[] {
  return [make("dt", "", term), make("dd", "", ...description)];
}

function serverFacts({ phase, server, session, streamManagement }: OwnerStatus): HTMLElement[] {
  if (server === undefined) {
    return [];
  }
  const began = session === "resumed" ? "Resumed after an interruption" : "New on this connection";
  const resumable = streamManagement
    ? "survives interruptions"
    : "cannot survive an interruption, because the server does not support it (XEP-0198)";
  return [
    ...fact(phase === "online" ? "Server" : "Trying", `${server.host}, port ${server.port}`),
    ...fact("Connection", PROTECTIONS[server.protection] ?? server.protection),
    ...(session === undefined ? [] : fact("Session", `${began}; ${resumable}`)),
  ];
}

function factsOf(status: OwnerStatus): HTMLElement[] {
  const { address, lastError, nextAttempt, tried, restarts, lastRestart, waitingForServer } = status;
  // One failure is the last error: no need to say it twice.
  const others = tried.length === 1 && tried[0]?.why === lastError?.text ? [] : tried;
  const failures = others.map(({ what, why }) => make("li", "", make("code", "", what), `: ${why}`));
  const isOnline = status.phase === "online";
  return [
    ...serverFacts(status),
    ...(address === undefined ? [] : fact("Your address", address)),
    ...(lastError === undefined ? [] : fact("Last error", lastError.text, " ", quiet(lastError.at))),
    ...(nextAttempt === undefined || isOnline ? [] : fact("Next attempt", makeTime(nextAttempt))),
    ...(failures.length === 0 ? [] : fact("Tried last", make("ul", "list", ...failures))),
    ...(waitingForServer === 0 ? [] : fact("Waiting to be sent", count(waitingForServer, "stanza"))),
    ...fact(
      "Restarts",
      restarts === 0 ? "none since the beginning, " : `${restarts}, the last `,
      makeTime(lastRestart),
    ),
  ];
}

function quiet(stamp: string): HTMLElement {
  return make("span", "quiet", makeTime(stamp));
}

export function stateSection(): Section {
  // Read out when it changes; the time beside it changes all the time.
  const phase = make("strong", "");
  phase.setAttribute("role", "status");
  const since = make("span", "quiet");
  const line = make("p", "phase", phase, since);
  const meaning = make("p", "quiet");
  const facts = make("dl", "facts");
  const root = makeSection("State", make("div", "", line, meaning, facts));
  return {
    root,
    show(status) {
      const { words, mood, meaning: text } = PHASES[status.phase];
      line.dataset["mood"] = mood;
      replace(phase, words);
      replace(since, "since ", makeTime(status.since));
      replace(meaning, text);
      replace(facts, ...factsOf(status));
    },
  };
}
