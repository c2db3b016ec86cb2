/**
 * The deployment's settings, checked once: each mistake is named in words, with the setting it is in. Values of
 * secrets never appear in them.
 */
import * as v from "valibot";
import type { NewDeviceWindow } from "../bouncer/log/catch-up.ts";
import { formatJid, isBare, parseJid } from "../xmpp/jid.ts";
import {
  type Endpoint,
  ENDPOINT_NOTATION,
  formatEndpoint,
  isLoopback,
  protectionOf,
  readEndpoint,
} from "./discovery/endpoint.ts";
import { logDays, logMegabytes, type LogRetention, replayNewDevice } from "./log-config.ts";

export interface Config {
  /** Normalised bare JIDs, `*@domain`, or `*` (anybody, honoured on loopback only). */
  allowed: readonly string[];
  /** By normalised domain: where its server is, said by the owner, who is asked and believed before anybody else. */
  upstreamHosts: ReadonlyMap<string, Endpoint>;
  /** The DNS-over-HTTPS resolver to ask (JSON format). */
  dohUrl: string;
  /** May a password be sent to a server in SASL PLAIN, inside TLS, when that server has nothing better? */
  allowPlain: boolean;
  /** How long a server may be silent before it is asked whether it is there. */
  serverSilenceSeconds: number;
  /** Accounts that are online before any client has logged in: bare JID to password. */
  accounts: ReadonlyMap<string, string>;
  credentialsKey: string;
  /** SM-1: how long a client that is gone can come back and resume. */
  resumeSeconds: number;
  /** Web origins whose pages may connect; empty for those of any site. The deployment's own may always. */
  allowedOrigins: readonly string[];
  /** PRES-1: the `<show/>` that contacts see while no client is available; empty for plain available. */
  detachedShow: string;
  logRetention: LogRetention;
  /** What a device that was never here before is told of the past. */
  newDevice: NewDeviceWindow;
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: string[] };

const MIN_KEY_LENGTH = 32;
/** Below what routers forget idle connections after. */
const DEFAULT_IDLE_SECONDS = 25;
const MAX_IDLE_SECONDS = 300;
const SILENCE_PROBLEM = `must be a whole number of seconds from 1 to ${MAX_IDLE_SECONDS}`;
const DEFAULT_RESUME_HOURS = 24;
/** A week: what is queued that long is better fetched from the archive. */
const MAX_RESUME_HOURS = 168;
const DEFAULT_DOH_URL = "https://cloudflare-dns.com/dns-query";

const allowedAccounts = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) =>
    text
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  ),
  v.rawTransform(({ dataset, addIssue }) =>
    dataset.value.map((entry) => {
      const normalized = normalizePattern(entry);
      if (normalized === undefined) {
        addIssue({ message: `"${entry}" is neither a bare JID (alice@example.org) nor *@domain` });
      }
      return normalized ?? "";
    }),
  ),
);

const upstreamHosts = v.pipe(
  v.optional(v.string(), ""),
  jsonRecord(`a JSON object from domain to ${ENDPOINT_NOTATION}`),
  v.rawTransform(({ dataset, addIssue }) => {
    const hosts = new Map<string, Endpoint>();
    for (const [domain, url] of Object.entries(dataset.value)) {
      const jid = parseJid(domain);
      const host = readEndpoint(url);
      if (!jid || jid.local !== "" || jid.resource !== "")
        addIssue({ message: `"${domain}" is not a domain` });
      else if (!host) addIssue({ message: `the host of "${domain}" must be ${ENDPOINT_NOTATION}` });
      else hosts.set(jid.domain, host);
    }
    return hosts;
  }),
);

const accounts = v.pipe(
  v.optional(v.string(), ""),
  jsonRecord("a JSON object from bare JID to password"),
  v.rawTransform(({ dataset, addIssue }) => {
    const passwords = new Map<string, string>();
    // All of it is a secret, the names too: somebody may have exchanged name and password.
    for (const [index, [text, password]] of Object.entries(dataset.value).entries()) {
      const jid = parseJid(text);
      const entry = `entry ${index + 1}`;
      if (!jid || jid.local === "" || !isBare(jid))
        addIssue({ message: `the name of ${entry} is not a bare JID` });
      else if (password === "") addIssue({ message: `the password of ${entry} is empty` });
      else passwords.set(formatJid(jid), password);
    }
    return passwords;
  }),
);

const credentialsKey = v.pipe(
  v.optional(v.string(), ""),
  v.minLength(
    MIN_KEY_LENGTH,
    `must be a secret of at least ${MIN_KEY_LENGTH} characters, for example from: openssl rand -base64 32`,
  ),
);

/** What the resolver says decides where passwords go: HTTPS, except to a resolver on this machine. */
const dohUrl = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) => (text.trim() === "" ? DEFAULT_DOH_URL : text.trim())),
  v.check((text) => {
    const url = URL.parse(text);
    return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  }, "must be an https:// URL (http:// only on a loopback host)"),
);

const allowedOrigins = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) => text.split(",").map((entry) => entry.trim())),
  v.transform((entries) => entries.filter((entry) => entry !== "")),
  v.rawTransform(({ dataset, addIssue }) =>
    dataset.value.map((entry) => {
      const origin = URL.parse(entry)?.origin ?? "null";
      // Compared with what browsers send, character for character (RFC 6454 section 6.2).
      if (origin === "null" || origin !== entry.toLowerCase()) {
        addIssue({ message: `"${entry}" is not a web origin (https://chat.example.org)` });
      }
      return origin;
    }),
  ),
);

const plainTextLoopback = flag(false);

/**
 * UP-4: inside TLS to a host whose certificate proved to be the right one, PLAIN tells the password to nobody but the account's
 * own server, which many that ask a directory need. What a server had before is remembered, so it cannot be a downgrade.
 */
const allowPlain = flag(true);

const serverSilence = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) => (text.trim() === "" ? DEFAULT_IDLE_SECONDS : Number(text))),
  v.integer(SILENCE_PROBLEM),
  v.minValue(1, SILENCE_PROBLEM),
  v.maxValue(MAX_IDLE_SECONDS, SILENCE_PROBLEM),
);

const resumeHours = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) => (text.trim() === "" ? DEFAULT_RESUME_HOURS : Number(text))),
  v.check(
    (hours) => Number.isInteger(hours) && hours >= 1 && hours <= MAX_RESUME_HOURS,
    `must be a whole number of hours from 1 to ${MAX_RESUME_HOURS}`,
  ),
);

/** RFC 6121 section 4.7.2.1; plain available has no `<show/>`. */
const detachedPresence = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) => (text.trim() === "" ? "away" : text.trim())),
  v.picklist(["available", "away", "chat", "dnd", "xa"], "must be available, away, chat, dnd or xa"),
  v.transform((show) => (show === "available" ? "" : show)),
);

const schema = v.object({
  ALLOWED_ACCOUNTS: allowedAccounts,
  UPSTREAM_HOSTS: upstreamHosts,
  DOH_URL: dohUrl,
  ALLOW_PLAINTEXT_LOOPBACK: plainTextLoopback,
  ALLOW_SASL_PLAIN: allowPlain,
  SERVER_SILENCE_SECONDS: serverSilence,
  ACCOUNTS: accounts,
  CREDENTIALS_KEY: credentialsKey,
  RESUME_HOURS: resumeHours,
  ALLOWED_ORIGINS: allowedOrigins,
  DETACHED_PRESENCE: detachedPresence,
  LOG_DAYS: logDays,
  LOG_MEGABYTES: logMegabytes,
  REPLAY_NEW_DEVICE: replayNewDevice,
});

/** Reads and checks the settings. Pure: the same environment gives the same answer. */
export function readConfig(env: unknown): ConfigResult {
  const result = v.safeParse(schema, env);
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? "settings"}: ${issue.message}`);
    return { ok: false, problems };
  }
  const { ALLOWED_ACCOUNTS, UPSTREAM_HOSTS, DOH_URL, ACCOUNTS, CREDENTIALS_KEY, ALLOWED_ORIGINS } =
    result.output;
  const problems = result.output.ALLOW_PLAINTEXT_LOOPBACK ? [] : plainTextProblems(UPSTREAM_HOSTS);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    config: {
      allowed: ALLOWED_ACCOUNTS,
      upstreamHosts: UPSTREAM_HOSTS,
      dohUrl: DOH_URL,
      allowPlain: result.output.ALLOW_SASL_PLAIN,
      serverSilenceSeconds: result.output.SERVER_SILENCE_SECONDS,
      accounts: ACCOUNTS,
      credentialsKey: CREDENTIALS_KEY,
      resumeSeconds: result.output.RESUME_HOURS * 3600,
      allowedOrigins: ALLOWED_ORIGINS,
      detachedShow: result.output.DETACHED_PRESENCE,
      logRetention: { days: result.output.LOG_DAYS, megabytes: result.output.LOG_MEGABYTES },
      newDevice: result.output.REPLAY_NEW_DEVICE,
    },
  };
}

/**
 * CFG-1: may this account be used here? Accounts of the ACCOUNTS secret may; `*` lets anybody in, but only while the
 * deployment is reached on loopback, so that it never makes an open proxy.
 */
export function isAllowed(config: Config, bareJid: string, onLoopback: boolean): boolean {
  const domain = bareJid.slice(bareJid.indexOf("@") + 1);
  return (
    config.accounts.has(bareJid) ||
    config.allowed.includes(bareJid) ||
    config.allowed.includes(`*@${domain}`) ||
    (onLoopback && config.allowed.includes("*"))
  );
}

/** May anybody use this deployment at all? */
export function servesAnybody(config: Config, onLoopback: boolean): boolean {
  return config.accounts.size > 0 || config.allowed.some((entry) => entry !== "*" || onLoopback);
}

/** The accounts that the settings name, without those that a pattern stands for. */
export function namedAccounts(config: Config): string[] {
  return [
    ...new Set([...config.accounts.keys(), ...config.allowed.filter((entry) => !entry.startsWith("*"))]),
  ];
}

/** The one account this deployment is for, if its settings name exactly one. */
export function onlyAccount(config: Config): string | undefined {
  const named = new Set([...config.accounts.keys(), ...config.allowed]);
  const [only] = named;
  return named.size === 1 && only !== undefined && !only.startsWith("*") ? only : undefined;
}

/** CFG-6: unencrypted only where somebody has said in so many words that this is for development. */
function plainTextProblems(hosts: ReadonlyMap<string, Endpoint>): string[] {
  return [...hosts]
    .filter(([, endpoint]) => protectionOf(endpoint) === "none")
    .map(
      ([domain, endpoint]) =>
        `UPSTREAM_HOSTS: "${domain}" is at ${formatEndpoint(endpoint)}, which is not encrypted;` +
        ' for development that takes ALLOW_PLAINTEXT_LOOPBACK = "true"',
    );
}

function normalizePattern(entry: string): string | undefined {
  if (entry === "*") return entry;
  if (entry.startsWith("*@")) {
    const domain = parseJid(entry.slice(2));
    return domain && domain.local === "" && domain.resource === "" ? `*@${domain.domain}` : undefined;
  }
  const jid = parseJid(entry);
  return jid && jid.local !== "" && isBare(jid) ? formatJid(jid) : undefined;
}

/** A string that holds a JSON object of strings; the empty string is the empty object. */
function jsonRecord(expected: string) {
  return v.rawTransform<string, Record<string, string>>(({ dataset, addIssue }) => {
    if (dataset.value.trim() === "") return {};
    const record = v.safeParse(
      v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string())),
      dataset.value,
    );
    if (record.success) return record.output;
    addIssue({ message: `must be ${expected}` });
    return {};
  });
}

/** "true" or "false"; nothing is the default. */
function flag(unset: boolean) {
  return v.pipe(
    v.optional(v.string(), ""),
    v.picklist(["", "true", "false"], 'must be "true" or "false"'),
    v.transform((text) => (text === "" ? unset : text === "true")),
  );
}
