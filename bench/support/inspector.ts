// workerd's inspector (the Chrome DevTools protocol): what the Worker's heap holds, and where its time goes.

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
}

export class Inspector {
  readonly #ws: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #last = 0;

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.addEventListener("message", ({ data }) => {
      const reply: Reply = JSON.parse(String(data));
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply.result);
      this.#waiting.delete(reply.id);
    });
  }

  /** Of the Worker with this name, in the workerd that was started with this `inspectorPort`. */
  static async connect(port: number, name: string): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json`);
    const targets: unknown = await response.json();
    const found = Array.isArray(targets) ? targets : [];
    const target = found.find((candidate: { id?: string; title?: string }) =>
      `${candidate.id} ${candidate.title}`.includes(name),
    );
    if (!target) throw new Error(`no inspector for ${name}: ${JSON.stringify(targets)}`);
    const ws = new WebSocket(String(target.webSocketDebuggerUrl));
    await new Promise((resolve, reject) => {
      ws.addEventListener("open", resolve);
      ws.addEventListener("error", reject);
    });
    return new Inspector(ws);
  }

  /** Asks for one thing. What the answer is made of is the caller's to check. */
  async ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = (this.#last += 1);
    const result = new Promise<unknown>((resolve) => void this.#waiting.set(id, resolve));
    this.#ws.send(JSON.stringify({ id, method, params }));
    return await result;
  }

  /** What the isolate's heap holds after a collection, in bytes: all objects of the Worker, and its code. */
  async heapBytes(): Promise<number> {
    await this.ask("HeapProfiler.enable");
    await this.ask("HeapProfiler.collectGarbage");
    const usage = await this.ask("Runtime.getHeapUsage");
    if (typeof usage !== "object" || usage === null || !("usedSize" in usage))
      throw new Error("no heap usage");
    return Number(usage.usedSize);
  }

  close(): void {
    this.#ws.close();
  }
}
