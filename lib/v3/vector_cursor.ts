/** Reads the vectors of an index one after the other, without an object for each. */

import { CorruptionError } from "../backend/errors.ts";
import { MAX_INLINE_VALUE, readVarint, varintSize } from "./byte_cell.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { ByteTree } from "./byte_tree.ts";
import {
  indexOfKey,
  nodeOfKey,
  partOfKey,
  VECTOR_HEAD_SIZE,
  VECTOR_KEY_SIZE,
  vectorBytes,
  vectorKey,
} from "./vector_key.ts";

/** Behind every part. */
const LAST_PART = 255;
/** Bytes of the length before the key. */
const KEY_AT = 1;

/**
 * A place in the vectors of an index, at first before the first one.
 *
 *     cursor.seek(0);
 *     while (cursor.next()) {
 *       cursor.read(numbers, 0);
 *       consume(cursor.nodeId, numbers);
 *     }
 */
export class VectorCursor {
  /** Node of the vector. */
  nodeId = 0;
  readonly #parts: ByteCursor;
  readonly #index: number;
  readonly #bytes: number;
  /** Whether a vector was met: parts of it that nobody read may follow. */
  #hasMet = false;
  #hasEnded = false;

  constructor(tree: ByteTree, index: number, dimension: number) {
    this.#parts = new ByteCursor(tree);
    this.#index = index;
    this.#bytes = vectorBytes(dimension);
    this.seek(0);
  }

  /** Goes before the first vector of a node behind this one. */
  seek(after: number): void {
    this.#parts.seek(vectorKey(this.#index, after, LAST_PART));
    this.#hasMet = this.#hasEnded = false;
  }

  /** Goes to the next vector. Returns false at the end. Hot. */
  next(): boolean {
    if (this.#hasEnded) return false;
    const parts = this.#parts;
    const before = this.nodeId;
    for (;;) {
      if (!parts.next()) return this.#end();
      const { leaf, cell } = parts;
      const key = cell + KEY_AT;
      if (indexOfKey(leaf, key) !== this.#index) return this.#end();
      const nodeId = nodeOfKey(leaf, key);
      // Parts that nobody read.
      if (this.#hasMet && nodeId === before) continue;
      if (leaf[cell] !== VECTOR_KEY_SIZE || partOfKey(leaf, key) !== 0) throw damagedVector(this.#index, nodeId);
      this.nodeId = nodeId;
      this.#hasMet = true;
      return true;
    }
  }

  #end(): false {
    this.#hasEnded = true;
    this.#hasMet = false;
    return false;
  }

  /**
   * Reads the vector, once. Hot.
   *
   * @param into takes its numbers as bytes, from `at` on
   * @returns LSN of the commit that wrote it
   * @throws {CorruptionError} when it has not as many numbers as its index says
   */
  read(into: Uint8Array, at: number): number {
    const parts = this.#parts;
    const { nodeId } = this;
    let rest = this.#bytes;
    let lsn = 0;
    for (let part = 0;; part++) {
      const { leaf, cell } = parts;
      const valueAt = cell + KEY_AT + VECTOR_KEY_SIZE;
      const length = readVarint(leaf, valueAt);
      let start = valueAt + varintSize(length);
      const end = start + length;
      rest -= length;
      if (rest < 0 || length > MAX_INLINE_VALUE || length < (part === 0 ? VECTOR_HEAD_SIZE : 1)) {
        throw damagedVector(this.#index, nodeId);
      }
      if (part === 0) {
        lsn = readFloat64(leaf, start);
        start += VECTOR_HEAD_SIZE;
      }
      into.set(leaf.subarray(start, end), at);
      at += end - start;
      if (rest === 0) return lsn;
      this.#step(part + 1);
    }
  }

  /** Goes to the next part of the vector. */
  #step(part: number): void {
    const parts = this.#parts;
    if (parts.next()) {
      const { leaf, cell } = parts;
      const key = cell + KEY_AT;
      if (
        indexOfKey(leaf, key) === this.#index && nodeOfKey(leaf, key) === this.nodeId && partOfKey(leaf, key) === part
      ) return;
    }
    throw damagedVector(this.#index, this.nodeId);
  }
}

const word = new Float64Array(1);
const wordBytes = new Uint8Array(word.buffer);

/** Reads an f64 wherever it is. */
export function readFloat64(bytes: Uint8Array, at: number): number {
  for (let byte = 0; byte < 8; byte++) wordBytes[byte] = bytes[at + byte] as number;
  return word[0] as number;
}

/** Says that a vector is not what was written. */
export function damagedVector(index: number, nodeId: number): CorruptionError {
  return new CorruptionError(
    `the vector of node ${nodeId} in vector index number ${index} is damaged; run check, and salvage what is readable`,
    { code: "vector-corrupt", value: nodeId },
  );
}
