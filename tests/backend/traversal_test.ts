/** The shared traversals over a plain list of edges: the same answers as the model, on larger graphs than the contract's. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { JsonValue } from "../../lib/backend/json.ts";
import type { EdgeRecord, NodeRecord } from "../../lib/backend/schema.ts";
import {
  type AdjacencySource,
  breadthFirst,
  chain,
  kHop,
  matchPattern,
  shortestPath,
} from "../../lib/backend/traversal.ts";
import { DIRECTIONS, TraversalModel } from "../contract/traversal_model.ts";
import { test } from "../support/test.ts";

const TYPES = ["A", "B", "C"] as const;

const graph = fc.record({
  kinds: fc.array(fc.constantFrom("K", "L"), { minLength: 1, maxLength: 20 }),
  edges: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(...TYPES)), { maxLength: 50 }),
}).map(({ kinds, edges }) => {
  const nodes = kinds.map((kind, at): NodeRecord => ({ id: at * 3 + 1, kind, name: `${at % 4}`, data: { n: at % 2 } }));
  const end = (n: number) => nodes[n % nodes.length]!.id;
  return new TraversalModel(
    nodes,
    edges.map(([from, to, type], at): EdgeRecord => ({ id: at + 1, from: end(from), to: end(to), type, data: {} })),
  );
});

const filter = fc.record({
  direction: fc.constantFrom(...DIRECTIONS),
  types: fc.option(fc.subarray([...TYPES]), { nil: undefined }),
});

function sourceOf(model: TraversalModel): AdjacencySource {
  const nodeOf = (id: number) => model.nodes.find((node) => node.id === id);
  return {
    neighborIds: (id, direction, types) => model.neighbors(id, { direction, types }),
    kindOf: (id) => nodeOf(id)?.kind,
    nameOf: (id) => nodeOf(id)?.name,
    dataOf: (id) => nodeOf(id)?.data as JsonValue | undefined,
  };
}

test("breadth-first search, k-hop and shortest path agree with the model", () => {
  fc.assert(
    fc.property(
      graph,
      filter,
      fc.nat(),
      fc.nat(),
      fc.constantFrom(0, 1, 2, 3, Infinity),
      (model, edges, a, b, depth) => {
        const source = sourceOf(model);
        const [from, to] = [a, b].map((at) => model.nodes[at % model.nodes.length]!.id) as [number, number];
        assertEquals(breadthFirst(source, from, depth, edges), model.bfs(from, { ...edges, depth }));
        assertEquals(kHop(source, from, depth, edges), model.kHop(from, depth, edges));
        assertEquals(shortestPath(source, from, to, edges), model.shortestPath(from, to, edges));
      },
    ),
    { numRuns: 300 },
  );
});

test("chains agree with the model", () => {
  const steps = fc.array(
    fc.tuple(filter, fc.constantFrom(undefined, "K", "L", "NONE")).map(([edges, kind]) => ({ ...edges, kind })),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(graph, steps, fc.nat(), (model, way, at) => {
      const start = model.nodes[at % model.nodes.length]!.id;
      assertEquals(chain(sourceOf(model), start, way), model.chain(start, way));
    }),
    { numRuns: 300 },
  );
});

test("patterns agree with the model, whatever the roots and the limit", () => {
  const node = fc.record({
    kind: fc.constantFrom("K", "L"),
    namePrefix: fc.constantFrom("", "1", "2"),
    data: fc.record({ n: fc.constantFrom(0, 1) }),
  }, { requiredKeys: [] });
  const legs = fc.array(fc.tuple(filter, node).map(([edges, end]) => ({ ...edges, node: end })), { maxLength: 2 });
  fc.assert(
    fc.property(graph, node, legs, fc.constantFrom(0, 1, 5, Infinity), (model, root, way, limit) => {
      const roots = model.nodes.map(({ id }) => id);
      const expected = model.matchPattern({ root, legs: way });
      assertEquals(matchPattern(sourceOf(model), roots, { root, legs: way }, limit), expected.slice(0, limit));
      const [start] = roots.slice(-1);
      const fromStart = model.matchPattern({ root, legs: way }, start);
      assertEquals(matchPattern(sourceOf(model), [start!], { root, legs: way }, Infinity), fromStart);
    }),
    { numRuns: 300 },
  );
});
