/** IMPORT: POST log, JSON Lines as they were exported, read as they come in and written in pieces. */
import type { LogEntry } from "../../bouncer/log/log-store.ts";
import type { LogImport } from "../storage/log-import.ts";
import { type ImportHead, readHead, readLine } from "./import-line.ts";
import { ownerError, ownerJson } from "./response.ts";

/** Messages written at once, and characters of one line. */
const PIECE = 500;
const MAX_LINE = 12_000_000;
/** Lines whose rejection is told one by one. */
const MAX_TOLD = 100;

interface ImportOptions {
  account: string;
  /** Older messages would be deleted at once. */
  sinceMs: number;
}

interface Counts {
  imported: number;
  duplicates: number;
  rejected: { line: number; reason: string }[];
  /** All of them, told or not. */
  rejections: number;
}

export async function importLog(
  target: LogImport,
  body: ReadableStream<Uint8Array> | null,
  { account, sinceMs }: ImportOptions,
): Promise<Response> {
  if (!target.begin())
    return ownerError(409, "Another import, or a deletion, is under way. Try again in a few minutes.");
  try {
    const counts: Counts = { imported: 0, duplicates: 0, rejected: [], rejections: 0 };
    let head: ImportHead | undefined;
    let piece: { entry: LogEntry; line: number }[] = [];
    let line = 0;
    const write = async (): Promise<void> => {
      if (head) store(target, head, piece, counts);
      piece = [];
      // Room for what else the account has to do.
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    for await (const text of linesOf(body)) {
      line += 1;
      if (text === undefined)
        return ownerError(400, `Line ${line} is too long. What was before it is imported.`);
      if (!head) {
        head = readHead(text);
        if (!head) return ownerError(400, "The first line is not that of an export (format=jsonl).");
        if (head.account !== account) return ownerError(400, "This is the log of another account.");
        continue;
      }
      if (text === "") continue;
      const read = readLine(text, account, sinceMs, Date.now());
      if (read.ok) piece.push({ entry: read.entry, line });
      else reject(counts, line, read.reason);
      if (piece.length >= PIECE) await write();
    }
    await write();
    if (!head) return ownerError(400, "The first line is not that of an export (format=jsonl).");
    return ownerJson(counts);
  } finally {
    target.end();
  }
}

function store(
  target: LogImport,
  head: ImportHead,
  piece: readonly { entry: LogEntry; line: number }[],
  counts: Counts,
): void {
  if (piece.length === 0) return;
  const outcomes = target.write(
    `${head.exported} ${head.most}`,
    head.most,
    piece.map(({ entry }) => entry),
  );
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome === "imported") counts.imported += 1;
    else if (outcome === "duplicate") counts.duplicates += 1;
    else reject(counts, piece[index]?.line ?? 0, outcome.reason);
  }
}

function reject(counts: Counts, line: number, reason: string): void {
  counts.rejections += 1;
  if (counts.rejected.length < MAX_TOLD) counts.rejected.push({ line, reason });
}

/** Lines as they come in; undefined for one that is too long, and then no more. */
async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string | undefined> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    if (rest.length > MAX_LINE) return void (yield undefined);
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
