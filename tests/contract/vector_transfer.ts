/** The contract of vectors in care: export and import, imported records, counts, backup, events. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import type { Change } from "../../lib/backend/change.ts";
import { ConflictError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { ImportRecord } from "../../lib/backend/import_record.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** Three nodes, an index without vectors and two with some. */
function fill(db: GraphBackend): void {
  db.transaction((tx) => {
    const ids = tx.insertNodes(["a", "b", "c"].map((name) => ({ kind: "N", name })));
    tx.createVectorIndex("empty", { dimension: 4096 });
    tx.createVectorIndex("é", {
      dimension: 2,
      metric: "dot",
      m: 5,
      efConstruction: 50,
      efSearch: 9,
      seed: 2 ** 32 - 1,
    });
    tx.createVectorIndex("large", { dimension: 700, metric: "manhattan", storage: "i8" });
    tx.setVector("é", ids[0]!, [-0, 9.9e16]);
    tx.setVector("é", ids[2]!, [Math.fround(0.1), 1e-45]);
    tx.setVector("large", ids[1]!, Float32Array.from({ length: 700 }, (_, at) => at / 7));
  });
}

/** Everything about vectors, as text that tells −0 from 0. */
function vectorsOf(db: GraphBackend): unknown {
  return db.vectorIndexes().map((info) => [
    info,
    Array.from(
      db.vectorIndex(info.name).vectors(),
      ({ nodeId, vector }) => [nodeId, ...Array.from(vector, (number) => Object.is(number, -0) ? "-0" : number)],
    ),
  ]);
}

/** Declares the tests of vectors in care. */
export function vectorTransferContract(subject: Subject): void {
  graphTest(subject, "export and import lose nothing of vectors", (db, world) => {
    fill(db);
    const path = world.at("vectors.jsonl");
    const exported = db.exportSnapshot(path);
    assertEquals([exported.vectorIndexes, exported.vectors], [3, 3]);
    const other = world.open(world.at("other.graph"));
    assertEquals(other.importSnapshot(path), exported);
    assertEquals(vectorsOf(other), vectorsOf(db));
    assertEquals(other.check().findings, []);
    other.exportSnapshot(world.at("again.jsonl"));
    const rows = (name: string): string[] => readFileSync(world.at(name), "utf8").split("\n").slice(1);
    assertEquals(rows("again.jsonl"), rows("vectors.jsonl"));
    // It is not empty because of its indexes alone.
    other.deleteNode(1);
    other.deleteNode(2);
    other.deleteNode(3);
    assertThrows(() => other.importSnapshot(path), ConflictError, "3 vector indexes");
    other.createVectorIndex("more", { dimension: 1 });
    assertEquals(other.importSnapshot(path, { replace: true }), exported);
    assertEquals(vectorsOf(other), vectorsOf(db));
  });

  graphTest(subject, "a snapshot file without rows and counts of vectors is imported", (db, world) => {
    db.insertNode({ kind: "N", name: "a" });
    const path = world.at("old.jsonl");
    db.exportSnapshot(path);
    const text = readFileSync(path, "utf8").replace('"vectorIndexes":0,"vectors":0,', "");
    assert(!text.includes("vector"));
    writeFileSync(path, text);
    const other = world.open(":memory:");
    const { nodes, vectorIndexes, vectors } = other.importSnapshot(path);
    assertEquals([nodes, vectorIndexes, vectors], [1, 0, 0]);
  });

  graphTest(subject, "broken rows of vectors are refused with their line, and nothing is imported", (db, world) => {
    fill(db);
    const path = world.at("whole.jsonl");
    db.exportSnapshot(path);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const index = lines.findIndex((line) => line.includes('"é"'));
    const changes: readonly ((lines: string[]) => void)[] = [
      (rows) => rows.push(rows[index + 1]!),
      (rows) => rows.push(rows[index]!),
      (rows) => rows.splice(index, 1),
      (rows) => rows.pop(),
      (rows) => rows[index] = rows[index]!.replace('"dimension":2', '"dimension":0'),
      (rows) => rows[index] = rows[index]!.replace('"dimension":2', '"dimension":3'),
      (rows) => rows[index] = rows[index]!.replace('"metric":"dot"', '"metric":"other"'),
      (rows) => rows[index + 1] = rows[index + 1]!.replace('"node":1', '"node":99'),
      (rows) => rows[index + 1] = rows[index + 1]!.replace('"values":"', '"values":"*'),
      (rows) => rows[index + 1] = rows[index + 1]!.replace(/"values":"[^"]*"/, '"values":"AADAfwAAAAA="'),
    ];
    changes.forEach((change, at) => {
      const rows = [...lines];
      change(rows);
      writeFileSync(path, `${rows.join("\n")}\n`);
      const other = world.open(":memory:");
      assertThrows(() => other.importSnapshot(path), InvalidArgumentError, "", `change ${at}`);
      assertEquals([other.countNodes(), other.vectorIndexes()], [0, []]);
    });
  });

  graphTest(subject, "imported records may be vector indexes and vectors", (db) => {
    const counts = db.importRecords([
      { node: { id: 7, kind: "N", name: "a" } },
      { vectorIndex: { name: " ", dimension: 2, metric: "euclidean" } },
      { vector: { index: " ", nodeId: 7, vector: [1, 2] } },
      { node: { id: 3, kind: "N", name: "b" } },
      { vector: { index: " ", nodeId: 3, vector: Float32Array.of(3, 4) } },
    ]);
    assertEquals(counts, { nodes: 2, edges: 0, keyValues: 0, vectorIndexes: 1, vectors: 2 });
    assertEquals(db.searchVectors(" ", [0, 0]).map(({ nodeId }) => nodeId), [7, 3]);
    const bad: readonly unknown[] = [
      { vector: { index: "none", nodeId: 1, vector: [1] } },
      { vectorIndex: { name: "v", dimension: 0 } },
      { vectorIndex: { dimension: 1 } },
      { vector: { index: "v", nodeId: 1, vector: "text" } },
    ];
    for (const record of bad) {
      const records = [{ node: { id: 1, kind: "N", name: "a" } }, record] as ImportRecord[];
      assertThrows(() => db.importRecords(records, { replace: true }), InvalidArgumentError);
    }
    assertEquals(db.vectorIndexes().length, 1);
  });

  graphTest(subject, "stats count indexes and vectors, and check finds nothing wrong with them", (db) => {
    assertEquals([db.stats().vectorIndexes, db.stats().vectors], [0, 0]);
    fill(db);
    db.deleteNode(1);
    assertEquals([db.stats().vectorIndexes, db.stats().vectors], [3, 2]);
    assertEquals(db.check().findings, []);
  });

  fileTest(subject, "a backup holds the vectors", (db, world) => {
    fill(db);
    const { path } = db.backup(world.at("backups"));
    const copy = world.open(path);
    assertEquals(vectorsOf(copy), vectorsOf(db));
    assertEquals(copy.check().findings, []);
  });

  graphTest(subject, "listeners are told of a commit that only makes or drops an index", async (db) => {
    const seen: Change[] = [];
    using _ = db.subscribe({}, (change) => seen.push(change));
    db.createVectorIndex("v", { dimension: 1 });
    const made = db.lsn;
    db.dropVectorIndex("v");
    await Promise.resolve();
    const counts = { nodes: 0, edges: 0, keyValues: 0 };
    assertEquals<unknown>(seen, [{ type: "commit", lsn: made, counts }, { type: "commit", lsn: db.lsn, counts }]);
  });
}
