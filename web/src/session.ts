// Starts Converse for one account and says how it went. One page load is one session: whatever ends it (a refusal, a
// logout) is told to the page, which reloads, since Converse does not start a second time.

import type { Converse, ConverseSettings } from "./converse.d.ts";
import { takeDevice } from "./device.ts";
import { provePassword } from "./first-login.ts";
import { beginConversationsOnce } from "./one-conversation.ts";
import { resumeAlways } from "./resume-always.ts";
import { listenForLogout, serverWords } from "./server-words.ts";

const BUNDLE = "/converse/converse.min.js";
const ASSETS = "/converse";
const COULD_NOT = "Could not log in.";

export interface Credentials {
  /** Bare JID. */
  readonly jid: string;
  /** Absent: log in with the SCRAM keys kept from last time. */
  readonly password?: string;
  /** Whether keys and messages may outlive this tab. */
  readonly keep: boolean;
}

export interface SessionEvents {
  /** The first time that the account is logged in; later reconnects are Converse's affair. */
  onConnected(): void;
  /** Nothing was tried: no password was given and no keys are kept. */
  onNoKeys(): void;
  /** It is over; with a reason unless the person has logged out. */
  onEnded(reason: string | undefined): void;
}

/** The account's own endpoint on this origin (RFC 7395); `device` is this tab's name. */
function endpoint(jid: string, device: string | undefined): string {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const named = device === undefined ? "" : `?device=${encodeURIComponent(device)}`;
  return `${scheme}//${location.host}/xmpp-websocket/${encodeURIComponent(jid)}${named}`;
}

function settingsFor(credentials: Credentials, device: string | undefined): ConverseSettings {
  return {
    authentication: "login",
    auto_login: true,
    jid: credentials.jid,
    ...(credentials.password === undefined ? {} : { password: credentials.password }),
    websocket_url: endpoint(credentials.jid, device),
    discover_connection_methods: false,
    // Only once there has been a session: before, Converse would try a refused account again for ever.
    auto_reconnect: false,
    reuse_scram_keys: credentials.keep,
    view_mode: "fullscreen",
    assets_path: ASSETS,
    notification_icon: "/icon.svg",
    allow_registration: false,
    // Nothing is fetched from elsewhere unasked.
    autocomplete_providers_url: "",
    xmpp_providers_url: "",
    render_media: false,
    embed_3rd_party_media_players: false,
    use_system_emojis: true,
    // The server's archive fills what a window has missed.
    message_archiving: "always",
    muc_respect_autojoin: true,
    muc_show_logs_before_join: true,
    // Of a room without an archive of its own; Converse asks for nothing unless told. The proxy tells of it what was missed (MUC-4).
    muc_history_max_stanzas: 10_000,
    show_client_info: false,
    show_self_in_roster: false,
    loglevel: "warn",
    blacklisted_plugins: ["converse-register"],
    whitelisted_plugins: ["xmpproxy-page"],
  };
}

/** Whether Converse is to try. */
async function mayLogIn({ jid, password, keep }: Credentials): Promise<boolean> {
  return password === undefined || !keep || (await provePassword(endpoint(jid, undefined), jid, password));
}

/** Loads Converse and logs in. */
export async function startSession(credentials: Credentials, events: SessionEvents): Promise<void> {
  const [bundle, isIn]: [{ default: Converse }, boolean] = await Promise.all([
    import(BUNDLE),
    mayLogIn(credentials),
  ]);
  if (!isIn) return events.onEnded(serverWords() ?? COULD_NOT);
  const converse = bundle.default;
  let tried = false;
  converse.plugins.add("xmpproxy-page", {
    initialize() {
      const { _converse: internals } = this;
      const { api, state } = internals;
      beginConversationsOnce(api);
      resumeAlways(internals);
      let connected = false;
      let leaving = false;
      state.config.save({ trusted: credentials.keep });
      api.listen.on("connfeedback", () => (tried = true));
      api.listen.on("connected", () => {
        connected = true;
        api.settings.set("auto_reconnect", true);
        events.onConnected();
      });
      listenForLogout(() => api.settings.set("auto_reconnect", false));
      api.listen.on("beforeLogout", () => (leaving = true));
      api.listen.on("disconnected", () => {
        const fallback = connected ? "The connection has ended." : COULD_NOT;
        const reason = serverWords() ?? state.connfeedback.get("message") ?? fallback;
        events.onEnded(leaving ? undefined : reason);
      });
    },
  });
  // What is not kept beyond the tab is all to be told anew.
  const device = credentials.keep ? await takeDevice(credentials.jid) : undefined;
  await converse.initialize(settingsFor(credentials, device));
  if (!tried) {
    events.onNoKeys();
  }
}
