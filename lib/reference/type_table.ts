/** Numbers for edge types, told by their bytes: a hash table without an allocation for a type that is known. */

import { decodeText, isDamaged } from "./node_payload.ts";

/** Numbers from 0 in the order in which the types came. */
export class TypeTable {
  readonly #texts: string[] = [];
  readonly #isDamaged: boolean[] = [];
  readonly #bytes: Uint8Array[] = [];
  #slots = new Int32Array(64).fill(-1);
  #hashes = new Int32Array(64);
  #last = -1;

  constructor() {
    this.number(new Uint8Array(0), 0, 0);
  }

  /** Number of the empty type. */
  static readonly UNTYPED = 0;

  /** How many types there are. */
  get count(): number {
    return this.#texts.length;
  }

  /** The type as text; U+FFFD stands for bytes that are no UTF-8. */
  text(number: number): string {
    return this.#texts[number] as string;
  }

  /** Whether the type's bytes are no UTF-8. */
  isDamaged(number: number): boolean {
    return this.#isDamaged[number] as boolean;
  }

  /** Number of the type whose UTF-8 is `bytes[start, end)`. Hot: edges of one type mostly stand together. */
  number(bytes: Uint8Array, start: number, end: number): number {
    if (this.#last >= 0 && equalRange(this.#bytes[this.#last] as Uint8Array, bytes, start, end)) return this.#last;
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let number = this.#slots[slot] as number; number >= 0; number = this.#slots[slot] as number) {
      if (this.#hashes[number] === hash && equalRange(this.#bytes[number] as Uint8Array, bytes, start, end)) {
        return this.#last = number;
      }
      slot = (slot + 1) & mask;
    }
    return this.#last = this.#add(bytes.slice(start, end), hash, slot);
  }

  #add(bytes: Uint8Array, hash: number, slot: number): number {
    const number = this.#texts.length;
    const text = decodeText(bytes, 0, bytes.length);
    this.#texts.push(text);
    this.#isDamaged.push(isDamaged(bytes, 0, bytes.length, text));
    this.#bytes.push(bytes);
    this.#slots[slot] = number;
    this.#hashes[number] = hash;
    if (this.#texts.length * 2 > this.#slots.length) this.#grow();
    return number;
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    const hashes = new Int32Array(size);
    hashes.set(this.#hashes.subarray(0, this.#texts.length));
    this.#hashes = hashes;
    this.#slots = new Int32Array(size).fill(-1);
    for (let number = 0; number < this.#texts.length; number++) {
      const hash = hashes[number] as number;
      let slot = (hash ^ (hash >>> 15)) & (size - 1);
      while (this.#slots[slot] !== -1) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = number;
    }
  }
}

function equalRange(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
