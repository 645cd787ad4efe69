/** What a transaction read and wrote, for the search for conflicts with commits that came in between. */

import {
  ALL_EDGES,
  ALL_NODES,
  ALL_VECTORS,
  countPrefixes,
  edgeKey,
  edgeTypeKey,
  incomingKey,
  labelKey,
  nameKey,
  nodeKey,
  nodeVectorsKey,
  outgoingKey,
  prefixKey,
  valueKey,
  vectorIndexKey,
  vectorKey,
  vectorsKey,
} from "./conflict_key.ts";
import { KeyList } from "./key_list.ts";
import type { ReadRecorder } from "./read_recorder.ts";
import type { Isolation } from "./transaction_batch.ts";

/**
 * Footprint of one transaction. `reads` is told what it read. `writes` is told what it changes or depends on in such a way that
 * a concurrent change must never be lost; it counts under every isolation.
 */
export class Footprint {
  /** Told of reads. */
  readonly reads: ReadRecorder;
  /** Told of writes. */
  readonly writes: ReadRecorder;
  readonly #read: KeyList = new KeyList();
  readonly #written: KeyList = new KeyList();

  constructor() {
    this.reads = new KeyRecorder(this.#read);
    this.writes = new KeyRecorder(this.#written);
  }

  /**
   * The keys that nobody may have written since the transaction's snapshot, each once: of reads and writes (`serializable`) or
   * of writes alone (`snapshot`).
   */
  keys(isolation: Isolation): Float64Array<ArrayBuffer> {
    const read = this.#read;
    const written = this.#written;
    const readCount = isolation === "serializable" ? read.length : 0;
    const keys = new Float64Array(readCount + written.length);
    for (let at = 0; at < readCount; at++) keys[at] = read.at(at);
    let count = readCount;
    for (let at = 0; at < written.length; at++) {
      const key = written.at(at);
      if (readCount === 0 || !read.has(key)) keys[count++] = key;
    }
    return count === keys.length ? keys : keys.slice(0, count);
  }

  /** Forgets everything. */
  clear(): void {
    this.#read.clear();
    this.#written.clear();
  }
}

/** Writes down the keys of what it is told. */
class KeyRecorder implements ReadRecorder {
  readonly #keys: KeyList;

  constructor(keys: KeyList) {
    this.#keys = keys;
  }

  node(id: number): void {
    this.#keys.add(nodeKey(id));
  }

  edge(id: number): void {
    this.#keys.add(edgeKey(id));
  }

  adjacency(id: number, direction: "out" | "in"): void {
    this.#keys.add(direction === "out" ? outgoingKey(id) : incomingKey(id));
  }

  kind(kind: string): void {
    this.#keys.add(labelKey(kind));
  }

  label(label: string): void {
    this.#keys.add(labelKey(label));
  }

  name(name: string): void {
    this.#keys.add(nameKey(name));
  }

  allNodes(): void {
    this.#keys.add(ALL_NODES);
  }

  edgeType(type: string): void {
    this.#keys.add(edgeTypeKey(type));
  }

  allEdges(): void {
    this.#keys.add(ALL_EDGES);
  }

  key(key: Uint8Array): void {
    this.#keys.add(valueKey(key));
  }

  keyPrefix(prefix: Uint8Array): void {
    this.#keys.add(prefixKey(prefix, countPrefixes(prefix) - 1));
  }

  vectorIndex(name: string): void {
    this.#keys.add(vectorIndexKey(name));
  }

  vector(index: string, nodeId: number): void {
    this.#keys.add(vectorKey(index, nodeId));
  }

  vectorsOf(nodeId: number): void {
    this.#keys.add(nodeVectorsKey(nodeId));
  }

  vectors(index: string): void {
    this.#keys.add(vectorsKey(index));
  }

  allVectors(): void {
    this.#keys.add(ALL_VECTORS);
  }
}
