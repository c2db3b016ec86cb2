// The programs that the project needs beside npm packages (Prosody, ejabberd, openssl, Chromium): is one here, and if
// not, may we install it? Says what it is about to do before doing it. Only Debian and its kin are installed on;
// elsewhere it explains.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface Program {
  /** What to call it when talking to a person. */
  readonly title: string;
  /** Names under which it may be found; the first one found counts. */
  readonly commands: readonly string[];
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
}

export const PROSODY: Program = {
  title: "Prosody (XMPP server)",
  commands: ["prosody"],
  packages: ["prosody"],
};

// Its control script stands for its libraries, which are no program; what runs them is Erlang's.
export const EJABBERD: Program = {
  title: "ejabberd (XMPP server)",
  commands: ["ejabberdctl"],
  packages: ["ejabberd"],
};

export const ERLANG: Program = { title: "Erlang", commands: ["erl"], packages: ["erlang-base"] };

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

/**
 * The command line that installs Debian packages without questions. A package's service is not started (RUNLEVEL=1
 * makes invoke-rc.d leave it alone): a second Prosody on port 5222, with Debian's default configuration, is nothing
 * that somebody who wanted to try a bouncer has asked for.
 */
function aptCommand(prefix: readonly string[], args: readonly string[]): readonly string[] {
  return [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", ...args];
}

function run(command: readonly string[], say: (line: string) => void): boolean {
  say(`  $ ${command.join(" ")}`);
  const [file = "", ...args] = command;
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
  const packages = [...new Set(missing.flatMap((program) => program.packages))];
  if (findCommand("apt-get") === undefined) {
    say(`Missing: ${titles}. Please install it with your system's package manager and put it on the PATH.`);
    return missing;
  }
  const prefix = rootPrefix();
  if (prefix === undefined) {
    say(`Missing: ${titles}. Installing needs root; please run: sudo apt-get install ${packages.join(" ")}`);
    return missing;
  }
  say(
    `Missing: ${titles}. Installing the Debian packages ${packages.join(", ")} (their services are not started):`,
  );
  const install = aptCommand(prefix, ["install", "--yes", "--quiet", "--no-install-recommends", ...packages]);
  // A fresh machine has no package lists yet; one with lists needs no update, so it comes only when the first try fails.
  const done =
    run(install, say) || (run(aptCommand(prefix, ["update", "--quiet"]), say) && run(install, say));
  if (!done) {
    say(`apt could not install ${packages.join(", ")}.`);
  }
  return programs.filter((program) => findProgram(program) === undefined);
}
