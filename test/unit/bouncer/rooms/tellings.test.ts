// MUC-22, LOG-10: a device that comes back to a room has all that was said there, once and in order, a page at a time.

import { describe, expect, it } from "vitest";
import { parse } from "../../../support/xml-shape.ts";
import { comes, entered, hears, PHONE, range, stays, take, takeAll, to, wasThere } from "./telling-words.ts";
import { gone, join, leaves, occupant, ROOM, says, subject } from "./words.ts";

const OTHER = "other@muc.example.org";
const elsewhere = (xml: string): string => xml.replaceAll(ROOM, OTHER);

describe("MUC-22 a device that comes back to a room", () => {
  it("MUC-4 MUC-22 has what it has missed, more than 500, in pages of a hundred, each when the last is acknowledged; then the subject", () => {
    const world = wasThere();
    hears(world, 4, 703);
    comes(world);
    for (const page of range(0, 6)) {
      const last = 3 + (page + 1) * 100;
      const isLast = last === 703;
      expect(take(world)).toEqual([...range(last - 99, last), ...(isLast ? ["Tea"] : [])]);
      expect(take(world)).toEqual([]);
      world.acknowledge(PHONE);
    }
    hears(world, 704);
    expect(take(world)).toEqual([704]);
  });

  it("MUC-22 regression: it may have attached and gone without entering the room", () => {
    const world = wasThere();
    hears(world, 4, 83);
    world.attach(PHONE, "phone");
    world.send(PHONE, "<presence/>");
    world.leave(PHONE);
    hears(world, 84, 90);
    comes(world);
    expect(takeAll(world)).toEqual([...range(4, 90), "Tea"]);
  });

  it("MUC-22 is told nothing twice: not what it has had, and only the subject where it has missed nothing", () => {
    const world = wasThere();
    comes(world);
    expect(takeAll(world)).toEqual(["Tea"]);
    world.leave(PHONE);
    hears(world, 4);
    comes(world);
    expect(takeAll(world)).toEqual([4, "Tea"]);
  });

  it("MUC-22 also when it leaves the room and enters it anew while it is attached", () => {
    const world = stays();
    comes(world);
    hears(world, 1, 2);
    world.send(PHONE, leaves("al"));
    hears(world, 3, 4);
    world.send(PHONE, join("al"));
    // What is not acknowledged is on its way on the same stream.
    expect(take(world)).toEqual(["Tea", 1, 2, 3, 4, "Tea"]);
    // Without a word of leaving (XEP-0045 section 17.3).
    hears(world, 5);
    world.send(PHONE, join("al"));
    expect(take(world)).toEqual([5, "Tea"]);
    // What was never acknowledged it may not have got.
    world.leave(PHONE);
    comes(world);
    expect(takeAll(world)).toEqual([...range(1, 5), "Tea"]);
  });

  it("MUC-22 LOG-10 what is said meanwhile waits in the log; the subject is the one of the end, and what is not logged does not wait", () => {
    const world = wasThere();
    hears(world, 4, 150);
    comes(world);
    expect(take(world)).toEqual(range(4, 103));
    hears(world, 151, 152);
    world.upstreamSends(to(subject("Coffee")));
    world.upstreamSends(to(says("bob", "999", `<no-store xmlns="urn:xmpp:hints"/>`)));
    expect(take(world)).toEqual([999]);
    world.acknowledge(PHONE);
    expect(take(world)).toEqual([...range(104, 152), "Coffee"]);
  });

  it("MUC-22 a client that is put out and enters again is told only what came since", () => {
    const world = wasThere();
    comes(world);
    hears(world, 4);
    expect(takeAll(world)).toEqual(["Tea", 4]);
    world.upstreamSends(to(gone("al", [110, 307])));
    world.send(PHONE, join("al"));
    entered(world);
    hears(world, 5);
    expect(takeAll(world)).toEqual(["Tea", 5]);
  });

  it("MUC-22 its rooms share a hundred messages that are on their way", () => {
    const world = wasThere();
    world.send("laptop", elsewhere(join("al")));
    world.upstreamSends(to(elsewhere(occupant("al", [110]))));
    world.upstreamSends(to(elsewhere(subject("Tea"))));
    hears(world, 4, 83);
    for (const number of range(1, 40)) world.upstreamSends(to(elsewhere(says("bob", String(number)))));
    comes(world);
    world.send(PHONE, elsewhere(join("al")));
    const first: string[] = [];
    for (let frame = world.next(PHONE); frame !== undefined; frame = world.next(PHONE)) first.push(frame);
    expect(first.filter((frame) => frame.includes("<body>"))).toHaveLength(100);
    world.acknowledge(PHONE);
    expect(take(world, PHONE, OTHER)).toEqual([...range(21, 40), "Tea"]);
  });

  it("LOG-10 without Stream Management what it has got is known by pings, and it waits two seconds at most for the next page", () => {
    const world = wasThere();
    hears(world, 4, 253);
    world.unmanaged.add(PHONE);
    comes(world);
    const pings: string[] = [];
    const page = (): number => {
      let count = 0;
      for (let frame = world.next(PHONE); frame !== undefined; frame = world.next(PHONE)) {
        if (frame.includes("<body>")) count += 1;
        const id = frame.includes("urn:xmpp:ping") ? parse(frame).attrs.id : undefined;
        if (id !== undefined) pings.push(id);
      }
      return count;
    };
    expect(page()).toBe(100);
    world.send(PHONE, `<iq type="result" id="${pings.at(-1)}"/>`);
    expect(page()).toBe(100);
    world.wait(2);
    expect(page()).toBe(50);
    // Only the first page was answered for.
    world.leave(PHONE);
    world.unmanaged.delete(PHONE);
    comes(world);
    expect(takeAll(world)).toEqual([...range(104, 253), "Tea"]);
  });

  it("LOG-10 a reset: a client that has no Stream Management is gone, and has what it had 25 s before", () => {
    const world = wasThere();
    world.unmanaged.add(PHONE);
    comes(world);
    hears(world, 4, 10);
    world.wait(25);
    world.account.tick();
    const ping = /<iq[^>]* id="([^"]+)"/;
    for (let frame = world.next(PHONE); frame !== undefined; frame = world.next(PHONE)) {
      const [, id] = ping.exec(frame) ?? [];
      if (id !== undefined) world.send(PHONE, `<iq type="result" id="${id}"/>`);
    }
    world.wait(25);
    world.account.tick();
    hears(world, 11, 12);
    take(world);
    world.restart({ lost: [PHONE], connected: ["laptop"] });
    world.upstreamResumed();
    world.unmanaged.delete(PHONE);
    comes(world);
    expect(takeAll(world)).toEqual([11, 12, "Tea"]);
  });

  it("LOG-10 a reset in the middle: a client that resumes gets the rest, once", () => {
    const world = wasThere();
    hears(world, 4, 353);
    comes(world);
    expect(take(world)).toEqual(range(4, 103));
    world.restart({ connected: ["laptop"] });
    world.upstreamResumed();
    hears(world, 354);
    world.acknowledge(PHONE);
    expect(take(world)).toEqual([]);
    world.resume(PHONE);
    expect(take(world)).toEqual(range(104, 203));
    world.restart({ connected: ["laptop"] });
    world.upstreamResumed();
    world.acknowledge(PHONE);
    world.resume(PHONE);
    expect(take(world)).toEqual(range(204, 303));
    world.acknowledge(PHONE);
    expect(take(world)).toEqual([...range(304, 354), "Tea"]);
  });
});
