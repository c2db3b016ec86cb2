// A network between the Worker and its server that breaks as networks do: it swallows what is sent through it and closes
// nothing (a cable pulled, a router that forgot), in both directions or in one, or it is slow.

import { connect, createServer, type Server, type Socket } from "node:net";
import { listenOnLoopback } from "./loopback-server.ts";

/** Sees what comes in over a connection, counted from 0, before it is passed on. */
type Watcher = (chunk: Buffer, direction: Direction, connection: number) => void;

export type Direction = "to-server" | "to-client";

/** What comes at once is passed on in pieces of so many bytes, one each time so many milliseconds have passed. */
interface Slowness {
  readonly bytes: number;
  readonly everyMs: number;
}

export class TcpRelay {
  #target: number;
  readonly #server: Server;
  readonly #pairs: Pair[] = [];
  #slowness: Slowness | undefined;
  #port = 0;

  private constructor(target: number, watch: Watcher) {
    this.#target = target;
    this.#server = createServer((client) => {
      const connection = this.#pairs.length;
      const see = (chunk: Buffer, direction: Direction): void => watch(chunk, direction, connection);
      this.#pairs.push(new Pair(client, connect(this.#target, "127.0.0.1"), this.#slowness, see));
    });
  }

  /** Begins to relay to a port of this machine; 0 is none yet. */
  static async to(target: number, watch: Watcher = () => undefined): Promise<TcpRelay> {
    const relay = new TcpRelay(target, watch);
    relay.#port = await listenOnLoopback(relay.#server);
    return relay;
  }

  /** Where connections lead that are made from now on. */
  leadTo(target: number): void {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections were ever made through it. */
  get connections(): number {
    return this.#pairs.length;
  }

  /** From now on nothing gets through on the connections that are there, not even their end. New ones are well. */
  cut(...directions: Direction[]): void {
    for (const pair of this.#pairs) for (const direction of directions) pair.cut(direction);
  }

  /** Connections that are made from now on are slow; undefined for ones that are not. */
  slowDown(slowness: Slowness | undefined): void {
    this.#slowness = slowness;
  }

  async stop(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One connection through the relay. */
class Pair {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #slowness: Slowness | undefined;
  readonly #see: (chunk: Buffer, direction: Direction) => void;
  readonly #cut = new Set<Direction>();

  constructor(
    client: Socket,
    server: Socket,
    slowness: Slowness | undefined,
    see: (chunk: Buffer, direction: Direction) => void,
  ) {
    this.#client = client;
    this.#server = server;
    this.#slowness = slowness;
    this.#see = see;
    this.#relay("to-server", client, server);
    this.#relay("to-client", server, client);
  }

  cut(direction: Direction): void {
    this.#cut.add(direction);
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #relay(direction: Direction, from: Socket, to: Socket): void {
    let passed = Promise.resolve();
    const inTurn = (step: () => void | Promise<void>): void => {
      const before = passed;
      passed = (async () => {
        await before;
        if (!this.#cut.has(direction)) await step();
      })();
    };
    from.on("data", (chunk: Buffer) => this.#see(chunk, direction));
    from.on("data", (chunk: Buffer) => inTurn(async () => await this.#pass(direction, chunk, to)));
    from.on("close", () => inTurn(() => void to.destroy()));
    from.on("error", () => undefined);
  }

  async #pass(direction: Direction, chunk: Buffer, to: Socket): Promise<void> {
    const { bytes, everyMs } = this.#slowness ?? { bytes: chunk.length, everyMs: 0 };
    for (let from = 0; from < chunk.length && !this.#cut.has(direction); from += bytes) {
      if (everyMs > 0) await new Promise((resolve) => void setTimeout(resolve, everyMs));
      to.write(chunk.subarray(from, from + bytes));
    }
  }
}
