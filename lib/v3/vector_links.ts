/** Link records: what an index in memory stores of itself, by index number and slot. */

import { BatchBuilder } from "./byte_batch_builder.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { ByteTree } from "./byte_tree.ts";
import type { ByteTreeWriter } from "./byte_writer.ts";
import { indexOfKey, linkKey, slotOfKey } from "./vector_key.ts";

/** The record of a slot: a copy, or undefined. */
export function readLinkRecord(tree: ByteTree, index: number, slot: number): Uint8Array | undefined {
  return tree.get(linkKey(index, slot));
}

/** Visits the records of an index from a slot on, ascending, until the visitor returns false. */
export function eachLinkRecord(
  tree: ByteTree,
  index: number,
  from: number,
  visit: (slot: number, record: Uint8Array) => boolean,
): void {
  const cursor = new ByteCursor(tree);
  for (cursor.seek(linkKey(index, from)); cursor.next();) {
    const key = cursor.key();
    if (indexOfKey(key, 0) !== index || !visit(slotOfKey(key, 0), cursor.value())) return;
  }
}

/** Writes link records within a transaction. Fastest in ascending order. */
export class VectorLinkWriter {
  readonly #tree: () => ByteTreeWriter;
  readonly #batch = new BatchBuilder();
  #lastIndex = 0;
  #lastSlot = -1;

  /** @param tree the tree of links of the newest state */
  constructor(tree: () => ByteTreeWriter) {
    this.#tree = tree;
  }

  /** Stores the record of a slot. */
  put(index: number, slot: number, record: Uint8Array): void {
    const isBehind = index > this.#lastIndex || (index === this.#lastIndex && slot > this.#lastSlot);
    const key = linkKey(index, slot);
    if (!isBehind || !this.#batch.hasRoom(key.length + record.length)) this.flush();
    this.#batch.add(key, record);
    this.#lastIndex = index;
    this.#lastSlot = slot;
  }

  /** Removes the record of a slot; false when there is none. */
  delete(index: number, slot: number): boolean {
    this.flush();
    return this.#tree().delete(linkKey(index, slot));
  }

  /** Removes the records of an index from a slot on. */
  deleteFrom(index: number, from: number): void {
    this.flush();
    const tree = this.#tree();
    const cursor = new ByteCursor(tree);
    for (cursor.seek(linkKey(index, from)); cursor.next();) {
      const key = cursor.key();
      if (indexOfKey(key, 0) !== index) return;
      tree.delete(key);
    }
  }

  /** Puts what is collected into the tree. */
  flush(): void {
    this.#batch.flush(this.#tree());
  }
}
