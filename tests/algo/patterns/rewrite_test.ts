/** Rewriting of graphs by rules. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import type { GraphBackend } from "../../../lib/backend/graph_backend.ts";
import { rewriteGraphPatterns, type RewriteRule } from "../../../lib/algo/patterns/mod.ts";
import { open } from "../../../lib/graph/open.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";

/** Nodes by letter, and edges such as `a>b` of type LINK. */
function fill(db: Pick<GraphBackend, "insertNodes" | "insertEdge">, text: string): Record<string, number> {
  const names = [...new Set(text.replace(/[^a-z]/g, ""))].sort();
  const ids = db.insertNodes(names.map((name) => ({ kind: "Node", name, data: { name } })));
  const nodes = Object.fromEntries(names.map((name, at) => [name, ids[at] as number]));
  for (const [from = "", , to = ""] of text.split(" ")) {
    if (to !== "") {
      db.insertEdge({ from: nodes[from] as number, to: nodes[to] as number, type: "LINK", data: { was: from + to } });
    }
  }
  return nodes;
}

/** Edges as `a-LINK-b`, sorted. */
function edges(db: Pick<GraphBackend, "edges" | "nodeName">): string[] {
  return [...db.edges()].map(({ from, to, type }) => `${db.nodeName(from)}-${type}-${db.nodeName(to)}`).sort();
}

const names = (...all: readonly string[]) => Object.fromEntries(all.map((name) => [name, {}]));

/** a>b becomes a>x>b. */
const SPLIT: RewriteRule = {
  find: { nodes: names("a", "b"), edges: [{ from: "a", to: "b", type: "LINK" }] },
  replace: {
    nodes: {
      ...names("a", "b"),
      x: { kind: "Middle", name: ({ nodes }) => `of ${nodes["a"]}`, data: { new: true }, labels: ["extra"] },
    },
    edges: [{ from: "a", to: "x", type: "FIRST", data: ({ nodes }) => ({ to: nodes["b"] as number }) }, {
      from: "x",
      to: "b",
      type: "SECOND",
    }],
  },
};

for (const backend of ["v3", "sqlite"] as const) {
  test(`${backend}: the pattern's edges go, the new ones come, and all others stay as they are`, () => {
    using db = open(":memory:", { backend });
    const { a, b } = fill(db, "a>b");
    db.insertEdge({ from: b as number, to: a as number, type: "OTHER", data: { kept: 1 } });
    const result = rewriteGraphPatterns(db, SPLIT);
    assertEquals([result.applied, result.rounds, result.skipped], [1, 1, []]);
    assertEquals([result.insertedNodes.length, result.insertedEdges.length, result.deletedEdges], [1, 2, [1]]);
    assertEquals(edges(db), [`a-FIRST-of ${a}`, "b-OTHER-a", `of ${a}-SECOND-b`]);
    const added = db.requireNode(result.insertedNodes[0] as number);
    assertEquals([added.kind, added.data, added.labels], ["Middle", { new: true }, ["extra"]]);
    assertEquals(db.requireEdge(result.insertedEdges[0] as number).data, { to: b as number });
    assertEquals(db.requireNode(a as number).data, { name: "a" });
    assertEquals([...db.edges({ type: "OTHER" })].map(({ data }) => data), [{ kept: 1 }]);
  });
}

test("each match is replaced, also where they share nodes that only stay", () => {
  using db = open(":memory:");
  fill(db, "a>b b>c a>c");
  const { applied } = rewriteGraphPatterns(db, SPLIT);
  assertEquals([applied, db.countNodes({ kind: "Middle" }), db.countEdges({ type: "LINK" })], [3, 3, 0]);
});

test("a match whose edge an earlier one took is skipped", () => {
  using db = open(":memory:");
  const { a, b, c, d } = fill(db, "a>b b>c c>d");
  const rule: RewriteRule = {
    find: { nodes: names("x", "y", "z"), edges: [{ from: "x", to: "y" }, { from: "y", to: "z" }] },
    replace: { nodes: names("x", "y", "z"), edges: [{ from: "x", to: "z", type: "SHORT" }] },
  };
  const { applied, skipped } = rewriteGraphPatterns(db, rule);
  assertEquals(applied, 1);
  assertEquals(skipped, [{ nodes: { x: b as number, y: c as number, z: d as number }, reason: "conflict" }]);
  assertEquals(edges(db), ["a-SHORT-c", "c-LINK-d"]);
  assert(a !== undefined);
});

test("deleted nodes go with the edges of the pattern; other edges forbid it, unless they may go too", () => {
  const rule: RewriteRule = {
    find: { nodes: { x: {}, gone: { name: "b" } }, edges: [{ from: "x", to: "gone" }] },
    replace: { nodes: names("x"), edges: [] },
  };
  using db = open(":memory:");
  const { a, b } = fill(db, "a>b b>c");
  const refused = rewriteGraphPatterns(db, rule);
  assertEquals([refused.applied, refused.skipped], [0, [{
    nodes: { x: a as number, gone: b as number },
    reason: "dangling",
  }]]);
  assertEquals(edges(db), ["a-LINK-b", "b-LINK-c"]);
  const done = rewriteGraphPatterns(db, rule, { dangling: "delete" });
  assertEquals([done.applied, done.deletedNodes, done.deletedEdges.toSorted()], [1, [b as number], [1, 2]]);
  assertEquals(edges(db), []);
  assertEquals(db.countNodes(), 2);
});

test("nodes that stay can be changed, and a changed node is not matched again in the round", () => {
  using db = open(":memory:");
  const { a, b } = fill(db, "a>b b>c");
  const rule: RewriteRule = {
    find: { nodes: names("x", "y"), edges: [{ name: "e", from: "x", to: "y" }] },
    replace: { nodes: { x: { name: "seen", labels: ["done"] }, y: {} }, edges: [{ keep: "e" }] },
    where: ({ nodes, edges: found }) => nodes["x"] !== b && (found["e"] ?? 0) > 0,
  };
  const { applied, updatedNodes, skipped } = rewriteGraphPatterns(db, rule);
  assertEquals([applied, updatedNodes, skipped.map(({ reason }) => reason)], [1, [a as number], ["where"]]);
  assertEquals([db.nodeName(a as number), db.requireNode(a as number).labels], ["seen", ["done"]]);
  assertEquals(db.countEdges(), 2);
});

test("equal edges of a rule need as many edges, and types are matched as far as they allow it", () => {
  const rule: RewriteRule = {
    find: { nodes: names("x", "y"), edges: [{ from: "x", to: "y" }, { from: "x", to: "y", type: "LINK" }] },
    replace: { nodes: names("x", "y"), edges: [{ from: "x", to: "y", type: "BOTH" }] },
  };
  using db = open(":memory:");
  const { a, b } = fill(db, "a>b b>c");
  // The older edge is the only one of the second condition: the first one has to take the other.
  db.insertEdge({ from: a as number, to: b as number, type: "OTHER" });
  const { applied, skipped } = rewriteGraphPatterns(db, rule);
  assertEquals([applied, skipped.map(({ reason }) => reason)], [1, ["edges"]]);
  assertEquals(edges(db), ["a-BOTH-b", "b-LINK-c"]);
});

test("rounds go on until nothing is found", () => {
  using db = open(":memory:");
  fill(db, "a>b b>c c>d d>e");
  const rule: RewriteRule = {
    find: { nodes: names("x", "y", "z"), edges: [{ from: "x", to: "y" }, { from: "y", to: "z" }] },
    replace: { nodes: names("x", "y", "z"), edges: [{ from: "x", to: "z", type: "LINK" }] },
  };
  const { applied, rounds, isStable } = rewriteGraphPatterns(db, rule, { rounds: 10 });
  assertEquals([applied, rounds, isStable], [3, 3, true]);
  assertEquals(edges(db), ["a-LINK-e"]);
  const cut = rewriteGraphPatterns(db, SPLIT, { limit: 0 });
  assertEquals([cut.applied, cut.isStable], [0, false]);
});

test("an induced match that an earlier one gave an edge waits for the next round", () => {
  const rule: RewriteRule = {
    find: {
      nodes: names("x", "y", "z"),
      edges: [{ name: "xy", from: "x", to: "y", type: "LINK" }, { name: "xz", from: "x", to: "z", type: "LINK" }],
    },
    replace: {
      nodes: names("x", "y", "z"),
      edges: [{ keep: "xy" }, { keep: "xz" }, { from: "y", to: "z", type: "PEER" }],
    },
  };
  using db = open(":memory:");
  fill(db, "a>b a>c a>d");
  const once = rewriteGraphPatterns(db, rule, { induced: true });
  assertEquals([once.applied, once.skipped.map(({ reason }) => reason)], [1, ["conflict", "conflict"]]);
  const all = rewriteGraphPatterns(db, rule, { induced: true, rounds: Infinity });
  assertEquals([all.applied, all.isStable], [2, true]);
  assertEquals(edges(db).filter((edge) => edge.includes("PEER")), ["b-PEER-c", "b-PEER-d", "c-PEER-d"]);
});

test("symmetric matches are one, unless asked otherwise", () => {
  const rule: RewriteRule = {
    find: {
      nodes: names("x", "y"),
      edges: [{ name: "xy", from: "x", to: "y" }, { name: "yx", from: "y", to: "x" }],
    },
    replace: { nodes: names("x", "y"), edges: [{ keep: "xy" }, { keep: "yx" }, { from: "x", to: "y", type: "TWINS" }] },
  };
  const made = (options: object): string[] => {
    using db = open(":memory:");
    fill(db, "a>b b>a");
    rewriteGraphPatterns(db, rule, options);
    return edges(db).filter((edge) => edge.includes("TWINS"));
  };
  assertEquals(made({}), ["a-TWINS-b"]);
  assertEquals(made({ unique: false }), ["a-TWINS-b", "b-TWINS-a"]);
});

test("a rule that fails leaves everything as it was", () => {
  using db = open(":memory:");
  fill(db, "a>b b>c");
  let calls = 0;
  const rule: RewriteRule = {
    ...SPLIT,
    where: () => {
      if (++calls === 2) throw new Error("no more");
      return true;
    },
  };
  const before = db.lsn;
  assertThrows(() => rewriteGraphPatterns(db, rule), Error, "no more");
  assertEquals([edges(db), db.countNodes(), db.lsn], [["a-LINK-b", "b-LINK-c"], 3, before]);
  db.transaction((tx) => {
    rewriteGraphPatterns(tx, SPLIT);
    assertEquals(tx.countEdges({ type: "FIRST" }), 2);
  });
  assertEquals(db.countEdges(), 4);
});

test("bad rules and options are refused with their place", () => {
  using db = open(":memory:");
  const refused = (
    change: { find?: object; replace?: object; where?: unknown },
    text: string,
    options: object = {},
  ): void => {
    const rule = {
      find: { ...SPLIT.find, ...change.find },
      replace: { ...SPLIT.replace, ...change.replace },
      where: change.where,
    };
    assertThrows(() => rewriteGraphPatterns(db, rule as RewriteRule, options), InvalidArgumentError, text);
  };
  refused({ find: { nodes: {} } }, "rule.find");
  refused({ replace: { nodes: { ...names("a", "b"), x: {} } } }, "rule.replace.nodes.x.kind");
  refused({ replace: { edges: [{ keep: "e" }] } }, "rule.replace.edges[0].keep");
  refused({ replace: { edges: [{ from: "a", to: "q", type: "T" }] } }, "rule.replace.edges[0].to");
  refused({
    find: { edges: [{ name: "e", from: "a", to: "b" }] },
    replace: { nodes: names("a"), edges: [{ keep: "e" }] },
  }, "is deleted");
  refused({ find: { edges: [{ name: "e", from: "a", to: "b" }, { name: "e", from: "b", to: "a" }] } }, "two edges");
  refused({ where: 5 }, "rule.where");
  refused({}, "dangling", { dangling: "keep" });
  refused({}, "depth is no option", { depth: 1 });
  refused({}, "rounds", { rounds: -1 });
});

testGraph("a transaction of a graph with threads is rewritten", async ({ graph }) => {
  await graph.transaction((tx) => void fill(tx, "a>b b>c"));
  const { applied } = await graph.transaction((tx) => rewriteGraphPatterns(tx, SPLIT));
  assertEquals(applied, 2);
  using snapshot = graph.snapshot();
  assertEquals([snapshot.countEdges({ type: "LINK" }), snapshot.countEdges(), snapshot.countNodes()], [0, 4, 5]);
});
