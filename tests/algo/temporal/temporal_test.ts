/** Components and cycles over time, on histories made by hand and against sets. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import {
  type ComponentHistory,
  componentLineage,
  cycleLineage,
  type ProjectedVersion,
  projectVersions,
  temporalSweep,
} from "../../../lib/algo/temporal/mod.ts";
import { chain } from "../../../lib/algo/generate/mod.ts";
import { open } from "../../../lib/graph/open.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** A version for each text: `1>2 2>1 5` are two edges and a node. They are numbered 10, 20, ... */
function history(...texts: readonly string[]): ProjectedVersion[] {
  return texts.map((text, at) => {
    const parts = text.split(" ").filter((part) => part !== "").map((part) => part.split(">").map(Number));
    const edges = parts.filter(({ length }) => length === 2);
    const projection = projectEdges({
      nodeIds: [...new Set(parts.flat())],
      from: edges.map(([from = 0]) => from),
      to: edges.map(([, to = 0]) => to),
    });
    return { version: 10 * (at + 1), projection };
  });
}

/** Cycles through nodes: `ring(1, 2, 3)` is `1>2 2>3 3>1`. */
function ring(...nodes: readonly number[]): string {
  return nodes.map((node, at) => `${node}>${nodes[(at + 1) % nodes.length]}`).join(" ");
}

/** Lineages in short: birth, death, sizes, members in the end. */
function bars({ lineages }: ComponentHistory): unknown[] {
  return lineages.map(({ birthVersion, deathVersion, birthSize, peakSize, finalSize, versionsSeen, finalMembers }) => [
    birthVersion,
    deathVersion,
    [birthSize, peakSize, finalSize],
    versionsSeen,
    [...finalMembers],
  ]);
}

function events({ events: all }: ComponentHistory): string[] {
  return all.map((event) =>
    `${event.version} ${event.lineage} ${event.type}` +
    (event.type === "split" ? ` from ${event.from}` : event.type === "merged" ? ` into ${event.into}` : "")
  );
}

test("a sweep counts components and cycles of each version", () => {
  const points = temporalSweep(history("", "1", `${ring(1, 2, 3)} 4>5 6`, "1>1 1>2 1>2 2>1"));
  assertEquals(points.map(({ weakComponentCount, componentCount }) => [weakComponentCount, componentCount]), [
    [0, 0],
    [1, 1],
    [3, 4],
    [1, 1],
  ]);
  assertEquals(points.map(({ largestSize, largestFraction }) => [largestSize, largestFraction]), [
    [0, 0],
    [1, 1],
    [3, 0.5],
    [2, 1],
  ]);
  assertEquals(points.map(({ cyclicCount, largestCyclicSize }) => [cyclicCount, largestCyclicSize]), [
    [0, 0],
    [0, 0],
    [1, 3],
    [1, 2],
  ]);
  // A self-loop, a parallel edge and an edge back are three cycles, unless only pairs of nodes count.
  assertEquals(points.map(({ cycleRank }) => cycleRank), [0, 0, 1, 3]);
  const simple = temporalSweep(history("1>1 1>2 1>2 2>1", ring(1, 2, 3)), { edges: "simple" });
  assertEquals(simple.map(({ cycleRank }) => cycleRank), [0, 1]);
});

test("a forest has no cycles, whichever way its edges lead, and each further edge between two of its nodes makes one", () => {
  const forests = fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 20 });
  fc.assert(fc.property(forests, fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 5 }), (parents, more) => {
    // Each node hangs on one with a smaller number, or on none.
    const tree = parents.flatMap(([parent, isTurned], at): [number, number, number][] =>
      parent > at ? [] : [isTurned ? [at + 1, parent, 1] : [parent, at + 1, 1]]
    );
    const graph: SmallGraph = { size: parents.length + 1, isUndirected: false, edges: tree };
    const [forest] = temporalSweep([{ version: 1, projection: projected(graph) }]);
    assertEquals(forest?.cycleRank, 0);
    assertEquals(forest?.weakComponentCount, graph.size - tree.length);
    const inside = more.map(([a, b]): [number, number, number] => [a % graph.size, b % graph.size, 1]);
    for (const isUndirected of [false, true]) {
      const fuller = { ...graph, isUndirected, edges: [...tree, ...inside] };
      const [point] = temporalSweep([{ version: 1, projection: projected(fuller) }]);
      const { weakComponentCount = 0, cycleRank } = point ?? {};
      assertEquals(cycleRank, tree.length + inside.length - graph.size + weakComponentCount);
    }
  }));
});

test("simple cycle rank counts pairs of neighbors once", () => {
  fc.assert(fc.property(smallGraphs({ least: 1 }), (graph) => {
    const [point] = temporalSweep([{ version: 1, projection: projected(graph) }], { edges: "simple" });
    const pairs = new Set(
      graph.edges.filter(([a, b]) => a !== b).map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`),
    );
    assertEquals(point?.cycleRank, pairs.size - graph.size + (point?.weakComponentCount ?? 0));
  }));
});

test("a cycle is born, grows, shrinks and dies", () => {
  const found = cycleLineage(history("1>2 2>3", ring(1, 2, 3), ring(1, 2, 3, 4), `${ring(1, 2)} 3 4`, "1>2 3 4"));
  assertEquals(bars(found), [[20, 50, [3, 4, 2], 3, [1, 2]]]);
  assertEquals(events(found), ["20 0 born", "50 0 died"]);
  const [lineage] = found.lineages;
  assertEquals([[...lineage?.birthMembers ?? []], [...lineage?.peakMembers ?? []]], [[1, 2, 3], [1, 2, 3, 4]]);
  assertEquals([lineage?.peakVersion, lineage?.lastVersion], [30, 40]);
});

test("a node with an edge to itself is no circular dependency", () => {
  assertEquals(cycleLineage(history("1>1")).lineages, []);
});

test("when two components merge the likest one goes on, and the other one ends in it", () => {
  const found = componentLineage(history("1>2 2>3 5>6", "1>2 2>3 3>5 5>6"), { components: "weak" });
  assertEquals(bars(found), [[10, undefined, [3, 5, 5], 2, [1, 2, 3, 5, 6]], [10, 20, [2, 2, 2], 1, [5, 6]]]);
  assertEquals(events(found), ["10 0 born", "10 1 born", "20 1 merged into 0"]);
  assertEquals(found.lineages.map(({ mergedInto }) => mergedInto), [undefined, 0]);
});

test("when a component splits its likest part goes on, and the others split from it", () => {
  const found = componentLineage(history("1>2 2>3 3>4 4>5", "1>2 3>4 4>5"), { components: "weak" });
  assertEquals(bars(found), [[10, undefined, [5, 5, 3], 2, [3, 4, 5]], [20, undefined, [2, 2, 2], 1, [1, 2]]]);
  assertEquals(events(found), ["10 0 born", "20 1 split from 0"]);
  assertEquals(found.lineages.map(({ splitFrom }) => splitFrom), [undefined, 0]);
});

test("equal halves: the older lineage and the smaller first node come first", () => {
  const split = componentLineage(history("1>2 2>3 3>4", "1>2 3>4"), { components: "weak" });
  assertEquals(bars(split)[0], [10, undefined, [4, 4, 2], 2, [1, 2]]);
  const merge = componentLineage(history("1>2 3>4", "1>2 3>4 2>3"), { components: "weak" });
  assertEquals(events(merge), ["10 0 born", "10 1 born", "20 1 merged into 0"]);
  // Lineage 0 with node 5 is older than lineage 1 with node 1.
  const older = componentLineage(history("5", "5 1", "1>5"), { components: "weak" });
  assertEquals(events(older), ["10 0 born", "20 1 born", "30 1 merged into 0"]);
});

test("with a threshold what is not alike enough is something new", () => {
  const texts = ["1>2 2>3 3>4", "4>5 5>6 6>7"];
  const kept = componentLineage(history(...texts), { components: "weak" });
  assertEquals(events(kept), ["10 0 born"]);
  // One of seven nodes is in both.
  const cut = componentLineage(history(...texts), { components: "weak", threshold: 0.2 });
  assertEquals(events(cut), ["10 0 born", "20 0 died", "20 1 born"]);
  assertEquals(componentLineage(history(...texts), { components: "weak", threshold: 1 / 7 }).lineages.length, 1);
});

test("a gap within the tolerance does not end a lineage", () => {
  const texts = [ring(1, 2), "1>2", "1>2", ring(1, 2)];
  assertEquals(bars(cycleLineage(history(...texts))), [
    [10, 20, [2, 2, 2], 1, [1, 2]],
    [40, undefined, [2, 2, 2], 1, [1, 2]],
  ]);
  assertEquals(bars(cycleLineage(history(...texts), { maxGap: 2 })), [[10, undefined, [2, 2, 2], 2, [1, 2]]]);
  assertEquals(events(cycleLineage(history(...texts), { maxGap: 1 })), ["10 0 born", "20 0 died", "40 1 born"]);
  // Missing in the end is dead, from the first version without it on.
  assertEquals(bars(cycleLineage(history(ring(1, 2), "1", "1"), { maxGap: 5 })), [[10, 20, [2, 2, 2], 1, [1, 2]]]);
});

test("sizes below the least one do not count", () => {
  const found = componentLineage(history("1>2 2>3 7>8 9", "1>2 2>3"), { components: "weak", minSize: 3 });
  assertEquals(bars(found), [[10, undefined, [3, 3, 3], 2, [1, 2, 3]]]);
});

test("without members the rest is the same", () => {
  const versions = history("1>2 2>3 5>6", "1>2 2>3 3>5 5>6", "1>2");
  const [full, lean] = [true, false].map((members) => componentLineage(versions, { members }));
  assertEquals(events(lean as ComponentHistory), events(full as ComponentHistory));
  assert((lean as ComponentHistory).lineages.every(({ finalMembers }) => finalMembers.length === 0));
});

/** The rule word by word, with sets. */
function bySets(versions: readonly SmallGraph[], minSize: number): unknown[] {
  const partsOf = ({ size, edges }: SmallGraph): number[][] => {
    const reach = Array.from({ length: size }, (_, from) => {
      const found = new Set([from]);
      for (let round = 0; round < size; round++) for (const [a, b] of edges) if (found.has(a)) found.add(b);
      return found;
    });
    const parts: number[][] = [];
    for (let node = 0; node < size; node++) {
      const part = parts.find(([first = 0]) => reach[first]?.has(node) && reach[node]?.has(first));
      if (part === undefined) parts.push([node]);
      else part.push(node);
    }
    return parts.filter(({ length }) => length >= minSize);
  };
  interface Bar {
    birth: number;
    death: number | undefined;
    members: number[];
    sizes: number[];
  }
  const all: Bar[] = [];
  for (const [version, graph] of versions.entries()) {
    const parts = partsOf(graph);
    const alive = all.filter(({ death }) => death === undefined);
    const pairs = alive.flatMap((bar) =>
      parts.map((part) => {
        const common = bar.members.filter((node) => part.includes(node)).length;
        return { bar, part, common, jaccard: common / new Set([...bar.members, ...part]).size };
      })
    ).filter(({ common }) => common > 0);
    pairs.sort((a, b) =>
      b.jaccard - a.jaccard || b.common - a.common || a.bar.birth - b.bar.birth ||
      (a.bar.members[0] ?? 0) - (b.bar.members[0] ?? 0) || (a.part[0] ?? 0) - (b.part[0] ?? 0)
    );
    const bars = new Set<Bar>();
    const taken = new Set<number[]>();
    for (const { bar, part } of pairs) {
      if (bars.has(bar) || taken.has(part)) continue;
      bars.add(bar);
      taken.add(part);
      bar.members = part;
      bar.sizes.push(part.length);
    }
    for (const bar of alive) if (!bars.has(bar)) bar.death = version;
    for (const part of parts) {
      if (!taken.has(part)) all.push({ birth: version, death: undefined, members: part, sizes: [part.length] });
    }
  }
  return all.map(({ birth, death, members, sizes }) => [
    birth,
    death,
    [sizes[0], Math.max(...sizes), sizes.at(-1)],
    sizes.length,
    members.map(idOf),
  ]);
}

test("lineages are those of the rule, word by word", () => {
  const versions = fc.array(smallGraphs({ least: 1, most: 7, undirected: fc.constant(false) }), { maxLength: 5 });
  fc.assert(
    fc.property(versions, fc.constantFrom(1, 2), (graphs, minSize) => {
      const found = componentLineage(graphs.map((graph, version) => ({ version, projection: projected(graph) })), {
        minSize,
      });
      assertEquals(bars(found), bySets(graphs, minSize));
      for (const [at, lineage] of found.lineages.entries()) assertEquals(lineage.id, at);
      const births = found.events.filter(({ type }) => type === "born" || type === "split");
      assertEquals(births.map(({ lineage }) => lineage).toSorted((a, b) => a - b), found.lineages.map(({ id }) => id));
    }),
    { numRuns: 200 },
  );
});

test("versions must ascend, and options must be known", () => {
  const [first, second] = history("1", "2") as [ProjectedVersion, ProjectedVersion];
  assertThrows(() => temporalSweep([second, first]), InvalidArgumentError, "ascend");
  assertThrows(() => componentLineage([first, first]), InvalidArgumentError, "ascend");
  const bad = (options: object, text: string): void => {
    assertThrows(() => componentLineage([first], options), InvalidArgumentError, text);
  };
  bad({ threshold: 2 }, "threshold");
  bad({ maxGap: -1 }, "maxGap");
  bad({ minSize: 0 }, "minSize");
  bad({ components: "loose" }, "components");
  bad({ gap: 1 }, "gap is no option");
  assertThrows(() => cycleLineage([first], { minSize: 1 } as object), InvalidArgumentError, "minSize");
  assertThrows(() => temporalSweep([first], { edges: "some" as "all" }), InvalidArgumentError, "edges");
  assertThrows(() => temporalSweep(5 as never), InvalidArgumentError, "versions");
});

test("a cancelled call ends, and a long one tells how far it is", () => {
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  const versions = history("1>2", "2>1");
  assertThrows(() => temporalSweep(versions, { signal: controller.signal }), Error, "enough");
  assertThrows(() => cycleLineage(versions, { signal: controller.signal }), Error, "enough");
  let done = 0;
  cycleLineage(versions, { onProgress: (progress) => done = progress.done });
  assertEquals(done, 4);
});

test("a hundred thousand components take linear time and no stack", () => {
  const projection = chain({ nodes: 100_000 }).project();
  const found = componentLineage([1, 2, 3].map((version) => ({ version, projection })), { members: false });
  assertEquals([found.lineages.length, found.lineages[99_999]?.versionsSeen], [100_000, 3]);
});

test("kept commits of a database are versions", () => {
  using db = open(":memory:", { backend: "v3", retention: { commits: 100 } });
  const [a, b, c] = db.insertNodes(["a", "b", "c"].map((name) => ({ kind: "Module", name }))) as [
    number,
    number,
    number,
  ];
  const commits = [db.lsn];
  db.insertEdges([{ from: a, to: b, type: "IMPORTS" }, { from: b, to: a, type: "IMPORTS" }]);
  commits.push(db.lsn);
  const edge = db.insertEdge({ from: b, to: c, type: "IMPORTS" });
  db.insertEdge({ from: c, to: b, type: "NAMES" });
  commits.push(db.lsn);
  db.deleteEdge(edge);
  const chosen = [...db.commits()].filter(({ lsn }) => commits.includes(lsn));
  const imports = cycleLineage(projectVersions(db, chosen, { types: ["IMPORTS"] }));
  assertEquals(imports.lineages.map(({ birthVersion, finalMembers }) => [birthVersion, [...finalMembers]]), [[
    commits[1],
    [a, b],
  ]]);
  const points = temporalSweep(projectVersions(db, chosen));
  assertEquals(points.map(({ version, cycleRank }) => [version, cycleRank]), [[commits[0], 0], [commits[1], 1], [
    commits[2],
    2,
  ]]);
});

testGraph("kept commits of a graph with threads are versions", async ({ graph }) => {
  const [a, b] = await graph.insertNodes(["a", "b"].map((name) => ({ kind: "Module", name }))) as [number, number];
  await graph.insertEdges([{ from: a, to: b, type: "IMPORTS" }, { from: b, to: a, type: "IMPORTS" }]);
  const { lineages } = cycleLineage(projectVersions(graph, await graph.commits()));
  assertEquals(lineages.map(({ finalMembers }) => [...finalMembers]), [[a, b]]);
}, { on: "v3" });
