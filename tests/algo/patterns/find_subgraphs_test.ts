/** Subgraph isomorphism, against trying every assignment of nodes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import {
  findSubgraphPatterns,
  findSubgraphs,
  type SubgraphMatches,
  subgraphMatches,
  type SubgraphPattern,
} from "../../../lib/algo/patterns/mod.ts";
import { open } from "../../../lib/graph/open.ts";
import { complete } from "../../../lib/algo/generate/mod.ts";
import { karateClub } from "../support/known_graphs.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** A pattern of nodes a, b, ... in letters: `ab bc` are edges from a to b and from b to c. */
function patternOf(text: string, more: Record<string, object> = {}): SubgraphPattern {
  const pairs = text.split(" ").filter((pair) => pair !== "");
  const names = [...new Set([...pairs.join(""), ...Object.keys(more)])].sort();
  return {
    nodes: Object.fromEntries(names.map((name) => [name, more[name] ?? {}])),
    edges: pairs.map(([from = "", to = ""]) => ({ from, to })),
  };
}

function lists({ matches }: SubgraphMatches): number[][] {
  return [...matches];
}

/** All assignments of different items, in lexicographic order. */
function* arrangements(size: number, length: number, before: readonly number[] = []): IterableIterator<number[]> {
  if (before.length === length) return yield [...before];
  for (let one = 0; one < size; one++) if (!before.includes(one)) yield* arrangements(size, length, [...before, one]);
}

function bruteForce(
  { size, edges, isUndirected }: SmallGraph,
  pattern: SubgraphPattern,
  isInduced: boolean,
): number[][] {
  const has = new Set(
    edges.flatMap(([from, to]) => isUndirected ? [`${from} ${to}`, `${to} ${from}`] : [`${from} ${to}`]),
  );
  const names = Object.keys(pattern.nodes);
  const wanted = new Set(pattern.edges.flatMap(({ from, to }) => {
    const [a, b] = [names.indexOf(from), names.indexOf(to)];
    return isUndirected ? [`${a} ${b}`, `${b} ${a}`] : [`${a} ${b}`];
  }));
  const found: number[][] = [];
  for (const nodes of arrangements(size, names.length)) {
    const isMatch = nodes.every((from, a) =>
      nodes.every((to, b) => {
        const isWanted = wanted.has(`${a} ${b}`);
        const isThere = has.has(`${from} ${to}`);
        return isInduced ? isWanted === isThere : !isWanted || isThere;
      })
    );
    if (isMatch) found.push(nodes.map(idOf));
  }
  return found;
}

const PATTERNS = ["ab", "ab bc", "ab bc ca", "ab ac ad", "ab ba", "aa ab", "ab cd", "ab bc cd da", "ab bc ac cd"];
const graphs = smallGraphs({ least: 1, most: 6 });
const patterns = fc.constantFrom(...PATTERNS).map((text) => patternOf(text));

test("every assignment that keeps the pattern's edges is a match, and no other one", () => {
  fc.assert(fc.property(graphs, patterns, fc.boolean(), (graph, pattern, induced) => {
    const found = findSubgraphs(projected(graph), { pattern, induced });
    assertEquals(lists(found).sort(compare), bruteForce(graph, pattern, induced).sort(compare));
    assertEquals(found.isComplete, true);
  }));
});

test("matches ascend by the nodes in the order of the search", () => {
  fc.assert(fc.property(graphs, patterns, (graph, pattern) => {
    const found = findSubgraphs(projected(graph), { pattern });
    const places = found.searchOrder.map((name) => found.names.indexOf(name));
    assertEquals(places.toSorted(), found.names.map((_, place) => place));
    const turned = lists(found).map((match) => places.map((place) => match[place] as number));
    assertEquals(turned, turned.toSorted(compare));
  }));
});

test("without symmetric matches each image is left once, with the smallest ids first", () => {
  fc.assert(fc.property(graphs, patterns, fc.boolean(), (graph, pattern, induced) => {
    const all = bruteForce(graph, pattern, induced);
    const names = Object.keys(pattern.nodes);
    const images = new Map<string, number[]>();
    for (const match of all.sort(compare)) {
      const links = pattern.edges.map(({ from, to }) => {
        const ends = [match[names.indexOf(from)] as number, match[names.indexOf(to)] as number];
        return (graph.isUndirected ? ends.sort((a, b) => a - b) : ends).join(">");
      });
      const key = `${[...new Set(links)].sort()} of ${match.toSorted()}`;
      if (!images.has(key)) images.set(key, match);
    }
    const found = lists(findSubgraphs(projected(graph), { pattern, induced, unique: true }));
    assertEquals(found.sort(compare), [...images.values()].sort(compare));
  }));
});

test("renaming the nodes renames the matches", () => {
  fc.assert(fc.property(smallGraphs({ least: 6, most: 6 }), patterns, (graph, pattern) => {
    const names = [3, 5, 0, 1, 4, 2];
    const before = lists(findSubgraphs(projected(graph), { pattern }));
    const after = lists(findSubgraphs(projected(renamed(graph, names)), { pattern }));
    const moved = before.map((match) => match.map((id) => idOf(names[(id - 10) / 3] as number)));
    assertEquals(moved.sort(compare), after.sort(compare));
  }));
});

test("the karate club has 45 triangles, and a complete graph of seven has 35 of four nodes", () => {
  // Zachary 1977; 45 triangles as networkx and igraph count them.
  const triangle = patternOf("ab bc ca");
  assertEquals(findSubgraphs(karateClub(), { pattern: triangle, unique: true }).matches.count, 45);
  assertEquals(findSubgraphs(karateClub(), { pattern: triangle }).matches.count, 6 * 45);
  const four = patternOf("ab ac ad bc bd cd");
  assertEquals(findSubgraphs(complete({ nodes: 7 }).project(), { pattern: four, unique: true }).matches.count, 35);
});

test("the limit ends the search and says so", () => {
  const graph = complete({ nodes: 5 }).project({ undirected: true });
  const pattern = patternOf("ab bc");
  const cut = findSubgraphs(graph, { pattern, limit: 7 });
  assertEquals([cut.matches.count, cut.isComplete], [7, false]);
  const whole = findSubgraphs(graph, { pattern, limit: 60 });
  assertEquals([whole.matches.count, whole.isComplete], [60, true]);
});

test("nodes can be restricted to some ids", () => {
  const graph = projected({ size: 4, isUndirected: false, edges: [[0, 1, 1], [1, 2, 1], [3, 1, 1]] });
  const found = findSubgraphs(graph, { pattern: patternOf("ab bc", { a: { nodeIds: [idOf(3), idOf(2)] } }) });
  assertEquals(lists(found), [[idOf(3), idOf(1), idOf(2)]]);
  assertThrows(() => findSubgraphs(graph, { pattern: patternOf("ab", { a: { nodeIds: [1] } }) }), NotFoundError, "1");
});

test("lazy matches are those of the whole search, and stop when nobody reads on", () => {
  const graph = karateClub();
  const pattern = patternOf("ab bc ca");
  const all = [...subgraphMatches(graph, { pattern })].map(({ a, b, c }) => [a, b, c]);
  assertEquals(all, lists(findSubgraphs(graph, { pattern })));
  const [first] = subgraphMatches(complete({ nodes: 400 }).project(), { pattern: patternOf("ab bc cd de ef fg gh") });
  assertEquals(Object.values(first ?? {}).toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals([...subgraphMatches(graph, { pattern, limit: 2 })].length, 2);
});

test("bad patterns are refused with their place", () => {
  const graph = karateClub();
  const refused = (pattern: unknown, text: string): void => {
    assertThrows(() => findSubgraphs(graph, { pattern: pattern as SubgraphPattern }), InvalidArgumentError, text);
  };
  refused(undefined, "pattern");
  refused({ nodes: {}, edges: [] }, "1 to 64");
  refused({ nodes: { a: {} }, edges: [{ from: "a", to: "b" }] }, "pattern.edges[0].to");
  refused({ nodes: { a: { colour: "red" } }, edges: [] }, "pattern.nodes.a.colour");
  refused({ nodes: { a: { kind: "Person" } }, edges: [] }, "findSubgraphPatterns");
  refused({ nodes: { a: {}, b: {} }, edges: [{ from: "a", to: "b", type: "KNOWS" }] }, "findSubgraphPatterns");
  assertThrows(() => findSubgraphs(graph, { pattern: patternOf("ab"), limit: -1 }), InvalidArgumentError, "limit");
});

test("a cancelled search ends", () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  controller.abort(reason);
  const graph = complete({ nodes: 60 }).project();
  const params = { pattern: patternOf("ab bc cd de ef") };
  assertThrows(() => findSubgraphs(graph, params, { signal: controller.signal }), Error, "enough");
  let told = 0;
  findSubgraphs(graph, { ...params, limit: 50_000 }, { onProgress: ({ done }) => told = done });
  assert(told > 50_000);
});

test("kinds, names, labels and types restrict matches in a database", () => {
  using db = open(":memory:");
  const [ada, bob, cy, book, paper] = db.insertNodes([
    { kind: "Person", name: "Ada", labels: ["famous"] },
    { kind: "Person", name: "Bob" },
    { kind: "Person", name: "Cy" },
    { kind: "Book", name: "Notes" },
    { kind: "Paper", name: "Sketch" },
  ]) as [number, number, number, number, number];
  db.insertEdges([
    { from: ada, to: book, type: "WROTE" },
    { from: bob, to: book, type: "READ" },
    { from: cy, to: book, type: "READ" },
    { from: cy, to: book, type: "WROTE" },
    { from: ada, to: paper, type: "WROTE" },
    { from: bob, to: ada, type: "KNOWS" },
    { from: cy, to: bob, type: "KNOWS" },
  ]);
  using snapshot = db.snapshot();
  const find = (pattern: SubgraphPattern, more: object = {}): number[][] =>
    lists(findSubgraphPatterns(snapshot, { pattern, ...more })).sort(compare);
  const readers: SubgraphPattern = {
    nodes: { author: { kind: "Person" }, reader: { kind: "Person" }, book: { kind: "Book" } },
    edges: [{ from: "author", to: "book", type: "WROTE" }, { from: "reader", to: "book", type: "READ" }],
  };
  assertEquals(find(readers), [[ada, bob, book], [ada, cy, book], [cy, bob, book]]);
  // Cy also wrote the book, and Cy knows Bob.
  assertEquals(find(readers, { induced: true }), []);
  assertEquals(find(readers, { induced: true, types: ["READ", "WROTE"] }), [[ada, bob, book]]);
  const friends = {
    ...readers,
    edges: [...readers.edges, { from: "author", to: "reader", type: "KNOWS", direction: "both" as const }],
  };
  assertEquals(find(friends), [[ada, bob, book], [cy, bob, book]]);
  assertEquals(find(friends, { induced: true }), [[ada, bob, book]]);
  assertEquals(
    find({ nodes: { a: { label: "famous" }, b: { glob: "S*" } }, edges: [{ from: "b", to: "a", direction: "in" }] }),
    [
      [ada, paper],
    ],
  );
  assertEquals(find({ nodes: { a: { kind: "Person", nodeIds: [bob, book] } }, edges: [] }), [[bob]]);
  assertEquals(find({ nodes: { a: {}, b: {} }, edges: [{ from: "a", to: "b", type: ["READ", "KNOWS"] }] }).length, 4);
  const lazy = [...subgraphMatches(db, { pattern: friends })];
  assertEquals(lazy.map(({ reader }) => reader), [bob, bob]);
});

testGraph("the pool finds what this thread finds", async ({ graph }) => {
  await graph.transaction((tx) => {
    const nodes = tx.insertNodes(
      Array.from({ length: 6 }, (_, at) => ({ kind: at % 2 === 0 ? "A" : "B", name: `${at}` })),
    );
    tx.insertEdges(nodes.flatMap((from, at) => nodes.slice(at + 1).map((to) => ({ from, to, type: "T" }))));
  });
  const pattern = { nodes: { a: { kind: "A" }, b: { kind: "B" } }, edges: [{ from: "a", to: "b" }] };
  using snapshot = graph.snapshot();
  const here = findSubgraphPatterns(snapshot, { pattern });
  const there = await graph.run(findSubgraphPatterns, { pattern }, { workers: 2 });
  assertEquals(lists(there), lists(here));
  assertEquals(there.matches.count, 6);
  const plain = { pattern: patternOf("ab bc ca"), unique: true };
  const pooled = await graph.run(findSubgraphs, plain, { project: { undirected: true } });
  assertEquals(lists(pooled), lists(findSubgraphs(snapshot.project({ undirected: true }), plain)));
  assertEquals(pooled.matches.count, 20);
});

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, place) => value !== b[place]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}
