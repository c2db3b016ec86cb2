// Asking the proxy as the account's owner (Basic, RFC 7617). Who is given an `Ask` can ask, and knows no password.

type Answer<T> =
  | { readonly ok: true; readonly value: T }
  /** `isRefused`: the password is not, or no longer, the right one. */
  | { readonly ok: false; readonly isRefused: boolean; readonly text: string };

/**
 * Asks for something below /accounts/{the account}/, or does something there; the answer is read as JSON, line by line as JSON
 * Lines, or as a file (a Blob).
 */
export type Ask = <T>(path: string, format?: Format, method?: "GET" | "DELETE") => Promise<Answer<T>>;

type Format = "json" | "lines" | "file";

const UNAUTHORIZED = 401;

function basic(name: string, password: string): string {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(""))}`;
}

function readLines(text: string): unknown {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line): unknown => JSON.parse(line));
}

async function readOther(response: Response, format: Format): Promise<unknown> {
  return format === "lines" ? readLines(await response.text()) : await response.blob();
}

async function readError(response: Response): Promise<string> {
  const said: unknown = await response.json().catch(() => undefined);
  const hasWords = typeof said === "object" && said !== null && "error" in said;
  return hasWords ? String(said.error) : `The proxy answered with an error (${response.status}).`;
}

export function askAs(jid: string, password: string): Ask {
  const authorization = basic(jid, password);
  return async <T>(path: string, format: Format = "json", method = "GET"): Promise<Answer<T>> => {
    try {
      const response = await fetch(`/accounts/${encodeURIComponent(jid)}/${path}`, {
        method,
        headers: { Authorization: authorization },
        cache: "no-store",
        // Ours are in the header: the browser shall neither keep any nor ask for them by itself.
        credentials: "omit",
        redirect: "error",
      });
      if (!response.ok) {
        const isRefused = response.status === UNAUTHORIZED;
        return { ok: false, isRefused, text: await readError(response) };
      }
      const value: T = format === "json" ? await response.json() : await readOther(response, format);
      return { ok: true, value };
    } catch {
      return { ok: false, isRefused: false, text: "The proxy does not answer at the moment." };
    }
  };
}
