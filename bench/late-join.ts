// `node bench/late-join.ts`: what it costs that one more client joins a room of 2,000 in which the account is already, end to
// end: from its join to the subject, which comes last, over its WebSocket. The room is a server that pours it out as fast as it
// is read. OCCUPANTS=200 measures a smaller room.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import type { CountingClient } from "./support/counting-client.ts";
import { cpuMicros } from "./support/process-costs.ts";
import { type OurSubject, startOurs } from "./support/our-subject.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/late-join");
const OCCUPANTS = Number(process.env["OCCUPANTS"] ?? "2000");
const JOINS = 20;
/** What a join leaves to be done (acknowledgements, queued rows) is done by then. */
const SETTLE_MS = 1_000;
const PATIENCE_MS = 60_000;
const ROOM = "room@muc.example";
const USER = "http://jabber.org/protocol/muc#user";
const JOIN = `<presence xmlns="jabber:client" to="${ROOM}/al"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;

interface Join {
  ms: number;
  cpuMs: number;
  bytes: number;
}

/** As Prosody sends it, with capabilities, an avatar's hash and an occupant id (XEP-0421): some 480 bytes. */
function occupant(nick: string, to: string, status = ""): string {
  return (
    `<presence from="${ROOM}/${nick}" to="${to}">` +
    `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://conversejs.org" ver="qgxN8hmrdSa2/4/7PUoM9bPFN2s="/>` +
    `<x xmlns="vcard-temp:x:update"><photo>da39a3ee5e6b4b0d3255bfef95601890afd80709</photo></x>` +
    `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="xb1fvyt1Z975bANCUu/x5KJpQqodHBdBCsrfZKrowDw="/>` +
    `<x xmlns="${USER}"><item affiliation="none" role="participant"/>${status}</x></presence>`
  );
}

function wholeRoom(to: string): string {
  let text = "";
  for (let number = 0; number < OCCUPANTS; number += 1) text += occupant(`occupant ${number}`, to);
  const subject = `<message from="${ROOM}" to="${to}" type="groupchat"><subject>Tea</subject></message>`;
  return text + occupant("al", to, '<status code="110"/>') + subject;
}

/** Settles when the subject, the only message, has come. */
async function joins(client: CountingClient, managed: boolean): Promise<{ ms: number; bytes: number }> {
  client.count("<message", managed);
  const handled = client.handled;
  const begin = performance.now();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the subject did not come")), PATIENCE_MS);
    client.onCount = () => {
      if (client.counted === 0) return;
      clearTimeout(timer);
      resolve();
    };
    client.send(JOIN);
  });
  client.onCount = undefined;
  const ms = performance.now() - begin;
  const frames = client.handled - handled;
  if (frames < OCCUPANTS + 2) throw new Error(`only ${frames} frames`);
  return { ms, bytes: client.bytes };
}

async function pause(): Promise<void> {
  await new Promise((resolve) => void setTimeout(resolve, SETTLE_MS));
}

/** The client's join with all that follows from it. */
async function measure({ pid }: OurSubject, client: CountingClient, managed: boolean): Promise<Join> {
  const before = cpuMicros(pid);
  const { ms, bytes } = await joins(client, managed);
  await pause();
  return { ms, bytes, cpuMs: (cpuMicros(pid) - before) / 1_000 };
}

async function run(managed: boolean): Promise<string[][]> {
  const subject = await startOurs(BUNDLE, { managed });
  const clients: CountingClient[] = [];
  let asked = 0;
  try {
    for (let index = 0; index <= JOINS; index += 1) clients.push(await subject.attach(index));
    subject.source.onPresence = ({ attrs }) => {
      if (attrs.to?.startsWith(ROOM) !== true) return;
      asked += 1;
      subject.source.write(wholeRoom(subject.source.fullJid));
    };
    const results: Join[] = [];
    for (const client of clients) results.push(await measure(subject, client, managed));
    if (asked !== 1) throw new Error(`the room was asked ${asked} times`);
    const [first, ...late] = results;
    const middle = (of: (join: Join) => number): number =>
      late.map((result) => of(result)).toSorted((a, b) => a - b)[Math.floor(late.length / 2)] ?? 0;
    const median = {
      ms: middle(({ ms }) => ms),
      cpuMs: middle(({ cpuMs }) => cpuMs),
      bytes: middle(({ bytes }) => bytes),
    };
    return Object.entries({ "the first, from the room": first, "late, median": median }).map(
      ([who, result]) => [
        who,
        managed ? "yes" : "no",
        String(result?.ms.toFixed(0)),
        String(result?.cpuMs.toFixed(0)),
        ((result?.bytes ?? 0) / 1_024).toFixed(0),
      ],
    );
  } finally {
    for (const client of clients) client.drop();
    await subject.stop();
  }
}

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(PROJECT, BUNDLE);
const rows: string[][] = [];
for (const managed of [false, true]) rows.push(...(await run(managed)));
process.stdout.write(table([`join (${OCCUPANTS} occupants)`, "XEP-0198", "ms", "CPU ms", "KiB"], rows));
process.exit(0);
