// Memory: what an attached client, a contact and an occupant of a room take in the isolate's heap, as workerd's inspector
// counts it after a collection, and what the largest account takes. The platform ends an object beyond 128 MB.

import { freePort } from "../scripts/processes.ts";
import type { CountingClient } from "./support/counting-client.ts";
import { Inspector } from "./support/inspector.ts";
import { request } from "./support/login.ts";
import { startOurs } from "./support/our-subject.ts";
import { joinXml, people, type People, roomAddress } from "./support/peopled.ts";
import type { Section } from "./support/section.ts";
import { MESSAGE_PREFIX } from "./support/subject.ts";

interface Weighed extends People {
  readonly clients: number;
  readonly heapBytes: number;
}

const NOBODY: People = { contacts: 0, rooms: 0, occupants: 0 };

async function weigh(bundle: string, clients: number, who: People): Promise<Weighed> {
  const inspectorPort = await freePort();
  const subject = await startOurs(bundle, { managed: true, inspectorPort });
  people(subject.source, who);
  const attached: CountingClient[] = [];
  try {
    for (let index = 0; index < clients; index += 1) {
      const client = await subject.attach(index);
      attached.push(client);
      if (index === 0) await fill(client, who);
      client.count(MESSAGE_PREFIX, true);
    }
    const inspector = await Inspector.connect(inspectorPort, "xmpproxy");
    const heapBytes = await inspector.heapBytes();
    inspector.close();
    return { clients, ...who, heapBytes };
  } finally {
    for (const client of attached) client.drop();
    await subject.stop();
  }
}

async function fill(client: CountingClient, { contacts, rooms }: People): Promise<void> {
  if (contacts > 0) await request(client, "get", '<query xmlns="jabber:iq:roster"/>');
  for (let index = 0; index < rooms; index += 1) {
    const room = roomAddress(index);
    client.send(joinXml(room));
    // oxlint-disable-next-line no-await-in-loop -- one after the other: more than 20,000 stanzas may not wait for a client (SM-6)
    await client.next((text) => text.includes("<subject>") && text.includes(room), `the subject of ${room}`);
  }
}

export async function measureMemory(bundle: string, { quick }: { quick: boolean }): Promise<Section> {
  const scale = quick ? 10 : 1;
  const none = await weigh(bundle, 1, NOBODY);
  const clients = await weigh(bundle, 100 / scale, NOBODY);
  const contacts = await weigh(bundle, 1, { ...NOBODY, contacts: 10_000 / scale });
  const rooms = await weigh(bundle, 1, { contacts: 0, rooms: 50 / scale, occupants: 200 });
  const all = [none, clients, contacts, rooms];
  // All of it together.
  if (!quick) all.push(await weigh(bundle, 100, { contacts: 10_000, rooms: 50, occupants: 200 }));
  // And near the bounds of what is kept of rooms (MUC-16).
  if (!quick) all.push(await weigh(bundle, 100, { contacts: 10_000, rooms: 150, occupants: 200 }));
  const each = ({ heapBytes }: Weighed, count: number): string =>
    ((heapBytes - none.heapBytes) / count / 1_024).toFixed(1);
  const kib = [
    "",
    `${each(clients, clients.clients - 1)} a client`,
    `${each(contacts, contacts.contacts)} a contact`,
    `${each(rooms, rooms.rooms * rooms.occupants)} an occupant`,
    "",
  ];
  return {
    title: "Memory",
    note:
      "The isolate's heap after a collection, by workerd's inspector; the Worker's own code and its page are in it. Clients" +
      " have Stream Management; contacts are online. What the platform keeps outside of the heap (sockets, SQLite's pages)" +
      " is not in it.",
    head: ["clients", "contacts", "rooms", "occupants of each", "heap MiB", "KiB each"],
    rows: all.map((weighed, index) => [
      String(weighed.clients),
      String(weighed.contacts),
      String(weighed.rooms),
      String(weighed.occupants),
      (weighed.heapBytes / 2 ** 20).toFixed(1),
      kib[index] ?? "",
    ]),
    data: all,
  };
}
