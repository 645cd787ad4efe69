/** The contract of limits: each is good at its edge and refused one beyond. */

import { assertEquals } from "@std/assert";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import { MAX_ID, MAX_JSON_DEPTH, MAX_TEXT_BYTES } from "../../lib/backend/limits.ts";
import { graphOf } from "./graph_of.ts";
import { assertRefused } from "./refusal.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** Texts of exactly the longest allowed UTF-8, and one byte longer. */
const TEXTS: readonly (readonly [string, string])[] = [
  ["x".repeat(MAX_TEXT_BYTES), "x".repeat(MAX_TEXT_BYTES + 1)],
  ["é".repeat(MAX_TEXT_BYTES / 2), "é".repeat(MAX_TEXT_BYTES / 2) + "x"],
  ["漢".repeat(21_845) + "x", "漢".repeat(21_845) + "é"],
  ["😀".repeat(MAX_TEXT_BYTES / 4), "😀".repeat(MAX_TEXT_BYTES / 4) + "x"],
];

/** Arrays, or objects, or both in turn, nested this deep. */
function nested(depth: number, shape: "arrays" | "objects" | "both"): JsonValue {
  let value: JsonValue = shape === "objects" ? {} : [];
  for (let level = 1; level < depth; level++) {
    value = shape === "arrays" || (shape === "both" && level % 2 === 0) ? [value] : { a: value };
  }
  return value;
}

/** Declares the tests of limits. */
export function limitContract(subject: Subject): void {
  graphTest(
    subject,
    "names, kinds, labels, paths and types of 65,536 bytes of UTF-8 are good, one more is not",
    (db) => {
      const { nodes: { a }, edges: [edge] } = graphOf(db, "a->a");
      for (const [good, bad] of TEXTS) {
        const id = db.insertNode({ kind: good, name: good, filePath: good, labels: [`${good.slice(0, -2)}L`] });
        assertEquals([db.nodeName(id) === good, db.nodeKind(id) === good, db.getNode(id)!.filePath === good], [
          true,
          true,
          true,
        ]);
        assertEquals([...db.nodeIds({ name: good, kind: good })], [id]);
        db.addLabel(a, good);
        assertEquals(db.countNodes({ label: good }), 2);
        assertEquals(db.updateEdge(edge, { type: good }).type === good, true);
        assertEquals(db.mergeNode({ kind: good, name: good }).created, false);
        const limit = `${MAX_TEXT_BYTES}`;
        const bads: (readonly [string, () => unknown])[] = [
          ["name", () => db.insertNode({ kind: "N", name: bad })],
          ["kind", () => db.insertNode({ kind: bad, name: "n" })],
          ["filePath", () => db.insertNode({ kind: "N", name: "n", filePath: bad })],
          ["label", () => db.insertNode({ kind: "N", name: "n", labels: [bad] })],
          ["name", () => db.insertNodes([{ kind: "N", name: bad }])],
          ["name", () => db.mergeNode({ kind: "N", name: bad })],
          ["name", () => db.updateNode(a, { name: bad })],
          ["kind", () => db.updateNode(a, { kind: bad })],
          ["filePath", () => db.updateNode(a, { filePath: bad })],
          ["label", () => db.addLabel(a, bad)],
          ["type", () => db.insertEdge({ from: a, to: a, type: bad })],
          ["type", () => db.mergeEdge({ from: a, to: a, type: bad })],
          ["type", () => db.updateEdge(edge, { type: bad })],
        ];
        for (const [field, call] of bads) assertRefused(db, InvalidArgumentError, call, field, limit);
      }
    },
  );

  fileTest(subject, "the longest texts survive a reopen", (db, world) => {
    const ids = TEXTS.map(([good]) => db.insertNode({ kind: good, name: good }));
    const again = world.reopen();
    ids.forEach((id, at) => assertEquals(again.nodeName(id) === TEXTS[at]![0], true));
  });

  graphTest(subject, "an empty name is good", (db) => {
    const id = db.insertNode({ kind: "N", name: "" });
    assertEquals(db.nodeName(id), "");
    assertEquals([...db.nodeIds({ name: "" })], [id]);
    assertEquals([...db.nodeIds({ glob: "" })], [id]);
    assertEquals(db.mergeNode({ kind: "N", name: "" }), { id, created: false });
    assertEquals(db.updateNode(id, { name: "x" }).name, "x");
    assertEquals(db.updateNode(id, { name: "" }).name, "");
  });

  graphTest(subject, "the largest id is a good question", (db) => {
    assertEquals([db.getNode(MAX_ID), db.getEdge(MAX_ID), db.hasNode(MAX_ID)], [undefined, undefined, false]);
    assertEquals([...db.nodeIds({ after: MAX_ID })], []);
    assertEquals([...db.edges({ after: MAX_ID })], []);
    assertEquals(db.edgesBetween(MAX_ID, MAX_ID), []);
  });

  graphTest(subject, "JSON nested 127 levels deep is good, 128 is not", (db) => {
    const { nodes: { a }, edges: [edge] } = graphOf(db, "a->a");
    for (const shape of ["arrays", "objects", "both"] as const) {
      const good = nested(MAX_JSON_DEPTH, shape);
      const bad = nested(MAX_JSON_DEPTH + 1, shape);
      assertEquals(db.requireNode(db.insertNode({ kind: "N", name: "n", data: good })).data as JsonValue, good);
      assertEquals(db.updateEdge(edge, { data: good }).data as JsonValue, good);
      db.kv.set("k", good as JsonValue[]);
      assertEquals(db.kv.get("k"), good);
      const inner = nested(MAX_JSON_DEPTH - 1, shape);
      assertEquals(db.patchNode(a, { inner }).data, { inner });
      const limit = `${MAX_JSON_DEPTH}`;
      const bads: (readonly [string, () => unknown])[] = [
        ["data", () => db.insertNode({ kind: "N", name: "n", data: bad })],
        ["data", () => db.mergeNode({ kind: "N", name: "n", data: bad })],
        ["data", () => db.updateNode(a, { data: bad })],
        ["patch", () => db.patchNode(a, { inner: good })],
        ["data", () => db.insertEdge({ from: a, to: a, type: "T", data: bad })],
        ["data", () => db.updateEdge(edge, { data: bad })],
        ["value", () => db.kv.set("k", bad as JsonValue[])],
      ];
      for (const [, call] of bads) assertRefused(db, InvalidArgumentError, call, limit);
    }
  });
}
