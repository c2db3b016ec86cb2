// A Prosody for one test file: temporary directory, free ports, the accounts alice, bob and carol. Up in a quarter of a
// second, so every file takes its own and no test sees another's traffic.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProsody } from "../../scripts/prosody.ts";
import type { Prosody, ProsodyOptions } from "../../scripts/prosody.ts";

/** The password of every test account. */
export const PASSWORD = "correct horse battery staple";

export const ALICE = "alice@localhost";
export const BOB = "bob@localhost";
export const CAROL = "carol@localhost";

const OWN_MODULES = fileURLToPath(new URL("./prosody-modules", import.meta.url));

/** A Prosody that has SASL2, Bind 2, FAST and resuming along with them: Debian's prosody-modules, made to fit its 0.12. */
export const WITH_SASL2 = {
  withModules: ["sasl2_on_0_12", "sasl2", "sasl2_bind2", "sasl2_fast", "sasl2_sm"],
  extraGlobal: `plugin_paths = { ${JSON.stringify(OWN_MODULES)} }`,
};

export interface TestProsody {
  readonly server: Prosody;
  /** Ends the server and removes its directory. */
  readonly stop: () => Promise<void>;
}

/** Starts a Prosody with three accounts; see ProsodyOptions for what can be made to differ. */
export async function startTestProsody(
  options: Omit<ProsodyOptions, "directory"> = {},
): Promise<TestProsody> {
  const directory = await mkdtemp(join(tmpdir(), "xmpproxy-prosody-"));
  const remove = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  try {
    const server = await startProsody({ logLevel: "debug", ...options, directory });
    for (const localpart of ["alice", "bob", "carol"]) {
      await server.register(localpart, PASSWORD);
    }
    const stop = async (): Promise<void> => {
      await server.stop();
      await remove();
    };
    return { server, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}
