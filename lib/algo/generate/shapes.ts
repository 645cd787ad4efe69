/** Graphs of a regular shape. */

import { invalid } from "../params.ts";
import { GeneratedGraph } from "./generated_graph.ts";
import { checkGeneratorParams, MAX_EDGES, MAX_NODES, nodeCountParam } from "./params.ts";

/** Parameters of graphs that only a number of nodes tells apart. */
export interface ShapeParams {
  /** Number of nodes. */
  readonly nodes: number;
}

/** Parameters of `grid`. */
export interface GridParams {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
  /** Whether the last row is joined to the first one, and the last column to the first one. Default false. */
  readonly torus?: boolean | undefined;
}

/** Parameters of `tree`. */
export interface TreeParams {
  /** Number of nodes. */
  readonly nodes: number;
  /** Children of each node. Default 2. */
  readonly branching?: number | undefined;
}

/** A path: each node has an edge to the next one. @throws {InvalidArgumentError} for bad parameters */
export function chain(params: ShapeParams): GeneratedGraph {
  const { nodes } = checkGeneratorParams({ nodes: nodeCountParam() }, params, "chain");
  const count = Math.max(0, nodes - 1);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  for (let edge = 0; edge < count; edge++) {
    from[edge] = edge;
    to[edge] = edge + 1;
  }
  return new GeneratedGraph(nodes, from, to);
}

/** A ring: each node has an edge to the next one, and the last one to the first. @throws {InvalidArgumentError} for bad parameters */
export function cycle(params: ShapeParams): GeneratedGraph {
  const { nodes } = checkGeneratorParams({ nodes: nodeCountParam() }, params, "cycle");
  const from = new Uint32Array(nodes);
  const to = new Uint32Array(nodes);
  for (let edge = 0; edge < nodes; edge++) {
    from[edge] = edge;
    to[edge] = (edge + 1) % nodes;
  }
  return new GeneratedGraph(nodes, from, to);
}

/** A star: the first node has an edge to each other one. @throws {InvalidArgumentError} for bad parameters */
export function star(params: ShapeParams): GeneratedGraph {
  const { nodes } = checkGeneratorParams({ nodes: nodeCountParam() }, params, "star");
  const count = Math.max(0, nodes - 1);
  const to = new Uint32Array(count);
  for (let edge = 0; edge < count; edge++) to[edge] = edge + 1;
  return new GeneratedGraph(nodes, new Uint32Array(count), to);
}

/** Each node has an edge to each later one. @throws {InvalidArgumentError} for bad parameters */
export function complete(params: ShapeParams): GeneratedGraph {
  const { nodes } = checkGeneratorParams({ nodes: nodeCountParam() }, params, "complete");
  const count = nodes * (nodes - 1) / 2;
  if (count > MAX_EDGES) throw invalid("complete", "nodes", nodes, `makes more than ${MAX_EDGES} edges`);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  for (let first = 0, edge = 0; first < nodes; first++) {
    for (let second = first + 1; second < nodes; second++, edge++) {
      from[edge] = first;
      to[edge] = second;
    }
  }
  return new GeneratedGraph(nodes, from, to);
}

/**
 * A grid, numbered row by row: each node has an edge to its right neighbour and one to the neighbour below. On a torus with one or
 * two rows or columns, these are self-loops or parallel edges.
 *
 * @throws {InvalidArgumentError} for bad parameters
 */
export function grid(params: GridParams): GeneratedGraph {
  const { rows, columns, torus } = checkGeneratorParams(
    {
      rows: { kind: "integer", min: 0, max: MAX_NODES, doc: "number of rows" },
      columns: { kind: "integer", min: 0, max: MAX_NODES, doc: "number of columns" },
      torus: { kind: "flag", default: false, doc: "the last row and column are joined to the first ones" },
    },
    params,
    "grid",
  );
  const nodes = rows * columns;
  if (nodes > MAX_NODES) throw invalid("grid", "rows", rows, `and columns make more than ${MAX_NODES} nodes`);
  const across = torus || columns === 0 ? columns : columns - 1;
  const down = torus || rows === 0 ? rows : rows - 1;
  const count = rows * across + down * columns;
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  let edge = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const node = row * columns + column;
      if (column < across) {
        from[edge] = node;
        to[edge++] = row * columns + (column + 1) % columns;
      }
      if (row < down) {
        from[edge] = node;
        to[edge++] = ((row + 1) % rows) * columns + column;
      }
    }
  }
  return new GeneratedGraph(nodes, from, to);
}

/**
 * A tree that is filled level by level: each node has an edge to each of its children, all nodes but the last ones that have any
 * have `branching` of them. The root is the first node.
 *
 * @throws {InvalidArgumentError} for bad parameters
 */
export function tree(params: TreeParams): GeneratedGraph {
  const { nodes, branching } = checkGeneratorParams(
    {
      nodes: nodeCountParam(),
      branching: { kind: "integer", default: 2, min: 1, max: MAX_NODES, doc: "children of each node" },
    },
    params,
    "tree",
  );
  const count = Math.max(0, nodes - 1);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  for (let edge = 0; edge < count; edge++) {
    from[edge] = Math.floor(edge / branching);
    to[edge] = edge + 1;
  }
  return new GeneratedGraph(nodes, from, to);
}
