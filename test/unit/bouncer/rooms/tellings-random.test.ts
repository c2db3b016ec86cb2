// MUC-22, LOG-10: whatever happens when.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AccountWorld, FULL } from "../../../support/account-world.ts";
import { entered, hears, range, stays, take } from "./telling-words.ts";
import { join, leaves } from "./words.ts";

const SEED = 20_261_128;

type Event =
  | "room"
  | "bob"
  | "acknowledges"
  | "breaks off"
  | "comes anew"
  | "comes without entering"
  | "leaves the room"
  | "reset"
  | "new session"
  | "wait";

const EVENTS: readonly Event[] = [
  "room",
  "room",
  "bob",
  "acknowledges",
  "breaks off",
  "comes anew",
  "comes without entering",
  "leaves the room",
  "reset",
  "new session",
  "wait",
];

/** What was sent to it counts when it is acknowledged; what it leaves behind unacknowledged has not come. */
class Phone {
  readonly seen: number[] = [];
  readonly #world: AccountWorld;
  #attachments = 0;
  #client = "";
  #isIn = false;

  constructor(world: AccountWorld) {
    this.#world = world;
    this.attach();
    this.enter();
  }

  attach(): void {
    this.#attachments += 1;
    this.#client = `phone-${this.#attachments}`;
    this.#isIn = false;
    this.#world.attach(this.#client, "phone");
    this.#world.send(this.#client, "<presence/>");
  }

  enter(): void {
    if (this.#isIn) return;
    this.#isIn = true;
    this.#world.send(this.#client, join("al"));
  }

  leaveRoom(): void {
    this.#isIn = false;
    this.#world.send(this.#client, leaves("al"));
  }

  acknowledge(): void {
    this.seen.push(...take(this.#world, this.#client).filter((what) => typeof what === "number"));
    this.#world.acknowledge(this.#client);
  }

  resume(): void {
    this.acknowledge();
    this.#world.resume(this.#client);
  }

  breakOffAndResume(): void {
    this.#world.breakOff(this.#client);
    this.resume();
  }

  comeAnew(): void {
    this.#world.leave(this.#client);
    take(this.#world, this.#client);
    this.attach();
  }
}

describe("MUC-22 whatever happens when", () => {
  it(
    `MUC-22 LOG-10 the phone hears everything that was said in the room once and in order (seed ${SEED})`,
    { timeout: 60_000 },
    () => {
      const event = fc.record({ what: fc.constantFrom(...EVENTS), times: fc.integer({ min: 1, max: 130 }) });
      fc.assert(
        fc.property(fc.array(event, { minLength: 5, maxLength: 40 }), (events) => {
          const world = stays();
          const phone = new Phone(world);
          let id = 0;
          for (const { what, times } of events) {
            if (what === "room") hears(world, id + 1, (id += times));
            else if (what === "bob") {
              for (let n = 0; n < times; n += 1) {
                world.upstreamSends(
                  `<message from="bob@example.org/x" to="${FULL}" type="chat" id="c${n}"><body>x</body></message>`,
                );
              }
            } else if (what === "acknowledges") phone.acknowledge();
            else if (what === "breaks off") phone.breakOffAndResume();
            else if (what === "comes without entering") phone.comeAnew();
            else if (what === "comes anew") {
              phone.comeAnew();
              phone.enter();
            } else if (what === "leaves the room") {
              phone.leaveRoom();
              if (times % 2 === 0) phone.enter();
            } else if (what === "wait") world.wait(times);
            else if (what === "new session") {
              world.upstreamLost("gone");
              world.upstreamBound(FULL);
              entered(world);
            } else {
              world.restart();
              world.resume("laptop");
              phone.resume();
              world.upstreamResumed();
            }
          }
          phone.enter();
          for (let page = 0; page * 50 <= world.log.head() + 200; page += 1) phone.acknowledge();
          expect(phone.seen).toEqual(range(1, id));
        }),
        { seed: SEED, numRuns: 100 },
      );
    },
  );
});
