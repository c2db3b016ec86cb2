// The network between a client and the Worker, as a TCP relay on loopback that can be cut and mended.

import { connect, createServer, type Server, type Socket } from "node:net";
import { listenOnLoopback } from "./loopback-server.ts";

export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  /** A relay to this port of this machine. */
  static async to(port: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server, await listenOnLoopback(server));
    server.on("connection", (socket) => relay.#onConnection(socket, port));
    return relay;
  }

  /** The same URL, but through the relay. */
  through(url: string): string {
    const here = new URL(url);
    here.port = String(this.#port);
    return here.href.replace(/\/$/, url.endsWith("/") ? "/" : "");
  }

  /** Drops every connection without a word, and takes none. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onConnection(near: Socket, port: number): void {
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
