/** Answers of the owner's interface: never kept by anybody on the way, never read as anything but what they are. */

const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  // No other origin may read this, with or without CORS.
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** `type` is a media type. */
export function ownerResponse(
  body: string | ReadableStream<Uint8Array>,
  type: string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return new Response(body, { status, headers: { ...HEADERS, "Content-Type": type, ...headers } });
}

export function ownerJson(value: unknown): Response {
  return ownerResponse(`${JSON.stringify(value)}\n`, "application/json");
}

/** What went wrong, in words for the owner. */
export function ownerError(status: number, text: string, headers: Record<string, string> = {}): Response {
  return ownerResponse(`${JSON.stringify({ error: text })}\n`, "application/json", { status, headers });
}
