/** What definitions say of small graphs. */

import { assert } from "@std/assert";
import type { SmallGraph } from "../support/random_graphs.ts";

/** The graph with weights from 1 on. */
export function heavier(graph: SmallGraph): SmallGraph {
  return { ...graph, edges: graph.edges.map(([from, to, weight]) => [from, to, weight + 1] as const) };
}

/** Links from and to each node: undirected edges are two, undirected self-loops one. */
export function linksOf({ isUndirected, edges }: SmallGraph): (readonly [number, number, number])[] {
  return edges.flatMap(([from, to, weight]) =>
    isUndirected && from !== to ? [[from, to, weight] as const, [to, from, weight] as const] : [[from, to, weight]]
  );
}

/** Entry [a][b]: number of links from a to b, or the sum of their weights. */
export function matrixOf(graph: SmallGraph, isWeighted: boolean): number[][] {
  const matrix = Array.from({ length: graph.size }, () => Array<number>(graph.size).fill(0));
  for (const [from, to, weight] of linksOf(graph)) {
    (matrix[from] as number[])[to] = cell(matrix, from, to) + (isWeighted ? weight : 1);
  }
  return matrix;
}

/** Entry of a matrix. */
export function cell(matrix: readonly (readonly number[])[], row: number, column: number): number {
  return (matrix[row] as readonly number[])[column] as number;
}

/** Distance from each node to each: Floyd and Warshall. */
export function distancesOf(graph: SmallGraph, isWeighted: boolean): number[][] {
  const { size } = graph;
  const distances = Array.from(
    { length: size },
    (_, a) => Array.from({ length: size }, (_, b) => a === b ? 0 : Infinity),
  );
  for (const [from, to, weight] of linksOf(graph)) {
    (distances[from] as number[])[to] = Math.min(cell(distances, from, to), isWeighted ? weight : 1);
  }
  for (let via = 0; via < size; via++) {
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        const around = cell(distances, a, via) + cell(distances, via, b);
        if (around < cell(distances, a, b)) (distances[a] as number[])[b] = around;
      }
    }
  }
  return distances;
}

/** Number of shortest paths from each node to each; parallel links are separate. */
export function pathCountsOf(graph: SmallGraph, isWeighted: boolean): number[][] {
  const { size } = graph;
  const distances = distancesOf(graph, isWeighted);
  const links = linksOf(graph);
  return Array.from({ length: size }, (_, start) => {
    const counts = Array<number>(size).fill(0);
    counts[start] = 1;
    const far = Array.from({ length: size }, (_, node) => node).filter((node) => node !== start);
    for (const node of far.sort((a, b) => cell(distances, start, a) - cell(distances, start, b))) {
      if (cell(distances, start, node) === Infinity) continue;
      for (const [from, to, weight] of links) {
        const isLast = cell(distances, start, from) + (isWeighted ? weight : 1) === cell(distances, start, node);
        if (to === node && from !== node && isLast) counts[node] = (counts[node] as number) + (counts[from] as number);
      }
    }
    return counts;
  });
}

/** Of all ordered pairs of other nodes, the part of the shortest paths through each node. */
export function betweennessOf(graph: SmallGraph, isWeighted: boolean): number[] {
  const { size } = graph;
  const distances = distancesOf(graph, isWeighted);
  const counts = pathCountsOf(graph, isWeighted);
  return Array.from({ length: size }, (_, node) => {
    let sum = 0;
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        if (a === b || a === node || b === node || cell(distances, a, b) === Infinity) continue;
        if (cell(distances, a, node) + cell(distances, node, b) !== cell(distances, a, b)) continue;
        sum += cell(counts, a, node) * cell(counts, node, b) / cell(counts, a, b);
      }
    }
    return sum;
  });
}

/** Of all ordered pairs of nodes, the part of the shortest paths along each edge. */
export function edgeBetweennessOf(graph: SmallGraph, isWeighted: boolean): number[] {
  const { size } = graph;
  const distances = distancesOf(graph, isWeighted);
  const counts = pathCountsOf(graph, isWeighted);
  return graph.edges.map(([from, to, weight]) => {
    const length = isWeighted ? weight : 1;
    let sum = 0;
    for (
      const [head, tail] of graph.isUndirected && from !== to
        ? [[from, to], [to, from]] as const
        : [[from, to]] as const
    ) {
      for (let a = 0; a < size; a++) {
        for (let b = 0; b < size; b++) {
          if (a === b || from === to || cell(distances, a, b) === Infinity) continue;
          if (cell(distances, a, head) + length + cell(distances, tail, b) !== cell(distances, a, b)) continue;
          sum += cell(counts, a, head) * cell(counts, tail, b) / cell(counts, a, b);
        }
      }
    }
    return sum;
  });
}

/** The solution x of A x = b: Gauss, with pivots. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] as number]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column; row < size; row++) {
      if (Math.abs(cell(rows, row, column)) > Math.abs(cell(rows, pivot, column))) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = cell(rows, row, column) / cell(rows, column, column);
      for (let at = column; at <= size; at++) {
        (rows[row] as number[])[at] = cell(rows, row, at) - factor * cell(rows, column, at);
      }
    }
  }
  return rows.map((row, at) => (row[size] as number) / (row[at] as number));
}

/** Asserts that numbers are equal but for rounding. */
export function assertNear(found: ArrayLike<number>, expected: ArrayLike<number>, by = 1e-9): void {
  assert(found.length === expected.length, `${found.length} numbers, not ${expected.length}`);
  for (let at = 0; at < found.length; at++) {
    const [a, b] = [found[at] as number, expected[at] as number];
    assert(Math.abs(a - b) <= by * Math.max(1, Math.abs(b)), `number ${at} is ${a}, not ${b}`);
  }
}
