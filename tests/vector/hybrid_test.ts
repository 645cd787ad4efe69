import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type EdgeFilter,
  type GraphReader,
  InvalidArgumentError,
  NotFoundError,
  open,
  searchAndExpand,
  searchNear,
} from "../../mod.ts";
import { test } from "../support/test.ts";

const ENGINES = ["v3", "sqlite"] as const;

/** A small random graph: every node has a point on a line, or none. */
interface Drawing {
  readonly points: readonly (number | null)[];
  readonly edges: readonly (readonly [from: number, to: number, type: string])[];
}

const drawings: fc.Arbitrary<Drawing> = fc.integer({ min: 1, max: 9 }).chain((count) => {
  const place = fc.integer({ min: 0, max: count - 1 });
  return fc.record({
    points: fc.array(fc.option(fc.integer({ min: -6, max: 6 })), { minLength: count, maxLength: count }),
    edges: fc.array(fc.tuple(place, place, fc.constantFrom("A", "B")), { maxLength: 2 * count, size: "max" }),
  });
});

const edgeFilters: fc.Arbitrary<EdgeFilter> = fc.record({
  direction: fc.constantFrom("out" as const, "in" as const, "both" as const, undefined),
  types: fc.constantFrom(undefined, ["A"], ["A", "B"], []),
});

/** Opens the drawn graph; the ids of its nodes are their places plus 1. */
function draw(backend: "v3" | "sqlite", { points, edges }: Drawing) {
  const db = open(":memory:", { backend });
  db.transaction((tx) => {
    tx.createVectorIndex("line", { dimension: 1, metric: "euclidean" });
    const ids = tx.insertNodes(points.map((_point, at) => ({ kind: at % 2 === 0 ? "Even" : "Odd", name: String(at) })));
    for (const [from, to, type] of edges) tx.insertEdge({ from: ids[from] as number, to: ids[to] as number, type });
    points.forEach((point, at) => {
      if (point !== null) tx.setVector("line", ids[at] as number, [point]);
    });
  });
  return db;
}

/** Hops from one node to all others, by relaxing every edge until nothing changes. */
function hopsFrom({ points, edges }: Drawing, start: number, { direction = "out", types }: EdgeFilter): number[] {
  const hops = points.map((_point, at) => at + 1 === start ? 0 : Infinity);
  for (let round = 0; round < points.length; round++) {
    for (const [from, to, type] of edges) {
      if (types !== undefined && !types.includes(type)) continue;
      const relax = (a: number, b: number) => hops[b] = Math.min(hops[b] as number, (hops[a] as number) + 1);
      if (direction !== "in") relax(from, to);
      if (direction !== "out") relax(to, from);
    }
  }
  return hops;
}

/** All nodes with a point, by distance from the query, then id. */
function nearest({ points }: Drawing, query: number): { nodeId: number; distance: number }[] {
  return points.flatMap((point, at) => point === null ? [] : [{ nodeId: at + 1, distance: Math.abs(point - query) }])
    .sort((one, other) => one.distance - other.distance || one.nodeId - other.nodeId);
}

for (const backend of ENGINES) {
  test(`searchNear finds what comparing all nodes within the hops finds (${backend})`, () => {
    const cases = fc.record({
      drawing: drawings,
      edges: edgeFilters,
      query: fc.integer({ min: -6, max: 6 }),
      starts: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      hops: fc.integer({ min: 0, max: 4 }),
      k: fc.integer({ min: 1, max: 5 }),
      allowed: fc.option(fc.array(fc.integer({ min: 1, max: 12 })), { nil: undefined }),
      onlyEven: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ drawing, edges, query, starts, hops, k, allowed, onlyEven }) => {
        using db = draw(backend, drawing);
        const from = starts.map((start) => 1 + start % drawing.points.length);
        const distances = from.map((id) => hopsFrom(drawing, id, edges));
        const expected = nearest(drawing, query).filter(({ nodeId }) =>
          distances.some((list) => (list[nodeId - 1] as number) <= hops) &&
          (allowed === undefined || allowed.includes(nodeId)) && (!onlyEven || nodeId % 2 === 1)
        ).slice(0, k);
        const filter = allowed === undefined && !onlyEven
          ? undefined
          : { nodeIds: allowed, kinds: onlyEven ? ["Even"] : undefined };
        const options = { ...edges, from: from.length === 1 ? from[0] as number : from, hops, k, filter };
        assertEquals(searchNear(db, "line", [query], options), expected);
        assertEquals(searchNear(db, "line", [query], { ...options, exact: true }), expected);
      }),
      { numRuns: 60 },
    );
  });

  test(`searchAndExpand gives each node once, to the nearest hit that reaches it (${backend})`, () => {
    const cases = fc.record({
      drawing: drawings,
      edges: edgeFilters,
      query: fc.integer({ min: -6, max: 6 }),
      hops: fc.integer({ min: 0, max: 4 }),
      k: fc.integer({ min: 1, max: 4 }),
      limit: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(cases, ({ drawing, edges, query, hops, k, limit }) => {
        using db = draw(backend, drawing);
        const hits = nearest(drawing, query).slice(0, k);
        const taken = new Set(hits.map(({ nodeId }) => nodeId));
        const expected = hits.flatMap(({ nodeId: from, distance }) => {
          const brought = hopsFrom(drawing, from, edges)
            .map((count, at) => ({ nodeId: at + 1, distance, hops: count, from }))
            .filter((row) => row.hops <= hops && !taken.has(row.nodeId))
            .sort((one, other) => one.hops - other.hops || one.nodeId - other.nodeId)
            .slice(0, limit);
          for (const { nodeId } of brought) taken.add(nodeId);
          return [{ nodeId: from, distance, hops: 0, from }, ...brought];
        });
        assertEquals(searchAndExpand(db, "line", [query], { k, expand: { ...edges, hops, limit } }), expected);
      }),
      { numRuns: 60 },
    );
  });
}

/** 1 → 2 → 3, with points 5, 1 and 0. */
function line(): ReturnType<typeof draw> {
  return draw("v3", { points: [5, 1, 0], edges: [[0, 1, "A"], [1, 2, "A"]] });
}

/** What a search at 0 finds and brings, as [node, hops, from]. */
function expanded(drawing: Drawing, k: number, expand: { readonly hops?: number; readonly limit?: number }) {
  using db = draw("v3", drawing);
  return searchAndExpand(db, "line", [0], { k, expand }).map(({ nodeId, hops, from }) => [nodeId, hops, from]);
}

test("what a nearer hit reaches from afar does not end the walk of a hit that is next to it", () => {
  // 1 → 3 → 4 → 5 and 2 → 4: two hops from 1 end at 4, two hops from 2 at 5.
  const drawing: Drawing = {
    points: [0, 1, null, null, null],
    edges: [[0, 2, "A"], [2, 3, "A"], [3, 4, "A"], [1, 3, "A"]],
  };
  assertEquals(expanded(drawing, 2, { hops: 2 }), [[1, 0, 1], [3, 1, 1], [4, 2, 1], [2, 0, 2], [5, 2, 2]]);
});

test("what the limit of a nearer hit leaves out can come with another", () => {
  const drawing: Drawing = { points: [0, 1, null, null], edges: [[0, 2, "A"], [0, 3, "A"], [1, 3, "A"]] };
  assertEquals(expanded(drawing, 2, { limit: 1 }), [[1, 0, 1], [3, 1, 1], [2, 0, 2], [4, 1, 2]]);
  assertEquals(expanded(drawing, 2, { limit: 0 }), [[1, 0, 1], [2, 0, 2]]);
});

test("nodes that are equally far come by id, not by the way to them", () => {
  const edges: Drawing["edges"] = [[0, 1, "A"], [0, 2, "A"], [1, 4, "A"], [2, 3, "A"]];
  const drawing: Drawing = { points: [0, null, null, null, null], edges };
  assertEquals(expanded(drawing, 1, { hops: 2 }).map(([nodeId]) => nodeId), [1, 2, 3, 4, 5]);
});

test("hybrid reads answer in a transaction and on a snapshot as well", () => {
  using db = line();
  using before = db.snapshot();
  const near = (graph: GraphReader) => searchNear(graph, "line", [0], { from: 1, hops: 1 }).map(({ nodeId }) => nodeId);
  db.transaction((tx) => {
    tx.insertEdge({ from: 1, to: 3, type: "A" });
    assertEquals(near(tx), [3, 2, 1]);
  });
  assertEquals(near(db), [3, 2, 1]);
  assertEquals(near(before), [2, 1]);
  assertEquals(searchAndExpand(before, "line", [4], { k: 1 }).map(({ nodeId }) => nodeId), [1, 2]);
});

test("hybrid reads refuse what makes no sense and name it", () => {
  using db = line();
  const near = (options: object) => () => searchNear(db, "line", [0], { from: 1, hops: 1, ...options });
  assertThrows(near({ from: 9 }), NotFoundError, "searchNear: there is no node 9");
  assertThrows(near({ from: [1, -1] }), InvalidArgumentError, "from");
  assertThrows(near({ hops: 1.5 }), InvalidArgumentError, "hops");
  assertThrows(near({ direction: "up" }), InvalidArgumentError, "direction");
  assertThrows(near({ k: 0 }), InvalidArgumentError, "k");
  assertThrows(near({ filter: { kind: "Even" } }), InvalidArgumentError, "filter.kind");
  assertThrows(() => searchNear(db, "plane", [0], { from: 1, hops: 1 }), NotFoundError, "plane");
  const expand = (options: object) => () => searchAndExpand(db, "line", [0], { expand: options });
  assertThrows(expand({ hops: -1 }), InvalidArgumentError, "expand.hops");
  assertThrows(expand({ limit: "2" }), InvalidArgumentError, "expand.limit");
  assertThrows(expand({ types: "A" }), InvalidArgumentError, "types");
  assertThrows(() => searchAndExpand(db, "line", [0, 1]), InvalidArgumentError, "dimension");
});

test("a signal ends the walk of a hybrid read", () => {
  using db = line();
  const aborted = AbortSignal.abort(new Error("enough"));
  assertThrows(() => searchNear(db, "line", [0], { from: 1, hops: 1, signal: aborted }), Error, "enough");
  assertThrows(() => searchAndExpand(db, "line", [0], { signal: aborted }), Error, "enough");
});
