/** Collects entries in ascending order, to be put into a byte tree together. */

import type { ByteBatch } from "./byte_batch.ts";
import type { ByteTreeWriter } from "./byte_writer.ts";

/** Entries, and about how many bytes, that are put into a tree at once. */
const BYTE_BATCH = 1 << 13;
const BATCH_BYTES = 1 << 20;

/** Entries on their way into a byte tree. */
export class BatchBuilder implements ByteBatch {
  /** Number of entries. */
  count = 0;
  /** Keys and values. */
  bytes: Uint8Array = new Uint8Array(BATCH_BYTES);
  readonly keyStart: Uint32Array = new Uint32Array(BYTE_BATCH);
  readonly keyEnd: Uint32Array = new Uint32Array(BYTE_BATCH);
  readonly valueStart: Uint32Array = new Uint32Array(BYTE_BATCH);
  readonly valueEnd: Uint32Array = new Uint32Array(BYTE_BATCH);
  readonly order: Uint32Array = Uint32Array.from({ length: BYTE_BATCH }, (_, entry) => entry);
  #length = 0;

  /** Whether there is room for an entry of a size. A single large one has it always. */
  hasRoom(sizeBytes: number): boolean {
    return this.count === 0 || (this.count < BYTE_BATCH && this.#length + sizeBytes <= this.bytes.length);
  }

  /** Adds an entry behind those before, for which there is room. */
  add(key: Uint8Array, value: Uint8Array): void {
    const keyEnd = this.#length + key.length;
    const valueEnd = keyEnd + value.length;
    // Only the first entry can be larger than all of the memory.
    if (valueEnd > this.bytes.length) this.bytes = new Uint8Array(valueEnd);
    this.bytes.set(key, this.#length);
    this.bytes.set(value, keyEnd);
    this.keyStart[this.count] = this.#length;
    this.keyEnd[this.count] = this.valueStart[this.count] = keyEnd;
    this.valueEnd[this.count++] = this.#length = valueEnd;
  }

  /** Puts the entries into a tree, and is empty again. */
  flush(tree: ByteTreeWriter): void {
    if (this.count > 0) tree.putSorted(this);
    this.count = this.#length = 0;
    if (this.bytes.length > BATCH_BYTES) this.bytes = new Uint8Array(BATCH_BYTES);
  }
}
