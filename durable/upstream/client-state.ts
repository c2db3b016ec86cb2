/**
 * CSI-2: what the server is told about whether a person is looking (XEP-0352). Its nonzas are no stanzas: they are neither
 * counted nor kept. Each stream begins `active`, a resumed one too (section 5.2), but not every server knows the latter: Prosody 0.12
 * goes on with what the stream before had said, and would hold messages back.
 */
import type { ServerFeatures } from "../../xmpp/initiating/state.ts";
import { NS } from "../../xmpp/namespaces.ts";

export class ClientState {
  #active = true;
  /** What the server goes by; undefined where that is not certain. */
  #said: boolean | undefined = true;

  /** A session has begun or goes on. */
  begin({ resumed }: { resumed: boolean }): void {
    this.#said = resumed ? undefined : true;
  }

  set(active: boolean): void {
    this.#active = active;
  }

  /** What there is to send now on a stream that stands; nothing while the server does not offer it. */
  due({ clientState }: Pick<ServerFeatures, "clientState">): string[] {
    if (!clientState || this.#said === this.#active) return [];
    this.#said = this.#active;
    return [`<${this.#active ? "active" : "inactive"} xmlns="${NS.csi}"/>`];
  }
}
