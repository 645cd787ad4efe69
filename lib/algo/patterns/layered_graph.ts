/** Makes of a projection or of a snapshot, and of a pattern, what can be searched. */

import type { GraphReader } from "../../backend/graph_reader.ts";
import { NotFoundError } from "../../backend/errors.ts";
import "../../projection/install.ts";
import type { Projection } from "../../projection/mod.ts";
import type { TaskContext } from "../define.ts";
import { invalid } from "../params.ts";
import type { CheckedSubgraphPattern, EdgeCondition, NodeCondition } from "./pattern.ts";
import type { LayeredGraph, PatternShape, ShapeEdge, ShapeLimit } from "./pattern_shape.ts";

/** A graph to search in, and the pattern in its terms. */
export interface Search {
  /** The pattern. */
  readonly shape: PatternShape;
  /** The graph. */
  readonly graph: LayeredGraph;
}

/**
 * A search in a projection: of nodes it knows the ids only, of edges nothing.
 *
 * @throws {InvalidArgumentError} for conditions that a projection cannot answer
 * @throws {NotFoundError} for ids that are not in it
 */
export function searchProjection(
  projection: Projection,
  pattern: CheckedSubgraphPattern,
  isInduced: boolean,
  call: string,
): Search {
  const { names, conditions, edges } = pattern;
  for (const [place, { filter }] of conditions.entries()) {
    if (filter === undefined) continue;
    const [field, value] = Object.entries(filter)[0] as [string, unknown];
    throw invalid(call, `pattern.nodes.${names[place]}.${field}`, value, UNKNOWN_HERE);
  }
  for (const { types, isEitherWay } of edges) {
    if (types !== undefined) throw invalid(call, "pattern.edges.type", types, UNKNOWN_HERE);
    if (isEitherWay && !projection.isUndirected) {
      throw invalid(call, "pattern.edges.direction", "both", `cannot be told in a directed projection; ${INSTEAD}`);
    }
  }
  const shapeEdges = edges.map(({ from, to }) => ({ from, to, layer: 0 }));
  const bothWays = edges.map((edge) => ({ ...edge, isEitherWay: projection.isUndirected }));
  return {
    shape: {
      size: names.length,
      classes: classesOf(conditions),
      edges: shapeEdges,
      limits: isInduced ? limitsOf(names.length, bothWays, () => 0) : [],
    },
    graph: {
      nodeCount: projection.nodeCount,
      nodeIds: projection.nodeIds,
      layers: [projection],
      all: projection,
      candidates: distinct(conditions).map(({ nodeIds }) => candidatesOf(projection, nodeIds, undefined, call)),
    },
  };
}

const INSTEAD = "use findSubgraphPatterns, which reads a snapshot";
const UNKNOWN_HERE = `cannot be told in a projection; ${INSTEAD}, or project what is to be searched`;

/** A search in a state of the graph, of which only edges of some types count; undefined: of all types. */
export function searchReader(
  reader: GraphReader,
  pattern: CheckedSubgraphPattern,
  isInduced: boolean,
  types: readonly string[] | undefined,
  call: string,
  context: TaskContext,
): Search {
  const { names, conditions, edges } = pattern;
  const layers: Projection[] = [];
  const numbers = new Map<string, number>();
  const layerOf = (wanted: readonly string[] | undefined, undirected: boolean): number => {
    const both = wanted === undefined
      ? types
      : types === undefined
      ? wanted
      : wanted.filter((type) => types.includes(type));
    const key = JSON.stringify([both ?? null, undirected]);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    context.throwIfAborted();
    numbers.set(key, layers.length);
    return layers.push(reader.project({ types: both, undirected })) - 1;
  };
  const shapeEdges: ShapeEdge[] = edges.map(({ from, to, types: wanted, isEitherWay }) => ({
    from,
    to,
    layer: layerOf(wanted, isEitherWay),
  }));
  const limits = isInduced ? limitsOf(names.length, edges, (wanted) => layerOf(wanted, false)) : [];
  const all = layers[isInduced || layers.length === 0 ? layerOf(undefined, false) : 0] as Projection;
  const candidates = distinct(conditions).map(({ nodeIds, filter }) => {
    context.throwIfAborted();
    return candidatesOf(all, nodeIds, filter === undefined ? undefined : reader.nodeIds(filter), call);
  });
  return {
    shape: { size: names.length, classes: classesOf(conditions), edges: shapeEdges, limits },
    graph: { nodeCount: all.nodeCount, nodeIds: all.nodeIds, layers, all, candidates },
  };
}

/** The number of each condition among the different ones. */
function classesOf(conditions: readonly NodeCondition[]): number[] {
  const keys = distinct(conditions).map(({ key }) => key);
  return conditions.map(({ key }) => keys.indexOf(key));
}

function distinct(conditions: readonly NodeCondition[]): NodeCondition[] {
  return [...new Map(conditions.map((condition) => [condition.key, condition])).values()];
}

function candidatesOf(
  projection: Projection,
  nodeIds: readonly number[] | undefined,
  passing: Iterable<number> | undefined,
  call: string,
): Int32Array | undefined {
  if (nodeIds === undefined && passing === undefined) return undefined;
  const bits = new Int32Array(Math.ceil(projection.nodeCount / 32));
  for (const id of nodeIds ?? []) {
    if (projection.indexOf(id) >= 0) continue;
    throw new NotFoundError(`${call}: there is no node ${id} in this graph (field "nodeIds"); give ids that it holds`, {
      code: "node-not-found",
      field: "nodeIds",
      value: id,
    });
  }
  const wanted = nodeIds === undefined ? undefined : new Set(nodeIds);
  for (const id of passing ?? wanted ?? []) {
    if (wanted !== undefined && !wanted.has(id)) continue;
    const index = projection.indexOf(id);
    bits[index >>> 5] = (bits[index >>> 5] as number) | 1 << (index & 31);
  }
  return bits;
}

/** For every ordered pair of places the layer of all links that edges of the pattern between them allow. */
function limitsOf(
  size: number,
  edges: readonly EdgeCondition[],
  layerOf: (types: readonly string[] | undefined) => number,
): ShapeLimit[] {
  const limits: ShapeLimit[] = [];
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) {
      const own = edges.filter((edge) => allows(edge, from, to));
      const types = own.some(({ types }) => types === undefined)
        ? undefined
        : [...new Set(own.flatMap(({ types }) => types ?? []))].sort();
      limits.push({ from, to, layer: own.length === 0 ? -1 : layerOf(types) });
    }
  }
  return limits;
}

function allows({ from, to, isEitherWay }: EdgeCondition, source: number, target: number): boolean {
  return from === source && to === target || isEitherWay && from === target && to === source;
}
