// What `npm start` keeps between runs in .dev/: the password of the demo accounts and the key under which the Worker
// encrypts what it needs to log in again. Random per directory, readable by its owner only.

import { randomBytes, randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface DevSettings {
  /** The password of alice, bob and carol. */
  readonly password: string;
  /** CREDENTIALS_KEY: 32 bytes, base64. */
  readonly credentialsKey: string;
}

const OWNER_ONLY = 0o600;
const PASSWORD_LENGTH = 12;
// Without the letters and digits that people mistake for one another.
const PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

function randomPassword(): string {
  return Array.from(
    { length: PASSWORD_LENGTH },
    () => PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)],
  ).join("");
}

/** The settings of this directory; made on first use. */
export function ensureDevSettings(directory: string): DevSettings {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "settings.json");
  if (existsSync(path)) {
    const kept: DevSettings = JSON.parse(readFileSync(path, "utf8"));
    return kept;
  }
  const settings = { password: randomPassword(), credentialsKey: randomBytes(32).toString("base64") };
  writeFileSync(path, `${JSON.stringify(settings, null, 2)}\n`, { mode: OWNER_ONLY });
  return settings;
}

/** Writes an env file that wrangler reads (secrets on a command line would show in the process list). */
export function writeEnvFile(path: string, vars: Readonly<Record<string, string>>): void {
  const lines = Object.entries(vars).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: OWNER_ONLY });
}
