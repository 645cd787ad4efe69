/** Which nodes searches begin at. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import type { ParamSpec } from "../params.ts";
import { Random } from "../random.ts";

/** How many searches are made. */
export interface SampleParams {
  /** Number of nodes, drawn at random, that searches begin at; from the number of nodes on: all. Default: all, the exact result. */
  readonly samples?: number | undefined;
  /** Start of the random numbers that nodes are drawn with. Default 1. */
  readonly seed?: number | undefined;
}

/** What `SampleParams` takes. */
export const SAMPLE_PARAMS: { readonly samples: ParamSpec; readonly seed: ParamSpec } = {
  samples: { kind: "integer", doc: "number of nodes that searches begin at; by default all", min: 1, optional: true },
  seed: { kind: "integer", doc: "start of the random numbers that nodes are drawn with", default: 1 },
};

/**
 * Dense indexes of the nodes, ascending: all, or as many as were asked for, each set as likely. Bentley, Floyd, A sample of brilliance,
 * 1987.
 */
export function sampledNodes({ nodeCount }: Projection, samples: number | undefined, seed: number): Uint32Array {
  if (samples === undefined || samples >= nodeCount) {
    const nodes = new Uint32Array(nodeCount);
    for (let node = 0; node < nodeCount; node++) nodes[node] = node;
    return nodes;
  }
  const random = new Random(seed);
  const chosen = new Set<number>();
  for (let last = nodeCount - samples; last < nodeCount; last++) {
    const node = random.below(last + 1);
    chosen.add(chosen.has(node) ? last : node);
  }
  return Uint32Array.from(chosen).sort();
}

/** Those of some nodes that links leave. */
export function withLinks({ offsets }: Adjacency, nodes: Uint32Array): Uint32Array {
  return nodes.filter((node) => (offsets[node + 1] as number) > (offsets[node] as number));
}
