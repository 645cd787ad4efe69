/** Copies vector indexes and vectors of a damaged file into the new one. Links are left behind: an index links its vectors again. */

import { MAX_ID, MAX_VECTOR_DIMENSION } from "../backend/limits.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { readKey, readValue, valuePartAt } from "./byte_cell.ts";
import type { Pages } from "./pages.ts";
import type { SalvageContent } from "./salvage_content.ts";
import type { Losses } from "./salvage_losses.ts";
import { showKey } from "./salvage_shape.ts";
import type { SalvageSource } from "./salvage_source.ts";
import type { SalvageTarget } from "./salvage_target.ts";
import { readFloat64 } from "./vector_cursor.ts";
import { decodeNextIndex, decodeVectorIndex, encodeVectorIndex } from "./vector_index_record.ts";
import { indexOfKey, nodeOfKey, partOfKey, VECTOR_HEAD_SIZE, VECTOR_KEY_SIZE, vectorBytes } from "./vector_key.ts";

/** What copies the vectors of one file. */
export class VectorSalvage {
  readonly #source: SalvageSource;
  readonly #target: SalvageTarget;
  readonly #losses: Losses;
  /** The indexes of the damaged file, by number, with the numbers of vectors that it says. */
  readonly #indexes = new Map<number, StoredVectorIndex>();
  readonly #bytes = new Uint8Array(vectorBytes(MAX_VECTOR_DIMENSION));
  /** The vector whose parts come. */
  #index = 0;
  #nodeId = 0;
  #parts = 0;
  #length = 0;
  #isBroken = false;

  constructor(source: SalvageSource, target: SalvageTarget) {
    this.#source = source;
    this.#target = target;
    this.#losses = source.losses;
  }

  /** Copies what the file holds; its nodes are there. */
  copy(content: SalvageContent, onPart: () => void): void {
    const { pages } = this.#source;
    const keyOf = (from: Pages, cell: number): Uint8Array | undefined => {
      try {
        return readKey(pages, from.bytes, cell);
      } catch (error) {
        this.#losses.caught("vector", "name of more than 512 bytes", error);
        return undefined;
      }
    };
    const valueOf = (from: Pages, cell: number): Uint8Array =>
      readValue(pages, from.bytes, valuePartAt(from.bytes, cell));
    content.cells("vectorIndexes", keyOf, (key, from, cell) => {
      this.#attempt(`vector index ${showKey(key)}`, () => this.#copyIndex(key, valueOf(from, cell)));
    }, () => {});
    content.cells("vectors", keyOf, (key, from, cell) => {
      onPart();
      this.#attempt(`part of a vector, ${showKey(key)}`, () => this.#part(key, valueOf(from, cell)));
    }, () => {});
    this.#finish();
    this.#noteMissing();
  }

  #attempt(where: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#losses.caught("vector", where, error);
    }
  }

  #copyIndex(key: Uint8Array, record: Uint8Array): void {
    const { vectors } = this.#target.engine.writer;
    if (key.length === 0) return vectors.raiseNextIndex(decodeNextIndex(record));
    const index = decodeVectorIndex(key, record);
    const { number, definition } = index;
    if (this.#indexes.has(number) || vectors.index(definition.name) !== undefined) {
      this.#losses.add("vector", `vector index ${showKey(key)}`, "it is there twice; the first one was copied");
      return;
    }
    vectors.replayIndex(key, encodeVectorIndex({ ...index, count: 0 }));
    this.#indexes.set(number, index);
  }

  #part(key: Uint8Array, value: Uint8Array): void {
    if (key.length !== VECTOR_KEY_SIZE) {
      this.#losses.add("vector", showKey(key), "an entry among the vectors is no vector");
      return;
    }
    const index = indexOfKey(key, 0);
    const nodeId = nodeOfKey(key, 0);
    if (this.#parts === 0 || index !== this.#index || nodeId !== this.#nodeId) {
      this.#finish();
      this.#index = index;
      this.#nodeId = nodeId;
      this.#length = 0;
      this.#isBroken = false;
    }
    if (partOfKey(key, 0) !== this.#parts || this.#length + value.length > this.#bytes.length) this.#isBroken = true;
    else this.#bytes.set(value, this.#length);
    this.#length += value.length;
    this.#parts++;
  }

  /** Writes the vector whose parts have come. */
  #finish(): void {
    if (this.#parts === 0) return;
    this.#parts = 0;
    const index = this.#indexes.get(this.#index);
    const where = `node ${this.#nodeId}, index ${index === undefined ? this.#index : index.definition.name}`;
    if (index === undefined) {
      this.#losses.add("vector", where, "its index is lost");
    } else if (this.#isBroken || this.#length !== vectorBytes(index.definition.dimension)) {
      this.#losses.add("vector", where, "a part of it cannot be read any more");
    } else {this.#put(
        index,
        this.#nodeId,
        readFloat64(this.#bytes, 0),
        VECTOR_HEAD_SIZE,
        this.#length,
        this.#bytes,
        where,
      );}
  }

  #put(
    { number, definition }: StoredVectorIndex,
    nodeId: number,
    lsn: number,
    at: number,
    end: number,
    bytes: Uint8Array,
    where: string,
  ): void {
    const numbers = new Float32Array(bytes.slice(at, end).buffer);
    if (numbers.length !== definition.dimension || !numbers.every(Number.isFinite)) {
      this.#losses.add("vector", where, "it holds other than finite numbers");
    } else if (nodeId < 1 || nodeId > MAX_ID || !this.#target.hasNode(nodeId)) {
      this.#losses.add("vector", where, "its node is lost");
    } else this.#target.engine.writer.vectors.replayVector(number, nodeId, bytes, at, end, lsn);
  }

  #noteMissing(): void {
    const { vectors } = this.#target.engine.writer;
    for (const { number, count, definition: { name } } of this.#indexes.values()) {
      const copied = vectors.index(name)?.count ?? 0;
      if (copied === count) continue;
      const message = `the file held ${count} vectors at its last checkpoint, and ${copied} came over`;
      this.#losses.add("vector", `vector index ${JSON.stringify(name)} (number ${number})`, message);
    }
  }

  /** Makes the index of a log record. */
  createIndex(key: Uint8Array, record: Uint8Array): void {
    const { vectors } = this.#target.engine.writer;
    const index = decodeVectorIndex(key, record);
    const { name } = index.definition;
    if (vectors.index(name) === undefined) vectors.replayIndex(key, record);
    else {this.#losses.add(
        "vector",
        `vector index ${JSON.stringify(name)}`,
        "it was made while another one had its name",
      );}
  }

  /** Removes the index of a log record. */
  dropIndex(number: number): void {
    if (this.#indexOf(number) !== undefined) this.#target.engine.writer.vectors.dropIndex(number);
  }

  /** Writes the vector of a log record. */
  setVector(number: number, nodeId: number, bytes: Uint8Array, at: number, end: number, lsn: number): void {
    const index = this.#indexOf(number);
    const where = `node ${nodeId}, index ${index === undefined ? number : index.definition.name} (in commit ${lsn})`;
    if (index === undefined) this.#losses.add("vector", where, "its index is lost");
    else this.#put(index, nodeId, lsn, at, end, bytes, where);
  }

  /** Takes away the vector of a log record. */
  deleteVector(number: number, nodeId: number): void {
    const index = this.#indexOf(number);
    if (index !== undefined) this.#target.engine.writer.vectors.deleteVector(index, nodeId);
  }

  #indexOf(number: number): StoredVectorIndex | undefined {
    return this.#target.engine.writer.vectors.indexes().find((index) => index.number === number);
  }
}
