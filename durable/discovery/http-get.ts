/**
 * One small HTTP GET of a text that somebody else wrote: bounded in time and size, never following a redirect by itself,
 * failures as values. Knows nothing of what the text means.
 */

/** The platform's `fetch`, as far as it is used here. */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; redirect: "manual"; signal: AbortSignal },
) => Promise<Response>;

export type HttpAnswer =
  | { ok: true; status: number; text: string; location: string | undefined }
  /** Why there is no answer, in words: how the sentence "host.example …" goes on. */
  | { ok: false; problem: string };

interface Bounds {
  accept: string;
  /** For all of it, from the connection to the last byte. */
  timeoutMs: number;
  maxBytes: number;
}

/** Gets `url`. Any HTTP status is an answer; its text is read only when the status is 200. Never rejects. */
export async function httpGet(fetch: Fetch, url: string, bounds: Bounds): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, {
      headers: { Accept: bounds.accept },
      redirect: "manual",
      signal: AbortSignal.timeout(bounds.timeoutMs),
    });
    const { status } = response;
    const location = response.headers.get("Location") ?? undefined;
    if (status === 200) {
      const text = await readText(response, bounds.maxBytes);
      return text === undefined
        ? { ok: false, problem: `sent more than ${bounds.maxBytes} bytes` }
        : { ok: true, status, text, location };
    }
    await response.body?.cancel();
    return { ok: true, status, text: "", location };
  } catch (error) {
    return { ok: false, problem: describe(error, bounds.timeoutMs) };
  }
}

/** The body as UTF-8, or undefined when it is too long. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  // Leaving the loop cancels the rest of the body.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function describe(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "cannot be reached";
  if (error.name === "TimeoutError" || error.name === "AbortError")
    return `did not answer within ${timeoutMs / 1000} s`;
  // Node says only "fetch failed" and why in the cause.
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `cannot be reached (${error.message}${cause})`;
}
