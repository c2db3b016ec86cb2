// Converse 14 resumes its stream (XEP-0198) and at the reconnection after that gives up what it knows of it, so that every other
// time it begins anew: what it had sent and nobody has acknowledged is lost then. It goes by a note in its session that it has
// resumed before; without the note it resumes whenever it can, and begins anew when the proxy says that it cannot. It makes
// the note while it resumes, and looks at it once it has taken down what is left of a connection: one that breaks in between
// counts, too.

import type { ConverseState } from "./converse.d.ts";

/** Must run before the first connection stands: in a plugin's `initialize`. */
export function resumeAlways({ api, session }: Pick<ConverseState, "api" | "session">): void {
  const forget = (): void => session.save({ smacks_resumed: false });
  for (const event of ["connected", "reconnected", "beforeTearDown"]) api.listen.on(event, forget);
}
