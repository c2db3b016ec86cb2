// An export (JSON Lines) in parts that can be sent one by one: each begins with the file's first line, which says whose log it
// is, and ends with a line. Of the file no more than a part is read at once, however long it is.

/** The platform takes 100 MB in a request; this is 20,000 messages, a second or two of work for the account's object. */
const PART_BYTES = 8_000_000;
/** No message of a log has so long a line. */
const MAX_LINE_BYTES = 12_000_000;
/** The first line is short. */
const MAX_HEAD_BYTES = 16_384;
const NEWLINE = 0x0a;

export interface FilePart {
  /** The file's first line, and some of the others; undefined in place of a line that is too long to be sent. */
  readonly body: Blob | undefined;
  /** Where in the file, counted from 1, the first of those others is. */
  readonly firstLine: number;
  /** How far the file is read with this part. */
  readonly throughByte: number;
}

/** Nothing when the file does not begin with a line, and so is no export. */
export async function* partsOf(
  file: Blob,
  { partBytes = PART_BYTES, maxLineBytes = MAX_LINE_BYTES } = {},
): AsyncGenerator<FilePart> {
  const headEnd = (await bytesOf(file, 0, MAX_HEAD_BYTES)).indexOf(NEWLINE) + 1;
  if (headEnd === 0) {
    return;
  }
  const part = (from: number, to: number, firstLine: number): FilePart => {
    const body = new Blob([file.slice(0, headEnd), file.slice(from, to)], { type: "application/jsonl" });
    return { body, firstLine, throughByte: to };
  };
  let from = headEnd;
  let line = 2;
  do {
    // oxlint-disable-next-line no-await-in-loop -- where a part ends says where the next begins
    const { to, lines } = await endOfLines(file, from, partBytes, maxLineBytes);
    if (lines === undefined) {
      yield { body: undefined, firstLine: line, throughByte: to };
      line += 1;
    } else {
      yield part(from, to, line);
      line += lines;
    }
    from = to;
  } while (from < file.size);
}

/** Where the lines end that make up the next part, and how many those are; undefined for one that is too long. */
async function endOfLines(
  file: Blob,
  from: number,
  partBytes: number,
  maxLineBytes: number,
): Promise<{ to: number; lines: number | undefined }> {
  for (const size of [partBytes, Math.max(partBytes, maxLineBytes)]) {
    // oxlint-disable-next-line no-await-in-loop -- the second only where the first does not do
    const bytes = await bytesOf(file, from, from + size);
    if (from + bytes.length === file.size) {
      return { to: file.size, lines: countLines(bytes, bytes.length) };
    }
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      return { to: from + end, lines: countLines(bytes, end) };
    }
  }
  return { to: await endOfLine(file, from + maxLineBytes, partBytes), lines: undefined };
}

async function endOfLine(file: Blob, from: number, step: number): Promise<number> {
  for (let at = from; at < file.size; at += step) {
    // oxlint-disable-next-line no-await-in-loop -- as far as there is need
    const end = (await bytesOf(file, at, at + step)).indexOf(NEWLINE);
    if (end >= 0) {
      return at + end + 1;
    }
  }
  return file.size;
}

async function bytesOf(file: Blob, from: number, to: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

function countLines(bytes: Uint8Array, end: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
