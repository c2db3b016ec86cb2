// UP-11: what a session leaves behind that cannot be resumed.

import { describe, expect, it } from "vitest";
import { REQUEST_ACK } from "../../xmpp/stream-management.ts";
import { GRANTED, nothing, request, withSession } from "./support/managed-session.ts";

const stamp = (at: string): string => `<delay xmlns="urn:xmpp:delay" stamp="${at}"/>`;
const said = (id: string, more = ""): string => `<message id="${id}"><body>${id}</body>${more}</message>`;

describe("UP-11 what a session leaves behind that cannot be resumed", () => {
  it("UP-11 is sent again in the next one, messages five seconds old or more with the time when they were written", async () => {
    const old = "2026-11-29T08:00:00.000Z";
    const [oldMs, nowMs] = [Date.parse(old), Date.parse("2026-11-29T08:00:05.000Z")];
    const forwarded = said("forwarded", stamp("2020-01-01T00:00:00Z"));
    for (const way of ["by <failed/>", "and a new process"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await withSession(`stamped-${way.length}`, (session, revived) => {
        for (const stanza of [said("handled"), said("old"), request("r"), forwarded])
          session.add(stanza, oldMs);
        session.add(said("new"), oldMs + 1);
        session.drain(oldMs);
        const next = way === "by <failed/>" ? session : revived();
        next.disconnected();
        next.resumption();
        // `<failed h="1"/>`: one of them has arrived after all.
        next.resumeFailed(1);
        next.begin("a@good.example/other", GRANTED, nothing);
        expect(next.drain(nowMs)).toEqual([
          said("old", stamp(old)),
          request("r"),
          forwarded,
          said("new"),
          REQUEST_ACK,
        ]);
      });
    }
  });
});
