// A random run end to end: three devices of alice's and bob talk and ask, while devices lose their sockets and take their streams
// up again, workerd is killed, and the connection to Prosody breaks. Nothing waits for anything, so that all of it happens in
// the middle of something. What comes of it: everything once, at everybody.

import * as fc from "fast-check";
import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { ManagedClient } from "../support/managed-client.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

/** Pinned, so that a failing run can be had again; XMPPROXY_SEED tries others. */
const SEED = Number(process.env["XMPPROXY_SEED"] ?? 20_260_102);
const STEPS = 120;
const LONG_MS = 60_000;

interface Step {
  op: "say" | "bobSays" | "ask" | "bobAsks" | "breakOff" | "resume" | "kill" | "drop";
  who: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.oneof(
    { weight: 24, arbitrary: fc.constantFrom("say", "bobSays", "ask", "bobAsks") },
    { weight: 6, arbitrary: fc.constantFrom("breakOff", "resume", "resume") },
    { weight: 1, arbitrary: fc.constantFrom("kill", "drop") },
  ),
  who: fc.nat(2),
});

type Times = Record<string, number>;

function count(times: Times, what: string): void {
  times[what] = (times[what] ?? 0) + 1;
}

class Device {
  readonly heard: Times = {};
  readonly copies: Times = {};
  readonly answers: Times = {};
  readonly client: ManagedClient;
  connected = true;

  private constructor(client: ManagedClient) {
    this.client = client;
  }

  static async attach(url: string, account: Account, name: string): Promise<Device> {
    const device = new Device(
      await ManagedClient.login(url, account, name, (stanza) => device.#gets(stanza)),
    );
    device.client.send(`<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    device.client.send(`<presence/>`);
    return device;
  }

  #gets(stanza: Element): void {
    const { id = "", from = "", type } = stanza.attrs;
    const copy = stanza.getChild("sent")?.getChild("forwarded")?.getChild("message")?.getChildText("body");
    const body = stanza.getChildText("body");
    if (typeof copy === "string") count(this.copies, copy);
    else if (stanza.is("message") && body !== null && type !== "headline") count(this.heard, body);
    else if (stanza.is("iq") && id.startsWith("q")) count(this.answers, id);
    else if (stanza.is("iq") && type === "get")
      this.client.send(`<iq type="result" to="${from}" id="${id}"/>`);
  }
}

describe.skipIf(missingProsody)("a random run, on Prosody", () => {
  let stage: Stage;
  let bob: RawSession;
  let alice: Account;
  const devices: Device[] = [];
  const bobHeard: Times = {};
  const bobAnswers: Times = {};

  beforeAll(async () => {
    stage = await startStage({ mutualContacts: ["alice", "bob"] });
    alice = await stage.account("alice");
    bob = await stage.attachDirectly(await stage.account("bob"), "sofa");
    bob.send("<presence/>");
    bob.stanzas.watch((stanza) => {
      const { id = "", from = "", type } = stanza.attrs;
      const body = stanza.getChildText("body");
      if (stanza.is("message") && body !== null) count(bobHeard, body);
      else if (stanza.is("iq") && type === "get") bob.send(`<iq type="result" to="${from}" id="${id}"/>`);
      else if (stanza.is("iq") && id.startsWith("r")) count(bobAnswers, id);
    });
    for (const name of ["desk", "phone", "watch"]) {
      devices.push(await Device.attach(stage.worker.wsUrl(alice.jid), alice, name));
    }
  });

  afterAll(async () => await stage?.stop());

  async function resume(device: Device): Promise<void> {
    if (device.connected) return;
    expect(await device.client.resume(), device.client.endedBy).toBe(true);
    device.connected = true;
  }

  async function disturb({ op, who }: Step): Promise<void> {
    const device = devices[who];
    if (!device) return;
    if (op === "resume") await resume(device);
    else if (op === "breakOff") {
      device.connected = false;
      await device.client.breakOff();
    } else if (op === "drop") await stage.server.dropConnections("alice");
    else {
      for (const each of devices) each.connected = false;
      await stage.worker.restart();
    }
  }

  it(
    `SM-1 UP-9 MSG-1 MSG-5 IQ-2 IQ-7 IQ-11 IQ-12: everything once, at everybody (seed ${SEED})`,
    async () => {
      const [steps = []] = fc.sample(fc.array(step, { minLength: STEPS, maxLength: STEPS }), {
        seed: SEED,
        numRuns: 1,
      });
      const [fullJid = ""] = devices.map(({ client }) => client.fullJid);
      const said: Times = {};
      const copied: Times[] = devices.map(() => ({}));
      const told: Times = {};
      const asked: Times[] = devices.map(() => ({}));
      const bobAsked: Times = {};
      for (const [n, { op, who }] of [...steps, { op: "kill", who: 0 } as const].entries()) {
        if (op === "say") {
          said[`a${n}`] = 1;
          for (const [index, copies] of copied.entries()) if (index !== who) copies[`a${n}`] = 1;
          devices[who]?.client.send(
            `<message to="${bob.fullJid}" type="chat" id="a${n}"><body>a${n}</body></message>`,
          );
        } else if (op === "bobSays") {
          told[`b${n}`] = 1;
          bob.send(`<message to="${alice.jid}" type="chat" id="b${n}"><body>b${n}</body></message>`);
        } else if (op === "ask") {
          Object.assign(asked[who] ?? {}, { [`q${n}`]: 1 });
          devices[who]?.client.send(
            `<iq type="get" to="${bob.fullJid}" id="q${n}"><query xmlns="urn:example:q"/></iq>`,
          );
        } else if (op === "bobAsks") {
          bobAsked[`r${n}`] = 1;
          bob.send(`<iq type="get" to="${fullJid}" id="r${n}"><query xmlns="urn:example:q"/></iq>`);
        } else await disturb({ op, who });
      }
      for (const device of devices) await resume(device);

      const now = (): Times[] => [
        bobHeard,
        bobAnswers,
        ...devices.flatMap(({ heard, copies, answers }) => [heard, copies, answers]),
      ];
      const due = [said, bobAsked, ...devices.flatMap((_, at) => [told, copied[at] ?? {}, asked[at] ?? {}])];
      const size = (times: Times | undefined): number => Object.keys(times ?? {}).length;
      // What is missing then is shown by the comparison.
      const isThere = (): boolean => now().every((times, index) => size(times) >= size(due[index]));
      await waitFor("everything to have come", isThere, LONG_MS).catch(() => undefined);
      // Behind everything: whatever came twice has come by now.
      bob.send(`<message to="${alice.jid}" type="chat"><body>fence</body></message>`);
      await waitFor("the fence", () => devices.every(({ heard }) => heard["fence"] === 1));
      for (const { heard } of devices) delete heard["fence"];
      expect(now()).toEqual(due);
    },
    2 * LONG_MS,
  );
});
