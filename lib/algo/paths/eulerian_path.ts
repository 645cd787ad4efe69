/** Paths along every edge. */

import type { Projection } from "../../backend/projection.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { firstLink } from "./bidirectional_dijkstra.ts";
import { defineForOneThread } from "../one_thread.ts";
import { pathOf } from "./path.ts";

/** Parameters of `eulerianPath`. */
export interface EulerianPathParams {
  /** The node that it starts from; default: the smallest id that it can start from. */
  readonly start?: NodeId | undefined;
  /** True: it must end where it starts. Default false. */
  readonly circuit?: boolean | undefined;
}

/** What `eulerianPath` takes. */
export const EULERIAN_PATH_PARAMS: ParamSpecs<EulerianPathParams> = {
  start: { kind: "node", doc: "node that it starts from; by default the first one that it can", optional: true },
  circuit: { kind: "flag", doc: "whether it must end where it starts", default: false },
};

/** A path along every edge. */
export interface EulerianPath {
  /** Its nodes, from the first to the last; none when there are no edges and no start was given. */
  readonly nodeIds: NodeId[];
  /** Its edges, one less than nodes; undefined when the projection does not know them. */
  readonly edgeIds: EdgeId[] | undefined;
  /** Whether it ends where it starts. */
  readonly isCircuit: boolean;
}

/**
 * A path that uses every edge exactly once; undefined when there is none (from the start that was given). Nodes may be visited often,
 * nodes without edges never are. Edges are followed in their direction, in undirected projections in either; each of several parallel
 * edges and each self-loop is used once. Which of several paths it finds is always the same one.
 *
 * One thread. Progress counts links. O(n + m log d) with d the largest degree. Hierholzer, Ueber die Möglichkeit, einen Linienzug ohne
 * Wiederholung und ohne Unterbrechung zu umfahren, 1873.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for a start that is not in the projection
 */
export const eulerianPath: Algorithm<EulerianPathParams, EulerianPath | undefined> = defineForOneThread(
  import.meta.url,
  "eulerianPath",
  (projection, params: EulerianPathParams, context) => {
    const checked = checkParams<EulerianPathParams, "start">(EULERIAN_PATH_PARAMS, params, projection, "eulerianPath");
    const given = checked.start === undefined ? -1 : projection.indexOf(checked.start);
    const start = startOf(projection, given, checked.circuit);
    if (start === undefined) return undefined;
    if (start < 0) {
      return { nodeIds: [], edgeIds: projection.out.edgeIds === undefined ? undefined : [], isCircuit: true };
    }
    const walk = projection.isUndirected ? new UndirectedWalk(projection) : new DirectedWalk(projection);
    const { nodes, places } = hierholzer(projection, start, walk, context);
    // Edges that no walk from the start comes to.
    if (places.length !== projection.edgeCount) return undefined;
    const { nodeIds, edgeIds } = pathOf(projection, projection.out, nodes, places, 0);
    return { nodeIds, edgeIds, isCircuit: nodeIds[0] === nodeIds.at(-1) };
  },
);

/** The node to start from: -1 when there are no edges, undefined when the degrees allow no such path. */
function startOf(projection: Projection, given: number, isCircuit: boolean): number | undefined {
  const surplus = surplusOf(projection);
  const { offsets } = projection.out;
  let first = -1;
  let smallest = -1;
  let sources = 0;
  let sinks = 0;
  for (let node = 0; node < surplus.length; node++) {
    const more = surplus[node] as number;
    if (smallest < 0 && offsets[node] !== offsets[node + 1]) smallest = node;
    if (more === 0) continue;
    if (more < 0) sinks -= more;
    else {
      if (first < 0) first = node;
      sources += more;
    }
  }
  if (projection.isUndirected) {
    // Two nodes have an odd number of edges, or none has.
    if (sources > (isCircuit ? 0 : 2)) return undefined;
    if (sources === 2) return given < 0 || surplus[given] === 1 ? (given < 0 ? first : given) : undefined;
  } else {
    if (sources > (isCircuit ? 0 : 1) || sinks !== sources) return undefined;
    if (sources === 1) return given < 0 || given === first ? first : undefined;
  }
  if (given < 0 || smallest < 0) return given < 0 ? smallest : given;
  return offsets[given] === offsets[given + 1] ? undefined : given;
}

/** Of each node the edges that leave it without those that enter it; undirected: whether their number is odd. */
function surplusOf({ out, nodeCount, isUndirected }: Projection): Int32Array {
  const surplus = new Int32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    for (let place = out.offsets[node] as number; place < (out.offsets[node + 1] as number); place++) {
      const target = out.targets[place] as number;
      if (target === node) continue;
      surplus[node] = (surplus[node] as number) + 1;
      if (!isUndirected) surplus[target] = (surplus[target] as number) - 1;
    }
    if (isUndirected) surplus[node] = (surplus[node] as number) & 1;
  }
  return surplus;
}

/** Gives out each edge once. */
interface Walk {
  /** Place of an unused link of a node, which is used from now on; -1 when there is none. */
  take(node: number): number;
}

class DirectedWalk implements Walk {
  readonly #next: Uint32Array;
  readonly #offsets: Uint32Array;

  constructor({ out }: Projection) {
    this.#offsets = out.offsets;
    this.#next = out.offsets.slice();
  }

  take(node: number): number {
    const place = this.#next[node] as number;
    if (place === this.#offsets[node + 1]) return -1;
    this.#next[node] = place + 1;
    return place;
  }
}

class UndirectedWalk implements Walk {
  readonly #projection: Projection;
  readonly #next: Uint32Array;
  readonly #isUsed: Uint8Array;

  constructor(projection: Projection) {
    this.#projection = projection;
    this.#next = projection.out.offsets.slice();
    this.#isUsed = new Uint8Array(projection.out.targets.length);
  }

  take(node: number): number {
    const { offsets, targets } = this.#projection.out;
    const stop = offsets[node + 1] as number;
    let place = this.#next[node] as number;
    while (place < stop && this.#isUsed[place] === 1) place++;
    this.#next[node] = Math.min(place + 1, stop);
    if (place === stop) return -1;
    this.#isUsed[place] = 1;
    const target = targets[place] as number;
    // Of parallel links in both rows those with the same number are one edge: both are sorted by edge.
    if (target !== node) {
      const twin = firstLink(this.#projection, target, node) + place - firstLink(this.#projection, node, target);
      this.#isUsed[twin] = 1;
    }
    return place;
  }
}

/** Walks until stuck, goes back to where edges are left, and walks from there. */
function hierholzer(
  projection: Projection,
  start: number,
  walk: Walk,
  context: TaskContext,
): { readonly nodes: number[]; readonly places: number[] } {
  const { targets } = projection.out;
  const pace = new Pace(context, 2 * projection.edgeCount);
  const nodes: number[] = [];
  const places: number[] = [];
  // The walk so far, and the link to each of its nodes.
  const stack = new Int32Array(projection.edgeCount + 1);
  const links = new Int32Array(projection.edgeCount + 1);
  stack[0] = start;
  links[0] = -1;
  for (let top = 0; top >= 0;) {
    const node = stack[top] as number;
    const place = walk.take(node);
    pace.step(1);
    if (place >= 0) {
      top++;
      stack[top] = targets[place] as number;
      links[top] = place;
      continue;
    }
    nodes.push(node);
    if (top > 0) places.push(links[top] as number);
    top--;
  }
  pace.end();
  return { nodes: nodes.reverse(), places: places.reverse() };
}
