// The process of a private ejabberd 23.01: an Erlang machine in a directory of its own that is no node of any network. So
// it has no node name and no cookie that could collide, and starts no epmd, which would outlive it. Debian's ejabberdctl
// needs such a node, and the ejabberd user; what it would do is asked over HTTP instead (mod_http_api). Never touches
// /etc/ejabberd or the system's service.

import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  exited,
  hasExited,
  isListening,
  spawnService,
  stopProcess,
  waitFor,
} from "../../scripts/processes.ts";
import { EJABBERD, ERLANG, findProgram } from "../../scripts/programs.ts";
import {
  API_PATH,
  EJABBERD_HOST,
  EJABBERD_ROOMS,
  type EjabberdPorts,
  WEBSOCKET_PATH,
} from "./ejabberd-config.ts";

// Without busy waiting, which gains nothing in a test and takes a core from everything else.
const QUIET_SCHEDULERS = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"];
const CONFLICT = 409;

export interface EjabberdFiles {
  readonly directory: string;
  readonly configPath: string;
  /** PEM file to trust. */
  readonly caPath: string;
}

/** Where the program and its libraries are, for `spawn`; ejabberdctl is the one that knows the latter. */
function erlang(): { program: string; libraries: string } {
  const [program, control] = [findProgram(ERLANG), findProgram(EJABBERD)];
  if (program === undefined || control === undefined) {
    throw new Error("ejabberd is not installed");
  }
  const libraries = /^ERL_LIBS='([^']+)'/m.exec(readFileSync(control, "utf8"))?.[1];
  if (libraries === undefined) {
    throw new Error(`${control} does not say where ejabberd's libraries are`);
  }
  return { program, libraries };
}

/** A server that is running, or was until `stop()` or `kill()`. */
export class Ejabberd {
  /** The virtual host: accounts are `<localpart>@localhost`. */
  readonly host = EJABBERD_HOST;
  /** The room service (XEP-0045). */
  readonly rooms = EJABBERD_ROOMS;
  readonly ports: EjabberdPorts;
  readonly caPath: string;
  readonly #files: EjabberdFiles;
  readonly #consolePath: string;
  #process: ChildProcess | undefined;

  constructor(files: EjabberdFiles, ports: EjabberdPorts) {
    this.#files = files;
    this.#consolePath = join(files.directory, "console.log");
    this.ports = ports;
    this.caPath = files.caPath;
  }

  /** UPSTREAM_HOSTS for a Worker that is to use this server over STARTTLS. */
  get upstreamHosts(): string {
    return JSON.stringify({ [this.host]: `xmpp://localhost:${this.ports.c2s}` });
  }

  /** UPSTREAM_HOSTS for a Worker that is to use this server over direct TLS. */
  get upstreamHostsDirectTls(): string {
    return JSON.stringify({ [this.host]: `xmpps://localhost:${this.ports.c2sDirectTls}` });
  }

  /** UPSTREAM_HOSTS for a Worker that is to use this server over WebSocket. */
  get upstreamHostsWebSocket(): string {
    return JSON.stringify({ [this.host]: `wss://localhost:${this.ports.https}${WEBSOCKET_PATH}` });
  }

  /** ejabberd's own RFC 7395 endpoint. */
  get webSocketUrl(): string {
    return `ws://localhost:${this.ports.http}${WEBSOCKET_PATH}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process and waits until it answers; about a second. */
  async start(): Promise<void> {
    const { directory, configPath } = this.#files;
    const { program, libraries } = erlang();
    const console = openSync(this.#consolePath, "a");
    const database = ["-mnesia", "dir", JSON.stringify(join(directory, "database"))];
    const child = spawnService(program, [...QUIET_SCHEDULERS, "-noinput", ...database, "-s", "ejabberd"], {
      cwd: directory,
      stdio: ["ignore", console, console],
      env: {
        PATH: process.env["PATH"],
        // Erlang reads a .erlang file at home.
        HOME: directory,
        ERL_LIBS: libraries,
        ERL_CRASH_DUMP: join(directory, "crash.dump"),
        EJABBERD_CONFIG_PATH: configPath,
        EJABBERD_LOG_PATH: join(directory, "ejabberd.log"),
      },
    });
    closeSync(console);
    this.#process = child;
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    try {
      await waitFor("ejabberd to accept connections", async () => {
        if (failure !== undefined || hasExited(child)) {
          throw failure ?? new Error(`ejabberd ended at once (exit code ${child.exitCode})`);
        }
        return (await isListening(this.ports.c2s)) && (await this.#apiAnswers());
      });
    } catch (error) {
      await this.kill();
      const log = this.log().split("\n").slice(-15).join("\n");
      throw new Error(`ejabberd did not start. The end of its log:\n${log}`, { cause: error });
    }
  }

  async #apiAnswers(): Promise<boolean> {
    return await this.api("status").then(
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
    if (this.#process?.pid !== undefined) {
      this.#process.kill("SIGKILL");
      await exited(this.#process);
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Runs one of ejabberdctl's commands through mod_http_api, with arguments by name.
   * @returns what the command answers, as JSON
   * @throws with ejabberd's words when it refuses
   */
  async api(command: string, args: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await this.#request(command, args);
    if (!response.ok) {
      throw new Error(`ejabberd refused ${command}: ${await response.text()}`);
    }
    return await response.json();
  }

  async #request(command: string, args: Readonly<Record<string, string>>): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.ports.http}${API_PATH}/${command}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
  }

  /** Makes an account, or gives an existing one this password. */
  async register(localpart: string, password: string): Promise<void> {
    const response = await this.#request("register", { user: localpart, host: this.host, password });
    if (response.status === CONFLICT) {
      await this.changePassword(localpart, password);
    } else if (!response.ok) {
      throw new Error(`ejabberd made no account ${localpart}: ${await response.text()}`);
    }
  }

  /** Gives an account another password; its sessions stay. */
  async changePassword(localpart: string, password: string): Promise<void> {
    await this.api("change_password", { user: localpart, host: this.host, newpass: password });
  }

  /** Ends one session from the server's side with a stream error. */
  async kickSession(fullJid: string): Promise<void> {
    const [user = "", rest = ""] = fullJid.split("@");
    const resource = rest.slice(rest.indexOf("/") + 1);
    await this.api("kick_session", { user, host: this.host, resource, reason: "kicked by a test" });
  }

  /** Puts each of these accounts into the other's roster, subscription both. */
  async befriend(localparts: readonly string[]): Promise<void> {
    for (const localuser of localparts) {
      for (const user of localparts.filter((name) => name !== localuser)) {
        const item = { user, server: this.host, nick: user, group: "", subs: "both" };
        await this.api("add_rosteritem", { localuser, localserver: this.host, ...item });
      }
    }
  }

  /** The full JIDs that the account has bound at this moment, sorted; with those that may still be resumed. */
  async boundResources(localpart: string): Promise<readonly string[]> {
    const answer = await this.api("user_resources", { user: localpart, host: this.host });
    if (!Array.isArray(answer)) {
      throw new Error(`ejabberd listed no resources: ${JSON.stringify(answer)}`);
    }
    return answer.map((resource) => `${localpart}@${this.host}/${String(resource)}`).toSorted();
  }

  /** Everything it has printed since its first start. */
  log(): string {
    try {
      return readFileSync(this.#consolePath, "utf8");
    } catch {
      return "";
    }
  }
}
