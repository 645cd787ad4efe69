/** Which sources can reach which sinks. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { MAX_RELATION_PAIRS, newRows, NodeRelation } from "./node_relation.ts";
import { marked, SANITIZERS } from "./taint.ts";

/** Parameters of `sinkReachabilityAnalysis`. */
export interface SinkReachabilityParams {
  /** The nodes whose values are not to be trusted. */
  readonly sources: ArrayLike<NodeId>;
  /** The nodes that such values must not come to. */
  readonly sinks: ArrayLike<NodeId>;
  /** The nodes that make values safe: taint goes neither into them nor through them; default none. */
  readonly sanitizers?: ArrayLike<NodeId> | undefined;
}

/** Its parameters. */
export const SINK_REACHABILITY_PARAMS: ParamSpecs<SinkReachabilityParams> = {
  sources: { kind: "nodes", doc: "nodes whose values are not to be trusted" },
  sinks: { kind: "nodes", doc: "nodes that such values must not come to" },
  sanitizers: SANITIZERS,
};

/** Which sources reach which sinks. */
export interface SinkReachability {
  /** For each sink the sources that reach it, in ascending ids. */
  readonly sourcesOf: NodeRelation;
  /** The sinks that no source reaches, in ascending ids. */
  readonly safeSinks: NodeId[];
}

/**
 * Finds for every sink all sources that reach it along edges, without passing a sanitizer. A node that is both source and sink
 * reaches itself; a sanitizer neither reaches nor is reached.
 *
 * Parallel edges and self-loops change nothing. Progress counts links that are looked at.
 *
 * Sinks are worked on 32 at a time, a bit each: O(sinks / 32 · (n + m)) in practice, O(sinks · (n + m)) at worst. The result has
 * at most 2^27 pairs. Then et al., The More the Merrier: Efficient Multi-Source Graph Traversal, 2014.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters, and when the result would be too large
 *
 * @example
 * ```ts ignore
 * const values = projectEdges({ from: [1, 2], to: [3, 4] });
 * const { sourcesOf } = sinkReachabilityAnalysis(values, { sources: [1, 2], sinks: [3, 4] });
 * console.log(sourcesOf.of(4)); // [2]
 * ```
 */
export const sinkReachabilityAnalysis: Algorithm<SinkReachabilityParams, SinkReachability> = defineForOneThread(
  import.meta.url,
  "sinkReachabilityAnalysis",
  (projection, params: SinkReachabilityParams, context) => {
    const call = "sinkReachabilityAnalysis";
    const { sources, sinks, sanitizers } = checkParams<SinkReachabilityParams, "sanitizers">(
      SINK_REACHABILITY_PARAMS,
      params,
      projection,
      call,
    );
    const { nodeCount } = projection;
    const isSanitizer = marked(projection, sanitizers);
    const sourceNodes = listOf(marked(projection, sources));
    const sinkNodes = listOf(marked(projection, sinks));
    const pace = new Pace(context);
    const search = new MaskSearch(projection, isSanitizer, pace);
    const counts = new Uint32Array(nodeCount);
    const found = new GrowingList();
    for (let first = 0; first < sinkNodes.length; first += 32) {
      const batch = sinkNodes.subarray(first, first + 32);
      search.run(batch, (sink, bit) => {
        const before = found.length;
        for (let at = 0; at < sourceNodes.length; at++) {
          const source = sourceNodes[at] as number;
          if (((search.masks[source] as number) & bit) !== 0) found.push(source);
        }
        counts[sink] = found.length - before;
        if (found.length > MAX_RELATION_PAIRS) newRows(nodeCount, found.length, call);
        return sourceNodes.length;
      });
    }
    const rows = newRows(nodeCount, found.length, call);
    rows.targets.set(found.list());
    for (let node = 0; node < nodeCount; node++) {
      rows.offsets[node + 1] = (rows.offsets[node] as number) + (counts[node] as number);
    }
    pace.end();
    const safeSinks = Array.from(sinkNodes.filter((sink) => counts[sink] === 0), (sink) => projection.nodeId(sink));
    return { sourcesOf: NodeRelation.of(projection, rows), safeSinks };
  },
);

/** Searches back from up to 32 nodes at once. */
class MaskSearch {
  /** Which of them each node leads to, a bit each. */
  readonly masks: Int32Array;
  readonly #projection: Projection;
  readonly #isClosed: Uint8Array;
  readonly #pace: Pace;
  /** Nodes whose mask grew, in a ring: each is in it at most once. */
  readonly #queue: Uint32Array;
  readonly #isQueued: Uint8Array;

  constructor(projection: Projection, isClosed: Uint8Array, pace: Pace) {
    const { nodeCount } = projection;
    this.masks = new Int32Array(nodeCount);
    this.#projection = projection;
    this.#isClosed = isClosed;
    this.#pace = pace;
    this.#queue = new Uint32Array(nodeCount);
    this.#isQueued = new Uint8Array(nodeCount);
  }

  /** Makes the masks, then calls back for each node with its bit, and is told the work that took. */
  run(nodes: Uint32Array, visit: (node: number, bit: number) => number): void {
    const { offsets, targets } = this.#projection.in;
    const { masks } = this;
    const isClosed = this.#isClosed;
    const queue = this.#queue;
    const isQueued = this.#isQueued;
    const pace = this.#pace;
    masks.fill(0);
    let waiting = 0;
    let next = 0;
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as number;
      if (isClosed[node] === 1) continue;
      masks[node] = 1 << at;
      isQueued[node] = 1;
      queue[waiting++] = node;
    }
    let last = waiting % queue.length;
    while (waiting > 0) {
      const node = queue[next] as number;
      next = next + 1 === queue.length ? 0 : next + 1;
      waiting--;
      isQueued[node] = 0;
      const mask = masks[node] as number;
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const source = targets[at] as number;
        const known = masks[source] as number;
        if ((known | mask) === known || isClosed[source] === 1) continue;
        masks[source] = known | mask;
        if (isQueued[source] === 1) continue;
        isQueued[source] = 1;
        queue[last] = source;
        last = last + 1 === queue.length ? 0 : last + 1;
        waiting++;
      }
      pace.step(end - (offsets[node] as number), 1);
    }
    for (let at = 0; at < nodes.length; at++) pace.step(0, visit(nodes[at] as number, 1 << at));
  }
}

/** A list of indexes that grows. */
class GrowingList {
  length = 0;
  #items = new Uint32Array(64);

  push(item: number): void {
    if (this.length === this.#items.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.length++] = item;
  }

  list(): Uint32Array {
    return this.#items.subarray(0, this.length);
  }
}

function listOf(marks: Uint8Array): Uint32Array {
  const list = new GrowingList();
  for (let node = 0; node < marks.length; node++) if (marks[node] === 1) list.push(node);
  return list.list();
}
