// IMPORT-4: a file in parts, whatever its size, its lines and where the parts happen to end.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partsOf } from "../../../web/src/file-parts.ts";

const HEAD = '{"type":"head"}';

interface Seen {
  firstLine: number;
  throughByte: number;
  /** Undefined for a line that was too long. */
  lines: string[] | undefined;
}

async function read(text: string, limits: { partBytes: number; maxLineBytes: number }): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { body, firstLine, throughByte } of partsOf(new Blob([text]), limits)) {
    const [head, ...lines] = body ? (await body.text()).split("\n") : [HEAD];
    expect(head).toBe(HEAD);
    seen.push({ firstLine, throughByte, lines: body && lines });
  }
  return seen;
}

describe("IMPORT-4 a file in parts", () => {
  it("IMPORT-4 a short file is one part, with or without an end to its last line", async () => {
    const limits = { partBytes: 1_000, maxLineBytes: 1_000 };
    expect(await read(`${HEAD}\na\nb\n`, limits)).toEqual([
      { firstLine: 2, throughByte: 20, lines: ["a", "b", ""] },
    ]);
    expect(await read(`${HEAD}\na\nb`, limits)).toEqual([
      { firstLine: 2, throughByte: 19, lines: ["a", "b"] },
    ]);
    expect(await read(`${HEAD}\n`, limits)).toEqual([{ firstLine: 2, throughByte: 16, lines: [""] }]);
  });

  it("IMPORT-4 what does not begin with a line is no export", async () => {
    expect(await read("", { partBytes: 10, maxLineBytes: 10 })).toEqual([]);
    expect(await read("x".repeat(20_000), { partBytes: 10, maxLineBytes: 10 })).toEqual([]);
  });

  it("IMPORT-4 a line that is longer than a part is sent alone; one that is too long is left out, and counted", async () => {
    const text = [HEAD, "a", "b".repeat(15), "c".repeat(21), "d", "e"].join("\n");
    const seen = await read(text, { partBytes: 10, maxLineBytes: 20 });
    expect(seen.map(({ firstLine, lines }) => [firstLine, lines])).toEqual([
      [2, ["a", ""]],
      [3, ["b".repeat(15), ""]],
      [4, undefined],
      [5, ["d", "e"]],
    ]);
    expect(seen.at(-1)?.throughByte).toBe(text.length);
  });

  it("IMPORT-4 no more than a part is read at once", async () => {
    let most = 0;
    class Watched extends Blob {
      override slice(from: number, to: number): Blob {
        const piece = super.slice(from, to);
        const arrayBuffer = async (): Promise<ArrayBuffer> => {
          most = Math.max(most, piece.size);
          return await Blob.prototype.arrayBuffer.call(piece);
        };
        return Object.assign(piece, { arrayBuffer });
      }
    }
    const file = new Watched([`${HEAD}\n${"0123456789\n".repeat(100_000)}`]);
    let through = HEAD.length + 1;
    for await (const part of partsOf(file, { partBytes: 20_000, maxLineBytes: 20_000 })) {
      expect(part.throughByte - through).toBeLessThanOrEqual(20_000);
      through = part.throughByte;
    }
    expect(through).toBe(file.size);
    expect(most).toBe(20_000);
  });

  it("IMPORT-4 every line comes once, in order, under its number in the file, in parts that are not too large", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "😀", " "), maxLength: 30 });
    const property = fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      async (lines, partBytes) => {
        const seen = await read([HEAD, ...lines].join("\n"), { partBytes, maxLineBytes: 200 });
        const found = seen.flatMap((part, index) => {
          // But for the last part, each ends with the end of a line.
          const own = index < seen.length - 1 ? part.lines?.slice(0, -1) : part.lines;
          expect(new Blob(own).size).toBeLessThanOrEqual(Math.max(partBytes, 200));
          return (own ?? []).map((text, at) => [part.firstLine + at, text]);
        });
        const all = lines.map((text, at) => [at + 2, text]);
        // A file that ends with the end of a line has no further line behind it.
        if (all.at(-1)?.[1] === "" && found.length < all.length) all.pop();
        expect(found).toEqual(all);
      },
    );
    await fc.assert(property, { numRuns: 300, seed: 4 });
  });
});
