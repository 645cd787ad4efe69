/** Whole files and their surroundings: headers, names, sidecars of other formats, the target, cancellation. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { open } from "../../mod.ts";
import { ConflictError, GraphError, NotFoundError, UnsupportedError } from "../../lib/backend/errors.ts";
import { importReference } from "../../lib/reference/import_reference.ts";
import { GOLDEN_FOLDERS, goldenBytes, goldenFileNames, MAIN_FILE, unpackGolden } from "../support/reference_golden.ts";
import { clustersOf, referenceFile, writeReference } from "../support/reference_writer.ts";
import { HEADER_SIZE } from "../support/reference_writer_file.ts";
import { PAGE_SIZE } from "../support/reference_writer_pages.ts";
import { checkpointBytes, logBytes, storedKeyValue } from "../support/reference_writer_sidecars.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import {
  addEdges,
  edgeNames,
  edgesOf,
  edgeTexts,
  fileOf,
  importCrafted,
  nodesOf,
  nodeTexts,
  textsOf,
} from "./crafted.ts";
import { hexOf } from "./golden_files.ts";

const bytesOfText = (text: string) => new TextEncoder().encode(text);

test("importing changes no file and adds none beside them", () => {
  for (const folder of GOLDEN_FOLDERS.filter((name) => !name.endsWith("/pages"))) {
    using dir = tempDir();
    const path = unpackGolden(folder, dir);
    for (const salvage of [false, true]) {
      using db = open(":memory:");
      importReference(path, db, { salvage });
    }
    assertEquals(readdirSync(dir.root).sort(), goldenFileNames(folder).sort());
    for (const name of goldenFileNames(folder)) {
      assertEquals(hexOf(readFileSync(dir.path(name))) === hexOf(goldenBytes(folder, name)), true, `${folder} ${name}`);
    }
  }
});

test("a renamed database comes over with its sidecars, whose extension replaces its own", () => {
  for (const name of ["graph", ".hidden", "x.y.db", "dot.", "db.v3"]) {
    using dir = tempDir();
    const graph = { nodes: nodesOf(1, 2), edges: edgesOf("1>2 a"), keyValues: [storedKeyValue(bytesOfText("k"), 1)] };
    writeReference(dir.path("db.graph"), graph, { family: "3.9.0" });
    const stem = name.lastIndexOf(".") > 0 ? name.slice(0, name.lastIndexOf(".")) : name;
    for (const file of readdirSync(dir.root)) renameSync(dir.path(file), dir.path(`${stem}${file.slice(2)}`));
    renameSync(dir.path(`${stem}.graph`), dir.path(name));
    using db = open(":memory:");
    const report = importReference(dir.path(name), db);
    assertEquals([nodeTexts(db), edgeTexts(db), db.kv.get("k")], [textsOf(1, 2), edgeNames("1>2 a"), 1], name);
    assertEquals(report.losses, [], name);
  }
});

test("sidecars of an empty file, and no sidecars at all, do no harm", () => {
  const graph = { nodes: nodesOf(1, 2), edges: edgesOf("1>2 a", "2>1 b") };
  const { file } = referenceFile(graph, { family: "3.9.0" });
  const empty = Object.fromEntries(
    ["v3index", "v3edgemeta", "v3checkpoint", "v3wal", "sqlite"].map((name) => [name, new Uint8Array(0)]),
  );
  for (const sidecars of [{}, empty]) {
    const { nodes, edges } = importCrafted(file, { sidecars });
    assertEquals([nodes, edges], [textsOf(1, 2), edgeNames("1>2 a", "2>1 b")]);
  }
});

test("a list in a partial last page comes over", () => {
  const file = fileOf(nodesOf(1, 2));
  const firstLeaf = file.allocate();
  const entries = clustersOf(edgesOf("1>2 a", "2>1 a")).map((cluster) => file.plainCluster(cluster));
  Object.assign(file.header, { edgeRoot: file.tree(entries, { firstLeaf }).root, edgeCount: 2 });
  assert((file.toBytes().length - HEADER_SIZE) % PAGE_SIZE !== 0);
  const { edges, report } = importCrafted(file);
  assertEquals([edges, report.losses], [edgeNames("1>2 a", "2>1 a"), []]);
});

test("checkpoints of all three formats come over", () => {
  for (const format of [1, 2, 3] as const) {
    const entries = [storedKeyValue(bytesOfText("a"), 1), storedKeyValue(bytesOfText("b"), "two")];
    using dir = tempDir();
    writeFileSync(dir.path("db.graph"), fileOf(nodesOf(1)).toBytes());
    writeFileSync(dir.path("db.v3checkpoint"), checkpointBytes(entries, format, 7));
    using db = open(":memory:");
    const report = importReference(dir.path("db.graph"), db);
    assertEquals([db.kv.get("a"), db.kv.get("b"), report.keyValues], [1, "two", 2], `format ${format}`);
  }
});

test("a checkpoint that fails its checksum is told", () => {
  const bytes = checkpointBytes([storedKeyValue(bytesOfText("a"), 1), storedKeyValue(bytesOfText("b"), 2)], 2);
  bytes[bytes.length - 1] = 7;
  const { losses } = importCrafted(fileOf(nodesOf(1)), { sidecars: { v3checkpoint: bytes } });
  assert(losses("checkpoint-damaged").length > 0);
});

test("a torn log comes over as far as it is whole, and the rest is told", () => {
  const whole = logBytes([
    { record: "set", entry: storedKeyValue(bytesOfText("a"), 1) },
    { record: "set", entry: storedKeyValue(bytesOfText("b"), 2) },
  ]);
  using dir = tempDir();
  writeFileSync(dir.path("db.graph"), fileOf(nodesOf(1)).toBytes());
  writeFileSync(dir.path("db.v3wal"), whole.subarray(0, whole.length - 9));
  using db = open(":memory:");
  const { losses } = importReference(dir.path("db.graph"), db);
  assertEquals([db.kv.get("a"), db.kv.get("b")], [1, undefined]);
  assert(losses.some(({ code }) => code === "log-damaged"));
});

test("files that are no database of this format are refused", () => {
  const good = fileOf(nodesOf(1)).toBytes();
  const changed = (at: number, ...bytes: number[]) => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  for (const bytes of [new Uint8Array(0), good.slice(0, 111), changed(0, 1), changed(8, 0, 0, 0, 9)]) {
    assertThrows(() => importCrafted(bytes), GraphError);
  }
  // The format before this one.
  assertThrows(() => importCrafted(changed(7, 0)), UnsupportedError);
  using dir = tempDir();
  using db = open(":memory:");
  assertThrows(() => importReference(dir.path("none.graph"), db), NotFoundError);
  assertEquals(existsSync(dir.path("none.graph")), false);
});

test("unusual fields of the header do not stop an import", () => {
  const graph = { nodes: nodesOf(1, 2), edges: edgesOf("1>2 a") };
  for (
    const fields of [{ flags: 0xffffffff }, { flags: 0 }, { totalPages: 0 }, { nodeTreeHeight: 4 }, { pageSize: 5 }]
  ) {
    const { file } = referenceFile(graph, { family: "3.2.5" });
    Object.assign(file.header, fields);
    const { nodes, edges } = importCrafted(file);
    assertEquals([nodes, edges], [textsOf(1, 2), edgeNames("1>2 a")], JSON.stringify(fields));
  }
});

test("only an empty database takes an import", () => {
  using dir = tempDir();
  writeFileSync(dir.path("db.graph"), fileOf(nodesOf(1)).toBytes());
  for (const backend of ["v3", "sqlite"] as const) {
    for (const fill of ["node", "key"] as const) {
      using db = open(":memory:", { backend });
      if (fill === "node") db.insertNode({ kind: "N", name: "there" });
      else db.kv.set("there", 1);
      assertThrows(() => importReference(dir.path("db.graph"), db), ConflictError);
    }
  }
});

test("an import that is stopped leaves nothing and throws the reason", () => {
  using dir = tempDir();
  const path = unpackGolden("3.2.5/pages", dir);
  using db = open(":memory:");
  const controller = new AbortController();
  const reason = new Error("enough");
  let told = 0;
  const onProgress = () => {
    if (++told === 2) controller.abort(reason);
  };
  const error = assertThrows(() => importReference(path, db, { onProgress, signal: controller.signal }));
  assertEquals(error, reason);
  assertEquals([db.countNodes(), db.countEdges()], [0, 0]);
});

test("an import is one commit", () => {
  using dir = tempDir();
  using db = open(":memory:");
  const before = db.lsn;
  importReference(unpackGolden("3.9.0/mixed", dir), db);
  assertEquals(db.lsn, before + 1);
});

test("after an import new nodes get ids behind the imported ones", () => {
  for (const backend of ["v3", "sqlite"] as const) {
    const file = addEdges(fileOf(nodesOf(1, 40)), edgesOf("1>40 a"));
    using dir = tempDir();
    writeFileSync(dir.path(MAIN_FILE), file.toBytes());
    using db = open(":memory:", { backend });
    importReference(dir.path(MAIN_FILE), db);
    const id = db.insertNode({ kind: "N", name: "next" });
    assert(id > 40);
    db.insertEdge({ from: id, to: 40, type: "b" });
    assertEquals(db.neighbors(40, { direction: "in" }), [1, id]);
  }
});
