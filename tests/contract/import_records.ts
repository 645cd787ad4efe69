/** The contract of `importRecords`: records with the ids that they bring, all or nothing. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ConflictError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { ImportRecord } from "../../lib/backend/import_record.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { graphTest, START_MS, type Subject } from "./subject.ts";

const A: ImportRecord = { node: { id: 7, kind: "K", name: "a" } };
const B: ImportRecord = { node: { id: 3, kind: "K", name: "b" } };
const AB: ImportRecord = { edge: { id: 9, type: "T", from: 7, to: 3 } };

/** Declares the tests of `importRecords`. */
export function importRecordsContract(subject: Subject): void {
  graphTest(subject, "imported records have the ids, labels, paths, data and expiries that they bring", (db) => {
    const counts = db.importRecords([
      { node: { id: 7, kind: "K", name: "a", filePath: "/p", labels: ["L", "K", "L"], data: { n: 2n ** 60n } } },
      { node: { id: 3, kind: "K", name: "b", dataText: "[1.0]" } },
      { edge: { id: 9, type: "T", from: 7, to: 3, data: null } },
      { edge: { id: 2, type: "T", from: 7, to: 7 } },
      { kv: { key: "k", value: [1], ttlSeconds: 60 } },
      { kv: { key: new Uint8Array([0]), value: "v", expiresAt: START_MS + 5 } },
    ]);
    assertEquals(counts, { nodes: 2, edges: 2, keyValues: 2, vectorIndexes: 0, vectors: 0 });
    const { nodes, edges, keyValues } = contentOf(db);
    assertEquals<unknown>(nodes.map(({ id, filePath, data }) => [id, filePath, data]), [
      [3, undefined, [1]],
      [7, "/p", { n: 2n ** 60n }],
    ]);
    assertEquals<unknown>(edges.map(({ id, from, to, data }) => [id, from, to, data]), [[2, 7, 7, {}], [
      9,
      7,
      3,
      null,
    ]]);
    assertEquals(keyValues.map(({ value, expiresAt }) => [value, expiresAt]), [["v", START_MS + 5], [
      [1],
      START_MS + 60_000,
    ]]);
    assertEquals([...db.nodeIds({ label: "L" })], [7]);
    assertEquals([db.neighbors(7), db.neighbors(3, { direction: "in" })], [[3, 7], [7]]);
  });

  graphTest(subject, "imported kinds, types and names may be blank or hold NUL, and are found", (db) => {
    db.importRecords([
      { node: { id: 1, kind: "", name: "\0", labels: [" "] } },
      { node: { id: 2, kind: "a\0b", name: "" } },
      { edge: { id: 1, type: "", from: 1, to: 2 } },
      { edge: { id: 2, type: "\0", from: 1, to: 2 } },
    ]);
    assertEquals([...db.nodes()].map(({ kind, name }) => [kind, name]), [["", "\0"], ["a\0b", ""]]);
    assertEquals([...db.nodeIds({ kind: "" })], [1]);
    assertEquals(db.neighbors(1, { types: ["\0"] }), [2]);
    assertEquals(db.check().findings.filter(({ severity }) => severity === "error"), []);
  });

  graphTest(subject, "after an import new records get larger ids, and larger ones where it says so", (db) => {
    db.importRecords([A, B, AB], { nextEdgeId: 100 });
    const id = db.insertNode({ kind: "K", name: "c" });
    assertEquals([id, db.insertEdge({ from: id, to: 7, type: "T" })], [8, 100]);
  });

  graphTest(subject, "a bad record undoes the whole import, and the error says which", (db) => {
    const bad: [unknown, string][] = [
      [A, "record 3 repeats the id of node 7"],
      [{ edge: { id: 1, type: "T", from: 7, to: 5 } }, "record 3 names node 5"],
      [{ node: { id: 0, kind: "K", name: "n" } }, "id"],
      [{ node: { id: -5, kind: "K", name: "n" } }, "id"],
      [{ node: { id: 1, kind: 5, name: "n" } }, "kind"],
      [{ node: { id: 1, kind: "K", name: "\ud800" } }, "surrogate"],
      [{ node: { id: 1, kind: "K", name: "n", labels: "L" } }, "labels"],
      [{ node: { id: 1, kind: "K", name: "n", dataText: "{" } }, "dataText"],
      [{ node: { id: 1, kind: "K", name: "n", dataText: "1", data: 1 } }, "dataText"],
      [{ node: { id: 1, kind: "K", name: "n", data: () => 1 } }, "data"],
      [{ kv: { key: 1, value: 1 } }, "key"],
      [{ kv: { key: "k", value: undefined } }, "value"],
      [{ kv: { key: "k", value: 1, expiresAt: 0.5 } }, "expiresAt"],
      [{ kv: { key: "k", value: 1, expiresAt: 1, ttlSeconds: 1 } }, "ttlSeconds"],
      [{ property: {} }, "records"],
      [null, "records"],
    ];
    for (const [record, mention] of bad) {
      assertRefused(db, InvalidArgumentError, () => db.importRecords([A, B, untyped(record)]), mention);
    }
    assertRefused(
      db,
      InvalidArgumentError,
      () => db.importRecords([A, B, AB, AB]),
      "record 4 repeats the id of edge 9",
    );
    assertRefused(db, InvalidArgumentError, () => db.importRecords(untyped({})), "records");
    assertRefused(db, InvalidArgumentError, () => db.importRecords([], { nextNodeId: 0.5 }), "nextNodeId");
    assertEquals(db.importRecords([A, B, AB]).nodes, 2);
  });

  graphTest(subject, "what the records' source throws undoes the import and comes out as it is", (db) => {
    const failure = new RangeError("source");
    function* records(): Generator<ImportRecord> {
      yield A;
      throw failure;
    }
    assertStrictEquals(assertThrows(() => db.importRecords(records())), failure);
    const abort = new AbortController();
    const options = { signal: abort.signal, onProgress: () => abort.abort(failure) };
    assertStrictEquals(assertThrows(() => db.importRecords([A, B], options)), failure);
    assertEquals(db.countNodes(), 0);
  });

  graphTest(
    subject,
    "records are not imported into a database that holds anything, unless it is to be replaced",
    (db) => {
      graphOf(db, "a->b");
      assertRefused(db, ConflictError, () => db.importRecords([A]), "importRecords");
      db.importRecords([A, B, AB], { replace: true });
      assertEquals([[...db.nodeIds()], db.countEdges()], [[3, 7], 1]);
      assert(db.insertNode({ kind: "K", name: "c" }) > 7);
    },
  );
}
