/** Searches of an index that the library holds, as any thread makes them. */

import { UnsupportedError } from "../../backend/errors.ts";
import type { NodeIdSet } from "../../backend/node_id_set.ts";
import type { VectorMatch } from "../../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../../backend/vector_input.ts";
import { type Distance, distanceBy } from "../distance.ts";
import { Nearest } from "../nearest.ts";
import type { IndexHandle, IndexSearch, MemoryStats, ReadStored } from "../vector_engine.ts";
import { CallerPlace, type HnswlibMemory, OPERATION, STATUS } from "./mailbox.ts";
import { asLibraryVector } from "./library_vector.ts";

/** Vectors that are measured between two looks at the signal. */
const MEASURES = 1024;

/** A thread's searches of an index that another thread opened. */
export function attachHnswlib(handle: IndexHandle): IndexSearch {
  return new HnswlibSearch(handle.definition, handle.shared as HnswlibMemory);
}

/**
 * One thread's searches. The library names nodes; their distances are measured here, from the stored vectors: the library's have
 * 32 bits, and those of the product are of one minus it.
 */
export class HnswlibSearch implements IndexSearch {
  /** What the index is like. */
  readonly definition: VectorIndexDefinition;
  /** Every commit: a search at an older one than the newest is refused, not answered otherwise. */
  readonly knownFrom = 0;
  /** This thread's place. */
  protected readonly place: CallerPlace;
  readonly #distance: Distance;
  /** The filter that the library's thread has of this one. */
  #sent: NodeIdSet | undefined;

  constructor(definition: VectorIndexDefinition, memory: HnswlibMemory) {
    this.definition = definition;
    this.place = CallerPlace.take(memory);
    this.#distance = distanceBy(definition.metric);
  }

  /**
   * The nearest vectors of the newest commit.
   *
   * @throws {UnsupportedError} `engine-hnswlib-state` when that commit is newer than `lsn`
   */
  search(search: CheckedVectorSearch, lsn: number, readStored: ReadStored): VectorMatch[] {
    const { k } = search;
    const ef = search.ef === 0 ? this.definition.efSearch : search.ef;
    // Without a limit as many as are met, and twice as many as long as all of them are near enough.
    for (let wanted = k === Infinity ? ef : k;; wanted *= 2) {
      const { nodeIds, isComplete } = this.#candidates(search, wanted, ef, lsn);
      const { matches, isAnyTooFar } = this.#measure(nodeIds, search, readStored);
      if (k !== Infinity || isComplete || isAnyTooFar || nodeIds.length < wanted) return matches;
    }
  }

  #candidates(
    { query, isExact, allowed, signal }: CheckedVectorSearch,
    wanted: number,
    ef: number,
    lsn: number,
  ): { readonly nodeIds: Float64Array; readonly isComplete: boolean } {
    signal?.throwIfAborted();
    const { place } = this;
    if (allowed !== undefined && allowed !== this.#sent) this.#send(allowed);
    for (;;) {
      place.numbers.set([lsn, wanted, ef, allowed === undefined ? 0 : 1, isExact ? 1 : 0], 1);
      asLibraryVector(query, this.definition.metric, place.floats(0, query.length));
      const status = place.ask(OPERATION.search);
      if (status === STATUS.stale) throw staleSearch(this.definition.name, lsn, place.numbers[1] as number);
      if (status !== STATUS.unknownFilter) break;
      this.#send(allowed as NodeIdSet);
    }
    const isComplete = place.numbers[3] === 1;
    const nodeIds = new Float64Array(place.numbers[1] as number);
    for (let at = 0;;) {
      const count = place.numbers[2] as number;
      nodeIds.set(place.ids.subarray(0, count), at);
      at += count;
      if (at === nodeIds.length) return { nodeIds, isComplete };
      place.numbers[1] = at;
      place.ask(OPERATION.more);
    }
  }

  #send(allowed: NodeIdSet): void {
    const { place } = this;
    const { ids } = allowed;
    for (let at = 0; at === 0 || at < ids.length; at += place.ids.length) {
      const part = ids.subarray(at, at + place.ids.length);
      place.ids.set(part);
      place.numbers.set([ids.length, at, part.length], 1);
      place.ask(OPERATION.filter);
    }
    this.#sent = allowed;
  }

  #measure(
    nodeIds: Float64Array,
    { query, k, maxDistance, signal }: CheckedVectorSearch,
    readStored: ReadStored,
  ): { readonly matches: VectorMatch[]; readonly isAnyTooFar: boolean } {
    const nearest = new Nearest(k, maxDistance);
    let isAnyTooFar = false;
    for (let at = 0; at < nodeIds.length; at++) {
      if (at % MEASURES === 0) signal?.throwIfAborted();
      const nodeId = nodeIds[at] as number;
      const distance = this.#distance(query, readStored(nodeId));
      if (distance > maxDistance) isAnyTooFar = true;
      // A vector that belongs to no node stands in memory under minus its number.
      nearest.offer(nodeId > 0 ? { nodeId, distance } : { nodeId: 0, distance, vectorId: -nodeId });
    }
    return { matches: nearest.sorted(), isAnyTooFar };
  }

  /** Size and state. The library does not tell its layers. */
  stats(): MemoryStats {
    const { place } = this;
    place.ask(OPERATION.stats);
    const [, linked, deleted, memoryBytes] = place.numbers as unknown as [number, number, number, number];
    return { searches: "memory", linked, pending: 0, deleted, layers: 0, memoryBytes };
  }

  /** Gives the place of this thread back. */
  release(): void {
    try {
      this.place.ask(OPERATION.leave);
    } catch {
      // The index is closed, and holds nothing of this thread any more.
    }
    this.place.free();
  }
}

function staleSearch(name: string, lsn: number, newest: number): UnsupportedError {
  return new UnsupportedError(
    `index ${
      JSON.stringify(name)
    } has the engine hnswlib, which searches the newest state only: this one is of commit ${lsn}, and ` +
      `commit ${newest} changed the index; search a newer snapshot, or make the index with the engine hnsw`,
    { code: "engine-hnswlib-state", field: "lsn", value: lsn },
  );
}
