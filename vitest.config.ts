// Three kinds of tests. unit: plain Node, no I/O. workerd: inside the runtime, as wrangler.toml says. interop: the
// bundled Worker against real servers, real clients and a real browser; these wait more than they work.

import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const SECOND_MS = 1000;

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/totals-reporter.ts"],
    projects: [
      {
        test: { name: "unit", environment: "node", include: ["test/unit/**/*.test.ts"] },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ALLOWED_ACCOUNTS: "*",
                CREDENTIALS_KEY: "the key of the tests, long enough",
                UPSTREAM_HOSTS: inject<string>("upstreamHosts"),
                ALLOW_PLAINTEXT_LOOPBACK: "true",
                REPLAY_NEW_DEVICE: "none",
                ACCOUNTS: JSON.stringify({ "configured@late.example": "pencil" }),
              },
            },
          })),
        ],
        test: {
          name: "workerd",
          include: ["test/workerd/**/*.test.ts"],
          globalSetup: ["test/support/fake-server-control.ts"],
        },
      },
      {
        test: {
          name: "interop",
          environment: "node",
          include: ["test/interop/**/*.test.ts"],
          globalSetup: ["test/support/interop-setup.ts"],
          // Each file has servers and ports of its own. More at once would wait for one another.
          maxWorkers: 2,
          // How long a hang may last, not an expectation of speed.
          testTimeout: 30 * SECOND_MS,
          hookTimeout: 60 * SECOND_MS,
        },
      },
    ],
  },
});
