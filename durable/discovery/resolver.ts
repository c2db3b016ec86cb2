/**
 * Asking DNS: the interface, and DNS over HTTPS in the JSON format that Cloudflare's and Google's resolvers speak. Knows
 * nothing of XMPP. Not node:dns, because on Workers that hides the AD flag, and the flag decides whether a name out of
 * an SRV record may be believed.
 */
import * as v from "valibot";
import { type Fetch, httpGet } from "./http-get.ts";

/** RFC 2782. `target` is lower case without a dot at its end; "" is the root, the target of "no such service". */
export interface SrvRecord {
  priority: number;
  weight: number;
  port: number;
  target: string;
}

/** `authenticated`: the resolver has validated all of it with DNSSEC (AD, RFC 4035 section 3.2.3). */
export type SrvAnswer =
  { ok: true; records: SrvRecord[]; authenticated: boolean } | { ok: false; problem: string };

/** IPv4 and IPv6 in canonical spelling, so that equal addresses are equal strings. */
export type AddressAnswer =
  { ok: true; addresses: string[]; authenticated: boolean } | { ok: false; problem: string };

/**
 * No such name, or none of that type, is an empty answer. `problem` says in words why there is no answer at all. Names
 * are ASCII. Never rejects.
 */
export interface Resolver {
  srv(name: string): Promise<SrvAnswer>;
  addresses(name: string): Promise<AddressAnswer>;
}

const TYPE = { A: 1, AAAA: 28, SRV: 33 } as const;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 65_536;
const NXDOMAIN = 3;
const FAILURES = new Map([
  [1, "FORMERR"],
  [2, "SERVFAIL"],
  [4, "NOTIMP"],
  [5, "REFUSED"],
]);

/** What is read of an answer. A CNAME on the way is just a record of another type (RFC 1034 section 3.6.2). */
const answerSchema = v.object({
  Status: v.pipe(v.number(), v.integer()),
  AD: v.optional(v.boolean(), false),
  Answer: v.optional(v.array(v.object({ type: v.number(), data: v.string() })), []),
});

type Lookup = { ok: true; data: string[]; authenticated: boolean } | { ok: false; problem: string };

/** `url` without a query, e.g. `https://cloudflare-dns.com/dns-query`. The time limit is that of each question. */
export function dohResolver(url: string, fetch: Fetch, timeoutMs = TIMEOUT_MS): Resolver {
  const ask = async (name: string, type: keyof typeof TYPE): Promise<Lookup> => {
    const question = new URL(url);
    // The dot at the end keeps a resolver on a LAN from trying its search domains.
    question.searchParams.set("name", `${name}.`);
    question.searchParams.set("type", type);
    const answer = await httpGet(fetch, question.href, {
      accept: "application/dns-json",
      timeoutMs,
      maxBytes: MAX_BYTES,
    });
    const read = answer.ok ? readAnswer(answer.status, answer.text, TYPE[type]) : answer;
    return read.ok ? read : { ok: false, problem: `the resolver ${question.host} ${read.problem}` };
  };
  return {
    srv: async (name) => readSrv(await ask(name, "SRV")),
    addresses: async (name) => joinAddresses(await Promise.all([ask(name, "A"), ask(name, "AAAA")])),
  };
}

function readAnswer(httpStatus: number, text: string, type: number): Lookup {
  if (httpStatus !== 200) return { ok: false, problem: `answered with HTTP status ${httpStatus}` };
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), text);
  if (!parsed.success) return { ok: false, problem: "sent something that is no DNS answer in JSON" };
  const { Status: status, AD: authenticated, Answer: records } = parsed.output;
  if (status === NXDOMAIN) return { ok: true, data: [], authenticated };
  if (status !== 0) return { ok: false, problem: `answered ${FAILURES.get(status) ?? `code ${status}`}` };
  const data = records.filter((record) => record.type === type).map((record) => record.data);
  return { ok: true, data, authenticated };
}

function readSrv(lookup: Lookup): SrvAnswer {
  if (!lookup.ok) return lookup;
  const records: SrvRecord[] = [];
  for (const data of lookup.data) {
    const record = parseSrv(data);
    if (!record) return { ok: false, problem: "the resolver sent an SRV record that cannot be read" };
    records.push(record);
  }
  return { ok: true, records, authenticated: lookup.authenticated };
}

/** `priority weight port target.`, the presentation format of RFC 2782. */
function parseSrv(data: string): SrvRecord | undefined {
  const fields = /^(\d{1,5}) (\d{1,5}) (\d{1,5}) (\.|[a-z0-9_.-]+)$/i.exec(data.trim());
  if (!fields) return undefined;
  const [priority = 0, weight = 0, port = 0] = fields.slice(1, 4).map(Number);
  if (Math.max(priority, weight, port) > 65_535) return undefined;
  return { priority, weight, port, target: (fields[4] ?? "").toLowerCase().replace(/\.$/, "") };
}

/** One family is enough: many servers and resolvers have trouble with the other. */
function joinAddresses(lookups: readonly Lookup[]): AddressAnswer {
  const answered = lookups.filter((lookup) => lookup.ok);
  if (answered.length === 0) return lookups.find((lookup) => !lookup.ok) ?? { ok: false, problem: "" };
  return {
    ok: true,
    addresses: answered.flatMap(({ data }) => data.map(canonicalAddress)),
    authenticated: answered.every(({ authenticated }) => authenticated),
  };
}

function canonicalAddress(text: string): string {
  return text.includes(":") ? (URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text) : text;
}
