/** What the tests inside workerd see of the Worker under test. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../../worker/index.ts");
  }
  interface Env {
    ACCOUNT: DurableObjectNamespace<import("../../durable/account-object.ts").AccountObject>;
    REGISTRY: DurableObjectNamespace<import("../../durable/watchdog/registry-object.ts").RegistryObject>;
    ASSETS: Fetcher;
    ALLOWED_ACCOUNTS: string;
    UPSTREAM_HOSTS: string;
    ALLOW_PLAINTEXT_LOOPBACK: string;
    ACCOUNTS: string;
    CREDENTIALS_KEY: string;
  }
}
