// ID-2: which resources name no device.

import { expect, it } from "vitest";
import { isOwnResource, newResource } from "../../../durable/own-resource.ts";

it.each([
  ["one that we make up", newResource(), undefined, true],
  ["one that we made up before", "xmpproxy-abc12345", "alice@example.org/xmpproxy-zzz", true],
  ["one that the server has chosen", "R4nd0m", "alice@example.org/R4nd0m", true],
  ["a client's own", "phone", "alice@example.org/xmpproxy-zzz", false],
  ["a client's own, before there was a session", "phone", undefined, false],
])("ID-2 %s", (_what, resource, fullJid, isOwn) => {
  expect(isOwnResource(resource, fullJid)).toBe(isOwn);
});
