/**
 * The resource of the account's one session with its server. Clients adopt it when they bind (ID-1), and some ask for it the next
 * time: then it names no device, since each of them would have the same name.
 */
import { resourceSuffix } from "./random.ts";

const PREFIX = "xmpproxy-";

/** RFC 6120 section 7.7: told apart from other clients, and from other installations of this one. */
export function newResource(): string {
  return PREFIX + resourceSuffix();
}

/** Is this, or was it, the account's own? `fullJid` is as it was last bound; a server may have chosen it. */
export function isOwnResource(resource: string, fullJid: string | undefined): boolean {
  return resource.startsWith(PREFIX) || fullJid?.slice(fullJid.indexOf("/") + 1) === resource;
}

/** The one that we ask for: the same until a server has chosen another (Bind 2). */
export function ownResource(settings: {
  get(name: "resource"): string | undefined;
  set(name: "resource", value: string): void;
}): string {
  const resource = settings.get("resource") ?? newResource();
  settings.set("resource", resource);
  return resource;
}
