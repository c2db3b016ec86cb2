// This tab's lasting name, so that the proxy knows what it has been told already when it comes back, also after days. Two tabs
// never have the same one: each holds a lock (Web Locks) on its name for as long as it lives, and one that is opened later takes
// over a name that nobody holds. Without storage that outlives the tab there is nothing to come back to, and no name.

const MAX_NAMES = 20;

const keyOf = (jid: string): string => `xmpproxy.devices.${jid}`;

function namesOf(jid: string): string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(keyOf(jid)) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string").slice(0, MAX_NAMES) : [];
  } catch {
    return [];
  }
}

/** True while nobody else holds the name; then this tab does, to its end. */
async function hold(name: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    navigator.locks
      .request(`xmpproxy-device-${name}`, { ifAvailable: true }, async (lock) => {
        resolve(lock !== null);
        // Until the tab is gone, which ends it.
        if (lock) await new Promise<never>(() => undefined);
      })
      .catch(reject);
  });
}

/** The name of this tab for an account; undefined where the browser can keep none apart. */
export async function takeDevice(jid: string): Promise<string | undefined> {
  // Only in secure contexts.
  if (!("locks" in navigator)) return undefined;
  const names = namesOf(jid);
  for (const name of names) if (await hold(name)) return name;
  const name = `page-${crypto.randomUUID()}`;
  if (!(await hold(name))) return undefined;
  localStorage.setItem(keyOf(jid), JSON.stringify([name, ...names].slice(0, MAX_NAMES)));
  return name;
}
