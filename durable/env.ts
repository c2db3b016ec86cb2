/** What wrangler.toml, secrets and .dev.vars give to the Worker and its objects. Read only through config.ts. */
import type { AccountObject } from "./account-object.ts";

export interface Env {
  ACCOUNT: DurableObjectNamespace<AccountObject>;
  ASSETS: Fetcher;
  ALLOWED_ACCOUNTS?: string;
  UPSTREAM_HOSTS?: string;
  DOH_URL?: string;
  ALLOW_PLAINTEXT_LOOPBACK?: string;
  ACCOUNTS?: string;
  CREDENTIALS_KEY?: string;
}
