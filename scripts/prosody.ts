// A private Prosody in a directory of its own, for `npm start` and for the interop tests: own certificate authority, own
// ports on loopback, accounts made through the admin socket. Never touches /etc/prosody or the system's service.

import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureAuthority, issueCertificate } from "./certificate.ts";
import { exited, freePort, hasExited, isListening, spawnService, stopProcess, waitFor } from "./processes.ts";
import { findProgram, PROSODY } from "./programs.ts";
import { prosodyConfig, prosodyGroups, PROSODY_HOST, PROSODY_ROOMS } from "./prosody-config.ts";
import type { ProsodyBehaviour, ProsodyFiles, ProsodyPorts } from "./prosody-config.ts";
import { prosodyShell } from "./prosody-shell.ts";

export interface ProsodyOptions extends ProsodyBehaviour {
  /** Everything is kept here: configuration, data, log, certificates. */
  readonly directory: string;
  /** Directory of the certificate authority; by default inside `directory`. Several servers may share one. */
  readonly authorityDirectory?: string;
  /**
   * good: for localhost, signed by the authority; wrong-name: signed by it, for another name;
   * unknown-authority: for localhost, signed by an authority whose certificate `caPath` does not hold.
   */
  readonly certificate?: "good" | "wrong-name" | "unknown-authority";
  readonly ports?: Partial<ProsodyPorts>;
}

// Unix socket addresses end at 108 bytes (104 on BSD); a project may lie deeper than that.
const SOCKET_PATH_MAX = 100;

function adminSocketPath(directory: string): string {
  const path = join(directory, "admin.sock");
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) {
    return path;
  }
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 12);
  return join(tmpdir(), `prosody-${hash}.sock`);
}

/** A server that is running, or was until `stop()` or `kill()`. */
export class Prosody {
  /** The virtual host: accounts are `<localpart>@localhost`. */
  readonly host = PROSODY_HOST;
  /** The room service (XEP-0045). */
  readonly rooms = PROSODY_ROOMS;
  readonly ports: ProsodyPorts;
  /** PEM file to trust. */
  readonly caPath: string;
  readonly #program: string;
  readonly #configPath: string;
  readonly #files: ProsodyFiles;
  #process: ChildProcess | undefined;

  constructor(program: string, configPath: string, files: ProsodyFiles, ports: ProsodyPorts, caPath: string) {
    this.#program = program;
    this.#configPath = configPath;
    this.#files = files;
    this.ports = ports;
    this.caPath = caPath;
  }

  /** UPSTREAM_HOSTS for a Worker that is to use this server over STARTTLS. */
  get upstreamHosts(): string {
    return JSON.stringify({ [this.host]: `xmpp://localhost:${this.ports.c2s}` });
  }

  /** UPSTREAM_HOSTS for a Worker that is to use this server over direct TLS. */
  get upstreamHostsDirectTls(): string {
    return JSON.stringify({ [this.host]: `xmpps://localhost:${this.ports.c2sDirectTls}` });
  }

  /** Prosody's own RFC 7395 endpoint. */
  get webSocketUrl(): string {
    return `ws://localhost:${this.ports.http}/xmpp-websocket`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process and waits until it answers. */
  async start(): Promise<void> {
    const child = spawnService(this.#program, ["--config", this.#configPath, "-F"], { stdio: "ignore" });
    this.#process = child;
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    try {
      await waitFor("Prosody to accept connections", async () => {
        if (failure !== undefined || hasExited(child)) {
          throw failure ?? new Error(`Prosody ended at once (exit code ${child.exitCode})`);
        }
        const answers = (await isListening(this.ports.c2s)) && (await this.#shellAnswers());
        return answers;
      });
    } catch (error) {
      await this.kill();
      const log = this.log().split("\n").slice(-15).join("\n");
      throw new Error(`Prosody did not start. The end of its log:\n${log}`, { cause: error });
    }
  }

  async #shellAnswers(): Promise<boolean> {
    return await this.shell("1").then(
      () => true,
      () => false,
    );
  }

  /** Ends it in order: clients get a stream error system-shutdown. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) {
      await stopProcess(this.#process);
    }
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.pid !== undefined) {
      child.kill("SIGKILL");
      await exited(child);
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Runs a line in the admin shell, see prosody-shell.ts. */
  async shell(line: string): Promise<string> {
    return await prosodyShell(this.#files.socketPath, line);
  }

  /** Makes an account, or gives an existing one this password. */
  async register(localpart: string, password: string): Promise<void> {
    const args = `(${JSON.stringify(`${localpart}@${this.host}`)}, ${JSON.stringify(password)})`;
    try {
      await this.shell(`user:create${args}`);
    } catch {
      await this.shell(`user:password${args}`);
    }
  }

  /** Closes the account's streams from the server's side with a stream error. */
  async closeStreams(localpart: string): Promise<void> {
    await this.shell(`c2s:close(${JSON.stringify(`${localpart}@${this.host}`)})`);
  }

  /** Drops the account's TCP connections without a word, as a broken network does. */
  async dropConnections(localpart: string): Promise<void> {
    const name = JSON.stringify(localpart);
    await this.shell(
      `>for _, s in pairs(prosody.full_sessions) do if s.username == ${name} and s.conn then s.conn:close() end end`,
    );
  }

  /** Ends at once a session that nobody is connected to any more, as its time to be resumed would. */
  async endSession(fullJid: string): Promise<void> {
    const line =
      `>(function () local s = prosody.full_sessions[${JSON.stringify(fullJid)}]; if not s then return "over" end ` +
      `if s.hibernating_watchdog then s.hibernating_watchdog:callback() end return "not yet" end)()`;
    await waitFor(`${fullJid} to be over`, async () => (await this.shell(line)).includes("over"));
  }

  /** A room takes somebody to be out of it, and tells nobody. */
  async forgetOccupant(room: string, fullJid: string): Promise<void> {
    const [address, occupant] = [JSON.stringify(room), JSON.stringify(fullJid)];
    await this.shell(
      `>(function () local r = prosody.hosts[${JSON.stringify(this.rooms)}].modules.muc.get_room_from_jid(${address}); ` +
        `local nick = r._jid_nick[${occupant}]; r._jid_nick[${occupant}] = nil; r._occupants[nick] = nil end)()`,
    );
  }

  /** false: who wants to enter a room is answered as by a component that is not connected; who is in one stays there. */
  async setRoomService(isUp: boolean): Promise<void> {
    const events = `prosody.hosts[${JSON.stringify(this.rooms)}].events`;
    const refuse =
      `function (e) e.origin.send(require "util.stanza".error_reply(` +
      `e.stanza, "wait", "service-unavailable", "Component unavailable")) return true end`;
    await this.shell(
      isUp
        ? `>(function () ${events}.remove_handler("presence/full", prosody.refuse) end)()`
        : `>(function () prosody.refuse = ${refuse}; ${events}.add_handler("presence/full", prosody.refuse, 1000) end)()`,
    );
  }

  /** The full JIDs that the account has bound at this moment, sorted. */
  async boundResources(localpart: string): Promise<readonly string[]> {
    const name = JSON.stringify(localpart);
    const answer = await this.shell(
      `>(function () local r = {} for jid, s in pairs(prosody.full_sessions) do if s.username == ${name} then ` +
        `r[#r + 1] = jid end end table.sort(r) return table.concat(r, "\\n") end)()`,
    );
    const list = answer.slice(answer.indexOf("Result: ") + "Result: ".length).trim();
    return list === "" ? [] : list.split("\n");
  }

  /** The whole log so far. */
  log(): string {
    try {
      return readFileSync(this.#files.logPath, "utf8");
    } catch {
      return "";
    }
  }
}

/** Ends a Prosody that an earlier, killed run of ours left behind in this directory. */
async function endLeftover(files: ProsodyFiles): Promise<void> {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(files.pidPath, "utf8"), 10);
    // A pid may have been given to something else since: only a process that names our directory is ours.
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(files.directory)) {
      return;
    }
    process.kill(pid, "SIGTERM");
  } catch {
    return;
  }
  await waitFor("an earlier Prosody to end", () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

/**
 * Starts a private Prosody.
 * @throws when the program is missing or does not come up
 */
export async function startProsody(options: ProsodyOptions): Promise<Prosody> {
  const program = findProgram(PROSODY);
  if (program === undefined) {
    throw new Error("Prosody is not installed");
  }
  const { directory } = options;
  mkdirSync(join(directory, "data"), { recursive: true, mode: 0o700 });
  const authority = ensureAuthority(options.authorityDirectory ?? join(directory, "tls"));
  const issuer =
    options.certificate === "unknown-authority"
      ? ensureAuthority(join(directory, "unknown"), "Nobody trusts this CA")
      : authority;
  const names = options.certificate === "wrong-name" ? ["elsewhere.example"] : [PROSODY_HOST, PROSODY_ROOMS];
  const files: ProsodyFiles = {
    directory,
    dataPath: join(directory, "data"),
    logPath: join(directory, "prosody.log"),
    pidPath: join(directory, "prosody.pid"),
    socketPath: adminSocketPath(directory),
    groupsPath: join(directory, "groups.txt"),
    ...issueCertificate(issuer, join(directory, "tls"), names),
  };
  await endLeftover(files);
  rmSync(files.logPath, { force: true });
  const ports = {
    c2s: options.ports?.c2s ?? (await freePort()),
    c2sDirectTls: options.ports?.c2sDirectTls ?? (await freePort()),
    http: options.ports?.http ?? (await freePort()),
  };
  const configPath = join(directory, "prosody.cfg.lua");
  writeFileSync(configPath, prosodyConfig(files, ports, options));
  writeFileSync(files.groupsPath, prosodyGroups(options));
  const prosody = new Prosody(program, configPath, files, ports, authority.certificatePath);
  await prosody.start();
  return prosody;
}
