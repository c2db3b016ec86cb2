/** EXPORT: GET log, as a stream of JSON Lines or of text, as fast as whoever reads it takes it. */
import { EXPORT_TYPE, type ExportHead, lineOf, textOf } from "../../bouncer/log/export-form.ts";
import type { LoggedMessage } from "../../bouncer/log/log-store.ts";
import type { LogSpan } from "../../bouncer/search/asking.ts";
import type { LogReader } from "../storage/log-reader.ts";
import { ownerResponse } from "./response.ts";

export type ExportFormat = "jsonl" | "text";

const TYPES: Readonly<Record<ExportFormat, { type: string; suffix: string }>> = {
  jsonl: { type: "application/jsonl", suffix: "jsonl" },
  text: { type: "text/plain; charset=utf-8", suffix: "txt" },
};

export function exportLog(
  reader: LogReader,
  { account, format, span }: { account: string; format: ExportFormat; span: LogSpan },
): Response {
  const exported = new Date().toISOString();
  // What comes from now on is not in it: an export ends.
  const { most, last } = reader.extent();
  const head: ExportHead = { type: EXPORT_TYPE, version: 1, account, exported, most };
  const first =
    format === "jsonl" ? `${JSON.stringify(head)}\n` : `Conversations of ${account}, ${exported}\n\n`;
  const { type, suffix } = TYPES[format];
  const name = [account, span.peer, exported.slice(0, 10)].filter((part) => part !== undefined).join(" ");
  // RFC 6266: only what needs no quoting, on no system.
  const file = `${name.replaceAll(/[^\w.@ -]/g, "_").slice(0, 150)}.${suffix}`;
  return ownerResponse(streamOf(reader, first, span, last, format === "jsonl" ? lineOf : textOf), type, {
    headers: { "Content-Disposition": `attachment; filename="${file}"` },
  });
}

/** A piece is read when it is asked for: with nobody reading, nothing is read. */
function streamOf(
  reader: LogReader,
  first: string,
  span: LogSpan,
  last: number,
  form: (message: LoggedMessage, at: string) => string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after: number | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(first)),
      async pull(controller) {
        for (;;) {
          const { messages, through } = reader.piece(span, after, last);
          if (through === undefined) return controller.close();
          after = through;
          const text = messages
            .map((message) => form(message, new Date(message.atMs).toISOString()))
            .join("");
          if (text !== "") return controller.enqueue(encoder.encode(text));
          // Long stretches without anything that is meant must not keep the account from its other work.
          // oxlint-disable-next-line no-await-in-loop -- one piece after the other, with room between them
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      },
    },
    { highWaterMark: 1 },
  );
}
