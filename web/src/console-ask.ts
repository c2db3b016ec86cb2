// Asking the proxy as the account's owner (Basic, RFC 7617). Who is given an `Ask` can ask, and knows no password.

type Answer<T> =
  | { readonly ok: true; readonly value: T }
  /** `isRefused`: the password is not, or no longer, the right one. `isFinal`: the same again would fail again. */
  | { readonly ok: false; readonly isRefused: boolean; readonly isFinal: boolean; readonly text: string };

/**
 * Asks for something below /accounts/{the account}, or does something there; the answer is read as JSON, line by line as JSON
 * Lines, or as a file (a Blob). `body` goes with it.
 */
export type Ask = <T>(
  path: string,
  format?: Format,
  method?: "GET" | "DELETE" | "POST",
  body?: Blob,
) => Promise<Answer<T>>;

type Format = "json" | "lines" | "file";

const UNAUTHORIZED = 401;
const BAD_REQUEST = 400;

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
  return async <T>(
    path: string,
    format: Format = "json",
    method = "GET",
    body?: Blob,
  ): Promise<Answer<T>> => {
    try {
      const below = path === "" ? "" : `/${path}`;
      const response = await fetch(`/accounts/${encodeURIComponent(jid)}${below}`, {
        method,
        headers: { Authorization: authorization },
        ...(body && { body }),
        cache: "no-store",
        // Ours are in the header: the browser shall neither keep any nor ask for them by itself.
        credentials: "omit",
        redirect: "error",
      });
      if (!response.ok) {
        const isRefused = response.status === UNAUTHORIZED;
        const isFinal = response.status === BAD_REQUEST;
        return { ok: false, isRefused, isFinal, text: await readError(response) };
      }
      const value: T = format === "json" ? await response.json() : await readOther(response, format);
      return { ok: true, value };
    } catch {
      return {
        ok: false,
        isRefused: false,
        isFinal: false,
        text: "The proxy does not answer at the moment.",
      };
    }
  };
}
