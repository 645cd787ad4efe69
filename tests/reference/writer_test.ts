/** Random databases of every version family, written by the tests' own writer, come over exactly. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { open } from "../../mod.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { importReference } from "../../lib/reference/import_reference.ts";
import {
  FAMILIES,
  type Family,
  type WriteOptions,
  writeReference,
  type WrittenEdge,
  type WrittenGraph,
} from "../support/reference_writer.ts";
import { storedKeyValue } from "../support/reference_writer_sidecars.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { canonical } from "./golden_check.ts";
import { edgeName, hexOf } from "./golden_files.ts";

const clock = () => Date.UTC(2026, 10, 21, 12);
const RUNS = 60;

/** Everything in a database, as texts that can be compared. */
interface Content {
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
  readonly keyValues: readonly string[];
}

const text = fc.string({ unit: "binary", maxLength: 20 });
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.integer({ min: 1, max: 3 }).chain((pages) => fc.constant({ long: "x".repeat(pages * 3000) })),
).map((value) => JSON.stringify(value));

const nodeIds = fc.uniqueArray(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 1 << 20 }) },
    { weight: 1, arbitrary: fc.maxSafeInteger().filter((id) => id > 0) },
  ),
  { maxLength: 60 },
).map((ids) => ids.sort((a, b) => a - b));

const keyValues = fc.uniqueArray(
  fc.record({
    key: fc.uint8Array({ maxLength: 12 }),
    value: fc.oneof(
      fc.boolean(),
      text,
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      fc.uint8Array({ maxLength: 40 }),
      fc.object({ maxDepth: 1 }).map((value) => JSON.parse(JSON.stringify(value))),
    ),
    ttlSeconds: fc.option(fc.integer({ min: 1, max: 1 << 30 }), { nil: undefined }),
  }),
  { maxLength: 8, selector: ({ key }) => hexOf(key) },
);

const database = fc.record({
  family: fc.constantFrom<Family>(...FAMILIES),
  fanout: fc.integer({ min: 4, max: 252 }),
  inlineLimit: fc.constantFrom(64, 64, 0, 3000),
  hasSidecars: fc.boolean(),
  nodes: nodeIds.chain((ids) =>
    fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), kind: text, name: text, data: json })))
  ),
  ends: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.oneof(fc.constantFrom("calls", "", "uses"), text), fc.nat(3)), {
    maxLength: 90,
  }),
  keyValues,
});

test("a written database comes over exactly, whatever the version", () => {
  fc.assert(
    fc.property(database, ({ family, fanout, inlineLimit, hasSidecars, nodes, ends, keyValues }) => {
      const edges: WrittenEdge[] = nodes.length === 0 ? [] : ends.map(([from, to, type, weight]) => ({
        from: (nodes[from % nodes.length] as { id: number }).id,
        to: (nodes[to % nodes.length] as { id: number }).id,
        type,
        // All edges of one triple share one row of the sidecar, so they have the same data here.
        data: hasSidecars ? `{"length":${type.length}}` : "{}",
        ...(family === "3.9.0" && !hasSidecars ? { weight: 1 + weight / 4 } : {}),
      }));
      const stored = keyValues.map(({ key, value, ttlSeconds }) => storedKeyValue(key, value, ttlSeconds));
      const graph: WrittenGraph = { nodes, edges, keyValues: stored };
      const { content, losses } = writeAndImport(graph, { family, fanout, inlineLimit, hasSidecars });
      const hasEdges = family !== "2.0.7";
      const hasKeys = hasSidecars && (family === "3.2.5" || family === "3.9.0");
      assertEquals(content, {
        nodes: nodes.map(({ id, kind, name, data }) => nodeText(id, kind, name, JSON.parse(data))),
        edges: hasEdges ? edges.map((edge) => edgeText(edge, dataOf(edge, family, hasSidecars))).sort() : [],
        keyValues: hasKeys ? keyValues.map((entry) => keyText(entry, entry.ttlSeconds)).sort() : [],
      });
      assertEquals(losses, hasEdges || edges.length === 0 ? [] : [`edge-count ${edges.length}`]);
    }),
    { numRuns: RUNS },
  );
});

/** What of an edge's data the files hold. */
function dataOf({ data = "{}", weight = 1 }: WrittenEdge, family: Family, hasSidecars: boolean): unknown {
  if (family !== "3.9.0") return {};
  return hasSidecars ? JSON.parse(data) : weight === 1 ? {} : { weight };
}

test("node and edge trees of every height come over", () => {
  const ids = Array.from({ length: 190 }, (_, index) => 1 + 3 * index);
  const nodes = ids.map((id) => ({ id, kind: "N", name: `n${id}`, data: "{}" }));
  for (const count of [1, 3, 4, 12, 13, 47, 48, 190]) {
    const some = nodes.slice(0, count);
    // 40 nodes have 80 lists: an edge tree of height 4 too.
    const edges = some.slice(0, 40).map(({ id }, index) => ({
      from: id,
      to: ids[(index * 7) % Math.min(count, 40)] as number,
      type: "t",
    }));
    for (const family of ["2.2.2", "3.9.0"] as const) {
      const { content, losses } = writeAndImport({ nodes: some, edges }, { family, fanout: 3 });
      assertEquals(content.nodes.length, count);
      assertEquals(content.edges, edges.map((edge) => edgeText(edge, {})).sort());
      assertEquals(losses, []);
    }
  }
});

test("a node with more edges than a page holds comes over from a chain of pages", () => {
  const nodes = Array.from({ length: 50 }, (_, index) => ({ id: index + 1, kind: "N", name: "", data: "null" }));
  const edges = Array.from(
    { length: 2000 },
    (_, index) => ({ from: 1, to: 1 + index % 50, type: `type ${index % 9}` }),
  );
  const { content, losses } = writeAndImport({ nodes, edges }, { family: "3.9.0" });
  assertEquals(content.edges, edges.map((edge) => edgeText(edge, {})).sort());
  assertEquals(losses, []);
});

test("files with pages of 8192 and 16384 bytes for edges come over", () => {
  const nodes = Array.from({ length: 30 }, (_, index) => ({ id: index + 1, kind: "N", name: `${index}`, data: "{}" }));
  const edges = Array.from({ length: 600 }, (_, index) => ({ from: 1 + index % 3, to: 1 + index % 30, type: "calls" }));
  for (const pageSize of [8192, 16384] as const) {
    const { content, losses } = writeAndImport({ nodes, edges }, { family: "3.2.5", pageSize });
    assertEquals(content.edges, edges.map((edge) => edgeText(edge, {})).sort());
    assertEquals(losses, []);
  }
});

test("the log comes over on top of the checkpoint, with and without a header", () => {
  const key = (name: string) => new TextEncoder().encode(name);
  for (const hasLogHeader of [true, false]) {
    const { content } = writeAndImport({
      nodes: [],
      edges: [],
      keyValues: [storedKeyValue(key("kept"), 1), storedKeyValue(key("changed"), 1), storedKeyValue(key("gone"), 1)],
      log: [
        { record: "set", entry: storedKeyValue(key("changed"), "two") },
        { record: "delete", key: key("gone") },
        { record: "set", entry: storedKeyValue(key("new"), 2.5) },
        { record: "set", entry: storedKeyValue(key("new and gone"), 2.5) },
        { record: "tombstone", key: key("new and gone"), old: storedKeyValue(key(""), 2.5) },
      ],
    }, { family: "3.2.5", hasLogHeader });
    assertEquals(
      content.keyValues,
      [
        keyText({ key: key("changed"), value: "two" }),
        keyText({ key: key("kept"), value: 1 }),
        keyText({ key: key("new"), value: 2.5 }),
      ].sort(),
    );
  }
});

function writeAndImport(
  graph: WrittenGraph,
  options: WriteOptions,
): { readonly content: Content; readonly losses: readonly string[] } {
  using dir = tempDir();
  const path = dir.path("written.graph");
  writeReference(path, graph, options);
  using db = open(":memory:", { clock, cacheBytes: 2 ** 20 }); // a cache of the usual size takes longer to make
  const report = importReference(path, db);
  return { content: contentOf(db), losses: report.losses.map(({ code, count }) => `${code} ${count}`) };
}

function contentOf(db: GraphBackend): Content {
  const keyValues = [...db.kv.scan({ prefix: new Uint8Array(0) })].map((entry) =>
    keyText(entry, entry.expiresAt === undefined ? undefined : (entry.expiresAt - clock()) / 1000)
  );
  return {
    nodes: [...db.nodes()].map(({ id, kind, name, data }) => nodeText(id, kind, name, data)),
    edges: [...db.edges()].map((edge) => edgeText(edge, edge.data)).sort(),
    keyValues: keyValues.sort(),
  };
}

function nodeText(id: number, kind: string, name: string, data: unknown): string {
  return `${id} ${JSON.stringify(kind)} ${JSON.stringify(name)} ${canonical(data)}`;
}

function edgeText({ from, to, type }: Pick<WrittenEdge, "from" | "to" | "type">, data: unknown): string {
  return `${edgeName(Number(from), Number(to), type)} ${canonical(data)}`;
}

function keyText({ key, value }: { readonly key: Uint8Array; readonly value: unknown }, ttlSeconds?: number): string {
  return `${hexOf(key)} ${canonical(value)} ${ttlSeconds ?? "for ever"}`;
}
