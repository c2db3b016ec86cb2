// Attach and resume: what it costs when a client comes to an account with many contacts and rooms, from its bind to the last
// element of what it is told, and when one comes back to a thousand messages.

import { CountingClient } from "./support/counting-client.ts";
import { cpuMicros } from "./support/process-costs.ts";
import { bind, bindClient, logIn, request } from "./support/login.ts";
import { startOurs, type OurSubject } from "./support/our-subject.ts";
import { joinXml, people, roomAddress } from "./support/peopled.ts";
import { median, type Section } from "./support/section.ts";
import { ACCOUNT, PASSWORD } from "./support/source-server.ts";
import { MESSAGE_PREFIX } from "./support/subject.ts";

const PEOPLE = { contacts: 1_000, rooms: 50, occupants: 20 };
const QUEUED = 1_000;

interface Sample {
  readonly cpuMs: number;
  readonly elapsedMs: number;
  readonly frames: number;
}

export async function measureAttach(bundle: string, rounds: number): Promise<Section> {
  const attachAll = async (managed: boolean): Promise<Sample[]> =>
    await withPeople(bundle, async (subject) => {
      const samples: Sample[] = [];
      for (let round = 0; round <= rounds; round += 1)
        samples.push(await attachOnce(subject, round, managed));
      return samples.slice(1);
    });
  const attached = await attachAll(false);
  const managed = await attachAll(true);
  const resumed = await withPeople(bundle, async (subject) => {
    const samples: Sample[] = [];
    for (let round = 0; round <= rounds; round += 1) samples.push(await resumeOnce(subject, round));
    return samples.slice(1);
  });
  return {
    title: "Attach and resume",
    note:
      `Medians of ${rounds}, after one that does not count. A client binds, asks for the roster of ${PEOPLE.contacts}` +
      ` contacts, who are all online, and enters ${PEOPLE.rooms} rooms of ${PEOPLE.occupants} in which the account is already;` +
      ` its login is not counted. Another resumes after ${QUEUED} messages.`,
    head: ["what", "frames", "CPU ms", "CPU ms at best", "elapsed ms"],
    rows: [row("attach", attached), row("attach, with Stream Management", managed), row("resume", resumed)],
    data: { attached, managed, resumed },
  };
}

function row(what: string, samples: readonly Sample[]): string[] {
  return [
    what,
    median(samples.map(({ frames }) => frames)).toFixed(0),
    median(samples.map(({ cpuMs }) => cpuMs)).toFixed(1),
    Math.min(...samples.map(({ cpuMs }) => cpuMs)).toFixed(1),
    median(samples.map(({ elapsedMs }) => elapsedMs)).toFixed(1),
  ];
}

/** An account that is in its rooms already, by a client that stays. */
async function withPeople<Result>(
  bundle: string,
  use: (subject: OurSubject) => Promise<Result>,
): Promise<Result> {
  const subject = await startOurs(bundle, { managed: false });
  people(subject.source, PEOPLE);
  const first = await subject.attach(0);
  try {
    enterAll(first);
    await first.next(
      (text) => text.includes("<subject>") && text.includes(roomAddress(PEOPLE.rooms - 1)),
      "the last room",
    );
    first.count(MESSAGE_PREFIX, false);
    return await use(subject);
  } finally {
    first.drop();
    await subject.stop();
  }
}

function enterAll(client: CountingClient): void {
  for (let index = 0; index < PEOPLE.rooms; index += 1) client.send(joinXml(roomAddress(index)));
}

async function attachOnce({ worker }: OurSubject, round: number, managed: boolean): Promise<Sample> {
  const client = await CountingClient.connect(worker.wsUrl(ACCOUNT));
  const options = { jid: ACCOUNT, password: PASSWORD, resource: `late${round}`, managed };
  await logIn(client, options);
  const before = client.frames;
  const [cpu, beganAt] = [cpuMicros(worker.pid), performance.now()];
  await bind(client, options);
  await request(client, "get", '<query xmlns="jabber:iq:roster"/>');
  enterAll(client);
  await client.next(
    (text) => text.includes("<subject>") && text.includes(roomAddress(PEOPLE.rooms - 1)),
    "the last room",
  );
  const sample = {
    cpuMs: (cpuMicros(worker.pid) - cpu) / 1_000,
    elapsedMs: performance.now() - beganAt,
    frames: client.frames - before,
  };
  client.drop();
  return sample;
}

async function resumeOnce(subject: OurSubject, round: number): Promise<Sample> {
  const { worker, source } = subject;
  const options = { jid: ACCOUNT, password: PASSWORD, resource: `back${round}`, managed: true };
  const witness = await CountingClient.connect(worker.wsUrl(ACCOUNT));
  await bindClient(witness, { ...options, resource: `witness${round}`, managed: false });
  const gone = await CountingClient.connect(worker.wsUrl(ACCOUNT));
  const { previd } = await bindClient(gone, options);
  gone.drop();
  witness.count(MESSAGE_PREFIX, false);
  const all = counted(witness, QUEUED);
  // In pieces: one write of all would be one turn.
  for (let sent = 0; sent < QUEUED; sent += 20) subject.pour(20);
  await all;
  witness.drop();
  const back = await CountingClient.connect(worker.wsUrl(ACCOUNT));
  await logIn(back, options);
  back.handled = gone.handled;
  back.count(MESSAGE_PREFIX, true);
  const before = back.frames;
  const received = counted(back, QUEUED);
  const [cpu, beganAt] = [cpuMicros(worker.pid), performance.now()];
  back.send(`<resume xmlns="urn:xmpp:sm:3" previd="${previd}" h="${gone.handled}"/>`);
  await received;
  const sample = {
    cpuMs: (cpuMicros(worker.pid) - cpu) / 1_000,
    elapsedMs: performance.now() - beganAt,
    frames: back.frames - before,
  };
  // A clean end: nothing is kept for it in the next round.
  back.listen();
  back.send('<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>');
  if (!source.isBound) throw new Error("the session with the server is gone");
  return sample;
}

async function counted(client: CountingClient, messages: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${client.counted} of ${messages} came`)), 20_000);
    client.onCount = () => {
      if (client.counted < messages) return;
      clearTimeout(timer);
      client.onCount = undefined;
      resolve();
    };
  });
}
