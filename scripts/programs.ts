// The programs that the project needs beside npm packages (Prosody, ejabberd, openssl, Chromium): is one here, and if
// not, may we install it? Says what it is about to do before doing it. Only Debian and its kin are installed on;
// elsewhere it explains.

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Program {
  /** What to call it when talking to a person. */
  readonly title: string;
  /** Names under which it may be found; the first one found counts. */
  readonly commands: readonly string[];
  /** Or something else that shows that it is here. */
  readonly path?: string;
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  /** The system services that these packages would start by themselves, now and at each boot. */
  readonly services?: readonly string[];
}

export const PROSODY: Program = {
  title: "Prosody (XMPP server)",
  commands: ["prosody"],
  packages: ["prosody"],
  services: ["prosody"],
};

// For tests only: SASL2 and what belongs to it. Debian's Prosody looks for modules there by itself.
export const PROSODY_MODULES: Program = {
  title: "Prosody's community modules",
  commands: [],
  path: "/usr/lib/prosody/modules/mod_sasl2/mod_sasl2.lua",
  packages: ["prosody-modules"],
};

// Its control script stands for its libraries, which are no program; what runs them is Erlang's.
export const EJABBERD: Program = {
  title: "ejabberd (XMPP server)",
  commands: ["ejabberdctl"],
  packages: ["ejabberd"],
  services: ["ejabberd"],
};

export const ERLANG: Program = {
  title: "Erlang",
  commands: ["erl"],
  packages: ["erlang-base"],
  services: ["epmd.socket", "epmd.service"],
};

// Prosody needs it too (through ssl-cert), but it must be there even where Prosody came from elsewhere.
export const OPENSSL: Program = { title: "openssl", commands: ["openssl"], packages: ["openssl"] };

export const CHROMIUM: Program = {
  title: "Chromium",
  commands: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
  packages: ["chromium"],
};

// Where Debian keeps servers' binaries; a user's PATH may lack it.
const EXTRA_DIRECTORIES = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin"];

/** The absolute path of an executable file, or undefined. */
export function findCommand(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), ...EXTRA_DIRECTORIES];
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/** The absolute path of a program, or undefined when it is not installed. */
export function findProgram(program: Program): string | undefined {
  if (program.path !== undefined && existsSync(program.path)) {
    return program.path;
  }
  for (const command of program.commands) {
    const path = findCommand(command);
    if (path !== undefined) {
      return path;
    }
  }
  return undefined;
}

/** How to become root for apt: nothing when we are root, sudo when it asks no password, undefined when neither. */
function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) {
    return [];
  }
  const sudo = findCommand("sudo");
  if (sudo !== undefined && spawnSync(sudo, ["-n", "true"], { stdio: "ignore" }).status === 0) {
    return [sudo, "-n"];
  }
  return undefined;
}

// Arguments: the packages, the services. A package's service is neither started (policy-rc.d is what Debian's maintainer
// scripts ask, with systemd and without) nor enabled: a second Prosody on port 5222 with Debian's default configuration is
// nothing that somebody who wants to try a bouncer has asked for. A fresh machine has no package lists; one that has them
// needs no update, so that comes only when the first try fails.
const INSTALL_SCRIPT = `
packages=$1 services=$2 policy=/usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
install() { apt-get install --yes --quiet --no-install-recommends $packages > /dev/null; }
install || { apt-get update --quiet > /dev/null && install; } || exit 1
if [ -d /run/systemd/system ]; then
  for service in $services; do systemctl disable --quiet $service || true; done
fi
`;

/** Installs Debian packages without questions; apt's own errors go to the terminal. */
function install(prefix: readonly string[], programs: readonly Program[]): boolean {
  const packages = programs.flatMap((program) => program.packages).join(" ");
  const services = programs.flatMap((program) => program.services ?? []).join(" ");
  const [file, ...args] = [...prefix, "sh", "-c", INSTALL_SCRIPT, "install", packages, services];
  return spawnSync(file, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}

/**
 * Makes sure that programs are installed, through apt where that is possible without asking for a password.
 * @param say is told each step before it is taken
 * @returns the programs that are still missing
 */
export function ensurePrograms(
  programs: readonly Program[],
  say: (line: string) => void,
): readonly Program[] {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) {
    return missing;
  }
  const titles = missing.map((program) => program.title).join(", ");
  const packages = missing.flatMap((program) => program.packages).join(" ");
  if (findCommand("apt-get") === undefined) {
    say(`Missing: ${titles}. Please install it with your system's package manager and put it on the PATH.`);
    return missing;
  }
  const prefix = rootPrefix();
  if (prefix === undefined) {
    say(`Missing: ${titles}. Installing needs root; please run: sudo apt-get install ${packages}`);
    return missing;
  }
  say(`Missing: ${titles}. Installing with apt-get (no service is started or enabled): ${packages}`);
  if (!install(prefix, missing)) {
    say(`apt-get could not install ${packages}.`);
  }
  return programs.filter((program) => findProgram(program) === undefined);
}
