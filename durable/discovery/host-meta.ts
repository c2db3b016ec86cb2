/**
 * XEP-0156 v1.4.0: the WebSocket endpoints (RFC 7395) that a domain names in its host-meta file (RFC 6415). Fetched over
 * HTTPS from the domain itself, so its answer is a secure delegation; hence HTTPS at every redirect, and wss:// only.
 */
import * as v from "valibot";
import { childElements, namespaceOf } from "../../xmpp/xml/element.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { type Fetch, httpGet } from "./http-get.ts";

/** `urls` are wss://, in the file's order, which means nothing (XEP-0156). Or why there are none, in words. */
export type HostMeta = { ok: true; urls: string[] } | { ok: false; problem: string };

/** Never rejects. `domain` is an ASCII host name. */
export type FetchHostMeta = (domain: string) => Promise<HostMeta>;

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 65_536;
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const WEBSOCKET = "urn:xmpp:alt-connections:websocket";
const XRD = "http://docs.oasis-open.org/ns/xri/xrd-1.0";

interface Link {
  rel?: string | undefined;
  href?: string | undefined;
}

// RFC 6415 section 3 and appendix A. XRD is the mandatory one; JSON first, because fewer things can be wrong with it.
const FORMATS = [
  { path: "/.well-known/host-meta.json", accept: "application/json", read: readJson },
  { path: "/.well-known/host-meta", accept: "application/xrd+xml", read: readXrd },
];

export function hostMetaOver(fetch: Fetch): FetchHostMeta {
  return async (domain) => {
    const problems: string[] = [];
    for (const { path, accept, read } of FORMATS) {
      const url = `https://${domain}${path}`;
      // oxlint-disable-next-line no-await-in-loop -- the second is only asked when the first says nothing
      const file = await follow(fetch, url, accept);
      const found = file.ok ? readLinks(read(file.text)) : file;
      if (found.ok) return found;
      problems.push(`${url} ${found.problem}`);
    }
    return { ok: false, problem: problems.join("; ") };
  };
}

/** Gets a file through redirects (RFC 6415 section 2), each of which stays on HTTPS. */
async function follow(
  fetch: Fetch,
  first: string,
  accept: string,
): Promise<{ ok: true; text: string } | { ok: false; problem: string }> {
  let url = first;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // oxlint-disable-next-line no-await-in-loop -- one redirect leads to the next
    const answer = await httpGet(fetch, url, { accept, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
    if (!answer.ok) return answer;
    if (answer.status === 200) return { ok: true, text: answer.text };
    if (!REDIRECTS.has(answer.status)) return { ok: false, problem: `answered ${answer.status}` };
    const next = URL.parse(answer.location ?? "", url);
    if (next?.protocol !== "https:" || next.username !== "") {
      return { ok: false, problem: "redirects to something that is no https:// address" };
    }
    url = next.href;
  }
  return { ok: false, problem: `redirects more than ${MAX_REDIRECTS} times` };
}

function readLinks(links: readonly Link[] | undefined): HostMeta {
  if (!links) return { ok: false, problem: "cannot be read" };
  const urls = links
    .filter(({ rel }) => rel === WEBSOCKET)
    .map(({ href }) => URL.parse(href ?? ""))
    .filter((url) => url?.protocol === "wss:" && url.username === "" && url.hash === "")
    .map((url) => url?.href ?? "");
  return urls.length > 0
    ? { ok: true, urls: [...new Set(urls)] }
    : { ok: false, problem: "names no wss:// endpoint" };
}

const jrd = v.object({
  links: v.optional(
    v.array(v.object({ rel: v.optional(v.string()), href: v.optional(v.nullable(v.string()), "") })),
    [],
  ),
});

function readJson(text: string): Link[] | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), jrd), text);
  return parsed.success
    ? parsed.output.links.map(({ rel, href }) => ({ rel, href: href ?? undefined }))
    : undefined;
}

/** The same strict reader as for stanzas: a file with a DTD or a comment is refused, its JSON twin still counts. */
function readXrd(text: string): Link[] | undefined {
  const parsed = parseFrame(text.trim(), DEFAULT_LIMITS);
  const root = parsed.ok ? parsed.element : undefined;
  if (!root || root.name !== "XRD" || namespaceOf(root) !== XRD) return undefined;
  return childElements(root)
    .filter((child) => child.name === "Link" && namespaceOf(child) === XRD)
    .map((child) => ({ rel: child.attrs.rel, href: child.attrs.href }));
}
