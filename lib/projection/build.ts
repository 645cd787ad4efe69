/** Makes a projection of what a store reads, on one thread or on several together. */

import type { Gang, Projection } from "../backend/projection.ts";
import type { ReadStore } from "../backend/store.ts";
import { type AdjacencyHandle, adjacencyOf, checkLinkCount, newAdjacency } from "./adjacency.ts";
import { type Chunk, ChunkReader } from "./chunk_reader.ts";
import { fillRanks, NodeIndex, rankBytes } from "./node_index.ts";
import { readNodeIds } from "./node_ids.ts";
import type { CheckedProjectOptions } from "./options.ts";
import { projectionOf } from "./projection.ts";
import { WeightReader } from "./weights.ts";

/** Nodes of a chunk: enough for a few batches of links, few enough that threads end at about the same time. */
const MAX_CHUNK_NODES = 16_384;
const MIN_CHUNK_NODES = 256;
/** Chunks in a graph of middle size. */
const CHUNKS = 64;

/**
 * Makes the projection. Every thread of the gang calls it with the same options and a store of the same state, and gets the same
 * projection; its content does not depend on the number of threads. The first thread's `where` counts.
 *
 * Each chunk of nodes is read once, by one thread, and put where the sums of all chunks before it say.
 */
export function buildProjection(
  store: ReadStore,
  options: CheckedProjectOptions,
  where: ((nodeId: number) => boolean) | undefined,
  gang: Gang,
): Projection {
  const nodes = shareNodes(store, options, where, gang);
  const { direction, weight, hasEdgeIds } = options;
  const chunkNodes = Math.min(Math.max(Math.ceil(nodes.count / CHUNKS), MIN_CHUNK_NODES), MAX_CHUNK_NODES);
  const chunkCount = Math.ceil(nodes.count / chunkNodes);
  const work = new ChunkBoard(gang, chunkCount);
  gang.total(nodes.count);
  const reader = new ChunkReader(store, nodes, options, () => gang.throwIfAborted());
  const chunks = new Map<number, Chunk>();
  for (let chunk = work.take(); chunk < chunkCount; chunk = work.take()) {
    const start = chunk * chunkNodes;
    const end = Math.min(start + chunkNodes, nodes.count);
    const read = reader.read(start, end);
    chunks.set(chunk, read);
    work.report(chunk, read);
    gang.progress(end - start);
  }
  gang.barrier();
  const linkCount = work.linksBefore(chunkCount);
  checkLinkCount(linkCount, hasEdgeIds || weight !== undefined);
  const shape = { nodeCount: nodes.count, linkCount, hasEdgeIds, hasWeights: weight !== undefined };
  const newBuffer = (byteLength: number): SharedArrayBuffer => gang.sharedBuffer(byteLength);
  const out = newAdjacency(shape, newBuffer);
  const isUndirected = direction === "both";
  const reverse = isUndirected ? undefined : { links: newAdjacency(shape, newBuffer), state: newBuffer(4) };
  const weights = weight && new WeightReader(store, weight.field, weight.fallback, gang);
  weights?.readAll(edgesOf(chunks), { ...work.edgeRange(), linkCount });
  for (const [chunk, read] of chunks) {
    place(out, read, weights, chunk * chunkNodes, work.linksBefore(chunk));
    chunks.delete(chunk);
  }
  gang.barrier();
  const edgeCount = isUndirected ? (linkCount + work.loops()) / 2 : linkCount;
  return projectionOf({ nodes: nodes.handle, edgeCount, isUndirected, out, reverse });
}

/** The nodes, which the first thread reads. */
function shareNodes(
  store: ReadStore,
  options: CheckedProjectOptions,
  where: ((nodeId: number) => boolean) | undefined,
  gang: Gang,
): NodeIndex {
  const sizes = new Float64Array(gang.sharedBuffer(16));
  const isFirst = gang.worker === 0;
  const read = isFirst ? readNodeIds(store, options.nodeFilters, where, gang) : new Float64Array(0);
  if (isFirst) {
    sizes[0] = read.length;
    sizes[1] = rankBytes(read);
  }
  gang.barrier();
  const [count = 0, bytes = 0] = sizes;
  const ids = gang.sharedBuffer(8 * count);
  const ranks = bytes === 0 ? undefined : gang.sharedBuffer(bytes);
  if (isFirst) {
    new Float64Array(ids).set(read);
    if (ranks !== undefined) fillRanks(read, ranks);
  }
  gang.barrier();
  return new NodeIndex({ count, ids, ranks });
}

/** Who reads which chunk, and what was in it. */
class ChunkBoard {
  readonly #next: Int32Array;
  readonly #links: Float64Array;
  readonly #loops: Float64Array;
  /** Smallest and largest edge of each chunk; 0 where there is none, or where edges do not matter. */
  readonly #least: Float64Array;
  readonly #most: Float64Array;
  /** Links before each chunk, once all are known. */
  #before: Float64Array | undefined;

  constructor(gang: Gang, chunkCount: number) {
    const buffer = gang.sharedBuffer(8 + 32 * chunkCount);
    const column = (at: number) => new Float64Array(buffer, 8 + 8 * at * chunkCount, chunkCount);
    this.#next = new Int32Array(buffer, 0, 1);
    this.#links = column(0);
    this.#loops = column(1);
    this.#least = column(2);
    this.#most = column(3);
  }

  /** A chunk that nobody else reads; their number or more when there is none left. */
  take(): number {
    return Atomics.add(this.#next, 0, 1);
  }

  report(chunk: number, { targets, loops, edges }: Chunk): void {
    this.#links[chunk] = targets.length;
    this.#loops[chunk] = loops;
    if (edges === undefined || edges.length === 0) return;
    let least = edges[0] as number;
    let most = least;
    for (let at = 1; at < edges.length; at++) {
      const edge = edges[at] as number;
      if (edge < least) least = edge;
      else if (edge > most) most = edge;
    }
    this.#least[chunk] = least;
    this.#most[chunk] = most;
  }

  /** Smallest and largest edge of all chunks. */
  edgeRange(): { readonly least: number; readonly most: number } {
    let least = Infinity;
    let most = 0;
    for (let chunk = 0; chunk < this.#least.length; chunk++) {
      if (this.#links[chunk] === 0) continue;
      least = Math.min(least, this.#least[chunk] as number);
      most = Math.max(most, this.#most[chunk] as number);
    }
    return { least, most };
  }

  linksBefore(chunk: number): number {
    this.#before ??= sumsBefore(this.#links);
    return this.#before[chunk] as number;
  }

  loops(): number {
    return sumsBefore(this.#loops)[this.#loops.length] as number;
  }
}

function sumsBefore(counts: Float64Array): Float64Array {
  const sums = new Float64Array(counts.length + 1);
  for (let at = 0; at < counts.length; at++) sums[at + 1] = (sums[at] as number) + (counts[at] as number);
  return sums;
}

/** The edges of chunks, one after the other. */
function* edgesOf(chunks: ReadonlyMap<number, Chunk>): IterableIterator<Float64Array> {
  for (const { edges } of chunks.values()) if (edges !== undefined) yield edges;
}

/** Puts a chunk into the arrays of all. */
function place(
  out: AdjacencyHandle,
  chunk: Chunk,
  reader: WeightReader | undefined,
  firstRow: number,
  firstLink: number,
): void {
  const { offsets, targets, edgeIds, weights } = adjacencyOf(out);
  const { ends, edges } = chunk;
  for (let row = 0; row < ends.length; row++) offsets[firstRow + row + 1] = firstLink + (ends[row] as number);
  targets.set(chunk.targets, firstLink);
  if (edges === undefined) return;
  edgeIds?.set(edges, firstLink);
  if (reader !== undefined) weights?.set(reader.read(edges), firstLink);
}
