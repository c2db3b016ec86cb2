// Which programs a test may count on. `npm test` installs what it can, says loudly what is missing and fails when CI is
// set; the tests themselves only skip.

import { describe } from "vitest";
import {
  CHROMIUM,
  EJABBERD,
  ERLANG,
  findProgram,
  OPENSSL,
  PROSODY,
  PROSODY_MODULES,
} from "../../scripts/programs.ts";

/** For describe.skipIf(): no private Prosody can be started here. */
export const missingProsody = findProgram(PROSODY) === undefined || findProgram(OPENSSL) === undefined;

/** For describe.skipIf(): no private Prosody with community modules (SASL2, XEP-0425). */
export const missingModules = missingProsody || findProgram(PROSODY_MODULES) === undefined;

/** For describe.skipIf(): no private ejabberd can be started here. */
export const missingEjabberd = [EJABBERD, ERLANG, OPENSSL].some(
  (program) => findProgram(program) === undefined,
);

/** For describe.skipIf(): no browser here. */
export const missingChromium = findProgram(CHROMIUM) === undefined;

/** Something that the same tests are made for again. */
interface Place {
  readonly name: string;
  /** Is anything not installed that it needs? */
  readonly isMissing: boolean;
}

/** describe.each() that skips the places that are missing; `$name` stands for the place's. */
export function describeEach<P extends Place>(
  places: readonly P[],
  title: string,
  tests: (place: P) => void,
): void {
  for (const place of places) {
    describe.skipIf(place.isMissing)(title.replace("$name", place.name), () => tests(place));
  }
}
