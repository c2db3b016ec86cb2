// The chat page in a real browser, as a person uses it: what to click, and what is then to be seen. Also keeps account
// of what the page does behind one's back: requests to elsewhere, blocked content, errors.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, ConsoleMessage, Page } from "playwright-core";
import { expect } from "vitest";

// Ignored by git.
const SCREENSHOTS = fileURLToPath(new URL("../../.wrangler/screenshots", import.meta.url));

const CONVERSATION = "textarea.chat-textarea";

/** How a conversation is shown: who is named as the sender, and what is said. */
export interface ShownMessage {
  readonly from: string;
  readonly text: string;
}

export class ChatPage {
  readonly page: Page;
  /** URLs asked for outside of the page's own origin. */
  readonly outsideRequests: string[] = [];
  /** What the content security policy had to block, and uncaught errors. */
  readonly complaints: string[] = [];
  readonly #url: string;
  /** Frames that went over the page's WebSockets since it was opened last; those that it sent begin with "> ". */
  #frames: string[] = [];

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.on("request", (request) => this.#onRequest(request.url()));
    page.on("websocket", (socket) => {
      this.#onRequest(socket.url());
      socket.on("framereceived", ({ payload }) => void this.#frames.push(String(payload)));
      socket.on("framesent", ({ payload }) => void this.#frames.push(`> ${String(payload)}`));
    });
    page.on("console", (message) => this.#onConsole(message));
    page.on("pageerror", (error) => this.complaints.push(error.message));
  }

  #onRequest(text: string): void {
    const url = new URL(text);
    const isOwn = url.host === new URL(this.#url).host;
    if (!isOwn && url.protocol !== "data:" && url.protocol !== "blob:") {
      this.outsideRequests.push(text);
    }
  }

  #onConsole(message: ConsoleMessage): void {
    if (message.type() === "error" && message.text().includes("Content Security Policy")) {
      this.complaints.push(message.text());
    }
  }

  /** How many frames like this have come since the page was opened last. */
  received(like: RegExp): number {
    return this.#frames.filter((frame) => !frame.startsWith("> ") && like.test(frame)).length;
  }

  /** The mechanisms by which it has logged in since it was opened last (RFC 6120 section 6). */
  mechanisms(): string[] {
    return this.#frames.flatMap((frame) => /^> <auth [^>]*mechanism="([^"]+)"/.exec(frame)?.slice(1) ?? []);
  }

  /** Opens the page and waits until it has settled on the login form or the chat. */
  async open(): Promise<void> {
    this.#frames = [];
    await this.page.goto(this.#url);
    await this.page.waitForSelector("body[data-view=login], body[data-view=chat]");
  }

  async submitLogin(jid: string, password: string): Promise<void> {
    await this.page.waitForSelector("body[data-view=login]");
    await this.page.fill("#jid", jid);
    await this.page.fill("#password", password);
    await this.page.click("#submit");
  }

  async waitForChat(): Promise<void> {
    await this.page.waitForSelector("body[data-view=chat]");
    await this.page.waitForSelector("converse-user-profile");
  }

  async logIn(jid: string, password: string): Promise<void> {
    await this.open();
    await this.submitLogin(jid, password);
    await this.waitForChat();
  }

  /** What the login form says, once it says something. */
  async notice(): Promise<string> {
    return (await this.page.locator("#notice:not([hidden])").textContent()) ?? "";
  }

  /** Opens the conversation with a contact from the roster. */
  async openConversation(contactName: string): Promise<void> {
    await this.page.locator("#converse-roster .open-chat", { hasText: contactName }).first().click();
    await this.page.waitForSelector(CONVERSATION);
  }

  /** Goes into a room by its address, under this nickname. */
  async enterRoom(room: string, nickname: string): Promise<void> {
    // Another one in between: the page looks only when it changes.
    for (const hash of ["", `#converse/room?jid=${room}`])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.page.evaluate((next) => void (location.hash = next), hash);
    const nick = this.page.locator("converse-muc-nickname-form input[name=nick]");
    const inside = this.page.locator("converse-muc-occupants .occupant-nick");
    await nick.or(inside.first()).first().waitFor();
    if ((await nick.count()) > 0) {
      await nick.fill(nickname);
      await nick.press("Enter");
    }
    await inside.first().waitFor();
  }

  /** The nicknames in the list of the open room's occupants. */
  async occupants(): Promise<readonly string[]> {
    const names = await this.page.locator("converse-muc-occupants .occupant-nick").allTextContents();
    return names.map((name) => name.trim());
  }

  /** Leaves the open room, as its menu says it. */
  async leaveRoom(): Promise<void> {
    const heading = this.page.locator("converse-muc-heading");
    await heading.locator(".chatbox-title__buttons button.dropdown-toggle").click();
    await heading.locator(".close-chatbox-button").click();
    await this.page.locator(".modal.show button[type=submit]").click();
    await heading.waitFor({ state: "detached" });
  }

  async send(text: string): Promise<void> {
    await this.page.fill(CONVERSATION, text);
    await this.page.press(CONVERSATION, "Enter");
  }

  /** The contacts as the roster shows them, name by bare JID. */
  async roster(): Promise<Readonly<Record<string, string>>> {
    const entries = await this.page
      .locator("#converse-roster .open-chat[data-jid]")
      .evaluateAll((links) =>
        links.map((link): [string, string] => [
          link.getAttribute("data-jid") ?? "",
          link.querySelector(".contact-name")?.textContent?.trim() ?? "",
        ]),
      );
    return Object.fromEntries(entries);
  }

  /** Adds a contact with the form that Converse has for it. */
  async addContact(jid: string, name: string): Promise<void> {
    await this.page.locator("#converse-roster .dropdown-item.add-contact").first().dispatchEvent("click");
    const form = this.page.locator("form.add-xmpp-contact");
    await form.locator("input[name=jid]").fill(jid);
    await form.locator("input[name=name]").fill(name);
    await form.locator("button[type=submit]").click();
  }

  /** Removes a contact, and says that this is meant. */
  async removeContact(jid: string): Promise<void> {
    const contact = this.page.locator("#converse-roster converse-roster-contact", {
      has: this.page.locator(`.open-chat[data-jid="${jid}"]`),
    });
    await contact.locator(".remove-xmpp-contact").dispatchEvent("click");
    await this.page.locator("converse-confirm-modal button[type=submit]").click();
  }

  /** Waits until a message is to be seen, and returns it. */
  async see(text: string): Promise<ShownMessage> {
    await this.page.locator(".chat-msg__text", { hasText: text }).first().waitFor();
    const shown = (await this.conversation()).find((message) => message.text === text);
    if (shown === undefined) {
      throw new Error(`"${text}" is there, but not as a whole message`);
    }
    return shown;
  }

  /** Leaves the page once Converse has written down the last message of the open conversation. */
  async leave(): Promise<void> {
    await this.leaveAfter((await this.conversation()).at(-1)?.text ?? "");
  }

  /**
   * Leaves the page, as somebody does who has read this. Converse writes down what it shows a moment later: of a tab that is closed
   * before, what it has acknowledged is gone.
   */
  async leaveAfter(text: string): Promise<void> {
    await this.see(text);
    const texts = (await this.conversation()).map((message) => message.text);
    // Each by itself: they are not written in the order in which they are shown.
    await expect.poll(() => this.page.evaluate(missing, texts), { timeout: 10_000 }).toEqual([]);
    await this.page.goto("about:blank");
  }

  /** The messages of the open conversation, in the order shown. */
  async conversation(): Promise<readonly ShownMessage[]> {
    return await this.page.locator(".chat-msg").evaluateAll((messages) =>
      messages.map((message) => ({
        from: message.getAttribute("data-from") ?? "",
        text: message.querySelector(".chat-msg__text")?.textContent?.trim() ?? "",
      })),
    );
  }

  /** Writes .wrangler/screenshots/<name>.png. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }
}

/** A tab in a browser of its own: nothing is shared with any other tab. */
export async function newChatPage(browser: Browser, url: string): Promise<ChatPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  return await newTab(context, url);
}

/** A further tab in a browser that is open already. */
export async function newTab(context: BrowserContext, url: string): Promise<ChatPage> {
  return new ChatPage(await context.newPage(), url);
}

/**
 * Runs in the page: which of these texts are in no message that the browser keeps for Converse, or in one that is not in the list of
 * messages beside it? The one is written after the other.
 */
async function missing(texts: readonly string[]): Promise<string[]> {
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- the page is given this function alone
  const done = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.addEventListener("success", () => resolve(request.result));
      request.addEventListener("error", () => reject(request.error ?? new Error("not read")));
    });
  const entries = async ({ name = "" }: IDBDatabaseInfo): Promise<(readonly [IDBValidKey, unknown])[]> => {
    const database = await done(indexedDB.open(name));
    const stores = [...database.objectStoreNames].map(async (store) => {
      const objects = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(objects.getAllKeys()), done(objects.getAll())]);
      return keys.map((key, index) => [key, values[index] as unknown] as const);
    });
    const found = (await Promise.all(stores)).flat();
    database.close();
    return found;
  };
  const databases = await indexedDB.databases();
  const kept = (await Promise.all(databases.map(entries))).flat();
  const isListed = (key: IDBValidKey): boolean =>
    kept.some(([, list]) => Array.isArray(list) && list.includes(key));
  const listed = kept.filter(([key]) => isListed(key)).map(([, value]) => JSON.stringify(value));
  return texts.filter((text) => !listed.some((value) => value.includes(`"${text}"`)));
}
