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

  it.each([true, false])("CSI-2 inactive again in each session, resumed: %s", (resumed) => {
    const state = new ClientState();
    state.set(false);
    state.due(offered);
    state.begin({ resumed });
    expect(state.due(offered)).toEqual([INACTIVE]);
    expect(state.due(offered)).toEqual([]);
  });

  it("CSI-2 regression: active too in a session that is resumed, for servers that go on with what was said before", () => {
    const state = new ClientState();
    state.begin({ resumed: true });
    expect(state.due(offered)).toEqual([ACTIVE]);
    expect(state.due(offered)).toEqual([]);
    state.begin({ resumed: false });
    expect(state.due(offered)).toEqual([]);
  });

  it("CSI-2 not where it is not offered, and as soon as it is", () => {
    const state = new ClientState();
    state.set(false);
    expect(state.due({ clientState: false })).toEqual([]);
    expect(state.due(offered)).toEqual([INACTIVE]);
  });
});
