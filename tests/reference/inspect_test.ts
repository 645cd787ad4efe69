import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { CorruptionError, GraphError, NotFoundError, UnsupportedError } from "../../lib/backend/errors.ts";
import { inspectReference, type ReferenceInspection } from "../../lib/reference/inspect.ts";
import { inspectionText } from "../../lib/reference/inspect_text.ts";
import { GOLDEN_FOLDERS, goldenBytes, unpackGolden } from "../support/reference_golden.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** The pages that there are, as `kind` or `kind(unreached)` with their number. */
function pagesOf({ census }: ReferenceInspection): Record<string, string> {
  return Object.fromEntries(
    census.kinds.filter(({ pages }) => pages > 0).map(({ kind, pages, unreached }) => [
      kind,
      unreached === 0 ? `${pages}` : `${pages}, unreached ${unreached}`,
    ]),
  );
}

function sidecarsOf({ sidecars }: ReferenceInspection): Record<string, string> {
  return Object.fromEntries(sidecars.map(({ kind, state }) => [kind, state]));
}

function filesOf(dir: TempDir): Record<string, Uint8Array> {
  return Object.fromEntries(readdirSync(dir.root).sort().map((name) => [name, readFileSync(dir.path(name))]));
}

test("every released file is inspected, and nothing is changed", () => {
  for (const folder of GOLDEN_FOLDERS) {
    using dir = tempDir();
    const path = unpackGolden(folder, dir);
    const before = filesOf(dir);
    const inspection = inspectReference(path);
    assertEquals(inspection.headerProblems, []);
    assertEquals(
      inspection.census.kinds.reduce((sum, { pages }) => sum + pages, 0),
      inspection.pageCount,
      folder,
    );
    // Not every state tells versions apart; then a span of them is named, in which the right one lies.
    const [version = "", scenario = ""] = folder.split("/");
    if (version === "cross") assertMatch(inspection.version, /^[\d.to ]+, then /);
    else if (version === "3.2.5" && /^wal(_unflushed)?$/.test(scenario)) {
      assertEquals(inspection.version, "2.0.9 to 3.2.5");
    } else {assertStringIncludes(
        inspection.version,
        version === "2.0.7" ? "2.0.7" : version === "2.2.2" ? "2." : version,
      );}
    assertStringIncludes(inspectionText(inspection), inspection.version);
    assertEquals(filesOf(dir), before);
  }
});

test("trees, pages and sidecars of a sound file are counted", () => {
  using dir = tempDir();
  const inspection = inspectReference(unpackGolden("3.2.5/pages", dir));
  const { nodeTree, edgeTree, census } = inspection;
  assertEquals([nodeTree.height, nodeTree.pages, nodeTree.entries, nodeTree.problems], [2, 24, 3000, []]);
  assertEquals([edgeTree.height, edgeTree.pages, edgeTree.entries, inspection.edgeRootFrom], [2, 3, 260, "sidecar"]);
  assertEquals(pagesOf(inspection), { nodeTree: "24", edgeTree: "3", nodes: "47", payload: "60", edges: "260" });
  assertEquals([census.nodeRecords, census.unreachedRecords, census.deletedRecords], [3000, 0, 0]);
  assertEquals(sidecarsOf(inspection), { edgeMeta: "good", nameIndex: "good" });
  assertEquals(inspection.header.find(({ name }) => name === "nodeCount")?.value, 3000);
});

test("packed and chained pages of edges are told apart", () => {
  using dir = tempDir();
  const inspection = inspectReference(unpackGolden("3.9.0/hub", dir));
  assertEquals(pagesOf(inspection), {
    nodeTree: "1",
    edgeTree: "1",
    nodes: "1",
    packedEdges: "4",
    chainedEdges: "4",
  });
  assertEquals(sidecarsOf(inspection), { edgeMeta: "good", nameIndex: "good", properties: "good" });
});

test("a list of edges that was overwritten, and a node page without a tree, are found", () => {
  using dir = tempDir();
  assertEquals(pagesOf(inspectReference(unpackGolden("3.2.5/hub", dir)))["unreadable"], "1");
  const reopened = inspectReference(unpackGolden("2.2.2/reopened", dir));
  assertEquals(reopened.nodeTree.problems, [{ page: 3, message: "its checksum does not fit" }]);
  assertEquals([pagesOf(reopened)["nodes"], reopened.census.unreachedRecords], ["1, unreached 1", 1]);
});

test("stale, damaged and unreadable sidecars are told apart", () => {
  using dir = tempDir();
  const path = unpackGolden("3.2.5/wal_after_flush", dir);
  const damage = (name: string, change: (bytes: Uint8Array) => Uint8Array) => {
    writeFileSync(dir.path(name), change(new Uint8Array(goldenBytes("3.2.5/wal_after_flush", name))));
  };
  damage("db.v3wal", (bytes) => bytes.subarray(0, bytes.length - 1));
  damage("db.v3checkpoint", () => new Uint8Array(3));
  damage("db.v3edgemeta", (bytes) => bytes.fill(0, 8, 9));
  const inspection = inspectReference(path);
  assertEquals(sidecarsOf(inspection), {
    edgeMeta: "unreadable",
    nameIndex: "stale",
    wal: "damaged",
    checkpoint: "unreadable",
  });
  assertEquals(inspection.edgeRootFrom, "header");
  assertStringIncludes(inspectionText(inspection), "  ! it has only 3 bytes; 3 bytes are not read");
});

test("the text tells header, trees, pages and sidecars", () => {
  using dir = tempDir();
  const lines = inspectionText(inspectReference(unpackGolden("3.9.0/tiny", dir))).split("\n");
  for (
    const line of [
      "written by   3.9.0",
      "  nodeCount        @16      3  nodes, as counted; wrong after deletions of nodes that did not exist",
      "  edges  root 6, height 1, 1 page, 3 entries (root by the sidecar)",
      "  long data of nodes      1",
      "  records of nodes: 3, deleted: 0",
      "  db.v3edgemeta  24 bytes, good: root 6, height 1",
    ]
  ) assertEquals(lines.filter((found) => found === line), [line]);
});

test("what is no file of the format is refused", () => {
  using dir = tempDir();
  const path = dir.path("db.graph");
  assertThrows(() => inspectReference(path), NotFoundError);
  writeFileSync(path, "no database");
  assertThrows(() => inspectReference(path), CorruptionError);
  const head = new Uint8Array(goldenBytes("3.2.5/tiny", "db.graph"));
  head[11] = 5;
  writeFileSync(path, head);
  assertThrows(() => inspectReference(path), UnsupportedError, "version 5");
});

test("an inspection can be stopped", () => {
  using dir = tempDir();
  const path = unpackGolden("3.2.5/tiny", dir);
  // A page for each report of progress.
  writeFileSync(path, new Uint8Array(4096 * 4100), { flag: "a" });
  const phases: unknown[] = [];
  inspectReference(path, { onProgress: ({ phase, done, total }) => phases.push([phase, done, total]) });
  assertEquals(phases, [["inspect", 4096, 4108]]);
  assertThrows(() => inspectReference(path, { signal: AbortSignal.abort() }), Error);
});

test("a damaged main file is inspected, or refused with an error of ours", () => {
  using dir = tempDir();
  for (const folder of ["3.2.5/mixed", "3.9.0/hub"]) {
    const path = unpackGolden(folder, dir);
    const good = readFileSync(path);
    const lastPage = Math.floor(good.length / 4096) - 2;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(lastPage), fc.nat(lastPage)), { maxLength: 3 }),
        fc.option(fc.nat(good.length)),
        (changes, copies, length) => {
          const bytes = new Uint8Array(good);
          for (const [from, to] of copies) {
            bytes.copyWithin(112 + to * 4096, 112 + from * 4096, 112 + (from + 1) * 4096);
          }
          for (const [at, byte] of changes) bytes[at] = byte;
          writeFileSync(path, length === null ? bytes : bytes.subarray(0, length));
          try {
            inspectionText(inspectReference(path));
          } catch (error) {
            if (!(error instanceof GraphError)) throw error;
          }
        },
      ),
      { numRuns: 150 },
    );
  }
});
