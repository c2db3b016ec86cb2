/** The command `status`: how the account is doing, for people. The same facts as over HTTP (owner-status.ts). */
import { type FormField, resultForm } from "../../xmpp/data-forms.ts";
import type { ClientStatus, OwnerEvent, OwnerHole, OwnerStatus } from "../owner-status.ts";
import type { Command } from "./command.ts";

const PHASES: Readonly<Record<OwnerStatus["phase"], string>> = {
  online: "online",
  connecting: "connecting",
  offline: "offline, to be tried again",
  "needs-login": "offline until somebody logs in",
};

const EVENTS: Readonly<Record<OwnerEvent["what"], string>> = {
  bound: "a new session",
  resumed: "the session went on",
  lost: "no session",
  refused: "the server refused the stored credentials",
  rescued: "the watchdog woke the account",
};

export function statusCommand(read: () => OwnerStatus): Command {
  return {
    node: "status",
    name: "How the proxy is doing",
    begin() {
      const status = read();
      return { type: "done", form: resultForm(`xmpproxy for ${status.account}`, fieldsOf(status)) };
    },
  };
}

function fieldsOf(status: OwnerStatus): FormField[] {
  const { server, session, lastError, nextAttempt, tried, clients, history, holes } = status;
  return [
    line("phase", "State", PHASES[status.phase]),
    line("since", "Since", status.since),
    ...some("address", "Address", status.address),
    ...some("server", "Server", server && `${server.host}:${server.port}`),
    ...some("protection", "Connection to it", server?.protection),
    ...some("session", "Session", session && describeSession(session, status.streamManagement)),
    ...some("last-error", "Last error", lastError && `${lastError.text} (${lastError.at})`),
    ...some("next-attempt", "Next attempt", nextAttempt),
    ...lines(
      "tried",
      "Tried last",
      tried.map(({ what, why }) => `${what}: ${why}`),
    ),
    line("restarts", "Restarts", `${status.restarts}, the last at ${status.lastRestart}`),
    line("waiting", "Waiting for the server", String(status.waitingForServer)),
    ...lines("clients", "Clients", clients.map(describeClient)),
    ...lines("history", "What happened", history.map(describeEvent)),
    ...lines("holes", "What the log may have missed", holes.map(describeHole)),
  ];
}

function describeSession(session: "new" | "resumed", managed: boolean): string {
  const began = session === "new" ? "begun on this connection" : "resumed";
  return `${began}, ${managed ? "can be resumed" : "cannot be resumed, the server does not support it"}`;
}

function describeClient({ device, state, since, presence, waiting }: ClientStatus): string {
  const when = since === undefined ? "" : ` since ${since}`;
  return `${device}: ${state}${when}, ${presence}, ${waiting} waiting`;
}

function describeEvent({ at, what, text, times, lastAt }: OwnerEvent): string {
  const why = text === undefined ? "" : `: ${text}`;
  const again = times === undefined ? "" : ` (${times} times, last at ${lastAt ?? at})`;
  return `${at} ${EVENTS[what]}${why}${again}`;
}

function describeHole({ from, to, room, reason }: OwnerHole): string {
  return `${from} to ${to}${room === undefined ? "" : ` in ${room}`}: ${reason}`;
}

function line(name: string, label: string, value: string): FormField {
  return { name, label, type: "text-single", value };
}

function some(name: string, label: string, value: string | undefined): FormField[] {
  return value === undefined ? [] : [line(name, label, value)];
}

/** XEP-0004 section 3.3: a value a line, so none may have lines of its own. */
function lines(name: string, label: string, values: readonly string[]): FormField[] {
  const value = values.flatMap((text) => text.split(/\r?\n/));
  return value.length === 0 ? [] : [{ name, label, type: "text-multi", value }];
}
