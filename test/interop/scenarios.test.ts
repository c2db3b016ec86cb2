// The scenarios of test/scenarios end to end: real clients on the bundle in workerd, Prosody and ejabberd behind it, contacts
// straight on the server, real kills.

import { afterAll, beforeAll, it } from "vitest";
import { SCENARIOS } from "../scenarios/all.ts";
import { playInterop } from "../support/interop-world.ts";
import { describeEach } from "../support/requirements.ts";
import { PLACES, type Server, type Stage } from "./stage.ts";

describeEach(PLACES, "scenarios, on $name", ({ name, start }) => {
  let stage: Stage<Server>;

  beforeAll(async () => {
    stage = await start();
  });

  afterAll(async () => await stage?.stop());

  for (const [n, scenario] of SCENARIOS.entries()) {
    const why = scenario.skip?.[name];
    if (why === undefined) it(scenario.title, async () => await playInterop(stage, n, scenario), 60_000);
    else it.skip(`${scenario.title} (skipped: ${why})`, () => undefined);
  }
});
