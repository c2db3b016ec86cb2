/** Finding servers with what the platform and the settings give: its `fetch`, its randomness, the owner's resolver. */
import type { Config } from "../config.ts";
import { hostMetaOver } from "./host-meta.ts";
import type { Fetch } from "./http-get.ts";
import type { OtherHost } from "./other-host.ts";
import { dohResolver } from "./resolver.ts";
import { Route } from "./route.ts";

// Not `fetch` itself: called as a method of something else it throws on this platform.
const platformFetch: Fetch = (url, init) => fetch(url, init);

/** A fresh round of attempts for a domain. Nothing is asked before its first `next()`. */
export function routeTo(domain: string, config: Config, prefer: OtherHost | undefined): Route {
  return new Route({
    domain,
    config,
    resolver: dohResolver(config.dohUrl, platformFetch),
    fetchHostMeta: hostMetaOver(platformFetch),
    random: Math.random,
    prefer,
  });
}
