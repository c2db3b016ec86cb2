/**
 * CMD: commands of the account's own clients to the account's own full JID (XEP-0050): which there are, what they are, and
 * carrying them out. Others are never told of them.
 */
import xml, { type Element } from "@xmpp/xml";
import { discoInfoQuery } from "../../xmpp/disco.ts";
import { isSameJid } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult, isIqRequest, stanzaKind } from "../../xmpp/stanza.ts";
import type { Part, PartContext } from "../part.ts";
import type { ClientId } from "../ports.ts";
import type { Command } from "./command.ts";
import { makeCommands } from "./command-list.ts";
import type { PinnedRooms } from "./pinned-rooms-command.ts";
import { CommandSessions } from "./command-sessions.ts";

const LIST = { category: "automation", type: "command-list", name: "Commands of xmpproxy" };

export class Commands implements Part {
  readonly #context: PartContext;
  readonly #sessions: CommandSessions;
  readonly #commands: ReadonlyMap<string, Command>;

  constructor(context: PartContext, rooms: PinnedRooms) {
    this.#context = context;
    this.#sessions = new CommandSessions(context.ports);
    this.#commands = new Map(makeCommands(context, rooms).map((command) => [command.node, command]));
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    const { session, outlet } = this.#context;
    if (stanzaKind(stanza) !== "iq" || !isIqRequest(stanza)) return false;
    if (!isSameJid(stanza.attrs.to ?? "", session.fullJid)) return false;
    const payload = iqPayload(stanza);
    const answer = payload && this.#answer(id, stanza, payload);
    if (!answer) return false;
    outlet.deliver({ rule: "CMD-1", stanza: answer, to: [id], reason: "the account's own commands" });
    return true;
  }

  detached(id: ClientId): void {
    this.#sessions.detach(id);
  }

  #answer(id: ClientId, request: Element, payload: Element): Element | undefined {
    const isGet = request.attrs.type === "get";
    if (isGet && payload.is("query", NS.discoItems)) return this.#items(request, payload.attrs.node);
    if (isGet && payload.is("query", NS.discoInfo)) return this.#info(request, payload.attrs.node);
    if (isGet || !payload.is("command", NS.commands)) return undefined;
    const command = this.#commands.get(payload.attrs.node ?? "");
    return command
      ? this.#sessions.answer(id, request, payload, command)
      : errorReply(request, { type: "cancel", condition: "item-not-found" });
  }

  /** XEP-0050 section 2.2. Of the account itself, in no node, there is nothing to list. */
  #items(request: Element, node: string | undefined): Element | undefined {
    if (node !== undefined && node !== NS.commands) return undefined;
    const commands = node === undefined ? [] : [...this.#commands.values()];
    const jid = this.#context.session.fullJid;
    const items = commands.map((command) => xml("item", { jid, node: command.node, name: command.name }));
    return iqResult(request, xml("query", { xmlns: NS.discoItems, node }, ...items));
  }

  /** XEP-0050 sections 2.1 and 2.2; any other node is one of our capabilities. */
  #info(request: Element, node: string | undefined): Element | undefined {
    if (node === NS.commands) {
      return iqResult(request, discoInfoQuery({ identity: LIST, features: [NS.commands] }, node));
    }
    const command = this.#commands.get(node ?? "");
    if (command) {
      const identity = { category: "automation", type: "command-node", name: command.name };
      return iqResult(request, discoInfoQuery({ identity, features: [NS.commands, NS.dataForms] }, node));
    }
    if (node !== undefined) return undefined;
    // What the world is told, and that there are commands, which only we are told.
    const answer = this.#context.caps.answer(request, xml("query", { xmlns: NS.discoInfo }));
    answer.getChild("query", NS.discoInfo)?.append(xml("feature", { var: NS.commands }));
    return answer;
  }
}
