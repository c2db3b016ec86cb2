/**
 * The account's side of the owner's interface: gathers what there is to tell, keeps the history of the session, and answers
 * HTTP once it is known that the owner asks. Changes nothing of the session.
 */
import type { Account } from "../../bouncer/account.ts";
import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import type { LogSpan } from "../../bouncer/search/asking.ts";
import type { SearchQuery, SearchResult } from "../../bouncer/search/search.ts";
import type { TraceEntry } from "../../bouncer/trace.ts";
import type { ClientSessions } from "../clients/client-sessions.ts";
import type { ClientSockets } from "../clients/client-sockets.ts";
import type { LoginGuard } from "../clients/login-guard.ts";
import type { AccountLog } from "../storage/account-log.ts";
import type { Outbound } from "../storage/outbound.ts";
import type { Settings } from "../storage/settings.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { refuseOthers } from "./access.ts";
import { type ExportFormat, exportLog } from "./export.ts";
import { History } from "./history.ts";
import { importLog } from "./import.ts";
import type { OwnerFacts } from "./owner-facts.ts";
import { routeOwner } from "./router.ts";
import { gatherStatus } from "./status.ts";

interface OwnerDependencies {
  account: string;
  settings: Settings;
  guard: LoginGuard;
  policy: Account;
  upstream: Upstream;
  outbound: Outbound;
  clients: ClientSockets;
  sessions: ClientSessions;
  log: AccountLog;
  /** There is more to be done with the log, soon. */
  keepUpLog(): void;
  isNamed: boolean;
  forget(): Promise<void>;
}

export class Owner implements OwnerFacts {
  readonly history: History;
  readonly #deps: OwnerDependencies;
  /** How often the platform has loaded this account, this time included, and when it did. */
  readonly #boots: number;
  readonly #bootedAtMs = Date.now();

  /** Once per load of the object. */
  constructor(deps: OwnerDependencies) {
    this.#deps = deps;
    this.history = new History(deps.settings);
    this.#boots = Number(deps.settings.get("boots") ?? "0") + 1;
    deps.settings.set("boots", String(this.#boots));
  }

  get account(): string {
    return this.#deps.account;
  }

  get isNamed(): boolean {
    return this.#deps.isNamed;
  }

  async forget(): Promise<void> {
    await this.#deps.forget();
  }

  status(): OwnerStatus {
    const { account, settings, policy, upstream, outbound, clients, sessions } = this.#deps;
    return gatherStatus({
      account,
      fullJid: () => settings.get("full-jid"),
      upstream,
      history: this.history,
      boots: this.#boots,
      bootedAtMs: this.#bootedAtMs,
      clients: () => policy.attached(),
      connectedSinceMs: (id) => clients.connectedSinceMs(id),
      waitingFor: (id) => sessions.waiting(id),
      waitingForServer: () => outbound.length,
      holes: () => policy.holes(),
    });
  }

  trace(): readonly TraceEntry[] {
    return this.#deps.policy.trace();
  }

  deviceOf(id: string): string | undefined {
    return this.#deps.policy.attached().find((client) => client.id === id)?.device;
  }

  search(query: SearchQuery): SearchResult {
    return this.#deps.log.search.search(query);
  }

  deleteLog(peer: string | undefined): void {
    this.#deps.policy.deletes(peer);
    this.#deps.log.delete(peer);
    this.#deps.keepUpLog();
  }

  exportLog(format: ExportFormat, span: LogSpan): Response {
    const { account, log } = this.#deps;
    return exportLog(log.reader, { account, format, span });
  }

  async importLog(body: ReadableStream<Uint8Array> | null): Promise<Response> {
    const { account, log } = this.#deps;
    return await importLog(log.imports, body, { account, sinceMs: log.keptSinceMs(Date.now()) });
  }

  /** A request to /accounts/{bare JID}/… that came over TLS or loopback. */
  async answer(request: Request, address: string | undefined): Promise<Response> {
    const { account, guard } = this.#deps;
    const from = guard.keyOf(address);
    const refusal = await refuseOthers(request, account, (password) => guard.check(password, from));
    if (refusal) return refusal;
    const [, , , ...path] = new URL(request.url).pathname.split("/");
    return await routeOwner(path.join("/"), request, this);
  }
}
