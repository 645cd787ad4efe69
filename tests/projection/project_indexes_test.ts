/** Projections of edges between dense indexes. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { type Adjacency, projectEdges, projectIndexes, type Projection } from "../../lib/projection/mod.ts";
import { test } from "../support/test.ts";

interface Plan {
  readonly nodeCount: number;
  readonly ends: readonly (readonly [number, number, number])[];
}

const plans: fc.Arbitrary<Plan> = fc.integer({ min: 1, max: 8 }).chain((nodeCount) =>
  fc.record({
    nodeCount: fc.constant(nodeCount),
    ends: fc.array(fc.tuple(fc.nat(nodeCount - 1), fc.nat(nodeCount - 1), fc.nat(9)), { maxLength: 30 }),
  })
);

interface Flags {
  readonly undirected: boolean;
  readonly simple: boolean;
  readonly edgeIds: boolean;
}

const flags: fc.Arbitrary<Flags> = fc.record({
  undirected: fc.boolean(),
  simple: fc.boolean(),
  edgeIds: fc.boolean(),
});

/** Rows of [target, edge, weight], by sorting all links. */
function expectedRows({ nodeCount, ends }: Plan, { undirected, simple }: Flags, isReverse: boolean): number[][][] {
  const rows: number[][][] = Array.from({ length: nodeCount }, () => []);
  ends.forEach(([from, to, weight], at) => {
    const [source, target] = isReverse ? [to, from] : [from, to];
    rows[source]?.push([target, at + 1, weight]);
    if (undirected && source !== target) rows[target]?.push([source, at + 1, weight]);
  });
  return rows.map((row, source) => {
    const sorted = row.sort(([a = 0, x = 0], [b = 0, y = 0]) => a - b || x - y);
    return simple ? sorted.filter(([to], at) => to !== source && to !== sorted[at - 1]?.[0]) : sorted;
  });
}

function rowsOf({ offsets, targets, edgeIds, weights }: Adjacency): (number | undefined)[][][] {
  return Array.from(offsets.subarray(0, -1), (start, node) => {
    const places = Array.from({ length: (offsets[node + 1] as number) - start }, (_, at) => start + at);
    return places.map((at) => [targets[at], edgeIds?.[at], weights?.[at]]);
  });
}

function indexed({ nodeCount, ends }: Plan, options: Flags, firstId?: number): Projection {
  return projectIndexes({
    nodeCount,
    sources: Uint32Array.from(ends, ([from]) => from),
    targets: Uint32Array.from(ends, ([, to]) => to),
    weights: Float64Array.from(ends, ([, , weight]) => weight),
    firstId,
    ...options,
  });
}

test("rows hold the links of their node by target and edge", () => {
  fc.assert(fc.property(plans, flags, (plan, options) => {
    const projection = indexed(plan, options);
    for (const isReverse of [false, true]) {
      const expected = expectedRows(plan, options, isReverse).map((row) =>
        row.map(([target, edge, weight]) => [target, options.edgeIds ? edge : undefined, weight])
      );
      assertEquals(rowsOf(isReverse ? projection.in : projection.out), expected);
    }
    const edges = new Set(expectedRows(plan, options, false).flat().map(([, edge]) => edge));
    assertEquals(projection.edgeCount, edges.size);
  }));
});

test("edges by id and by index give the same projection", () => {
  fc.assert(fc.property(plans, flags, (plan, options) => {
    const firstId = 5;
    const byIndex = indexed(plan, options, firstId);
    const byId = projectEdges({
      nodeIds: Array.from({ length: plan.nodeCount }, (_, index) => firstId + index),
      from: plan.ends.map(([from]) => from + firstId),
      to: plan.ends.map(([, to]) => to + firstId),
      weights: plan.ends.map(([, , weight]) => weight),
      ...options,
    });
    assertEquals([...byIndex.nodeIds], [...byId.nodeIds]);
    assertEquals(rowsOf(byIndex.out), rowsOf(byId.out));
    assertEquals(byIndex.edgeCount, byId.edgeCount);
  }));
});

test("links without weights and edges are the same links", () => {
  fc.assert(fc.property(plans, flags, (plan, options) => {
    const bare = projectIndexes({
      nodeCount: plan.nodeCount,
      sources: Uint32Array.from(plan.ends, ([from]) => from),
      targets: Uint32Array.from(plan.ends, ([, to]) => to),
      ...options,
      edgeIds: false,
    });
    assertEquals([...bare.out.targets], [...indexed(plan, options).out.targets]);
    assertEquals(bare.hasWeights, false);
  }));
});

test("edges that are no edges between the nodes are refused", () => {
  const one = Uint32Array.of(1);
  const good = { nodeCount: 2, sources: one, targets: one };
  for (
    const bad of [
      { ...good, nodeCount: 1 },
      { ...good, nodeCount: -1 },
      { ...good, sources: [1] as unknown as Uint32Array },
      { ...good, targets: new Uint32Array(2) },
      { ...good, weights: new Float64Array(2) },
      { ...good, weights: Float64Array.of(NaN) },
      { ...good, firstId: 0 },
      { ...good, simple: 1 as unknown as boolean },
    ]
  ) assertThrows(() => projectIndexes(bad), InvalidArgumentError);
});
