// strophe.js 5 where it lives, in a browser: one page per client. (In Node it would need a DOM of somebody else's.) It
// logs in with SCRAM-SHA-512 where it can.

import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import type * as strophe from "strophe.js";
import { launchBrowser } from "../browser.ts";
import { element } from "../raw-client.ts";
import { type ChatClient, hear, Journal, type LoginOptions } from "./chat-client.ts";
import { Inbox } from "./inbox.ts";

/** Its script for browsers. */
export const STROPHE = fileURLToPath(
  new URL("../../../node_modules/strophe.js/dist/strophe.umd.min.js", import.meta.url),
);

/** What strophe.js logs in with in place of a password. */
type ScramKeys = Exclude<Parameters<Window["connection"]["connect"]>[1], string | undefined>;

type News = "frame" | "sent" | "message" | "error" | "closed";

declare global {
  interface Window {
    Strophe: typeof strophe.Strophe;
    $iq: typeof strophe.$iq;
    $msg: typeof strophe.$msg;
    $pres: typeof strophe.$pres;
    connection: InstanceType<(typeof strophe.Strophe)["Connection"]>;
    tell(news: News, text: string): Promise<void>;
  }
}

/** Runs in the page: the full JID, or nothing when the login failed. */
async function connectInPage({
  url,
  jid,
  password,
  device,
  keys,
}: LoginOptions & { keys?: ScramKeys }): Promise<string | undefined> {
  const { Strophe, $iq, $pres } = window;
  const { Status } = Strophe;
  const connection = new Strophe.Connection(url);
  window.connection = connection;
  connection.rawInput = (frame: string) => void window.tell("frame", frame);
  connection.rawOutput = (frame: string) => void window.tell("sent", frame);
  const connected = await new Promise<boolean>((resolve) => {
    connection.connect(`${jid}/${device}`, keys ?? password, (status, condition) => {
      if (status === Status.CONNECTED) {
        resolve(true);
      } else if (status === Status.ERROR || status === Status.CONNFAIL || status === Status.AUTHFAIL) {
        void window.tell("error", condition ?? "");
        // A refused login leaves the stream open: the user may be asked for another password.
        if (status === Status.AUTHFAIL) {
          connection.disconnect("refused");
        }
      } else if (status === Status.DISCONNECTED) {
        void window.tell("closed", "");
        resolve(false);
      }
    });
  });
  if (!connected) {
    return undefined;
  }
  const onMessage = (message: Element): boolean => {
    void window.tell("message", Strophe.serialize(message));
    return true;
  };
  connection.addHandler(onMessage, null, "message", null);
  await new Promise((resolve, reject) => {
    const enable = $iq({ type: "set" }).c("enable", { xmlns: "urn:xmpp:carbons:2" });
    connection.sendIQ(enable, resolve, reject);
  });
  connection.send($pres());
  return connection.jid;
}

/** Runs in the page. */
async function discoverInPage({ to, id }: { to: string; id: string }): Promise<string> {
  const query = { xmlns: "http://jabber.org/protocol/disco#info" };
  const request = window.$iq({ type: "get", to, id }).c("query", query);
  const answer = await new Promise<Element>((resolve, reject) => {
    window.connection.sendIQ(request, resolve, reject);
  });
  return answer.querySelector("identity")?.getAttribute("category") ?? "";
}

/** A browser whose pages are strophe.js clients. */
export class StropheBrowser {
  readonly #browser: Browser;
  readonly #origin: string;

  private constructor(browser: Browser, origin: string) {
    this.#browser = browser;
    this.#origin = origin;
  }

  /** `origin` is a page's own; on loopback it is a secure context, which SCRAM's crypto.subtle needs. */
  static async launch(origin: string): Promise<StropheBrowser> {
    return new StropheBrowser(await launchBrowser(), origin);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  /**
   * `keys`: of an earlier login by SCRAM, in place of the password.
   * @throws with the server's words when it does not get in
   */
  async login(
    options: LoginOptions & { keys?: ScramKeys },
  ): Promise<ChatClient & { keys: () => Promise<ScramKeys> }> {
    const page = await this.#browser.newPage();
    await page.goto(`${this.#origin}/health`);
    await page.addScriptTag({ path: STROPHE });
    const journal = new Journal();
    const ends = new Inbox<string>((text) => text);
    const ended = async (): Promise<string> => await ends.first("the end of the stream", () => true);
    await page.exposeFunction("tell", (news: News, text: string) => {
      switch (news) {
        case "frame":
          return journal.frames.push(text);
        case "sent":
          return journal.sent(text);
        case "message":
          return journal.heard.push(hear(element(text)));
        case "error":
          return journal.errors.push(text);
        case "closed":
          return ends.push(text);
      }
    });
    const fullJid = await page.evaluate(connectInPage, options);
    if (fullJid === undefined) {
      await ended();
      await page.close();
      throw new Error(`strophe.js as ${options.jid}: ${journal.refusal()}`);
    }
    return {
      fullJid,
      journal,
      say: async (to, body, id) =>
        await page.evaluate(
          (message) => {
            const attributes = { to: message.to, type: "chat", id: message.id };
            window.connection.send(window.$msg(attributes).c("body").t(message.body));
          },
          { to, body, id },
        ),
      discover: async (to, id) => await page.evaluate(discoverInPage, { to, id }),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its declarations know the type only where keys are taken
      keys: async () => await page.evaluate(() => window.connection.scram_keys as unknown as ScramKeys),
      close: async () => {
        await page.evaluate(() => window.connection.disconnect("done"));
        await ended();
        await page.close();
      },
    };
  }
}
