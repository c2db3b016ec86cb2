// What the owner of an account is told about it over HTTP (OWNER-3).

import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import type { Account } from "./raw-client.ts";

/**
 * `url`: the Worker's origin.
 * @throws with the refusal
 */
export async function askStatus(url: string, { jid, password }: Account): Promise<OwnerStatus> {
  const Authorization = `Basic ${Buffer.from(`${jid}:${password}`).toString("base64")}`;
  const response = await fetch(`${url}/accounts/${encodeURIComponent(jid)}/status`, {
    headers: { Authorization },
  });
  if (!response.ok) throw new Error(`${jid}: ${response.status} ${await response.text()}`);
  const status: OwnerStatus = JSON.parse(await response.text());
  return status;
}
