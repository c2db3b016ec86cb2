// Starting and ending a small server of a test's own on loopback.

import type { Server } from "node:http";
import type { Server as AnyServer } from "node:net";

/** Listens on a free port of 127.0.0.1 and returns it. */
export async function listenOnLoopback(server: AnyServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

/** Ends it, connections that hang included. */
export async function endServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
