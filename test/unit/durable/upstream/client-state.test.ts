// CSI-2: the nonzas that tell the server whether anybody is looking.

import { describe, expect, it } from "vitest";
import { ClientState } from "../../../../durable/upstream/client-state.ts";

const ACTIVE = `<active xmlns="urn:xmpp:csi:0"/>`;
const INACTIVE = `<inactive xmlns="urn:xmpp:csi:0"/>`;
const offered = { clientState: true };

describe("CSI-2 what is said, and when", () => {
  it("CSI-2 a stream begins active: only what is otherwise is said, once", () => {
    const state = new ClientState();
    expect(state.due(offered)).toEqual([]);
    state.set(false);
    expect(state.due(offered)).toEqual([INACTIVE]);
    expect(state.due(offered)).toEqual([]);
    state.set(true);
    expect(state.due(offered)).toEqual([ACTIVE]);
  });

  it("CSI-2 again in each session, new or resumed", () => {
    const state = new ClientState();
    state.set(false);
    state.due(offered);
    state.begin();
    expect(state.due(offered)).toEqual([INACTIVE]);
  });

  it("CSI-2 not where it is not offered, and as soon as it is", () => {
    const state = new ClientState();
    state.set(false);
    expect(state.due({ clientState: false })).toEqual([]);
    expect(state.due(offered)).toEqual([INACTIVE]);
  });
});
