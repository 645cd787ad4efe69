/** Damaged vectors: what check finds, what reads say, what salvage brings over. */

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { checkDatabase } from "../../lib/v3/check.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { PAGE_TYPE } from "../../lib/v3/page.ts";
import type { TreeRoot } from "../../lib/v3/pages.ts";
import { salvage } from "../../lib/v3/salvage.ts";
import { TREE } from "../../lib/v3/state.ts";
import { encodeNextIndex, encodeVectorIndex, indexKey, NEXT_INDEX_KEY } from "../../lib/v3/vector_index_record.ts";
import { linkKey, vectorKey } from "../../lib/v3/vector_key.ts";
import type { V3WriteStore } from "../../lib/v3/write_store.ts";
import { contentOf, type FullContent } from "../crash/content.ts";
import { test } from "../support/test.ts";
import { flipBit, pagesOf, typeOf } from "./damage.ts";
import { START_MS, TestDatabase } from "./test_database.ts";

const PATH = "/test.graph";
const COPY = "/copy.graph";
const NODES = 60;

const DEFINITION = {
  name: "parts",
  dimension: 500,
  metric: "euclidean",
  m: 16,
  efConstruction: 200,
  efSearch: 64,
  storage: "f32",
  seed: 0,
  engine: "hnsw",
} as const;

function fill(store: V3WriteStore): void {
  store.createVectorIndex(DEFINITION);
  store.createVectorIndex({ ...DEFINITION, name: "small", dimension: 3 });
  for (let id = 1; id <= NODES; id++) {
    store.insertNode({ kind: "N", name: `n${id}`, filePath: null, labels: [], data: "{}" });
    store.setVector(store.vectorIndex("parts")!, id, Float32Array.from({ length: 500 }, (_, at) => id + at / 8));
    if (id % 2 === 0) store.setVector(store.vectorIndex("small")!, id, Float32Array.of(id, 1, 2));
  }
}

/** What check finds after the trees were changed behind the back of everything. */
function findingsAfter(change: (db: TestDatabase) => void): string[] {
  using db = new TestDatabase();
  db.commit(fill);
  db.commit((store) => {
    change(db);
    store.setValue(new Uint8Array([1]), { type: "null", value: null, json: "" }, START_MS, undefined);
  });
  return checkDatabase(db.engine).findings.map(({ code }) => code);
}

test("check finds everything that is wrong with vectors and their indexes", () => {
  assertEquals(findingsAfter(() => {}), []);
  const cases: readonly (readonly [string, (db: TestDatabase) => void])[] = [
    ["vector-count", ({ engine: { trees } }) => {
      const index = { definition: DEFINITION, number: 1, count: NODES + 1 };
      trees.vectorIndexes.put(indexKey("parts"), encodeVectorIndex(index));
    }],
    ["vector-index-corrupt", ({ engine: { trees } }) => trees.vectorIndexes.put(NEXT_INDEX_KEY, encodeNextIndex(2))],
    ["vector-index-corrupt", ({ engine: { trees } }) => trees.vectorIndexes.put(indexKey("x"), new Uint8Array(32))],
    ["vector-node-missing", ({ engine: { trees, writer } }) => {
      trees.nodes.delete(7);
      writer.nodeCount--;
    }],
    ["vector-corrupt", ({ engine: { trees } }) => trees.vectors.delete(vectorKey(1, 7, 1))],
    ["vector-corrupt", ({ engine: { trees } }) => trees.vectors.delete(vectorKey(1, 7, 0))],
    ["vector-corrupt", ({ engine: { trees } }) => trees.vectors.put(vectorKey(2, 8, 0), new Uint8Array(19))],
    ["vector-corrupt", ({ engine: { trees } }) => {
      const bytes = trees.vectors.get(vectorKey(2, 8, 0))!;
      bytes.fill(255, 8, 12);
      trees.vectors.put(vectorKey(2, 8, 0), bytes);
    }],
    ["vector-corrupt", ({ engine: { trees } }) => trees.vectors.put(new Uint8Array(3), new Uint8Array(3))],
    ["vector-index-missing", ({ engine: { trees } }) => trees.vectors.put(vectorKey(9, 8, 0), new Uint8Array(12))],
    ["vector-link-excess", ({ engine: { trees } }) => trees.vectorLinks.put(linkKey(9, 1), new Uint8Array(3))],
  ];
  for (const [code, change] of cases) {
    const found = findingsAfter(change);
    assert(found.includes(code), `${code}: found ${found}`);
  }
});

test("a vector that lacks a part is an error to read, not a missing or a wrong vector", () => {
  using db = new TestDatabase();
  db.commit(fill);
  const look = (): void =>
    void db.commit((store) => {
      db.engine.trees.vectors.delete(vectorKey(1, 7, 2));
      const index = store.vectorIndex("parts")!;
      assertThrows(() => store.readVector(index, 7), CorruptionError, "node 7");
      assertEquals(store.readVector(index, 8)?.[0], 8);
      assertThrows(() => store.vectorPage(index, "vector", 5, 10), CorruptionError, "node 7");
      assertEquals(store.vectorPage<number>(index, "nodeId", 5, 3).items, [6, 7, 8]);
      throw new Error("not to be committed");
    });
  assertThrows(look, Error, "not to be committed");
});

interface Damaged {
  readonly files: FileSystem;
  readonly content: FullContent;
  readonly roots: readonly TreeRoot[];
  readonly catalog: TreeRoot;
}

function makeFile(): Damaged {
  const files = new MemoryFileSystem();
  const db = new TestDatabase(undefined, files, PATH);
  db.commit(fill);
  db.checkpoint();
  const { roots } = db.state;
  const { catalog } = db.engine.header;
  db[Symbol.dispose]();
  using again = V3Backend.open(PATH, { fileSystem: files, readonly: true });
  return { files, content: contentOf(again), roots, catalog };
}

function salvaged(files: FileSystem): { content: FullContent; losses: string[]; vectors: number } {
  const report = salvage(PATH, COPY, { fileSystem: files, clock: () => START_MS });
  using db = V3Backend.open(COPY, { fileSystem: files });
  assertEquals(db.check().findings, []);
  const { vectors } = report;
  return { content: contentOf(db), losses: report.losses.map(({ what, where }) => `${what}: ${where}`), vectors };
}

function leavesOf(files: FileSystem, root: TreeRoot): number[] {
  return Array.from({ length: pagesOf(files, PATH) }, (_, at) => at + 1).filter((pageId) =>
    pageId !== root.pageId && typeOf(files, PATH, pageId) === PAGE_TYPE.byteLeaf
  );
}

test("salvage copies indexes and vectors, also below a damaged branch and without the catalog", () => {
  const whole = makeFile();
  const sound = salvaged(whole.files);
  assertEquals(sound.content, whole.content);
  assertEquals([sound.losses, sound.vectors], [[], NODES + NODES / 2]);
  for (const damage of ["branch", "catalog", "catalog and headers"] as const) {
    const { files, content, roots, catalog } = makeFile();
    const pageId = damage === "branch" ? roots[TREE.vectors]!.pageId : catalog.pageId;
    assertGreater(roots[TREE.vectors]!.level, 0);
    flipBit(files, PATH, pageId, 5000);
    if (damage === "catalog and headers") {
      const file = files.open(PATH, "write");
      file.write(new Uint8Array(8192), 0);
      file.close();
    }
    const { content: found, losses } = salvaged(files);
    assertEquals(found, content, damage);
    assertGreater(losses.length, 0);
  }
});

test("of a damaged leaf salvage loses the vectors that lie in it, and names them", () => {
  const { files, content, roots } = makeFile();
  const leaves = leavesOf(files, roots[TREE.vectors]!);
  // A leaf from the middle of the vectors: it holds parts of two or three of them.
  flipBit(files, PATH, leaves[Math.floor(leaves.length / 2)]!, 20_000);
  const { content: found, losses } = salvaged(files);
  assertEquals(found.nodes, content.nodes);
  assertLess(found.vectors.length, content.vectors.length);
  assertGreater(found.vectors.length, content.vectors.length - 12);
  const kept = new Set(found.vectors.map(({ key }) => key));
  assertEquals(found.vectors, content.vectors.filter(({ key }) => kept.has(key)));
  assert(losses.some((loss) => loss.startsWith("page: ")), `${losses}`);
  assert(losses.some((loss) => loss.startsWith("vector: vector index ")), `${losses}`);
});

test("salvage brings over what is in the log only", () => {
  const files = new MemoryFileSystem();
  const database = V3Backend.open(PATH, { fileSystem: files });
  database.insertNodes([{ kind: "N", name: "a" }, { kind: "N", name: "b" }, { kind: "N", name: "c" }]);
  database.createVectorIndex("v", { dimension: 2, metric: "dot" });
  database.createVectorIndex("w", { dimension: 1 });
  database.checkpoint();
  database.transaction((tx) => {
    tx.dropVectorIndex("w");
    tx.createVectorIndex("x", { dimension: 300 });
    tx.setVectors("x", [1, 2, 3].map((nodeId) => ({ nodeId, vector: new Float32Array(300).fill(nodeId) })));
    tx.setVector("v", 1, [1, 1]);
    tx.setVector("v", 2, [2, 2]);
    tx.deleteVector("v", 1);
    tx.deleteNode(3);
  });
  const content = contentOf(database);
  // As if the process had died: the lock goes, log and file stay.
  const copy = new MemoryFileSystem();
  for (const path of [PATH, `${PATH}.v3wal`]) {
    const from = files.open(path, "read");
    const bytes = new Uint8Array(from.size());
    from.read(bytes, 0);
    from.close();
    const to = copy.open(path, "create");
    to.write(bytes, 0);
    to.close();
  }
  database.close();
  const { content: found, losses } = salvaged(copy);
  assertEquals(found, content);
  assertEquals(losses, []);
});
