// The configuration of a private ejabberd 23.01: one virtual host `localhost`, a room service, everything on loopback and
// in one directory. Pure data; knows nothing of processes or files.

export interface EjabberdPorts {
  /** RFC 6120 with STARTTLS. */
  readonly c2s: number;
  /** XEP-0368 direct TLS. */
  readonly c2sDirectTls: number;
  /** RFC 6120 without TLS, for a test that looks at what is on the wire; nowhere unless given. */
  readonly c2sPlain?: number;
  /** Plain HTTP: ejabberd's own RFC 7395 WebSocket, for whoever is past the Worker, and its administration (mod_http_api). */
  readonly http: number;
  /** The same WebSocket over TLS. */
  readonly https: number;
}

/** What a test may want otherwise. All default to how a good public server behaves. */
export interface EjabberdBehaviour {
  /**
   * scram: one hash is kept, and its salt. plain: the password itself is kept, every SCRAM mechanism offered, each login
   * with a new salt, so that yesterday's keys open nothing.
   */
  readonly passwordFormat?: "scram" | "plain";
  /** The hash kept in the format scram. Default SHA-1, as ejabberd's own. */
  readonly scramHash?: "sha" | "sha256" | "sha512";
  /** Localparts of accounts that are in one another's rosters from the start (subscription both). */
  readonly mutualContacts?: readonly string[];
  /** Where it listens for clients without TLS. Default: nowhere. */
  readonly plainPort?: number;
  /** Modules to leave out, e.g. `mod_mam`. */
  readonly withoutModules?: readonly string[];
}

export const EJABBERD_HOST = "localhost";
export const EJABBERD_ROOMS = "rooms.localhost";
export const WEBSOCKET_PATH = "/xmpp-websocket";
export const API_PATH = "/api";

const RESUME_TIMEOUT_SECONDS = 300;
const LOOPBACK = "127.0.0.1";

function listeners(ports: EjabberdPorts): readonly object[] {
  // The size is that of Debian's own configuration.
  const c2s = { ip: LOOPBACK, module: "ejabberd_c2s", access: "all", max_stanza_size: 262_144 };
  const http = { ip: LOOPBACK, module: "ejabberd_http" };
  const webSocket = { [WEBSOCKET_PATH]: "ejabberd_http_ws" };
  return [
    { ...c2s, port: ports.c2s, starttls_required: true },
    { ...c2s, port: ports.c2sDirectTls, tls: true },
    ...(ports.c2sPlain === undefined ? [] : [{ ...c2s, port: ports.c2sPlain }]),
    { ...http, port: ports.http, request_handlers: { ...webSocket, [API_PATH]: "mod_http_api" } },
    { ...http, port: ports.https, tls: true, request_handlers: webSocket },
  ];
}

// Blocking (XEP-0191) is a view of privacy lists in ejabberd: mod_blocking does not load without mod_privacy.
const MODULES = {
  mod_admin_extra: {},
  mod_blocking: {},
  mod_caps: {},
  mod_carboncopy: {},
  mod_client_state: {},
  mod_disco: {},
  mod_http_api: {},
  mod_last: {},
  mod_mam: { default: "always" },
  mod_muc: { host: EJABBERD_ROOMS, name: "Rooms", default_room_options: { mam: true } },
  mod_offline: {},
  mod_ping: {},
  mod_privacy: {},
  mod_private: {},
  mod_pubsub: { plugins: ["flat", "pep"] },
  mod_roster: { versioning: true },
  mod_stream_mgmt: { resume_timeout: RESUME_TIMEOUT_SECONDS, resend_on_timeout: "if_offline" },
  mod_vcard: { search: false },
  mod_version: {},
};

/**
 * The text of ejabberd.yml. It is JSON, which YAML contains, so that nothing needs quoting rules of its own.
 * @param certificatePath PEM file with certificate and key
 */
export function ejabberdConfig(
  certificatePath: string,
  ports: EjabberdPorts,
  behaviour: EjabberdBehaviour,
): string {
  const config = {
    hosts: [EJABBERD_HOST],
    language: "en",
    loglevel: "info",
    certfiles: [certificatePath],
    listen: listeners(ports),
    auth_method: "internal",
    auth_password_format: behaviour.passwordFormat ?? "scram",
    auth_scram_hash: behaviour.scramHash ?? "sha",
    api_permissions: { tests: { who: { ip: `${LOOPBACK}/32` }, what: ["*"] } },
    // A test says much in a short time.
    shaper_rules: { max_user_sessions: 200, max_user_offline_messages: 1000 },
    modules: Object.fromEntries(
      Object.entries(MODULES).filter(([name]) => behaviour.withoutModules?.includes(name) !== true),
    ),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
