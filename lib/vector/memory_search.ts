/** Searches of an index in memory, as any thread makes them. */

import type { NodeIdSet } from "../backend/node_id_set.ts";
import type { VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { SlotSet, VectorHits, VectorMemory, VectorReader } from "./memory.ts";
import { compareMatches } from "./nearest.ts";
import type { IndexSearch, MemoryStats, ReadStored } from "./vector_engine.ts";

/** One thread's searches of one index. */
export class MemorySearch implements IndexSearch {
  /** The index. */
  readonly memory: VectorMemory;
  readonly knownFrom: number;
  readonly #definition: VectorIndexDefinition;
  readonly #reader: VectorReader;
  /** The slots that sets of nodes were found to be. Such a set belongs to one state, whose slots stay as they are. */
  readonly #slotSets = new WeakMap<NodeIdSet, SlotSet>();

  constructor(definition: VectorIndexDefinition, memory: VectorMemory, knownFrom: number) {
    this.#definition = definition;
    this.knownFrom = knownFrom;
    this.memory = memory;
    this.#reader = memory.reader();
  }

  /** The nearest vectors as of a commit, which the memory knows. */
  search(search: CheckedVectorSearch, lsn: number, readStored: ReadStored): VectorMatch[] {
    const { query, k, isExact, signal, maxDistance, allowed } = search;
    const request = {
      query,
      ef: search.ef === 0 ? this.#definition.efSearch : search.ef,
      lsn,
      isExact,
      ...(allowed === undefined ? undefined : { allowed: this.#slotSetOf(allowed) }),
      ...(signal === undefined ? undefined : { checkCancelled: () => signal.throwIfAborted() }),
      ...(this.#definition.storage === "f16"
        ? { vectorOf: (_: number, nodeId: number): Float32Array => readStored(nodeId) }
        : undefined),
    };
    const hits = k === Infinity
      ? this.#reader.range({ ...request, maxDistance })
      : this.#reader.search({ ...request, k, ...(maxDistance === Infinity ? undefined : { maxDistance }) });
    return matchesOf(hits);
  }

  #slotSetOf(nodes: NodeIdSet): SlotSet {
    let set = this.#slotSets.get(nodes);
    if (set === undefined) this.#slotSets.set(nodes, set = slotSetOf(this.memory, nodes));
    return set;
  }

  /** Size and state. */
  stats(): MemoryStats {
    const { alive, pending, dead, topLayer, bytes } = this.memory.stats();
    return {
      searches: "memory",
      linked: alive - pending,
      pending,
      deleted: dead,
      layers: topLayer + 1,
      memoryBytes: bytes,
    };
  }

  /** Gives the thread's place in the memory back. */
  release(): void {
    this.#reader.release();
  }
}

/**
 * Node id that stands in memory for a vector that belongs to no node: minus its number.
 */
export function ownerlessId(vectorId: number): number {
  return -vectorId;
}

function matchesOf({ nodeIds, distances }: VectorHits): VectorMatch[] {
  const matches: VectorMatch[] = [];
  let hasOwnerless = false;
  for (let at = 0; at < nodeIds.length; at++) {
    const nodeId = nodeIds[at] as number;
    const distance = distances[at] as number;
    if (nodeId > 0) matches.push({ nodeId, distance });
    else {
      matches.push({ nodeId: 0, distance, vectorId: -nodeId });
      hasOwnerless = true;
    }
  }
  // In memory equal distances of ownerless vectors are in the order of their negative numbers.
  return hasOwnerless ? matches.sort(compareMatches) : matches;
}

/** Ids up to so many times their number are looked up in a bit for each. */
const MAX_SPREAD = 256;

function slotSetOf(memory: VectorMemory, nodes: NodeIdSet): SlotSet {
  const { ids } = nodes;
  const largest = ids.at(-1) ?? 0;
  let has: (nodeId: number) => boolean = (nodeId) => nodes.has(nodeId);
  if (largest <= MAX_SPREAD * ids.length) {
    const bits = new Uint32Array((largest >>> 5) + 1);
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] as number;
      bits[id >>> 5] = (bits[id >>> 5] as number) | (1 << (id & 31));
    }
    has = (nodeId) => nodeId > 0 && nodeId <= largest && ((bits[nodeId >>> 5] as number) >>> (nodeId & 31) & 1) !== 0;
  }
  return memory.slotSet(has);
}
