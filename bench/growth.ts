// Growth: what a message costs when the log is long and when the roster is large. It should make no difference.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fanOut, outbound } from "./fan-out.ts";
import { request } from "./support/login.ts";
import { startOurs, type OurSubject } from "./support/our-subject.ts";
import { people } from "./support/peopled.ts";
import { median, type Section } from "./support/section.ts";
import { messageXml } from "./support/subject.ts";

const ROUNDS = 3;
/** A message from a client costs that much more: fewer of them are enough. */
const OUTWARD = 5;

interface Grown {
  readonly log: number;
  readonly roster: number;
  readonly cpuMicrosIn: number;
  readonly cpuMicrosOut: number;
}

export async function measureGrowth(bundle: string, { quick }: { quick: boolean }): Promise<Section> {
  const messages = quick ? 2_000 : 5_000;
  const grown: Grown[] = [];
  for (const log of quick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000]) {
    grown.push(
      await withLog(bundle, log, async (subject) => await cost(subject, messages, { log, roster: 0 })),
    );
  }
  for (const roster of quick ? [10, 1_000] : [10, 1_000, 10_000]) {
    const subject = await startOurs(bundle, { managed: false });
    people(subject.source, { contacts: roster, rooms: 0, occupants: 0 });
    try {
      grown.push(await cost(subject, messages, { log: 0, roster }));
    } finally {
      await subject.stop();
    }
  }
  return {
    title: "Growth",
    note: `CPU microseconds a message with one client, medians of ${ROUNDS} times ${messages} messages (from the client ${messages / OUTWARD}).`,
    head: ["messages in the log", "contacts", "from upstream", "from the client"],
    rows: grown.map(({ log, roster, cpuMicrosIn, cpuMicrosOut }) => [
      String(log),
      String(roster),
      cpuMicrosIn.toFixed(1),
      cpuMicrosOut.toFixed(1),
    ]),
    data: grown,
  };
}

async function cost(
  subject: OurSubject,
  messages: number,
  { log, roster }: { log: number; roster: number },
): Promise<Grown> {
  // Not the device that was there before the log was filled: that one would have to be told all of it.
  const clients = [await subject.attach(1)];
  const [client] = clients;
  if (client && roster > 0) await request(client, "get", '<query xmlns="jabber:iq:roster"/>');
  const inward: number[] = [];
  const outward: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    inward.push((await fanOut(subject, clients, messages, false)).cpuMicrosPerDelivery);
    outward.push((await outbound(subject, clients, messages / OUTWARD, false)).cpuMicrosPerDelivery);
  }
  client?.drop();
  return { log, roster, cpuMicrosIn: median(inward), cpuMicrosOut: median(outward) };
}

/** An account whose log holds this many messages already: written into its database while nobody uses it. */
async function withLog<Result>(
  bundle: string,
  rows: number,
  use: (subject: OurSubject) => Promise<Result>,
): Promise<Result> {
  const persistTo = await mkdtemp(join(tmpdir(), "xmpproxy-bench-"));
  try {
    // The account comes to be, and its tables with it.
    const first = await startOurs(bundle, { managed: false, persistTo });
    const client = await first.attach(0);
    client.drop();
    await first.stop();
    await fillLog(persistTo, rows);
    const subject = await startOurs(bundle, { managed: false, persistTo });
    try {
      return await use(subject);
    } finally {
      await subject.stop();
    }
  } finally {
    await rm(persistTo, { recursive: true, force: true });
  }
}

async function fillLog(directory: string, rows: number): Promise<void> {
  const files = await readdir(directory, { recursive: true });
  for (const file of files.filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(directory, file));
    const isAccount = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log'").get();
    if (isAccount) {
      database
        .prepare(
          `WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?)
           INSERT INTO log (seq, at_ms, sent, room, peer, device, message_id, stanza_id, stanza)
           SELECT seq, ?, 0, 0, 'contact' || (seq % 200) || '@bench.example', NULL, 'm' || seq, 's' || seq, ? FROM n`,
        )
        .run(rows, Date.now() - 1_000, messageXml("contact@bench.example/phone", "alice@bench.example", 0));
    }
    database.close();
    if (isAccount) return;
  }
  throw new Error("the account's database is not there");
}
