// RCPT and CSI against Prosody: bob, straight on the server, gets one receipt and one marker for each message of his,
// whichever of alice's clients acknowledge it; and the server knows when nobody at alice's is looking.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { loginStanza } from "../support/clients/stanza.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const RECEIPTS = "urn:xmpp:receipts";
const MARKERS = "urn:xmpp:chat-markers:0";
const CSI = "urn:xmpp:csi:0";

function says(body: string): (stanza: Element) => boolean {
  return (stanza) => stanza.getChildText("body") === body;
}

function shows(show: string): (stanza: Element) => boolean {
  return (stanza) => stanza.getChildText("show") === show;
}

/** What a session was told about the delivery of a message. */
function acknowledgements({ stanzas }: RawSession, id: string): string[] {
  return stanzas.all
    .filter((stanza) => stanza.is("message"))
    .flatMap((message) => message.getChildElements())
    .filter((child) => child.attrs.id === id && [RECEIPTS, MARKERS].includes(child.getNS() ?? ""))
    .map((child) => `${child.getNS()} ${child.getName()}`)
    .toSorted();
}

describe.skipIf(missingProsody)("one person", () => {
  let stage: Stage;
  let bobAccount: Account;

  beforeAll(async () => {
    stage = await startStage({ mutualContacts: ["amy", "ann", "bob"] });
    bobAccount = await stage.account("bob");
  });

  afterAll(async () => await stage?.stop());

  it("RCPT-1: one receipt and one marker, though all three clients send them, one of them a real one", async () => {
    const amy = await stage.account("amy");
    const bob = await stage.attachDirectly(bobAccount, "watching amy");
    const desk = await stage.attach(amy, "desk");
    const phone = await stage.attach(amy, "phone");
    const library = await loginStanza(
      { url: stage.worker.wsUrl(amy.jid), ...amy, device: "library" },
      { sendReceipts: true },
    );
    for (const session of [bob, desk, phone]) session.send("<presence/>");
    phone.send(`<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    for (const id of ["m1", "m2"]) {
      bob.send(
        `<message to="${amy.jid}" type="chat" id="${id}"><body>${id}</body><request xmlns="${RECEIPTS}"/><markable xmlns="${MARKERS}"/></message>`,
      );
      await library.journal.heard.first(id, (message) => message.body === id);
      for (const client of [desk, phone]) {
        const { attrs } = await client.stanza("message", says(id));
        client.send(
          `<message to="${attrs.from}" type="chat"><received xmlns="${RECEIPTS}" id="${id}"/></message>`,
        );
        client.send(
          `<message to="${attrs.from}" type="chat"><displayed xmlns="${MARKERS}" id="${id}"/></message>`,
        );
      }
    }
    for (const client of [desk, phone]) {
      client.send(
        `<message to="${bob.fullJid}" type="chat"><body>done at ${client === desk ? "desk" : "phone"}</body></message>`,
      );
    }
    await bob.stanza("message", says("done at desk"));
    await bob.stanza("message", says("done at phone"));
    for (const id of ["m1", "m2"]) {
      // The library says "received" in both vocabularies.
      expect(acknowledgements(bob, id)).toEqual([
        `${MARKERS} displayed`,
        `${MARKERS} received`,
        `${RECEIPTS} received`,
      ]);
    }
    await library.close();
  });

  it("CSI-2, CSI-3: inactive, a client is spared what can wait; with nobody active, so is the account", async () => {
    const ann = await stage.account("ann");
    const bob = await stage.attachDirectly(bobAccount, "watching ann");
    bob.send("<presence/>");
    const desk = await stage.attach(ann, "desk");
    const phone = await stage.attach(ann, "phone");
    for (const client of [desk, phone]) client.send("<presence/>");
    for (const client of [desk, phone])
      await client.stanza("presence", ({ attrs }) => attrs.from === bob.fullJid);

    phone.client.send(`<inactive xmlns="${CSI}"/>`);
    await phone.request(
      `<iq type="get" id="fence1" to="${stage.server.host}"><ping xmlns="urn:xmpp:ping"/></iq>`,
    );
    for (const show of ["away", "xa", "dnd"]) {
      bob.send(`<presence><show>${show}</show></presence>`);
      await desk.stanza("presence", shows(show));
    }
    phone.client.send(`<active xmlns="${CSI}"/>`);
    await phone.stanza("presence", shows("dnd"));
    const seen = phone.stanzas.all.filter(({ attrs }) => attrs.from === bob.fullJid);
    expect(seen.map((stanza) => stanza.getChildText("show"))).toEqual([null, "dnd"]);

    // Whether Prosody then holds anything back is its own affair: what it has to send at once opens its buffer.
    const logged = stage.server.log().length;
    for (const client of [desk, phone]) client.client.send(`<inactive xmlns="${CSI}"/>`);
    await waitFor("Prosody to hear that nobody is active", () =>
      /Received\[c2s\]: <inactive /.test(stage.server.log().slice(logged)),
    );
    bob.send(`<presence><show>chat</show></presence>`);
    desk.client.send(`<active xmlns="${CSI}"/>`);
    await desk.stanza("presence", shows("chat"));
    bob.send(`<message to="${ann.jid}" type="chat"><body>important</body></message>`);
    const { attrs } = await phone.stanza("message", says("important"));
    expect(attrs.from).toBe(bob.fullJid);
    expect(phone.stanzas.all.findIndex(shows("chat"))).toBeLessThan(
      phone.stanzas.all.findIndex(says("important")),
    );
  });
});
