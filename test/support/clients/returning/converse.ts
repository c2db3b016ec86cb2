// Converse on our own page, as a person uses it.

import { launchBrowser } from "../../browser.ts";
import { newChatPage } from "../../chat-page.ts";
import { type ReturningClient, type ReturningOptions, Wire } from "./wire.ts";

export async function openConverse({ url, jid, password }: ReturningOptions): Promise<ReturningClient> {
  const wire = new Wire();
  const browser = await launchBrowser();
  const chat = await newChatPage(browser, url);
  chat.page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => wire.came(String(payload)));
    socket.on("framesent", ({ payload }) => wire.sent(String(payload)));
  });
  const rooms = new Set<string>();
  await chat.logIn(jid, password);
  await wire.until("the first login", /^<enabled/);
  return {
    wire,
    say: async (to, body, type) => {
      if (type === "groupchat") await chat.enterRoom(to, "al");
      else await chat.openConversation(to.split("@")[0] ?? "");
      await chat.send(body);
    },
    join: async (room, nickname) => {
      rooms.add(room);
      await chat.enterRoom(room, nickname);
    },
    reload: async (meanwhile, read) => {
      // A frame that has come to the browser may still wait for the page to look at it.
      await chat.see(read);
      await chat.leave();
      await meanwhile();
      await chat.open();
      await chat.waitForChat();
    },
    shown: async (peer) => {
      await (rooms.has(peer) ? chat.enterRoom(peer, "al") : chat.openConversation(peer.split("@")[0] ?? ""));
      return (await chat.conversation()).map(({ text }) => text);
    },
    close: async () => await browser.close(),
  };
}
