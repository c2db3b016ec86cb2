// RFC 2782 and XEP-0368: the order of SRV records. The chances are counted exactly, over every number that can be drawn.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SrvRecord } from "../../../../durable/discovery/resolver.ts";
import { orderServices } from "../../../../durable/discovery/srv-order.ts";
import type { Service } from "../../../../durable/discovery/srv-order.ts";

const SEED = 20_261_122;
const NOTHING: Service = { records: [], authenticated: false };

const srv = (text: string): SrvRecord => {
  const [priority = "", weight = "", port = "", target = ""] = text.split(" ");
  return {
    priority: Number(priority),
    weight: Number(weight),
    port: Number(port),
    target: target.replace(/\.$/, ""),
  };
};

const service = (...records: string[]): Service => ({ records: records.map(srv), authenticated: false });

function order(direct: Service, starttls: Service, random: () => number = () => 0): string[] | string {
  const plan = orderServices({ direct, starttls }, random);
  return plan.kind === "entries" ? plan.entries.map((e) => `${e.tls} ${e.hostname}:${e.port}`) : plan.kind;
}

describe("FIND-3 mixing and refusing services", () => {
  it("tries lower priorities first, whatever the service", () => {
    expect(
      order(
        service("20 0 5223 c.example.", "5 0 443 a.example."),
        service("10 0 5222 b.example.", "30 0 5222 d.example."),
      ),
    ).toEqual([
      "direct a.example:443",
      "starttls b.example:5222",
      "direct c.example:5223",
      "starttls d.example:5222",
    ]);
  });

  it("draws among equal priorities of both services", () => {
    const both = [service("0 1 5223 a.example."), service("0 1 5222 b.example.")] as const;
    // Of 0, 1 and 2: up to 1 is the first.
    expect(order(...both, () => 0.5)).toEqual(["direct a.example:5223", "starttls b.example:5222"]);
    expect(order(...both, () => 0.7)).toEqual(["starttls b.example:5222", "direct a.example:5223"]);
  });

  it.each([
    ["no records", NOTHING, NOTHING, "absent"],
    ["no direct TLS", service("0 0 0 ."), service("0 0 5222 a.example."), ["starttls a.example:5222"]],
    ["no STARTTLS", service("0 0 5223 a.example."), service("0 0 0 ."), ["direct a.example:5223"]],
    ["neither", service("0 0 0 ."), service("0 0 0 ."), "unavailable"],
    ["no direct TLS and no word of the other", service("0 0 0 ."), NOTHING, "unavailable"],
    ["no STARTTLS and no word of the other", NOTHING, service("0 0 5222 ."), "unavailable"],
    ["port 0", NOTHING, service("0 0 0 a.example."), "unavailable"],
  ])("%s", (_what, direct, starttls, expected) => {
    expect(order(direct, starttls)).toEqual(expected);
  });

  it("keeps for each record whether its service was signed", () => {
    const plan = orderServices(
      {
        direct: { ...service("0 0 1 a.example."), authenticated: true },
        starttls: service("1 0 2 b.example."),
      },
      () => 0,
    );
    expect(plan.kind === "entries" && plan.entries.map(({ authenticated }) => authenticated)).toEqual([
      true,
      false,
    ]);
  });
});

describe("FIND-2 RFC 2782's weights", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 7 });

  it(`FIND-2 gives each record its share of the first place (seed ${SEED})`, () => {
    fc.assert(
      fc.property(weights, (list) => {
        const records = list.map((weight, index) => ({
          priority: 0,
          weight,
          port: index + 1,
          target: "a.example",
        }));
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const first = new Map<number, number>();
        for (let draw = 0; draw <= total; draw++) {
          const random = (): number => (draw + 0.5) / (total + 1);
          const plan = orderServices(
            { direct: NOTHING, starttls: { records, authenticated: false } },
            random,
          );
          const port = plan.kind === "entries" ? (plan.entries[0]?.port ?? 0) : 0;
          first.set(port, (first.get(port) ?? 0) + 1);
        }
        // The draw 0 is the one above the total: it goes to who stands first, a record of weight 0 if there is one.
        const zero = list.indexOf(0);
        const bonus = zero === -1 ? 0 : zero;
        for (const [index, weight] of list.entries()) {
          expect(first.get(index + 1) ?? 0).toBe(weight + (index === bonus ? 1 : 0));
        }
      }),
      { seed: SEED },
    );
  });

  it(`FIND-2 loses and doubles nothing, and never breaks the order of priorities (seed ${SEED})`, () => {
    const record = fc.record({
      priority: fc.integer({ min: 0, max: 3 }),
      weight: fc.integer({ min: 0, max: 65_535 }),
      target: fc.constant("a.example"),
    });
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 12 }),
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
          minLength: 12,
          maxLength: 12,
        }),
        (list, draws) => {
          const records = list.map((each, index) => ({ ...each, port: index + 1 }));
          let at = 0;
          const half = Math.floor(records.length / 2);
          const plan = orderServices(
            {
              direct: { records: records.slice(0, half), authenticated: false },
              starttls: { records: records.slice(half), authenticated: true },
            },
            () => draws[at++] ?? 0,
          );
          const ports = plan.kind === "entries" ? plan.entries.map(({ port }) => port) : [];
          expect(ports.toSorted((a, b) => a - b)).toEqual(records.map(({ port }) => port));
          const priorities = ports.map((port) => records[port - 1]?.priority ?? -1);
          expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
        },
      ),
      { seed: SEED },
    );
  });
});
