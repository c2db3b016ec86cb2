/** What wrangler.toml, secrets and .dev.vars give to the Worker and its objects. Read only through config.ts. */
import type { AccountObject } from "./account-object.ts";
import type { RegistryObject } from "./watchdog/registry-object.ts";

export interface Env {
  ACCOUNT: DurableObjectNamespace<AccountObject>;
  REGISTRY: DurableObjectNamespace<RegistryObject>;
  ASSETS: Fetcher;
  ALLOWED_ACCOUNTS?: string;
  UPSTREAM_HOSTS?: string;
  DOH_URL?: string;
  ALLOW_PLAINTEXT_LOOPBACK?: string;
  ALLOW_SASL_PLAIN?: string;
  SERVER_SILENCE_SECONDS?: string;
  RESUME_HOURS?: string;
  ACCOUNTS?: string;
  CREDENTIALS_KEY?: string;
  ALLOWED_ORIGINS?: string;
  DETACHED_PRESENCE?: string;
  LOG_DAYS?: string;
  LOG_MEGABYTES?: string;
  REPLAY_NEW_DEVICE?: string;
  /** How often one address may begin a connection; an owner may take it out of wrangler.toml. */
  CONNECTIONS?: RateLimit;
}
