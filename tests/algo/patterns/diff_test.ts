/** Differences of graphs, and what they break. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { diffGraphs, diffProjections, type ProjectionDiff, validateRefactor } from "../../../lib/algo/patterns/mod.ts";
import { open } from "../../../lib/graph/open.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";

type Edge = readonly [from: number, to: number, weight: number];

/** Edges between nodes 1 to 6, of which some exist. */
interface Some {
  readonly nodes: readonly number[];
  readonly edges: readonly Edge[];
}

const some: fc.Arbitrary<Some> = fc.record({
  nodes: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
  edges: fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.nat(2)), { maxLength: 10 }),
}).map(({ nodes, edges }) => ({
  nodes,
  edges: edges.map(([a, b, weight]) => [nodes[a % nodes.length] as number, nodes[b % nodes.length] as number, weight]),
}));

function project({ nodes, edges }: Some, undirected: boolean, weighted: boolean): Projection {
  return projectEdges({
    nodeIds: nodes,
    from: edges.map(([from]) => from),
    to: edges.map(([, to]) => to),
    weights: weighted ? edges.map(([, , weight]) => weight) : undefined,
    undirected,
  });
}

/** Edges as texts with how often each occurs. */
function counted({ edges }: Some, undirected: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [from, to] of edges) {
    const key = (undirected && to < from ? [to, from] : [from, to]).join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keys({ from, to }: ProjectionDiff["addedEdges"]): string[] {
  return [...from].map((id, at) => `${id} ${to[at]}`);
}

/** What is more often in one than in the other. */
function more(one: Map<string, number>, other: Map<string, number>): string[] {
  return [...one].flatMap(([key, count]) => new Array<string>(Math.max(0, count - (other.get(key) ?? 0))).fill(key))
    .sort();
}

test("a difference has what one graph has more of than the other", () => {
  fc.assert(fc.property(some, some, fc.boolean(), fc.boolean(), (one, other, undirected, weighted) => {
    const [before, after] = [project(one, undirected, weighted), project(other, undirected, weighted)];
    const diff = diffProjections(before, { after });
    const sorted = (nodes: readonly number[]) => nodes.toSorted((a, b) => a - b);
    assertEquals([...diff.addedNodes], sorted(other.nodes.filter((id) => !one.nodes.includes(id))));
    assertEquals([...diff.removedNodes], sorted(one.nodes.filter((id) => !other.nodes.includes(id))));
    const [first, second] = [counted(one, undirected), counted(other, undirected)];
    assertEquals(keys(diff.addedEdges), more(second, first));
    assertEquals(keys(diff.removedEdges), more(first, second));
    assertEquals(diff.keptEdgeCount, one.edges.length - diff.removedEdges.count);
    assertEquals(diff.keptNodeCount, one.nodes.length - diff.removedNodes.length);
    const kept = diff.keptEdgeCount + diff.keptNodeCount;
    const either = one.nodes.length + other.nodes.length + one.edges.length + other.edges.length - kept;
    assertEquals(diff.similarity, kept / either);
    if (!weighted) assertEquals(diff.changedEdges.count, 0);
    assertEquals(diffProjections(before, { after: before }).isEqual, true);
    assertEquals(diff.isEqual, diff.similarity === 1 && diff.changedEdges.count === 0);
  }));
});

test("weights that changed are told with both values", () => {
  const before = projectEdges({ from: [1, 2], to: [2, 3], weights: [5, 6], undirected: true });
  const after = projectEdges({ from: [1, 2], to: [2, 3], weights: [5, 7], undirected: true });
  const { changedEdges, isEqual } = diffProjections(before, { after });
  assertEquals([changedEdges.count, [...changedEdges.from], [...changedEdges.before], [...changedEdges.after]], [
    1,
    [2],
    [6],
    [7],
  ]);
  assertEquals(isEqual, false);
});

test("with edge ids an edge is the one with its id", () => {
  using db = open(":memory:");
  const [a, b] = db.insertNodes(["a", "b"].map((name) => ({ kind: "N", name }))) as [number, number];
  const [gone, kept] = db.insertEdges([{ from: a, to: b, type: "T" }, { from: a, to: b, type: "T" }]) as [
    number,
    number,
  ];
  const before = db.project({ edgeIds: true });
  db.deleteEdge(gone);
  const added = db.insertEdge({ from: a, to: b, type: "T" });
  const after = db.project({ edgeIds: true });
  const diff = diffProjections(before, { after: after.handle });
  assertEquals([[...diff.removedEdges.edgeIds ?? []], [...diff.addedEdges.edgeIds ?? []]], [[gone], [added]]);
  assertEquals(diff.keptEdgeCount, 1);
  assertEquals(diffProjections(db.project(), { after: before }).isEqual, true);
  assertEquals(kept < added, true);
});

test("only graphs of one kind are compared", () => {
  const directed = projectEdges({ from: [1], to: [2] });
  const undirected = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => diffProjections(directed, { after: undirected }), InvalidArgumentError, "project both alike");
  assertThrows(() => diffProjections(directed, { after: null }), InvalidArgumentError, "after");
  assertThrows(
    () => diffProjections(directed, { after: directed, x: 1 } as never),
    InvalidArgumentError,
    "x is no parameter",
  );
});

for (const backend of ["v3", "sqlite"] as const) {
  test(`${backend}: records that differ are told with what differs`, () => {
    using db = open(":memory:", { backend });
    const [a, b, c, d] = db.insertNodes(["a", "b", "c", "d"].map((name) => ({ kind: "N", name }))) as [
      number,
      number,
      number,
      number,
    ];
    const [ab, bc, cd] = db.insertEdges([
      { from: a, to: b, type: "T" },
      { from: b, to: c, type: "T" },
      { from: c, to: d, type: "T", data: { x: 1 } },
    ]) as [number, number, number];
    using before = db.snapshot();
    db.updateNode(a, { name: "A", data: { y: 2 } });
    db.addLabel(b, "marked");
    db.updateNode(c, { kind: "M", filePath: "c.ts" });
    db.patchEdge(ab, { z: 1 });
    db.updateEdge(bc, { type: "U" });
    db.deleteNode(d);
    const e = db.insertNode({ kind: "N", name: "e" });
    const ea = db.insertEdge({ from: e, to: a, type: "T" });
    using after = db.snapshot();
    const expected = {
      isEqual: false,
      addedNodes: [e],
      removedNodes: [d],
      changedNodes: [
        { id: a, fields: ["name", "data"] },
        { id: b, fields: ["labels"] },
        { id: c, fields: ["kind", "filePath"] },
      ],
      addedEdges: [ea],
      removedEdges: [cd],
      changedEdges: [{ id: ab, fields: ["data"] }, { id: bc, fields: ["type"] }],
    };
    assertEquals(diffGraphs(before, after) as unknown, expected);
    const nodes = [a, b, c, d, e].map((id) => ({ type: "node" as const, operation: "update" as const, id }));
    const edges = [ab, bc, cd, ea].map((id) => ({ type: "edge" as const, operation: "update" as const, id }));
    const differences = [...edges, ...nodes.toReversed(), {
      type: "kv" as const,
      operation: "insert" as const,
      key: "k",
    }];
    assertEquals(diffGraphs(before, after, { differences }) as unknown, expected);
    assertEquals(diffGraphs(after, after).isEqual, true);
    assertThrows(() => diffGraphs(before, after, { deep: true } as object), InvalidArgumentError, "deep is no option");
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    assertThrows(() => diffGraphs(before, after, { signal: controller.signal }), Error, "enough");
  });
}

test("the differences of two kept commits are enough to compare them", () => {
  using db = open(":memory:", { backend: "v3", retention: { commits: 10 } });
  const [a, b] = db.insertNodes(["a", "b"].map((name) => ({ kind: "N", name }))) as [number, number];
  const first = db.lsn;
  const edge = db.insertEdge({ from: a, to: b, type: "T" });
  db.updateNode(a, { name: "A" });
  using before = db.snapshot({ lsn: first });
  using after = db.snapshot();
  const diff = diffGraphs(before, after, { differences: db.diff(first, db.lsn) });
  assertEquals(diff, diffGraphs(before, after));
  assertEquals([diff.addedEdges, diff.changedNodes], [[edge], [{ id: a, fields: ["name"] }]]);
});

/** Edges as `1>2 3`. */
function graphOf(text: string): Projection {
  const parts = text.split(" ").filter((part) => part !== "").map((part) => part.split(">").map(Number));
  const edges = parts.filter(({ length }) => length === 2);
  return projectEdges({
    nodeIds: parts.flat(),
    from: edges.map(([from = 0]) => from),
    to: edges.map(([, to = 0]) => to),
  });
}

function findings(before: string, after: string, more: object = {}): string[] {
  const { breaking, warnings, isSafe } = validateRefactor(graphOf(before), {
    after: graphOf(after),
    minSimilarity: 0,
    ...more,
  });
  assertEquals(isSafe, breaking.length === 0);
  return [
    ...breaking.map(({ code, nodeIds }) => `! ${code} ${nodeIds}`),
    ...warnings.map(({ code, nodeIds }) => `${code} ${nodeIds}`),
  ];
}

test("a change is safe when nothing that was used is gone and no cycle came up", () => {
  assertEquals(findings("1>2 2>3", "1>2 2>3"), []);
  assertEquals(findings("1>2 2>3", "1>2 2>3 3>4 5"), []);
  // What nobody uses may go, and so may what goes with its users.
  assertEquals(findings("1>2 2>3 9>1", "1>2 2>3"), []);
  assertEquals(findings("1>2 3>4", "1>2"), []);
});

test("a node that is gone breaks those that used it", () => {
  assertEquals(findings("1>2 3>2 2>4", "1 3 4"), ["! removed-in-use 2", "fell-apart 1,3,4"]);
  const { breaking: [found] } = validateRefactor(graphOf("1>2 3>2 1>2 5>6 6>5"), { after: graphOf("1 3 5>6 6>5") });
  assertEquals(found?.message, "node 2 is gone, and 2 that used it are still there: 1, 3");
});

test("cycles that were there stay allowed, new and larger ones are not", () => {
  assertEquals(findings("1>2 2>1", "1>2 2>1"), []);
  assertEquals(findings("1>2 2>3 3>1", "1>2 2>1 3"), ["fell-apart 1,2,3"]);
  assertEquals(findings("1>2", "1>2 2>1"), ["! new-cycle 1,2"]);
  assertEquals(findings("1>2 2>1 2>3", "1>2 2>1 2>3 3>1"), ["! new-cycle 1,2,3"]);
  assertEquals(findings("1", "1 5>6 6>5"), ["! new-cycle 5,6"]);
  assertEquals(findings("1>1", "1>1"), []);
});

test("what entries reached must stay in reach", () => {
  assertEquals(findings("1>2 2>3 2>4", "1>2 2>3 4>3", { entries: [1] }), ["! unreachable 4"]);
  assertEquals(findings("1>2 5>2", "5>2", { entries: [5, 1] }), ["! lost-entry 1"]);
  assertThrows(() => findings("1>2", "1>2", { entries: [9] }), NotFoundError, "9");
});

test("a change of most of a graph is told", () => {
  const report = validateRefactor(graphOf("1>2"), { after: graphOf("1>3 3>4") });
  assertEquals(report.warnings.map(({ code, message }) => [code, message]), [
    ["much-changed", "only 14 % of nodes and edges are the same"],
  ]);
  assertEquals(report.diff.addedEdges.count, 2);
  const undirected = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => validateRefactor(undirected, { after: undirected }), InvalidArgumentError, "directed");
});
