/** The second vector engine under a database: the same calls, with fewer abilities. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import { open } from "../../lib/graph/open.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const OPTIONS = { dimension: 4, metric: "cosine", engine: "hnswlib" } as const;
const QUERY = [1, 0, 3, 1];

function vectorOf(nodeId: number): number[] {
  return [Math.sin(nodeId), Math.cos(nodeId), nodeId % 7, 1];
}

for (const backend of ["v3", "sqlite"] as const) {
  test(`${backend}: hnswlib finds what an exact search finds, in transactions and after reopening`, async () => {
    using folder = tempDir();
    const path = folder.path("test.graph");
    {
      using db = open(path, { backend, durability: "off" });
      db.createVectorIndex("e", OPTIONS);
      const ids = db.insertNodes(
        Array.from({ length: 300 }, (_, at) => ({ kind: at % 2 ? "Odd" : "Even", name: `${at}` })),
      );
      db.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: vectorOf(nodeId) })));
      const exact = db.searchVectors("e", QUERY, { exact: true, k: 3 });
      assertEquals(db.searchVectors("e", QUERY, { k: 3, ef: 200 }), exact);
      const odd = db.searchVectors("e", QUERY, { k: 3, ef: 200, filter: { kinds: ["Odd"] } });
      assertEquals(odd, db.searchVectors("e", QUERY, { k: 3, exact: true, filter: { kinds: ["Odd"] } }));
      const [first] = exact;
      assert(first !== undefined);
      using before = db.snapshot();
      assertThrows(
        () =>
          db.transaction((tx) => {
            tx.deleteVector("e", first.nodeId);
            assertEquals(tx.searchVectors("e", QUERY, { k: 2, ef: 200 }), exact.slice(1));
            throw new Error("roll back");
          }),
        Error,
        "roll back",
      );
      assertEquals(before.searchVectors("e", QUERY, { k: 3, ef: 200 }), exact);
      db.deleteNode(first.nodeId);
      assertThrows(() => before.searchVectors("e", QUERY), UnsupportedError, "newest state");
      assertEquals(db.searchVectors("e", QUERY, { k: 2, ef: 200 }), exact.slice(1));
      assertEquals(db.vectorIndex("e").info.engine, "hnswlib");
    }
    await using graph = await openGraph(path, { durability: "off" });
    const found = await graph.searchVectors("e", QUERY, { k: 2, ef: 200 });
    assertEquals(found, await graph.searchVectors("e", QUERY, { k: 2, exact: true }));
    assertEquals(await graph.searchVectors("e", [QUERY, QUERY], { k: 2, ef: 200 }), [found, found]);
    const last = found.at(-1)?.nodeId as number;
    await graph.setVector("e", last, QUERY);
    using snapshot = graph.snapshot();
    assertEquals(snapshot.searchVectors("e", QUERY, { k: 1, ef: 200 })[0]?.nodeId, last);
    assertEquals(snapshot.vectorIndex("e").stats().linked, 299);
  });
}

test("hnswlib refuses what it cannot do before anything is written", async () => {
  using db = open(":memory:");
  for (const options of [{ metric: "manhattan" }, { storage: "f16" }, { storage: "i8" }] as const) {
    assertThrows(() => db.createVectorIndex("e", { ...OPTIONS, ...options }), UnsupportedError, "hnswlib");
  }
  assertEquals(db.vectorIndexes(), []);
  await using graph = await openGraph(":memory:");
  await assertRejects(() => graph.createVectorIndex("e", { ...OPTIONS, storage: "i8" }), UnsupportedError, "hnswlib");
  assertEquals(graph.vectorIndexes(), []);
});
