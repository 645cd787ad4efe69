/** Small random transactions over a small graph, so that they get in each other's way in every possible manner. */

import { GraphError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { Rng } from "../crash/rng.ts";

const KINDS = ["A", "B"] as const;
const LABELS = ["A", "x", "y"] as const;
const NAMES = ["n1", "n2", "n3"] as const;
const TYPES = ["T", "U"] as const;
const KEYS = ["k/1", "k/2", "l/1", "k/that-goes-on-for-long/1", "k/that-goes-on-for-long/2"] as const;
const PREFIXES = ["", "k", "k/", "k/that-goes-on-for-l", "l/"] as const;
const INDEXES = ["v", "v", "w"] as const;
const DIRECTIONS = ["out", "in", "both"] as const;

/** One step of a transaction's function: its operation with arguments drawn beforehand. */
export interface Step {
  readonly operation: string;
  /** Ids of nodes; 0 is the last one that the transaction inserted. */
  readonly from: number;
  readonly to: number;
  /** Id of an edge; 0 as above. */
  readonly edge: number;
  readonly kind: string;
  readonly label: string;
  readonly name: string;
  readonly type: string;
  readonly direction: "out" | "in" | "both";
  readonly key: string;
  readonly prefix: string;
  /** Name of a vector index. */
  readonly index: string;
  readonly number: number;
}

type Run = (tx: GraphTransaction, step: Step) => unknown;

/** What a step that reads looks at. */
const READS: Readonly<Record<string, Run>> = {
  getNode: (tx, { from }) => tx.getNode(from),
  nodeHeader: (tx, { from }) => tx.getNode(from, { data: false }),
  hasNode: (tx, { from }) => tx.hasNode(from),
  kindAndName: (tx, { from }) => [tx.nodeKind(from), tx.nodeName(from)],
  countNodes: (tx) => tx.countNodes(),
  countKind: (tx, { kind }) => tx.countNodes({ kind }),
  countLabel: (tx, { label }) => tx.countNodes({ label }),
  nodesOfKind: (tx, { kind }) => [...tx.nodes({ kind })],
  idsWithLabel: (tx, { label }) => [...tx.nodeIds({ label })],
  nodesWithLabel: (tx, { label }) => [...tx.nodes({ label })],
  nodesWithName: (tx, { name }) => [...tx.nodes({ name })],
  nodesLikeName: (tx, { kind }) => [...tx.nodes({ kind, glob: "n*" })],
  nodesLikeAnyName: (tx) => [...tx.nodeIds({ glob: "*1" })],
  nodesOfKindWithLabel: (tx, { kind, label }) => [...tx.nodeIds({ kind, label })],
  getEdge: (tx, { edge }) => tx.getEdge(edge),
  hasEdge: (tx, { edge }) => tx.hasEdge(edge),
  countEdges: (tx) => tx.countEdges(),
  countType: (tx, { type }) => tx.countEdges({ type }),
  edgesOfType: (tx, { type }) => [...tx.edges({ type })],
  allEdges: (tx) => [...tx.edges({ data: false })],
  edgesOf: (tx, { from, direction }) => tx.edgesOf(from, { direction }),
  typedEdgesOf: (tx, { from, direction, type }) => tx.edgesOf(from, { direction, types: [type], data: false }),
  edgesBetween: (tx, { from, to, direction }) => tx.edgesBetween(from, to, { direction }),
  neighbors: (tx, { from, direction }) => tx.neighbors(from, { direction }),
  typedNeighbors: (tx, { from, direction, type }) => tx.neighbors(from, { direction, types: [type], distinct: false }),
  degree: (tx, { from, direction }) => tx.degree(from, { direction }),
  typedDegree: (tx, { from, type }) => tx.degree(from, { types: [type] }),
  bfs: (tx, { from, direction }) => tx.bfs(from, { direction, depth: 2 }),
  shortestPath: (tx, { from, to }) => tx.shortestPath(from, to),
  matchPattern: (tx, { kind, type }) =>
    tx.matchPattern({ root: { kind }, legs: [{ types: [type], node: { namePrefix: "n", data: { number: 2 } } }] }),
  getKey: (tx, { key }) => tx.kv.get(key),
  hasKey: (tx, { key }) => tx.kv.has(key),
  scan: (tx, { prefix }) => [...tx.kv.scan({ prefix })],
  countKeys: (tx) => tx.kv.count(),
  getVector: (tx, { index, from }) => tx.getVector(index, from),
  search: (tx, { index, number }) => tx.searchVectors(index, [number], { k: 2 }),
  searchInKind: (tx, { index, number, kind }) => tx.searchVectors(index, [number], { k: 2, filter: { kinds: [kind] } }),
  allVectors: (tx, { index }) => [...tx.vectorIndex(index).vectors()],
  indexInfo: (tx, { index }) => tx.vectorIndex(index).info,
  allIndexes: (tx) => tx.vectorIndexes(),
};

/** What a step that writes does. Some decide by what they read. */
const WRITES: Readonly<Record<string, Run>> = {
  insertNode: (tx, { kind, name, label, number }) => tx.insertNode({ kind, name, labels: [label], data: { number } }),
  mergeNode: (tx, { kind, name }) => tx.mergeNode({ kind, name }),
  rename: (tx, { from, name }) => tx.updateNode(from, { name }),
  changeKind: (tx, { from, kind }) => tx.updateNode(from, { kind }),
  setNodeData: (tx, { from, number }) => tx.updateNode(from, { data: { number } }),
  incrementNode: (tx, { from }) =>
    tx.patchNode(from, { number: ((tx.requireNode(from).data as { number?: number }).number ?? 0) + 1 }),
  addLabel: (tx, { from, label }) => tx.addLabel(from, label),
  removeLabel: (tx, { from, label }) => tx.removeLabel(from, label),
  deleteNode: (tx, { from }) => tx.deleteNode(from),
  insertWhenEven: (tx, { kind, name }) => tx.countNodes({ kind }) % 2 === 0 ? tx.insertNode({ kind, name }) : "odd",
  insertEdge: (tx, { from, to, type, number }) => tx.insertEdge({ from, to, type, data: { number } }),
  mergeEdge: (tx, { from, to, type }) => tx.mergeEdge({ from, to, type }),
  changeType: (tx, { edge, type }) => tx.updateEdge(edge, { type }),
  setEdgeData: (tx, { edge, number }) => tx.updateEdge(edge, { data: { number } }),
  deleteEdge: (tx, { edge }) => tx.deleteEdge(edge),
  setKey: (tx, { key, number }) => tx.kv.set(key, number),
  incrementKey: (tx, { key }) => tx.kv.set(key, Number(tx.kv.get(key) ?? 0) + 1),
  deleteKey: (tx, { key }) => tx.kv.delete(key),
  setVector: (tx, { index, from, number }) => tx.setVector(index, from, [number]),
  insertVector: (tx, { index, from, number }) => tx.vectorIndex(index).insert(from, [number]),
  incrementVector: (tx, { index, from }) => tx.setVector(index, from, [(tx.getVector(index, from)?.[0] ?? 0) + 1]),
  deleteVector: (tx, { index, from }) => tx.deleteVector(index, from),
  insertNodeWithVector: (tx, { index, kind, name, number }) => {
    const id = tx.insertNode({ kind, name });
    tx.setVector(index, id, [number]);
    return id;
  },
  deleteNearest: (tx, { index, number }) => {
    const [nearest] = tx.searchVectors(index, [number], { k: 1 });
    return nearest === undefined ? "none" : tx.deleteNode(nearest.nodeId);
  },
  createIndex: (tx, { index }) => tx.createVectorIndex(index, { dimension: 1, metric: "euclidean" }),
  dropIndex: (tx, { index }) => tx.dropVectorIndex(index),
};

const READ_NAMES = Object.keys(READS);
const WRITE_NAMES = Object.keys(WRITES);
const RUNS: Readonly<Record<string, Run>> = { ...READS, ...WRITES };

/** What the functions of one simulation may do: a few operations meet more often than many. */
export interface Repertoire {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Draws one. */
export function randomRepertoire(rng: Rng): Repertoire {
  return {
    reads: Array.from({ length: 6 }, () => rng.pick(READ_NAMES)),
    writes: Array.from({ length: 4 }, () => rng.pick(WRITE_NAMES)),
  };
}

/** Draws a function: mostly a read or two and then a write. */
export function randomSteps(
  rng: Rng,
  { reads, writes }: Repertoire,
  nodeIds: readonly number[],
  edgeIds: readonly number[],
): Step[] {
  const steps: Step[] = [];
  for (let left = rng.between(0, 2); left > 0; left--) steps.push(randomStep(rng, reads, nodeIds, edgeIds));
  for (let left = rng.between(0, 2); left > 0; left--) {
    steps.push(randomStep(rng, writes, nodeIds, edgeIds));
    if (rng.chance(0.2)) steps.push(randomStep(rng, reads, nodeIds, edgeIds));
  }
  return steps;
}

function randomStep(
  rng: Rng,
  operations: readonly string[],
  nodeIds: readonly number[],
  edgeIds: readonly number[],
): Step {
  return {
    operation: rng.pick(operations),
    from: rng.pick(nodeIds),
    to: rng.pick(nodeIds),
    edge: rng.pick(edgeIds),
    kind: rng.pick(KINDS),
    label: rng.pick(LABELS),
    name: rng.pick(NAMES),
    type: rng.pick(TYPES),
    direction: rng.pick(DIRECTIONS),
    key: rng.pick(KEYS),
    prefix: rng.pick(PREFIXES),
    index: rng.pick(INDEXES),
    number: rng.between(1, 1_000),
  };
}

/** Runs a function; gives what each step returned, or the code of the error that it threw. */
export function runSteps(tx: GraphTransaction, steps: readonly Step[]): unknown[] {
  return steps.map((step) => {
    try {
      return (RUNS[step.operation] as Run)(tx, step);
    } catch (error) {
      if (error instanceof GraphError) return error.code;
      throw error;
    }
  });
}

/** The graph that every simulation begins with. Ids are 1 and up. */
export function fillGraph(
  tx: Pick<GraphTransaction, "insertNodes" | "insertEdges" | "createVectorIndex" | "setVector" | "kv">,
): void {
  tx.insertNodes([1, 2, 3, 4, 5].map((number) => ({
    kind: KINDS[number % 2] as string,
    name: NAMES[number % 3] as string,
    labels: number === 3 ? ["x"] : [],
    data: { number },
  })));
  tx.insertEdges([[1, 2], [2, 3], [3, 1], [1, 2], [4, 4]].map(([from, to], at) => ({
    from: from as number,
    to: to as number,
    type: TYPES[at % 2] as string,
    data: { number: at },
  })));
  for (const key of KEYS.slice(0, 3)) tx.kv.set(key, 1);
  tx.createVectorIndex("v", { dimension: 1, metric: "euclidean" });
  for (let id = 1; id <= 3; id++) tx.setVector("v", id, [id]);
}
