// UP-17: finding the one stanza over which a server ends every stream, and no other.

import { describe, expect, it } from "vitest";
import { Suspicion } from "../../../../durable/upstream/suspicion.ts";

describe("UP-17 suspicion", () => {
  it("UP-17 one that was alone twice is convicted, and only then", () => {
    const suspicion = new Suspicion();
    expect(suspicion.blame(["a", "bad", "b"])).toBe(false);
    expect(suspicion.isCautious).toBe(true);
    expect(suspicion.blame(["bad"])).toBe(false);
    expect(suspicion.blame(["bad"])).toBe(true);
    // Whatever comes next begins with a clean slate.
    expect(suspicion.blame(["b"])).toBe(false);
  });

  it("UP-17 another one between them, or all of it arrived: begins anew", () => {
    const suspicion = new Suspicion();
    suspicion.blame(["a"]);
    expect(suspicion.blame(["b"])).toBe(false);
    expect(suspicion.blame(["a"])).toBe(false);
    suspicion.clear();
    expect(suspicion.isCautious).toBe(false);
    expect(suspicion.blame(["a"])).toBe(false);
  });

  it("UP-17 with nothing under way nobody is suspected", () => {
    const suspicion = new Suspicion();
    expect(suspicion.blame([])).toBe(false);
    expect(suspicion.isCautious).toBe(false);
  });
});
