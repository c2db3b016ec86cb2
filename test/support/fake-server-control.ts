// Starts the fake servers for the tests inside workerd, which cannot listen themselves, and lets them be led over HTTP.
// vitest's globalSetup of the workerd project.

import { createServer, type IncomingMessage } from "node:http";
import type { TestProject } from "vitest/node";
import { FakeServers } from "./fake-server.ts";
import { type Fault, FAULTS } from "./fake-server-faults.ts";
import { endServer, listenOnLoopback } from "./loopback-server.ts";

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function isFault(text: string): text is Fault {
  return FAULTS.some((fault) => fault === text);
}

/** One order; the path says which, the query whom it concerns. Returns the answer's body. */
function carryOut(servers: FakeServers, url: URL, body: string): string {
  const account = url.searchParams.get("account") ?? "";
  const fault = url.searchParams.get("fault") ?? "";
  switch (url.pathname) {
    case "/connections":
      return JSON.stringify(servers.connections.filter(({ domain }) => domain === `${fault}.example`));
    case "/say":
      return String(servers.say(account, body));
    case "/drop":
      servers.drop(account);
      return "";
    case "/password":
      servers.passwords.set(account, body);
      return "";
    case "/open":
    case "/shut":
      if (isFault(fault)) servers.setOpen(fault, url.pathname === "/open");
      return "";
    default:
      throw new Error(`no such order: ${url.pathname}`);
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const servers = new FakeServers();
  await servers.start();
  const control = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      response.end(carryOut(servers, url, await bodyOf(request)));
    })();
  });
  const port = await listenOnLoopback(control);
  provide("upstreamHosts", JSON.stringify(servers.hosts()));
  provide("fakeServerControl", `http://127.0.0.1:${port}`);
  return async () => {
    await endServer(control);
    await servers.stop();
  };
}
