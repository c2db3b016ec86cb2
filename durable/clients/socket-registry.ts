/**
 * Which socket is which client. Knows nothing of what is sent over them.
 */
import type { ClientSocket } from "./client-socket.ts";

export class SocketRegistry {
  readonly #byWebSocket = new Map<WebSocket, ClientSocket>();
  readonly #byId = new Map<string, ClientSocket>();

  add(ws: WebSocket, socket: ClientSocket): void {
    this.#byWebSocket.set(ws, socket);
    this.#byId.set(socket.id, socket);
  }

  get(id: string): ClientSocket | undefined {
    return this.#byId.get(id);
  }

  of(ws: WebSocket): ClientSocket | undefined {
    return this.#byWebSocket.get(ws);
  }

  /** A snapshot: who goes through it may end sockets. */
  all(): ClientSocket[] {
    return [...this.#byId.values()];
  }

  /** Those too that are closing. */
  allOpen(): ClientSocket[] {
    return [...this.#byWebSocket.values()];
  }

  /** The socket takes another client's name, as `change` makes it do. */
  rename(socket: ClientSocket, change: () => void): void {
    this.#byId.delete(socket.id);
    change();
    this.#byId.set(socket.id, socket);
  }

  /** WS-13: those that were never bound, also while they are closing. */
  neverBound(): ClientSocket[] {
    return this.allOpen().filter(({ fullJid }) => fullJid === undefined);
  }

  /** The client is gone; its WebSocket may still be closing. True when the socket was still its client's. */
  forget(socket: ClientSocket): boolean {
    return this.#byId.get(socket.id) === socket && this.#byId.delete(socket.id);
  }

  /** Its WebSocket is gone, too. */
  drop(socket: ClientSocket): void {
    for (const [ws, known] of this.#byWebSocket) if (known === socket) this.#byWebSocket.delete(ws);
  }
}
