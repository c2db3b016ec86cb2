/**
 * The platform's floor: a Durable Object that does what no bouncer can do without, and no XML. It reads stanzas separated by
 * newlines from a TCP connection, inserts each into SQLite, and sends it to every WebSocket. What costs more than this is
 * ours to answer for. READ_BYTES lowers the floor itself: it then has as few transactions as we have.
 */
import { connect } from "cloudflare:sockets";
import { DurableObject } from "cloudflare:workers";

interface FloorEnv {
  FLOOR: DurableObjectNamespace<FloorObject>;
  SOURCE_PORT: string;
  /** How much is read at once; what the platform chooses unless given. */
  READ_BYTES?: string;
}

export class FloorObject extends DurableObject<FloorEnv> {
  #socket: Socket | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  constructor(ctx: DurableObjectState, env: FloorEnv) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS stanza (seq INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    if (!this.#socket) {
      this.#socket = connect({ hostname: "127.0.0.1", port: Number(this.env.SOURCE_PORT) });
      this.#writer = this.#socket.writable.getWriter();
      void this.#read(this.#socket);
    }
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "Sec-WebSocket-Protocol": "xmpp" },
    });
  }

  /** Outward: the same, the other way. */
  override webSocketMessage(ws: WebSocket, data: string): void {
    this.ctx.storage.sql.exec("INSERT INTO stanza (text) VALUES (?)", data);
    void this.#writer?.write(new TextEncoder().encode(`${data}\n`));
    for (const other of this.ctx.getWebSockets()) if (other !== ws) other.send(data);
  }

  #reading(readable: ReadableStream<Uint8Array>): () => Promise<ReadableStreamReadResult<Uint8Array>> {
    if (this.env.READ_BYTES === undefined) {
      const reader = readable.getReader();
      return async () => await reader.read();
    }
    const reader = readable.getReader({ mode: "byob" });
    let buffer = new Uint8Array(Number(this.env.READ_BYTES));
    return async () => {
      const result = await reader.read(buffer);
      if (result.value) buffer = new Uint8Array(result.value.buffer);
      return result;
    };
  }

  async #read(socket: Socket): Promise<void> {
    const decoder = new TextDecoder();
    const read = this.#reading(socket.readable);
    let rest = "";
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- chunks come one after the other
      const { value, done } = await read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      const sockets = this.ctx.getWebSockets();
      for (const line of lines) {
        this.ctx.storage.sql.exec("INSERT INTO stanza (text) VALUES (?)", line);
        for (const ws of sockets) ws.send(line);
      }
    }
  }
}

export default {
  fetch: (request, env) => env.FLOOR.getByName("floor").fetch(request),
} satisfies ExportedHandler<FloorEnv>;
