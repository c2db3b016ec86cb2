// strophe.js 5 with its own Stream Management: it keeps what it needs to resume in the page's session storage.

import type { Page } from "playwright-core";
import { launchBrowser } from "../../browser.ts";
import { STROPHE } from "../strophe.ts";
import { type ReturningClient, type ReturningOptions, Wire } from "./wire.ts";

/** Runs in the page: logs in, or comes back, whenever there is no connection. */
function stayConnected({ url, jid, password }: ReturningOptions): void {
  const { Strophe, $pres } = window;
  const connection = new Strophe.Connection(url, { enableStreamManagement: true });
  window.connection = connection;
  connection.rawInput = (frame: string) => void window.tell("frame", frame);
  connection.rawOutput = (frame: string) => void window.tell("sent", frame);
  const connect = (): void => {
    connection.connect(`${jid}/page`, password, (status: number) => {
      if (status === Strophe.Status.CONNECTED && !connection.hasResumed()) connection.send($pres());
      if (status === Strophe.Status.DISCONNECTED) setTimeout(connect, 100);
    });
  };
  connect();
}

export async function openStrophe(options: ReturningOptions): Promise<ReturningClient> {
  const wire = new Wire();
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.exposeFunction("tell", (news: "frame" | "sent", frame: string) =>
    news === "frame" ? wire.came(frame) : wire.sent(frame),
  );
  await open(page, options);
  await wire.until("the first login", /^<enabled/);
  return {
    wire,
    say: async (to, body, type = "chat") =>
      await page.evaluate(
        (message) =>
          window.connection.send(
            window.$msg({ to: message.to, type: message.type }).c("body").t(message.body),
          ),
        { to, body, type },
      ),
    join: async (room, nickname) =>
      await page.evaluate((to) => {
        window.connection.send(window.$pres({ to }).c("x", { xmlns: "http://jabber.org/protocol/muc" }));
      }, `${room}/${nickname}`),
    reload: async (meanwhile) => {
      await page.goto("about:blank");
      await meanwhile();
      await open(page, options);
    },
    close: async () => await browser.close(),
  };
}

async function open(page: Page, options: ReturningOptions): Promise<void> {
  const { origin } = new URL(options.url.replace(/^ws/, "http"));
  await page.goto(`${origin}/health`);
  await page.addScriptTag({ path: STROPHE });
  await page.evaluate(stayConnected, options);
}
