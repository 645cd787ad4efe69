/** Point traversals over any backend: one implementation, so that every backend gives the same answer in the same order. */

import { equalJson, type JsonObject, type JsonValue } from "./json.ts";
import type { Direction, NodePattern } from "./query.ts";
import type { CheckedEdgeFilter, CheckedPattern } from "./validate.ts";

/** What a traversal asks of a backend. Ids that come in are known to be valid. */
export interface AdjacencySource {
  /** Distinct neighbours, ascending; no types means all. */
  neighborIds(id: number, direction: Direction, types: readonly string[] | undefined): number[];
  /** Kind of an existing node. */
  kindOf(id: number): string | undefined;
  /** Name of an existing node. */
  nameOf(id: number): string | undefined;
  /** `data` of an existing node. */
  dataOf(id: number): JsonValue | undefined;
}

/** Nodes reached from the start, breadth-first, the start first; nothing when no edge type may pass. */
export function breadthFirst(
  source: AdjacencySource,
  start: number,
  depth: number,
  filter: CheckedEdgeFilter,
): number[] {
  if (filter.types?.length === 0) return [];
  const order = [start];
  const seen = new Set(order);
  let levelEnd = 1;
  for (let at = 0, level = 0; at < order.length && level < depth; level++) {
    for (; at < levelEnd; at++) {
      for (const neighbor of source.neighborIds(order[at] as number, filter.direction, filter.types)) {
        if (seen.has(neighbor)) continue;
        seen.add(neighbor);
        order.push(neighbor);
      }
    }
    levelEnd = order.length;
  }
  return order;
}

/** Nodes at distance 1 to `depth`, by distance, then id. */
export function kHop(source: AdjacencySource, start: number, depth: number, filter: CheckedEdgeFilter): number[] {
  const reached: number[] = [];
  const seen = new Set([start]);
  let level = [start];
  for (let distance = 0; distance < depth && level.length > 0; distance++) {
    const next: number[] = [];
    for (const id of level) {
      for (const neighbor of source.neighborIds(id, filter.direction, filter.types)) {
        if (seen.has(neighbor)) continue;
        seen.add(neighbor);
        next.push(neighbor);
      }
    }
    next.sort((a, b) => a - b);
    for (const id of next) reached.push(id);
    level = next;
  }
  return reached;
}

/** A path with the fewest edges: the one that a breadth-first search with ascending neighbours finds first. */
export function shortestPath(
  source: AdjacencySource,
  from: number,
  to: number,
  filter: CheckedEdgeFilter,
): number[] | undefined {
  if (from === to) return [from];
  const parents = new Map<number, number>([[from, 0]]);
  const queue = [from];
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at] as number;
    for (const neighbor of source.neighborIds(id, filter.direction, filter.types)) {
      if (parents.has(neighbor)) continue;
      parents.set(neighbor, id);
      if (neighbor === to) return pathTo(parents, to);
      queue.push(neighbor);
    }
  }
  return undefined;
}

function pathTo(parents: ReadonlyMap<number, number>, to: number): number[] {
  const path = [to];
  for (let id = parents.get(to) as number; id !== 0; id = parents.get(id) as number) path.push(id);
  return path.reverse();
}

/** Where the steps lead: distinct ids, ascending. */
export function chain(
  source: AdjacencySource,
  start: number,
  steps: readonly (CheckedEdgeFilter & { readonly kind: string | undefined })[],
): number[] {
  let current = [start];
  for (const { direction, types, kind } of steps) {
    const next = new Set<number>();
    for (const id of current) {
      for (const neighbor of source.neighborIds(id, direction, types)) next.add(neighbor);
    }
    current = [...next].sort((a, b) => a - b);
    if (kind !== undefined) current = current.filter((id) => source.kindOf(id) === kind);
  }
  return current;
}

/** Matches of a pattern whose root is one of `roots` (ascending), in lexicographic order, at most `limit`. */
export function matchPattern(
  source: AdjacencySource,
  roots: Iterable<number>,
  pattern: CheckedPattern,
  limit: number,
): number[][] {
  const matches: number[][] = [];
  if (limit === 0) return matches;
  const sequence: number[] = [];
  // Depth-first with an explicit stack of candidate lists: 1,000 legs must not depend on the size of the call stack.
  for (const root of roots) {
    if (!matchesNode(source, root, pattern.root)) continue;
    const stack: { candidates: number[]; at: number }[] = [{ candidates: [root], at: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1) as { candidates: number[]; at: number };
      const id = top.candidates[top.at++];
      if (id === undefined) {
        stack.pop();
        sequence.pop();
        continue;
      }
      const position = stack.length - 1;
      const leg = pattern.legs[position - 1];
      if (leg !== undefined && !matchesNode(source, id, leg.node)) continue;
      sequence[position] = id;
      const next = pattern.legs[position];
      if (next === undefined) {
        if (matches.push(sequence.slice(0, position + 1)) >= limit) return matches;
      } else stack.push({ candidates: source.neighborIds(id, next.direction, next.types), at: 0 });
    }
  }
  return matches;
}

function matchesNode(source: AdjacencySource, id: number, pattern: NodePattern): boolean {
  if (pattern.kind !== undefined && source.kindOf(id) !== pattern.kind) return false;
  if (pattern.namePrefix !== undefined && !source.nameOf(id)?.startsWith(pattern.namePrefix)) return false;
  if (pattern.data === undefined) return true;
  const data = source.dataOf(id);
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  const wanted = pattern.data;
  return Object.keys(wanted).every((field) =>
    Object.hasOwn(data, field) && equalJson((data as JsonObject)[field] as JsonValue, wanted[field] as JsonValue)
  );
}
