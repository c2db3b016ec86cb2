/**
 * Who is in a room, besides us: each occupant's last presence as text, so that a room of thousands stays small and a late
 * joiner is served without reading or writing any XML.
 *
 * They are stored in chunks, because each row that is written costs: a room of 200 is 8 rows instead of 200, and a change
 * is one row. Whether and where they are stored is not known here.
 */

import { ownCopy } from "../own-copy.ts";

/** A nickname and its presence, serialized. */
export type Occupant = readonly [nick: string, presence: string];

const CHUNK_SIZE = 25;
/** Beyond this an occupant is told of as it comes, and unknown to those who join later. */
export const MAX_OCCUPANTS = 10_000;
/** Characters of one presence. */
export const MAX_PRESENCE_LENGTH = 4_096;

export class Occupants {
  readonly #chunks: Map<string, string>[] = [];
  readonly #chunkOf = new Map<string, number>();
  #length = 0;

  /** As they were stored. */
  static of(chunks: readonly { chunk: number; occupants: readonly Occupant[] }[]): Occupants {
    const all = new Occupants();
    for (const { chunk, occupants } of chunks) {
      while (all.#chunks.length <= chunk) all.#chunks.push(new Map());
      for (const [nick, presence] of occupants) {
        all.#chunks[chunk]?.set(nick, presence);
        all.#chunkOf.set(nick, chunk);
        all.#length += presence.length;
      }
    }
    return all;
  }

  get size(): number {
    return this.#chunkOf.size;
  }

  /** Characters of all presence. */
  get length(): number {
    return this.#length;
  }

  get chunkCount(): number {
    return this.#chunks.length;
  }

  get(nick: string): string | undefined {
    const chunk = this.#chunkOf.get(nick);
    return chunk === undefined ? undefined : this.#chunks[chunk]?.get(nick);
  }

  has(nick: string): boolean {
    return this.#chunkOf.has(nick);
  }

  /** Returns the chunk that has changed; undefined when nothing has. */
  set(nick: string, presence: string): number | undefined {
    if (presence.length > MAX_PRESENCE_LENGTH) return this.delete(nick);
    const known = this.#chunkOf.get(nick);
    if (known === undefined && this.size >= MAX_OCCUPANTS) return undefined;
    const chunk = known ?? this.#roomyChunk();
    const before = this.#chunks[chunk]?.get(nick);
    if (before === presence) return undefined;
    this.#length += presence.length - (before?.length ?? 0);
    const key = known === undefined ? ownCopy(nick) : nick;
    this.#chunks[chunk]?.set(key, presence);
    this.#chunkOf.set(key, chunk);
    return chunk;
  }

  /** Returns the chunk that has changed; undefined when nothing has. */
  delete(nick: string): number | undefined {
    const chunk = this.#chunkOf.get(nick);
    if (chunk === undefined) return undefined;
    this.#length -= this.get(nick)?.length ?? 0;
    this.#chunkOf.delete(nick);
    this.#chunks[chunk]?.delete(nick);
    return chunk;
  }

  /** What is in one chunk. */
  inChunk(chunk: number): Occupant[] {
    return [...(this.#chunks[chunk] ?? [])];
  }

  *entries(): Generator<Occupant> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  #roomyChunk(): number {
    const roomy = this.#chunks.findIndex((chunk) => chunk.size < CHUNK_SIZE);
    return roomy === -1 ? this.#chunks.push(new Map()) - 1 : roomy;
  }
}
