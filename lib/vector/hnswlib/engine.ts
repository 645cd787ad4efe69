/** A vector index that `hnswlib-wasm` holds in a thread of its own, as the thread sees it that writes the database. */

import { UnsupportedError } from "../../backend/errors.ts";
import { refuseBeyondHnswlib } from "../../backend/hnswlib_limits.ts";
import type { VectorIndexDefinition } from "../../backend/vector_input.ts";
import { readFloats, type StoredIndex } from "../resident_index.ts";
import type { VectorChange } from "../vector_changes.ts";
import type { VectorEngine } from "../vector_engine.ts";
import { asLibraryVector } from "./library_vector.ts";
import { BODY_BYTES, type HnswlibMemory, hnswlibMemory, OPERATION } from "./mailbox.ts";
import { HnswlibSearch } from "./search.ts";
import { startHnswlib } from "./thread.ts";

/** Vectors that are sent at once: so few that the library's thread is seen to go on. */
const MAX_PART = 128;

/**
 * Starts the library in a thread and gives it the stored vectors; blocks until all are linked. It keeps nothing on disk: every
 * opening does so again.
 *
 * - A commit returns when its vectors are linked.
 * - Searches of another state than the newest, of all that changed the index, are refused with `engine-hnswlib-state`.
 * - Exact searches compare stored vectors, of the newest state too.
 *
 * @param lsn commit whose vectors these are
 * @throws {UnsupportedError} when the thread cannot start, the definition is beyond the library, or the vectors do not fit
 */
export function hnswlibEngine(
  definition: VectorIndexDefinition,
  stored: Pick<StoredIndex, "eachVector">,
  lsn: number,
): VectorEngine {
  refuseBeyondHnswlib(definition, "hnswlibEngine");
  const memory = hnswlibMemory();
  startHnswlib({ memory, definition });
  const engine = new HnswlibEngine(definition, memory);
  try {
    engine.load(stored, lsn);
  } catch (error) {
    engine.release();
    throw error;
  }
  return engine;
}

class HnswlibEngine extends HnswlibSearch implements VectorEngine {
  readonly shared: HnswlibMemory;
  /** The library links at once. */
  readonly canLink = false;
  /** The library uses the places of deleted vectors again by itself. */
  readonly isSweepDue = false;
  readonly #bytesPerVector: number;
  #isReleased = false;

  constructor(definition: VectorIndexDefinition, memory: HnswlibMemory) {
    super(definition, memory);
    this.shared = memory;
    this.#bytesPerVector = Float64Array.BYTES_PER_ELEMENT + Float32Array.BYTES_PER_ELEMENT * definition.dimension;
  }

  load(stored: Pick<StoredIndex, "eachVector">, lsn: number): void {
    // Also when there is no vector: the index is as of this commit.
    this.#send([], [], lsn);
    const { dimension } = this.definition;
    let part: PutVector[] = [];
    const limit = this.#partSize();
    const sendPart = () => {
      if (part.length === 0) return;
      this.#reserve(part.length);
      this.#send([], part, lsn);
      part = [];
    };
    stored.eachVector((nodeId, _stamp, _birthLsn, bytes, at) => {
      part.push({ nodeId, vector: readFloats(bytes, at, dimension) });
      if (part.length === limit) sendPart();
    });
    sendPart();
  }

  reserve(changes: readonly VectorChange[]): void {
    let count = 0;
    for (const { vector } of changes) if (vector !== undefined) count++;
    if (count > 0) this.#reserve(count);
  }

  #reserve(count: number): void {
    this.place.numbers[1] = count;
    try {
      this.place.ask(OPERATION.reserve);
    } catch (error) {
      throw new UnsupportedError(
        `index ${
          JSON.stringify(this.definition.name)
        } is full: the library of the engine hnswlib has no memory for ${count} more ` +
          "vectors; split it into several indexes, or make it with the engine hnsw",
        { code: "vector-index-full", value: count, cause: error },
      );
    }
  }

  /** Never throws: the commit is durable. Where the library fails, all searches from now on do. */
  apply(changes: readonly VectorChange[], lsn: number): void {
    const newest = new Map<number, Float32Array | undefined>();
    for (const { nodeId, vector } of changes) newest.set(nodeId, vector);
    const removed: number[] = [];
    const put: PutVector[] = [];
    for (const [nodeId, vector] of newest) {
      if (vector === undefined) removed.push(nodeId);
      else put.push({ nodeId, vector });
    }
    const idLimit = BODY_BYTES / Float64Array.BYTES_PER_ELEMENT;
    const limit = this.#partSize();
    try {
      for (let at = 0; at < removed.length; at += idLimit) this.#send(removed.slice(at, at + idLimit), [], lsn);
      for (let at = 0; at < put.length; at += limit) this.#send([], put.slice(at, at + limit), lsn);
    } catch {
      // The library's thread remembers that a commit is missing.
    }
  }

  /** Vectors that can be sent at once. */
  #partSize(): number {
    return Math.min(MAX_PART, Math.floor(BODY_BYTES / this.#bytesPerVector));
  }

  #send(removed: readonly number[], put: readonly PutVector[], lsn: number): void {
    const { place } = this;
    const { dimension, metric } = this.definition;
    place.ids.set(removed);
    put.forEach(({ nodeId }, at) => place.ids[removed.length + at] = nodeId);
    const floats = place.floats(removed.length + put.length, put.length * dimension);
    put.forEach(({ vector }, at) => {
      asLibraryVector(vector, metric, floats.subarray(at * dimension, (at + 1) * dimension));
    });
    place.numbers.set([lsn, removed.length, put.length], 1);
    place.ask(OPERATION.apply);
  }

  link(): boolean {
    return false;
  }

  linkNow(): number {
    return 0;
  }

  sweepStep(): boolean {
    return true;
  }

  /** Ends the thread. Other threads' searches throw `ClosedError` from now on. */
  override release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    try {
      this.place.ask(OPERATION.close);
    } catch {
      // The thread has gone by itself.
    }
  }
}

interface PutVector {
  readonly nodeId: number;
  readonly vector: Float32Array;
}
