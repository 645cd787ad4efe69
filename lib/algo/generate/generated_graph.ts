/** What generators make: edges between dense indexes. */

import type { IngestRow } from "../../graph/row_source.ts";
import { projectIndexes, type Projection } from "../../projection/mod.ts";
import { Random } from "../random.ts";
import { checkGeneratorParams, SEED } from "./params.ts";

/** How a generated graph is projected. */
export interface GeneratedProjection {
  /** As in `ProjectOptions`: each edge can be followed both ways. Default false. */
  readonly undirected?: boolean | undefined;
  /** As in `ProjectOptions`: no self-loops and no parallel links. Default false. */
  readonly simple?: boolean | undefined;
  /** True: links know their edges, numbered from 1. Default false. */
  readonly edgeIds?: boolean | undefined;
  /** Id of the node with index 0; the others follow without gaps. Default 1. */
  readonly firstId?: number | undefined;
}

/** What weights to give to edges. */
export interface WeightsParams {
  /** Smallest weight. Default 1. */
  readonly min?: number | undefined;
  /** Largest weight. Default 255. */
  readonly max?: number | undefined;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/** What rows to make for an ingest. */
export interface GeneratedRows {
  /** Kind of the nodes. Default "Node". */
  readonly kind?: string | undefined;
  /** Type of the edges. Default "LINK". */
  readonly type?: string | undefined;
  /** Member of the edges' data that holds their weight, if they have one. Default "weight". */
  readonly weightField?: string | undefined;
}

/**
 * A graph that was generated: edges between the nodes 0 to `nodeCount` - 1, in the order in which they were made. Equal
 * parameters make equal graphs on every runtime.
 *
 * @example
 * ```ts ignore
 * const projection = kronecker({ scale: 16 }).project({ undirected: true, simple: true });
 * await graph.ingest(kronecker({ scale: 10 }).rows({ type: "KNOWS" }));
 * ```
 */
export class GeneratedGraph {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Index of the node that each edge leaves. */
  readonly from: Uint32Array;
  /** Index of the node that each edge enters. */
  readonly to: Uint32Array;
  /** Weight of each edge, after `withWeights`. */
  readonly weights: Float64Array | undefined;

  /** A graph of arrays, which are kept. */
  constructor(nodeCount: number, from: Uint32Array, to: Uint32Array, weights?: Float64Array) {
    this.nodeCount = nodeCount;
    this.from = from;
    this.to = to;
    this.weights = weights;
  }

  /** Number of edges. */
  get edgeCount(): number {
    return this.from.length;
  }

  /** The same graph with integers as weights, each from `min` to `max` as likely. */
  withWeights(params: WeightsParams = {}): GeneratedGraph {
    const { min, max, seed } = checkGeneratorParams(
      {
        min: { kind: "integer", default: 1, min: -(2 ** 31), max: 2 ** 31, doc: "smallest weight" },
        max: { kind: "integer", default: 255, min: params.min ?? 1, max: 2 ** 31 - 1, doc: "largest weight" },
        seed: SEED,
      },
      params,
      "withWeights",
    );
    const random = new Random(seed);
    const weights = new Float64Array(this.edgeCount);
    for (let edge = 0; edge < weights.length; edge++) weights[edge] = min + random.below(max - min + 1);
    return new GeneratedGraph(this.nodeCount, this.from, this.to, weights);
  }

  /** The graph as algorithms read it. O(n + m). */
  project({ undirected, simple, edgeIds, firstId }: GeneratedProjection = {}): Projection {
    const { nodeCount, from: sources, to: targets, weights } = this;
    return projectIndexes({ nodeCount, sources, targets, weights, undirected, simple, edgeIds, firstId });
  }

  /** The graph as rows for an ingest: nodes in the order of their indexes, named by these, then edges. */
  *rows({ kind = "Node", type = "LINK", weightField = "weight" }: GeneratedRows = {}): Generator<IngestRow> {
    for (let node = 0; node < this.nodeCount; node++) {
      yield { node: { kind, name: String(node) }, ref: String(node) };
    }
    for (let edge = 0; edge < this.edgeCount; edge++) {
      const ends = { from: { ref: String(this.from[edge]) }, to: { ref: String(this.to[edge]) }, type };
      yield {
        edge: this.weights === undefined ? ends : { ...ends, data: { [weightField]: this.weights[edge] as number } },
      };
    }
  }
}
