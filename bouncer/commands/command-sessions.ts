/**
 * The course of commands (XEP-0050): stages forward and back, and the bounds of what is open. Sessions live in memory: one
 * that a restart has ended is answered as expired, and the client begins anew.
 */
import xml, { type Element } from "@xmpp/xml";
import { readForm } from "../../xmpp/data-forms.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { errorReply, iqResult, type StanzaError } from "../../xmpp/stanza.ts";
import type { ClientId, Ports } from "../ports.ts";
import type { AskStage, Command, Stage } from "./command.ts";

/** More than a person has open at once, of one client and of all. */
const MAX_EACH = 5;
const MAX_SESSIONS = 50;
const LIFETIME_MS = 600_000;

interface Session {
  readonly client: ClientId;
  readonly node: string;
  /** Those that were shown and can be gone back to; the last one is shown now. */
  readonly stages: AskStage[];
  usedMs: number;
}

type Action = "execute" | "next" | "prev" | "complete" | "cancel";
const ACTIONS: readonly unknown[] = [
  "execute",
  "next",
  "prev",
  "complete",
  "cancel",
] satisfies readonly Action[];

/** The conditions of XEP-0050 section 5.2, under the general one each belongs to. */
type CommandError = "malformed-action" | "bad-action" | "bad-payload" | "bad-sessionid" | "session-expired";

export class CommandSessions {
  readonly #ports: Pick<Ports, "clock" | "ids">;
  /** Least recently used first. */
  readonly #sessions = new Map<string, Session>();

  constructor(ports: Pick<Ports, "clock" | "ids">) {
    this.#ports = ports;
  }

  /** The answer to a client's `<command/>` for this command. */
  answer(client: ClientId, request: Element, given: Element, command: Command): Element {
    const { action = "execute", sessionid } = given.attrs;
    if (!isAction(action)) return refuse(request, "malformed-action", "There is no such action.");
    if (sessionid !== undefined) return this.#continue(client, request, given, action, sessionid);
    if (action !== "execute")
      return refuse(request, "bad-action", "A command begins with the action execute.");
    const id = this.#ports.ids.next();
    return this.#show(request, id, { client, node: command.node, stages: [], usedMs: 0 }, command.begin());
  }

  /** A client is gone for good. */
  detach(client: ClientId): void {
    for (const [id, session] of this.#sessions) if (session.client === client) this.#sessions.delete(id);
  }

  #continue(client: ClientId, request: Element, given: Element, action: Action, id: string): Element {
    const session = this.#sessions.get(id);
    if (!session || session.usedMs < this.#ports.clock.nowMs() - LIFETIME_MS) {
      return refuse(request, "session-expired", "This is over; begin again.");
    }
    if (session.client !== client || session.node !== given.attrs.node) {
      return refuse(request, "bad-sessionid", "This session belongs to something else.");
    }
    if (action === "cancel") {
      this.#sessions.delete(id);
      return iqResult(request, commandElement(id, session.node, "canceled"));
    }
    const now = session.stages.at(-1);
    const [, before] = session.stages.toReversed();
    if (action === "prev" && before) {
      session.stages.splice(-2);
      return this.#show(request, id, session, before);
    }
    const forward = now?.isLast === true ? "complete" : "next";
    if (!now || (action !== "execute" && action !== forward)) {
      return refuse(request, "bad-action", "This cannot be done at this stage.");
    }
    const next = now.submit(readForm(given.getChild("x", NS.dataForms)));
    return next.type === "refused"
      ? refuse(request, "bad-payload", next.text)
      : this.#show(request, id, session, next);
  }

  #show(request: Element, id: string, session: Session, stage: Stage): Element {
    this.#sessions.delete(id);
    if (stage.type === "done") {
      const answer = commandElement(id, session.node, "completed");
      if (stage.form) answer.append(stage.form);
      if (stage.note) answer.append(xml("note", { type: stage.note.type }, stage.note.text));
      return iqResult(request, answer);
    }
    const forward = stage.isLast ? "complete" : "next";
    const back = session.stages.length > 0 ? xml("prev") : undefined;
    session.stages.push(stage);
    this.#keep(id, session);
    const answer = commandElement(id, session.node, "executing");
    answer.append(xml("actions", { execute: forward }, back, xml(forward)), stage.form);
    return iqResult(request, answer);
  }

  #keep(id: string, session: Session): void {
    const own = [...this.#sessions].filter(([, { client }]) => client === session.client);
    const [oldestOwn] = own;
    if (oldestOwn && own.length >= MAX_EACH) this.#sessions.delete(oldestOwn[0]);
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(oldest);
    session.usedMs = this.#ports.clock.nowMs();
    this.#sessions.set(id, session);
  }
}

function isAction(text: string): text is Action {
  return ACTIONS.includes(text);
}

function commandElement(
  sessionid: string,
  node: string,
  status: "executing" | "completed" | "canceled",
): Element {
  return xml("command", { xmlns: NS.commands, sessionid, node, status, "xml:lang": "en" });
}

function refuse(request: Element, specific: CommandError, text: string): Element {
  const general: StanzaError =
    specific === "session-expired"
      ? { type: "cancel", condition: "not-allowed", text }
      : { type: "modify", condition: "bad-request", text };
  const reply = errorReply(request, general);
  reply.getChild("error")?.append(xml(specific, { xmlns: NS.commands }));
  return reply;
}
