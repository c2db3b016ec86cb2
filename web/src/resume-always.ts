// Converse 14 resumes its stream (XEP-0198) and at the reconnection after that gives up what it knows of it, so that every other
// time it begins anew: what it had sent and nobody has acknowledged is lost then. It goes by a note in its session that it has
// resumed before; without the note it resumes whenever it can, and begins anew when the proxy says that it cannot.

import type { ConverseState } from "./converse.d.ts";

/** Must run before the first connection stands: in a plugin's `initialize`. */
export function resumeAlways({ api, session }: Pick<ConverseState, "api" | "session">): void {
  const forget = (): void => session.save({ smacks_resumed: false });
  api.listen.on("connected", forget);
  api.listen.on("reconnected", forget);
}
