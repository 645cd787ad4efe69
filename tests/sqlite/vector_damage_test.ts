/** Damaged links of vectors: they are made of vectors, which are searched as before. */

import { assertEquals } from "@std/assert";
import { closeSync, openSync, writeSync } from "node:fs";
import { open } from "../../mod.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { Warnings } from "../support/warnings.ts";

const VECTORS = Array.from({ length: 50 }, (_, at) => [at, at % 7]);

/** Fills a page of a file, the first one of a table, with what no page begins with. */
function damageTable(path: string, table: string): void {
  using raw = openRaw(path);
  const page = Number(raw.value("SELECT rootpage FROM sqlite_master WHERE name = ?", table));
  const size = Number(raw.value("PRAGMA page_size"));
  raw.close();
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(size).fill(255), 0, size, (page - 1) * size);
  closeSync(file);
}

for (const table of ["hnsw_layers", "sqlitegraph_vector_links"]) {
  test(`an index whose table ${table} is damaged is linked anew, and takes new vectors`, () => {
    using dir = tempDir();
    const path = dir.path("a.graph");
    {
      using db = open(path, { backend: "sqlite" });
      db.createVectorIndex("a", { dimension: 2, metric: "euclidean" });
      const ids = db.insertNodes(VECTORS.map((_, at) => ({ kind: "N", name: `${at}` })));
      db.setVectors("a", ids.map((nodeId, at) => ({ nodeId, vector: VECTORS[at] as number[] })));
    }
    damageTable(path, table);
    using warnings = new Warnings();
    for (let round = 0; round < 2; round++) {
      using db = open(path);
      for (const nodeId of [1, 20, 50]) {
        const query = VECTORS[nodeId - 1] as number[];
        assertEquals(db.searchVectors("a", query, { k: 1 }), [{ nodeId, distance: 0 }]);
      }
      db.setVector("a", db.insertNode({ kind: "N", name: `new ${round}` }), [99, 99]);
      db.checkpoint();
      assertEquals(warnings.codes.length, round + 1);
    }
    assertEquals(new Set(warnings.codes), new Set(["vector-links"]));
  });
}
