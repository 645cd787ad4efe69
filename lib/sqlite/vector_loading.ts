/** A stored vector index on its way into memory. */

import { CorruptionError } from "../backend/errors.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { ownerlessId } from "../vector/memory_search.ts";
import type { StoredIndex } from "../vector/resident_index.ts";
import type { Connection } from "./connection.ts";
import { type VectorChunk, vectorChunks } from "./vector_chunk.ts";
import { requireFinite } from "./vector_rows.ts";
import { VectorSlots } from "./vector_slots.ts";
import { readTopology, StoredTopology } from "./vector_topology.ts";

/** What was read of an index. */
export interface ReadIndex {
  /** Its vectors and links. */
  readonly stored: StoredIndex;
  /** The slots of the vectors that have links. */
  readonly slots: VectorSlots;
  /** Links of a slot that memory must have room for: half of those on the lowest layer. */
  readonly m: number;
  /** Why stored links are not used, as the end of a sentence about the index. */
  readonly problem: string | undefined;
  /** Whether nothing can be stored in their place: what is stored is damaged. */
  readonly isDamaged: boolean;
}

/** Vectors of up to so many bytes are read once, more of them twice: first for their numbers alone. */
const KEPT_BYTES = 256 * 2 ** 20;

/** Most links of a slot on an upper layer. */
const MAX_M = 64;

/** Where fewer slots than one of so many are on upper layers, a walk that begins at the top may miss whole regions. */
const FEW_UPPER = 4;

/** Slots from which searches start in a graph of one layer, besides its entry points. */
const ENTRY_SAMPLES = 256;

/**
 * Reads an index of the state that a connection sees.
 *
 * @param time that of the state
 * @throws {CorruptionError} for a vector that is none, when the vectors are visited
 */
export function readStoredIndex(connection: Connection, index: StoredVectorIndex, time: number): ReadIndex {
  const isSmall = index.count * index.definition.dimension * 4 <= KEPT_BYTES;
  const kept = isSmall ? [...vectorChunks(connection, index)] : undefined;
  const chunks = (): Iterable<VectorChunk> => kept ?? vectorChunks(connection, index);
  const slots = new VectorSlots();
  const ids: number[] = [];
  const nodes: number[] = [];
  for (const { vectorIds, nodeIds } of chunks()) {
    for (let at = 0; at < vectorIds.length; at++) {
      const vectorId = vectorIds[at] as number;
      slots.add(ids.length, vectorId);
      ids.push(vectorId);
      nodes.push(memoryNode(nodeIds[at] as number, vectorId));
    }
  }
  const eachVector = visitVectors(index, chunks, time);
  const { definition } = index;
  const topology = readLinks(connection, index, slots);
  if (!(topology instanceof StoredTopology)) {
    const stored = { eachLinks() {}, eachVector, entryPoints: [], entrySamples: 0 };
    return {
      stored,
      slots: new VectorSlots(),
      m: definition.m,
      problem: topology.reason,
      isDamaged: topology instanceof DamagedTopology,
    };
  }
  // The Rust system cuts lists later than we do.
  const m = Math.min(MAX_M, Math.max(definition.m, Math.ceil(topology.longest / 2)));
  // Vectors without links get other slots.
  ids.forEach((_, slot) => {
    if (topology.linksOf(slot) === undefined) slots.remove(slot);
  });
  const isFlat = topology.upperSlots * definition.m * FEW_UPPER < topology.linkedSlots;
  return {
    stored: {
      eachLinks: visitLinks(topology, ids, nodes, m),
      eachVector,
      entryPoints: topology.entryPoints,
      entrySamples: isFlat ? ENTRY_SAMPLES : 0,
    },
    slots,
    m,
    problem: undefined,
    isDamaged: false,
  };
}

class DamagedTopology {
  readonly reason: string;

  constructor({ message }: CorruptionError) {
    this.reason = `has damaged links (${message}), which nothing can replace; save what is readable with an export`;
  }
}

/** The stored links, or why they are not used. What is damaged there is no loss: links are made of vectors. */
function readLinks(
  connection: Connection,
  index: StoredVectorIndex,
  slots: VectorSlots,
): ReturnType<typeof readTopology> | DamagedTopology {
  try {
    return readTopology(connection, index, slots);
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    return new DamagedTopology(error);
  }
}

/** The vectors alone. */
export function readStoredVectors(
  connection: Connection,
  index: StoredVectorIndex,
  time: number,
): Pick<StoredIndex, "eachVector"> {
  return { eachVector: visitVectors(index, () => vectorChunks(connection, index), time) };
}

/** Id in memory of a vector: its node, or what stands for none. */
export function memoryNode(nodeId: number, vectorId: number): number {
  return nodeId > 0 ? nodeId : ownerlessId(vectorId);
}

/**
 * A vector as memory takes it; undefined for one without a direction where that is what counts: it is no match of any search.
 *
 * @throws {CorruptionError} when a number is not finite
 */
export function searchableVector(
  index: StoredVectorIndex,
  vectorId: number,
  vector: Float32Array,
): Float32Array | undefined {
  const sum = sumOfSquares(vector, 0, vector.length);
  if (!Number.isFinite(sum)) requireFinite(vector, index, vectorId);
  return sum === 0 && index.definition.metric === "cosine" ? undefined : vector;
}

function visitVectors(
  index: StoredVectorIndex,
  chunks: () => Iterable<VectorChunk>,
  time: number,
): StoredIndex["eachVector"] {
  const { dimension, metric } = index.definition;
  return (visit) => {
    for (const { vectorIds, nodeIds, floats } of chunks()) {
      const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
      for (let at = 0; at < vectorIds.length; at++) {
        const vectorId = vectorIds[at] as number;
        const sum = sumOfSquares(floats, at * dimension, dimension);
        if (!Number.isFinite(sum)) {
          requireFinite(floats.subarray(at * dimension, (at + 1) * dimension), index, vectorId);
        }
        // Without a direction it is no match of any search.
        if (sum === 0 && metric === "cosine") continue;
        visit(memoryNode(nodeIds[at] as number, vectorId), vectorId, time, bytes, at * dimension * 4);
      }
    }
  };
}

/** Hot. Not finite when a number is not. */
function sumOfSquares(floats: Float32Array, at: number, count: number): number {
  let sum = 0;
  for (const end = at + count; at < end; at++) sum += (floats[at] as number) * (floats[at] as number);
  return sum;
}

/** Links as memory takes them: the number of layers above the lowest, then each layer's number of links and slots. */
function visitLinks(
  topology: StoredTopology,
  ids: readonly number[],
  nodes: readonly number[],
  m: number,
): StoredIndex["eachLinks"] {
  return (visit) => {
    let bytes = new Uint8Array(4096);
    for (let slot = 0; slot < ids.length; slot++) {
      const links = topology.linksOf(slot);
      if (links === undefined) continue;
      const size = 1 + links.length * (1 + 8 * m);
      if (size > bytes.length) bytes = new Uint8Array(2 * size);
      bytes[0] = links.length - 1;
      let end = 1;
      for (let level = 0; level < links.length; level++) {
        const list = links[level] as Uint32Array;
        const count = Math.min(list.length, level === 0 ? 2 * m : m);
        bytes[end++] = count;
        bytes.set(new Uint8Array(list.buffer, list.byteOffset, 4 * count), end);
        end += 4 * count;
      }
      visit(slot, nodes[slot] as number, ids[slot] as number, bytes, 0, end);
    }
  };
}
