// A DNS-over-HTTPS resolver (JSON format) on loopback that says what a test tells it to, and what a broken one would.

import { createServer } from "node:http";
import { endServer, listenOnLoopback } from "./loopback-server.ts";

/** What to answer to one question. Without any: NXDOMAIN. */
interface ZoneEntry {
  /** Presentation format, e.g. `0 5 5222 xmpp.example.net.`; a CNAME as `CNAME other.example.`. */
  readonly data?: readonly string[];
  /** AD. */
  readonly authenticated?: boolean;
  /** DNS status; default NOERROR. */
  readonly status?: number;
  /** The whole body, in place of an answer. */
  readonly body?: string;
  readonly httpStatus?: number;
  /** Never answer. */
  readonly hang?: boolean;
}

/** By `name TYPE`, the name without a dot at its end. */
export type Zone = Record<string, ZoneEntry>;

const TYPES: Readonly<Record<string, number>> = { A: 1, AAAA: 28, CNAME: 5, SRV: 33 };

export interface DohServer {
  readonly url: string;
  /** May be changed at any time. */
  zone: Zone;
  /** What was asked, in order: `name TYPE`. */
  readonly asked: string[];
  readonly stop: () => Promise<void>;
}

function answer(name: string, type: string, entry: ZoneEntry | undefined): string {
  const records = (entry?.data ?? []).map((text) => {
    const cname = text.startsWith("CNAME ");
    return {
      name: `${name}.`,
      type: TYPES[cname ? "CNAME" : type],
      TTL: 60,
      data: cname ? text.slice("CNAME ".length) : text,
    };
  });
  return JSON.stringify({
    Status: entry ? (entry.status ?? 0) : 3,
    TC: false,
    RD: true,
    RA: true,
    AD: entry?.authenticated ?? false,
    CD: false,
    Question: [{ name: `${name}.`, type: TYPES[type] }],
    ...(records.length > 0 ? { Answer: records } : {}),
  });
}

/** Starts a resolver that knows `zone`. */
export async function startDohServer(zone: Zone = {}): Promise<DohServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://localhost");
    const name = (searchParams.get("name") ?? "").replace(/\.$/, "");
    const type = searchParams.get("type") ?? "A";
    const key = `${name} ${type}`;
    asked.push(key);
    if (request.headers.accept !== "application/dns-json") {
      response.writeHead(406).end();
      return;
    }
    const entry = doh.zone[key];
    if (entry?.hang === true) return;
    response.writeHead(entry?.httpStatus ?? 200, { "Content-Type": "application/dns-json" });
    response.end(entry?.body ?? answer(name, type, entry));
  });
  const port = await listenOnLoopback(server);
  const doh: DohServer = {
    url: `http://127.0.0.1:${port}/dns-query`,
    zone,
    asked,
    stop: async () => await endServer(server),
  };
  return doh;
}
