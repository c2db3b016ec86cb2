/**
 * Where an account's server is: what the owner configured for the domain, else the domain itself, so that the name its
 * certificate is verified for is never one that only unsigned DNS has said.
 */
import type { Config, UpstreamHost } from "../config.ts";

const CLIENT_PORT = 5222;

export function findHost(config: Config, domain: string): UpstreamHost {
  return config.upstreamHosts.get(domain) ?? { hostname: domain, port: CLIENT_PORT, tls: "starttls" };
}
