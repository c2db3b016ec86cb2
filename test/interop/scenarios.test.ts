// The scenarios of test/scenarios end to end: real clients on the bundle in workerd, Prosody and ejabberd behind it, contacts
// straight on the server, real kills.

import { afterAll, beforeAll, describe, it } from "vitest";
import { SCENARIOS } from "../scenarios/all.ts";
import { playInterop } from "../support/interop-world.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { type Server, type Stage, startEjabberdStage, startStage } from "./stage.ts";

const PLACES = [
  { name: "Prosody", isMissing: missingProsody, start: startStage },
  { name: "ejabberd", isMissing: missingEjabberd, start: startEjabberdStage },
] as const;

describe.each(PLACES)("scenarios, on $name", ({ name, isMissing, start }) => {
  let stage: Stage<Server>;

  beforeAll(async () => {
    if (!isMissing) stage = await start();
  });

  afterAll(async () => await stage?.stop());

  for (const [n, scenario] of SCENARIOS.entries()) {
    const why = isMissing ? "the server is not installed" : scenario.skip?.[name];
    if (why === undefined) it(scenario.title, async () => await playInterop(stage, n, scenario), 60_000);
    else it.skip(`${scenario.title} (skipped: ${why})`, () => undefined);
  }
});
