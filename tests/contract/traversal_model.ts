/** What the traversals must answer, in the plainest code there is: lists of nodes and edges, no index, no cleverness. */

import { equalJson, type JsonObject, type JsonValue } from "../../lib/backend/json.ts";
import type {
  ChainStep,
  Direction,
  EdgeFilter,
  GraphPattern,
  NeighborOptions,
  NodePattern,
} from "../../lib/backend/query.ts";
import type { EdgeRecord, NodeRecord } from "../../lib/backend/schema.ts";

/** A graph as two lists. */
export class TraversalModel {
  readonly nodes: readonly NodeRecord[];
  readonly edges: readonly EdgeRecord[];

  constructor(nodes: readonly NodeRecord[], edges: readonly EdgeRecord[]) {
    this.nodes = nodes;
    this.edges = edges;
  }

  edgesOf(id: number, { direction = "out", types }: EdgeFilter = {}): EdgeRecord[] {
    const passing = this.edges.filter((edge) =>
      (types === undefined || types.includes(edge.type)) &&
      ((direction !== "in" && edge.from === id) || (direction !== "out" && edge.to === id))
    );
    return passing.toSorted((a, b) => otherEnd(a, id) - otherEnd(b, id) || a.id - b.id);
  }

  edgesBetween(from: number, to: number, { direction = "out", types }: EdgeFilter = {}): EdgeRecord[] {
    const passing = this.edges.filter((edge) =>
      (types === undefined || types.includes(edge.type)) &&
      ((direction !== "in" && edge.from === from && edge.to === to) ||
        (direction !== "out" && edge.from === to && edge.to === from))
    );
    return passing.toSorted((a, b) => a.id - b.id);
  }

  neighbors(id: number, { distinct = true, ...filter }: NeighborOptions = {}): number[] {
    const ends = this.edgesOf(id, filter).map((edge) => otherEnd(edge, id));
    return distinct ? [...new Set(ends)] : ends;
  }

  degree(id: number, { direction = "out", types }: EdgeFilter = {}): number {
    if (direction === "both") {
      return this.degree(id, { direction: "out", types }) + this.degree(id, { direction: "in", types });
    }
    return this.edgesOf(id, { direction, types }).length;
  }

  bfs(
    start: number,
    { depth = Infinity, ...filter }: EdgeFilter & { readonly depth?: number | undefined } = {},
  ): number[] {
    if (filter.types?.length === 0) return [];
    return this.#discovery(start, filter).filter((step) => step.distance <= depth).map((step) => step.id);
  }

  kHop(start: number, depth: number, filter: EdgeFilter = {}): number[] {
    return this.#discovery(start, filter)
      .filter((step) => step.distance >= 1 && step.distance <= depth)
      .toSorted((a, b) => a.distance - b.distance || a.id - b.id)
      .map((step) => step.id);
  }

  shortestPath(from: number, to: number, filter: EdgeFilter = {}): number[] | undefined {
    let step = this.#discovery(from, filter).find((found) => found.id === to);
    if (step === undefined) return undefined;
    const path: number[] = [];
    for (; step !== undefined; step = step.parent) path.unshift(step.id);
    return path;
  }

  chain(start: number, steps: readonly ChainStep[]): number[] {
    let current = [start];
    for (const { kind, ...filter } of steps) {
      const reached = new Set(current.flatMap((id) => this.neighbors(id, filter)));
      current = this.nodes.filter((node) => reached.has(node.id) && (kind === undefined || node.kind === kind)).map(
        idOf,
      );
    }
    return current;
  }

  matchPattern(pattern: GraphPattern, start?: number): number[][] {
    let sequences = this.nodes
      .filter((node) => (start === undefined || node.id === start) && this.#isMatch(node.id, pattern.root))
      .map((node) => [node.id]);
    for (const { node, ...filter } of pattern.legs ?? []) {
      sequences = sequences.flatMap((sequence) =>
        this.neighbors(sequence.at(-1)!, filter).filter((id) => this.#isMatch(id, node)).map((id) => [...sequence, id])
      );
    }
    return sequences.toSorted(lexicographic);
  }

  #discovery(start: number, filter: EdgeFilter): Step[] {
    const steps: Step[] = [{ id: start, distance: 0, parent: undefined }];
    for (const step of steps) {
      for (const id of this.neighbors(step.id, filter)) {
        if (steps.some((known) => known.id === id)) continue;
        steps.push({ id, distance: step.distance + 1, parent: step });
      }
    }
    return steps;
  }

  #isMatch(id: number, pattern: NodePattern = {}): boolean {
    const node = this.nodes.find((candidate) => candidate.id === id)!;
    const data = node.data as JsonValue;
    const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
    return (pattern.kind === undefined || node.kind === pattern.kind) &&
      (pattern.namePrefix === undefined || node.name.startsWith(pattern.namePrefix)) &&
      (pattern.data === undefined || isObject) &&
      Object.entries(pattern.data ?? {}).every(([field, value]) =>
        Object.hasOwn(data as JsonObject, field) && equalJson((data as JsonObject)[field]!, value)
      );
  }
}

interface Step {
  readonly id: number;
  readonly distance: number;
  readonly parent: Step | undefined;
}

const idOf = (node: NodeRecord): number => node.id;

function otherEnd(edge: EdgeRecord, id: number): number {
  return edge.from === id ? edge.to : edge.from;
}

function lexicographic(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((id, index) => id !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

/** Every direction. */
export const DIRECTIONS: readonly Direction[] = ["out", "in", "both"];
