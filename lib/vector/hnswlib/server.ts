/** The thread that holds the library: what it answers. */

import type { VectorIndexDefinition } from "../../backend/vector_input.ts";
import { type Candidates, LabelledIndex, type LabelSet } from "./labelled_index.ts";
import { loadLibrary } from "./library.ts";
import { answerCalls, type HnswlibMemory, OPERATION, type Place, STATUS } from "./mailbox.ts";

/** What the thread is started with. */
export interface HnswlibStart {
  readonly memory: HnswlibMemory;
  readonly definition: VectorIndexDefinition;
}

/** Loads the library and answers calls until the index is closed. */
export async function serveHnswlib({ memory, definition }: HnswlibStart): Promise<void> {
  const library = await loadLibrary();
  const server = new HnswlibServer(new LabelledIndex(library, definition), definition.dimension);
  answerCalls(memory, (place, operation) => server.answer(place, operation));
}

/** A filter that a caller sent or is sending. */
interface SentFilter {
  readonly nodeIds: Float64Array;
  /** What it is in the index now. */
  labels: LabelSet | undefined;
}

class HnswlibServer {
  readonly #index: LabelledIndex;
  readonly #dimension: number;
  /** Newest commit whose changes are in the index. */
  #lsn = 0;
  /** Why the index is not what that commit says any more. */
  #broken: string | undefined;
  /** Filters and results of callers, by place. */
  readonly #filters = new Map<number, SentFilter>();
  readonly #results = new Map<number, Float64Array>();

  constructor(index: LabelledIndex, dimension: number) {
    this.#index = index;
    this.#dimension = dimension;
  }

  answer(place: Place, operation: number): number {
    switch (operation) {
      case OPERATION.apply:
        return this.#apply(place);
      case OPERATION.reserve:
        this.#index.reserve(place.numbers[1] as number);
        return STATUS.done;
      case OPERATION.filter:
        return this.#takeFilter(place);
      case OPERATION.search:
        return this.#search(place);
      case OPERATION.more:
        return this.#giveIds(place, place.numbers[1] as number);
      case OPERATION.stats:
        return this.#stats(place);
      case OPERATION.leave:
        this.#filters.delete(place.number);
        this.#results.delete(place.number);
        return STATUS.done;
      case OPERATION.close:
        this.#index.close();
        return STATUS.done;
      default:
        throw new RangeError(`there is no operation ${operation}`);
    }
  }

  /** 1 lsn, 2 removed nodes, 3 nodes with vectors; the ids of both, the vectors. */
  #apply(place: Place): number {
    const [, lsn, removed, put] = place.numbers as unknown as [number, number, number, number];
    // From the first part of a commit on: what came before it can no longer be searched.
    this.#lsn = lsn;
    for (const filter of this.#filters.values()) filter.labels = undefined;
    const vectors: Float32Array[] = [];
    for (let at = 0; at < put; at++) {
      const skipped = at * this.#dimension * Float32Array.BYTES_PER_ELEMENT / Float64Array.BYTES_PER_ELEMENT;
      vectors.push(place.floats(removed + put + skipped, this.#dimension).slice());
    }
    try {
      this.#index.remove(place.ids.slice(0, removed));
      this.#index.put(place.ids.slice(removed, removed + put), vectors);
    } catch (error) {
      this.#broken ??= `a commit is missing in it (${error instanceof Error ? error.message : String(error)})`;
      throw error;
    }
    return STATUS.done;
  }

  /** 1 size of the filter, 2 ids before these, 3 ids here. */
  #takeFilter(place: Place): number {
    const [, size, before, count] = place.numbers as unknown as [number, number, number, number];
    let filter = this.#filters.get(place.number);
    if (filter === undefined || before === 0) {
      filter = { nodeIds: new Float64Array(size), labels: undefined };
      this.#filters.set(place.number, filter);
    }
    filter.nodeIds.set(place.ids.subarray(0, count), before);
    return STATUS.done;
  }

  /** 1 lsn, 2 k, 3 ef, 4 whether filtered, 5 whether all are wanted; the query. Answer: as `giveIds`, 3 whether these are all. */
  #search(place: Place): number {
    const [, lsn, k, ef, isFiltered, isExact] = place.numbers as unknown as number[];
    if (this.#broken !== undefined) throw new Error(this.#broken);
    if (lsn as number < this.#lsn) {
      place.numbers[1] = this.#lsn;
      return STATUS.stale;
    }
    let allowed: LabelSet | undefined;
    if (isFiltered === 1) {
      const filter = this.#filters.get(place.number);
      if (filter === undefined) return STATUS.unknownFilter;
      allowed = filter.labels ??= this.#index.labelSet(filter.nodeIds);
    }
    const query = place.floats(0, this.#dimension).slice();
    const found: Candidates = isExact === 1
      ? this.#index.all(allowed)
      : this.#index.search(query, k as number, ef as number, allowed);
    this.#results.set(place.number, found.nodeIds);
    place.numbers[3] = found.isComplete ? 1 : 0;
    return this.#giveIds(place, 0);
  }

  /** 1 ids from which on. Answer: 1 number of all, 2 ids here. */
  #giveIds(place: Place, from: number): number {
    const all = this.#results.get(place.number) as Float64Array;
    const part = all.subarray(from, from + place.ids.length);
    place.ids.set(part);
    place.numbers[1] = all.length;
    place.numbers[2] = part.length;
    if (from + part.length === all.length) this.#results.delete(place.number);
    return STATUS.done;
  }

  /** Answer: 1 vectors, 2 places of deleted ones, 3 memory. */
  #stats(place: Place): number {
    place.numbers.set([this.#index.count, this.#index.deleted, this.#index.bytes], 1);
    return STATUS.done;
  }
}
