// Converse 14 looks whether it has a conversation, and begins one if not, across awaits: two messages that come together for
// a conversation that is not open begin it twice. The second one's message is not shown, is stored all the same, and is there
// twice at the next visit, once with the archive's copy. Whoever asks while a conversation is being begun gets that one.

import type { ConverseApi } from "./converse.d.ts";

/** Must run before the first stanza comes: in a plugin's `initialize`. */
export function beginConversationsOnce({ chatboxes }: Pick<ConverseApi, "chatboxes">): void {
  const begun = new Map<string, Promise<unknown>>();
  const create = chatboxes.create.bind(chatboxes);

  async function createOnce(jid: string, attributes: object, model: unknown): Promise<unknown> {
    // Not before Converse has read what it keeps: it may be there by then.
    const known = await chatboxes.get(jid);
    if (known !== undefined) return known;
    return await create(jid, attributes, model);
  }

  chatboxes.create = async (jids = [], attributes = {}, model) => {
    if (typeof jids !== "string") return await create(jids, attributes, model);
    const key = jids.toLowerCase();
    const running = begun.get(key) ?? createOnce(jids, attributes, model).finally(() => begun.delete(key));
    begun.set(key, running);
    return await running;
  };
}
