// What an account has to tell its owner, for tests of those who tell it.

import type { OwnerStatus } from "../../bouncer/owner-status.ts";

export const OWNER_STATUS: OwnerStatus = {
  account: "alice@example.org",
  address: "alice@example.org/xmpproxy-1",
  phase: "online",
  since: "2026-01-01T00:00:00.000Z",
  server: { url: "xmpps://example.org:5223", host: "example.org", port: 5223, protection: "direct TLS" },
  streamManagement: true,
  session: "resumed",
  lastError: { text: "The server hung up.", at: "2025-12-31T23:59:58.000Z" },
  tried: [{ what: "xmpp://example.org:5222", why: "It was not reached.\nTwice." }],
  restarts: 3,
  lastRestart: "2025-12-31T20:00:00.000Z",
  clients: [
    {
      device: "alice/one",
      state: "connected",
      since: "2026-01-01T00:00:00.000Z",
      lastActive: "2026-01-01T00:00:00.000Z",
      presence: "available",
      waiting: 0,
    },
  ],
  waitingForServer: 2,
  history: [
    {
      at: "2025-12-31T23:00:00.000Z",
      what: "lost",
      text: "Refused.",
      times: 3,
      lastAt: "2025-12-31T23:59:58.000Z",
    },
    { at: "2026-01-01T00:00:00.000Z", what: "bound" },
  ],
  holes: [
    { from: "2025-12-30T00:00:00.000Z", to: "2025-12-31T00:00:00.000Z", reason: "There was no archive." },
    {
      from: "2025-12-31T12:00:00.000Z",
      to: "2025-12-31T13:00:00.000Z",
      room: "room@muc.example.org",
      reason: "It was not to be asked.",
    },
  ],
};
