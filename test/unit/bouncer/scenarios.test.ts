// The scenarios of test/scenarios against the policy alone, with a server in memory.

import { describe, it } from "vitest";
import { SCENARIOS } from "../../scenarios/all.ts";
import { playServed } from "../../support/served-world.ts";

describe("scenarios, the policy alone", () => {
  for (const scenario of SCENARIOS) {
    const why = scenario.skip?.policy;
    if (why === undefined) it(scenario.title, async () => await playServed(scenario));
    else it.skip(`${scenario.title} (skipped: ${why})`, () => undefined);
  }
});
