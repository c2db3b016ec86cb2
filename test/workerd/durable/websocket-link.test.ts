// RFC 7395 as the client, inside the runtime: frame by frame against the other end of a WebSocketPair.

import xml from "@xmpp/xml";
import { afterEach, describe, expect, it } from "vitest";
import type { LinkHandlers } from "../../../durable/upstream/link.ts";
import { type Upgrade, WebSocketLink } from "../../../durable/upstream/websocket-link.ts";
import { NS } from "../../../xmpp/namespaces.ts";
import { serialize } from "../../../xmpp/xml/serialize.ts";

const URL_OF_SERVER = "wss://xmpp.example.org/ws";

/** The server's end, and everything that was said to either side. */
class Scene {
  readonly heard: string[] = [];
  readonly events: string[] = [];
  server: WebSocket | undefined;
  request: { url: string; headers: Record<string, string>; redirect: string } | undefined;
  #wake: (() => void) | undefined;

  readonly handlers: LinkHandlers = {
    onConnected: () => this.#note("connected"),
    onTlsEstablished: () => this.#note("tls"),
    onEvents: (events) => {
      for (const event of events) {
        if (event.type === "element") this.#note(serialize(event.element));
        else this.#note(event.type === "problem" ? `problem ${event.problem.condition}` : event.type);
      }
      if (events.length === 0) this.#note("keepalive");
    },
    onClosed: (reason, stage) => this.#note(`closed in ${stage}: ${reason}`),
  };

  /** Answers the upgrade as a server would. */
  upgrade(subprotocol: string | undefined = "xmpp"): Upgrade {
    return async (url, { headers, redirect }) => {
      this.request = { url, headers, redirect };
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      server.addEventListener("message", ({ data }) => {
        this.heard.push(String(data));
        this.#wake?.();
      });
      server.addEventListener("close", ({ code }) => {
        this.heard.push(`closed ${code}`);
        this.#wake?.();
      });
      this.server = server;
      const chosen = subprotocol === undefined ? {} : { "Sec-WebSocket-Protocol": subprotocol };
      return new Response(null, { status: 101, webSocket: client, headers: chosen });
    };
  }

  /** Until so much has been said on either side. */
  async until(list: readonly string[], count: number): Promise<void> {
    if (list.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await this.until(list, count);
  }

  #note(event: string): void {
    this.events.push(event);
    this.#wake?.();
  }
}

const links: WebSocketLink[] = [];

function link(scene: Scene, upgrade: Upgrade, url = URL_OF_SERVER): WebSocketLink {
  const made = new WebSocketLink({ transport: "websocket", url }, scene.handlers, upgrade);
  links.push(made);
  return made;
}

afterEach(() => {
  for (const each of links.splice(0)) each.close();
});

async function connected(): Promise<{ scene: Scene; to: WebSocketLink; from: WebSocket }> {
  const scene = new Scene();
  const to = link(scene, scene.upgrade());
  void to.run();
  await scene.until(scene.events, 1);
  if (!scene.server) throw new Error("no connection");
  return { scene, to, from: scene.server };
}

describe("LINK-4 connecting", () => {
  it("asks for the subprotocol, and follows no redirect", async () => {
    const { scene } = await connected();
    expect(scene.events).toEqual(["connected"]);
    expect(scene.request).toEqual({
      url: "https://xmpp.example.org/ws",
      headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "xmpp" },
      redirect: "manual",
    });
  });

  it.each([[undefined], ["chat"], [""]])(
    "takes no server that chose the subprotocol %j",
    async (subprotocol) => {
      const scene = new Scene();
      const upgrade = scene.upgrade(subprotocol);
      await link(scene, subprotocol === undefined ? withoutSubprotocol(upgrade) : upgrade).run();
      expect(scene.events).toEqual([
        `closed in connect: ${URL_OF_SERVER} does not speak the WebSocket subprotocol "xmpp".`,
      ]);
      await scene.until(scene.heard, 1);
      expect(scene.heard).toEqual(["closed 1002"]);
    },
  );

  it.each([
    [200, `${URL_OF_SERVER} answered 200 where a WebSocket was asked for.`],
    [302, `${URL_OF_SERVER} answered 302 where a WebSocket was asked for.`],
    [404, `${URL_OF_SERVER} answered 404 where a WebSocket was asked for.`],
  ])("says what HTTP status %i means", async (status, words) => {
    const scene = new Scene();
    await link(scene, async () => new Response(null, { status })).run();
    expect(scene.events).toEqual([`closed in connect: ${words}`]);
  });

  it.each([
    [
      URL_OF_SERVER,
      `${URL_OF_SERVER} cannot be reached, or its certificate is not valid for that name (refused).`,
    ],
    ["ws://localhost:5280/ws?token=secret", "ws://localhost:5280/ws cannot be reached (refused)."],
  ])("says why %s is not reached", async (url, words) => {
    const scene = new Scene();
    await link(scene, async () => await Promise.reject(new Error("refused")), url).run();
    expect(scene.events).toEqual([`closed in connect: ${words}`]);
  });

  it("says nothing more when it is closed before it is open", async () => {
    const scene = new Scene();
    const to = link(scene, scene.upgrade());
    const run = to.run();
    to.close();
    await run;
    await scene.until(scene.heard, 1);
    expect(scene.events).toEqual([]);
    expect(scene.heard).toEqual(["closed 1001"]);
  });
});

describe("LINK-3 sending", () => {
  it("is one element a frame, each with its namespace", async () => {
    const { scene, to } = await connected();
    to.writeOpen({ to: "example.org", from: "alice@example.org" });
    to.restart();
    to.writeElement(
      serialize(xml("message", { xmlns: NS.client, to: "b@c" }, xml("body", {}, "hi")), NS.client),
    );
    to.writeElement('<r xmlns="urn:xmpp:sm:3"/>');
    to.writeClose();
    await scene.until(scene.heard, 4);
    expect(scene.heard).toEqual([
      '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="example.org" from="alice@example.org" version="1.0" xml:lang="en"/>',
      '<message xmlns="jabber:client" to="b@c"><body>hi</body></message>',
      '<r xmlns="urn:xmpp:sm:3"/>',
      '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>',
    ]);
  });
});

describe("LINK-5 receiving", () => {
  it.each([
    ["<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>", "open"],
    ["<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "close"],
    ["<message xmlns='jabber:client'><body/></message>", '<message xmlns="jabber:client"><body/></message>'],
    [
      "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>",
      '<features xmlns="http://etherx.jabber.org/streams" xmlns:stream="http://etherx.jabber.org/streams"/>',
    ],
    [" ", "keepalive"],
    ["<message/>", "problem invalid-namespace"],
    ["<message xmlns='jabber:client'>", "problem not-well-formed"],
    ["<a xmlns='x'/><b xmlns='x'/>", "problem not-well-formed"],
    ["<!DOCTYPE a><a xmlns='x'/>", "problem restricted-xml"],
  ])("reads the frame %s as %s", async (frame, event) => {
    const { scene, from } = await connected();
    from.send(frame);
    await scene.until(scene.events, 2);
    expect(scene.events.slice(1)).toEqual([event]);
  });

  it("does not read binary frames", async () => {
    const { scene, from } = await connected();
    from.send(new TextEncoder().encode("<message xmlns='jabber:client'/>"));
    await scene.until(scene.events, 2);
    expect(scene.events.slice(1)).toEqual(["problem bad-format"]);
  });
});

describe("LINK-6 the end", () => {
  it("says that the server closed it, once, and closes its half", async () => {
    const { scene, to, from } = await connected();
    from.close(1011, "restart");
    await scene.until(scene.events, 2);
    to.writeElement("<presence/>");
    to.close();
    expect(scene.events.slice(1)).toEqual(["closed in stream: The server closed the WebSocket (code 1011)."]);
  });

  it("lets go without a word and without <close/>, so that the session can be resumed", async () => {
    const { scene, to } = await connected();
    to.close();
    to.close();
    await scene.until(scene.heard, 1);
    expect(scene.heard).toEqual(["closed 1001"]);
    expect(scene.events).toEqual(["connected"]);
  });
});

/** The same answer without the header. */
function withoutSubprotocol(upgrade: Upgrade): Upgrade {
  return async (url, init) => {
    const { webSocket } = await upgrade(url, init);
    return new Response(null, { status: 101, webSocket });
  };
}
