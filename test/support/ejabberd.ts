// An ejabberd for one test file: temporary directory, free ports, own certificate authority, the accounts alice, bob and
// carol. Up in a second or two, so every file takes its own and no test sees another's traffic.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureAuthority, issueCertificate } from "../../scripts/certificate.ts";
import { freePort } from "../../scripts/processes.ts";
import {
  EJABBERD_HOST,
  EJABBERD_ROOMS,
  type EjabberdBehaviour,
  ejabberdConfig,
  type EjabberdPorts,
} from "./ejabberd-config.ts";
import { Ejabberd } from "./ejabberd-server.ts";
import { PASSWORD } from "./prosody.ts";

export interface TestEjabberd {
  readonly server: Ejabberd;
  /** Ends the server and removes its directory. */
  readonly stop: () => Promise<void>;
}

async function prepare(directory: string, behaviour: EjabberdBehaviour): Promise<Ejabberd> {
  const tls = join(directory, "tls");
  await mkdir(tls);
  const authority = ensureAuthority(tls);
  const issued = issueCertificate(authority, tls, [EJABBERD_HOST, EJABBERD_ROOMS]);
  // ejabberd wants certificate and key in one file, or finds the pairs itself among all that it is given.
  const certificatePath = join(tls, "both.pem");
  const parts = [await readFile(issued.certificatePath), await readFile(issued.keyPath)];
  await writeFile(certificatePath, Buffer.concat(parts), { mode: 0o600 });
  const { plainPort } = behaviour;
  const ports: EjabberdPorts = {
    ...(plainPort === undefined ? {} : { c2sPlain: plainPort }),
    c2s: await freePort(),
    c2sDirectTls: await freePort(),
    http: await freePort(),
    https: await freePort(),
  };
  const configPath = join(directory, "ejabberd.yml");
  await writeFile(configPath, ejabberdConfig(certificatePath, ports, behaviour));
  return new Ejabberd({ directory, configPath, caPath: authority.certificatePath }, ports);
}

/** Starts an ejabberd with three accounts; see EjabberdBehaviour for what can be made to differ. */
export async function startTestEjabberd(behaviour: EjabberdBehaviour = {}): Promise<TestEjabberd> {
  const directory = await mkdtemp(join(tmpdir(), "xmpproxy-ejabberd-"));
  let server: Ejabberd | undefined;
  const stop = async (): Promise<void> => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    server = await prepare(directory, behaviour);
    await server.start();
    for (const localpart of ["alice", "bob", "carol"]) {
      await server.register(localpart, PASSWORD);
    }
    await server.befriend(behaviour.mutualContacts ?? []);
    return { server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
