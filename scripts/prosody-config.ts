// The configuration of a private Prosody 0.12: one virtual host `localhost`, a room service, everything on loopback and
// in one directory. Pure text; knows nothing of processes or files.

export interface ProsodyPorts {
  /** RFC 6120 with STARTTLS. */
  readonly c2s: number;
  /** XEP-0368 direct TLS. */
  readonly c2sDirectTls: number;
  /** Plain HTTP with Prosody's own RFC 7395 WebSocket, for comparing with ours. */
  readonly http: number;
}

/** What a test may want otherwise. All default to how a good public server behaves. */
export interface ProsodyBehaviour {
  /** Decides whether SCRAM-SHA-1 or SCRAM-SHA-256 is offered (Prosody keeps one hash). Default SHA-1. */
  readonly passwordHash?: "SHA-1" | "SHA-256";
  /** Mechanisms not to offer, e.g. `["SCRAM-SHA-1", "SCRAM-SHA-256"]` for PLAIN only. */
  readonly disabledMechanisms?: readonly string[];
  /** false: no TLS on the STARTTLS port, and none required. */
  readonly starttls?: boolean;
  /** Modules to leave out, e.g. `smacks`, `carbons`, `mam`. */
  readonly withoutModules?: readonly string[];
  /** Modules to add, e.g. from prosody-modules. */
  readonly withModules?: readonly string[];
  /** Modules to add to the room service, e.g. from prosody-modules. */
  readonly withRoomModules?: readonly string[];
  /** Localparts of accounts that are in one another's rosters from the start (subscription both). */
  readonly mutualContacts?: readonly string[];
  /** Lua put at the end of the global section. */
  readonly extraGlobal?: string;
  /** debug also logs every stanza's top tag. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
}

export interface ProsodyFiles {
  readonly directory: string;
  readonly dataPath: string;
  readonly logPath: string;
  readonly pidPath: string;
  readonly socketPath: string;
  readonly certificatePath: string;
  readonly keyPath: string;
  /** mod_groups: rosters shared by all. */
  readonly groupsPath: string;
}

export const PROSODY_HOST = "localhost";
export const PROSODY_ROOMS = "rooms.localhost";

// prettier-ignore
const MODULES = [
  "roster", "saslauth", "tls", "disco", "presence", "message", "iq",
  "carbons", "pep", "bookmarks", "private", "blocklist", "vcard4", "vcard_legacy", "smacks", "csi_simple", "mam",
  "offline", "groups", "ping", "register", "time", "uptime", "version", "posix", "admin_shell", "websocket",
];

/** A Lua string literal; JSON's escapes for quotes, backslashes and newlines are Lua's too. */
function lua(value: string): string {
  return JSON.stringify(value);
}

function luaList(values: readonly string[]): string {
  return `{ ${values.map(lua).join(", ")} }`;
}

/** The file that mod_groups reads: one group with these accounts. */
export function prosodyGroups(behaviour: ProsodyBehaviour): string {
  const members = (behaviour.mutualContacts ?? []).map((name) => `${name}@${PROSODY_HOST}=${name}\n`);
  return members.length === 0 ? "" : `[Contacts]\n${members.join("")}`;
}

/** The text of prosody.cfg.lua. */
export function prosodyConfig(files: ProsodyFiles, ports: ProsodyPorts, behaviour: ProsodyBehaviour): string {
  const starttls = behaviour.starttls !== false;
  const without = new Set(behaviour.withoutModules);
  if (!starttls) {
    without.add("tls");
  }
  const modules = [...MODULES, ...(behaviour.withModules ?? [])].filter((name) => !without.has(name));
  return `-- Written by scripts/prosody-config.ts at each start.
run_as_root = true
pidfile = ${lua(files.pidPath)}
data_path = ${lua(files.dataPath)}
admin_socket = ${lua(files.socketPath)}
log = { ${behaviour.logLevel ?? "info"} = ${lua(files.logPath)} }

interfaces = { "127.0.0.1", "::1" }
c2s_ports = { ${ports.c2s} }
c2s_direct_tls_ports = { ${ports.c2sDirectTls} }
http_ports = { ${ports.http} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
consider_websocket_secure = true

authentication = "internal_hashed"
password_hash = ${lua(behaviour.passwordHash ?? "SHA-1")}
disable_sasl_mechanisms = ${luaList(behaviour.disabledMechanisms ?? [])}
storage = "internal"
-- Where Prosody would look for certificates by itself; ours are named below.
certificates = ${lua(files.dataPath)}
allow_registration = false
c2s_require_encryption = ${starttls}
allow_unencrypted_plain_auth = ${!starttls}
ssl = { certificate = ${lua(files.certificatePath)}, key = ${lua(files.keyPath)} }

modules_enabled = ${luaList(modules)}
groups_file = ${lua(files.groupsPath)}
modules_disabled = ${luaList(["s2s", ...without])}
${behaviour.extraGlobal ?? ""}

VirtualHost ${lua(PROSODY_HOST)}
  disco_items = { { ${lua(PROSODY_ROOMS)}, "Rooms" } }

Component ${lua(PROSODY_ROOMS)} "muc"
  name = "Rooms"
  modules_enabled = ${luaList(["muc_mam", ...(behaviour.withRoomModules ?? [])])}
  -- A new room is usable at once, without a configuration form.
  muc_room_locking = false
  muc_log_by_default = true
`;
}
