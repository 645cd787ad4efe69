/** Databases that the Rust program wrote can be read without changing a byte of them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { copyReference, exactly, expectedAnswers, FULL_FILES, REFERENCE_FILES } from "../support/reference_fixture.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, openAt, openReference, sha256 } from "./reference.ts";

/** Everything that can be asked about whole databases, in parts. Node 12 has a test of its own. */
function contentOf(db: GraphBackend): unknown[] {
  const nodes = [...db.nodes()].filter(({ id }) => id !== 12);
  const terms = new Set(nodes.flatMap((node) => [node.kind, ...(node.labels ?? [])]));
  const { kinds, edgeTypes, backend, keyValues } = db.stats();
  return [
    ...nodes.map(exactly),
    [...db.edges()].map(exactly),
    [...db.kv.scan()].map(exactly),
    ...[...terms].sort().map((label) => [label, [...db.nodeIds({ label })].filter((id) => id !== 12)]),
    { kinds, edgeTypes, backend, keyValues, nodes: db.countNodes(), edges: db.countEdges() },
  ];
}

for (const file of REFERENCE_FILES) {
  for (const driver of DRIVERS) {
    test(`reference ${file.name} by ${driver}: read-only opening gives the same answers and changes no byte`, () => {
      using folder = tempDir();
      using other = tempDir();
      using written = openReference(file.name, other, { driver });
      const path = copyReference(file.name, folder);
      const hash = () => [path, ...(file.name.startsWith("wal") ? [`${path}-wal`] : [])].map(sha256);
      const before = hash();
      using db = openAt(path, { driver, readonly: true });
      assertEquals(db.readonly, true);
      const [found, expected] = [contentOf(db), contentOf(written)];
      found.forEach((part, at) => assertEquals(part, expected[at]));
      assertEquals(found.length, expected.length);
      for (const { start, depth, answer } of file.lastIds[0] > 3 ? expectedAnswers(file.name).bfs : []) {
        if (Array.isArray(answer)) assertEquals(db.bfs(start, { depth }), answer);
      }
      const { ok, findings } = db.check();
      assert(ok, JSON.stringify(findings));
      db.close();
      assertEquals(hash(), before);
    });
  }
}

for (const file of FULL_FILES) {
  test(`reference ${file.name}: the label of an earlier kind is none for a read-only database either`, () => {
    using folder = tempDir();
    using db = openReference(file.name, folder, { readonly: true });
    assertEquals(db.getNode(12)?.labels, undefined);
    assertEquals([...db.nodeIds({ label: "Updated" })], [12]);
    assertEquals([...db.nodeIds({ label: "File" })], [4, 13, 14]);
    assertEquals(db.stats().labels.some(({ name }) => name === "File"), false);
  });

  test(`reference ${file.name}: a read-only database refuses every write`, () => {
    using folder = tempDir();
    using db = openReference(file.name, folder, { readonly: true });
    const before = sha256(db.path);
    assertThrows(() => db.insertNode({ kind: "K", name: "n" }), UnsupportedError);
    assertThrows(() => db.updateNode(1, { name: "n" }), UnsupportedError);
    assertThrows(() => db.deleteNode(1), UnsupportedError);
    assertThrows(() => db.addLabel(1, "x"), UnsupportedError);
    assertThrows(() => db.insertEdge({ from: 1, to: 2, type: "T" }), UnsupportedError);
    assertThrows(() => db.deleteEdge(1), UnsupportedError);
    assertThrows(() => db.kv.set("k", 1), UnsupportedError);
    assertThrows(() => db.kv.delete("user:1"), UnsupportedError);
    assertThrows(() => db.importSnapshot(folder.path("missing.jsonl"), { replace: true }), UnsupportedError);
    db.close();
    assertEquals(sha256(db.path), before);
  });
}
