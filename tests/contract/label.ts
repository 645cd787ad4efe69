/** The contract of labels: the explicit ones, and the kind that counts as one. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { assertRefused } from "./refusal.ts";
import { graphTest, type Subject } from "./subject.ts";

/** Declares the tests of labels. */
export function labelContract(subject: Subject): void {
  graphTest(subject, "labels are added once and removed once", (db) => {
    const id = db.insertNode({ kind: "Person", name: "Ada" });
    assert(db.addLabel(id, "Writer"));
    assertFalse(db.addLabel(id, "Writer"));
    assertEquals([...db.nodeIds({ label: "Writer" })], [id]);
    assertEquals(db.requireNode(id).labels, ["Writer"]);
    assert(db.removeLabel(id, "Writer"));
    assertFalse(db.removeLabel(id, "Writer"));
    assertEquals([...db.nodeIds({ label: "Writer" })], []);
    assertFalse("labels" in db.requireNode(id));
  });

  graphTest(subject, "a label that is there, or is not, costs no commit", (db) => {
    const id = db.insertNode({ kind: "Person", name: "Ada", labels: ["L"] });
    const { lsn } = db;
    db.addLabel(id, "L");
    db.addLabel(id, "Person");
    db.removeLabel(id, "M");
    assertEquals(db.lsn, lsn);
    db.addLabel(id, "M");
    db.removeLabel(id, "L");
    assertEquals(db.lsn, lsn + 2);
  });

  graphTest(subject, "labels are case-sensitive, listed once, and ordered by their UTF-8 bytes", (db) => {
    const labels = ["b", "a", "B", "ä", "😀", "\uff5e", "a", "aa", " a"];
    const id = db.insertNode({ kind: "K", name: "n", labels });
    // UTF-16 order would put the emoji (a surrogate pair) before U+FF5E.
    const expected = [" a", "B", "a", "aa", "b", "ä", "\uff5e", "😀"];
    assertEquals(db.requireNode(id).labels, expected);
    assertEquals(db.getNode(id, { data: false })!.labels, expected);
    assertEquals([...db.nodes()][0]!.labels, expected);
    for (const label of expected) assertEquals([...db.nodeIds({ label })], [id]);
    assertEquals(db.countNodes({ label: "A" }), 0);
  });

  graphTest(subject, "the labels of one node are not those of another", (db) => {
    const [a, b] = db.insertNodes([{ kind: "K", name: "a", labels: ["L", "M"] }, {
      kind: "K",
      name: "b",
      labels: ["M"],
    }]);
    db.removeLabel(a!, "M");
    assertEquals([...db.nodeIds({ label: "M" })], [b!]);
    assertEquals([...db.nodeIds({ label: "L" })], [a!]);
  });

  graphTest(subject, "the kind is found as a label and not listed as one", (db) => {
    const id = db.insertNode({ kind: "Person", name: "Ada", labels: ["Person", "Writer", "Person"] });
    assertEquals(db.requireNode(id).labels, ["Writer"]);
    assertEquals([...db.nodeIds({ label: "Person" })], [id]);
    assertEquals(db.countNodes({ label: "Person" }), 1);
    const merged = db.mergeNode({ kind: "City", name: "Paris", labels: ["City"] });
    assertFalse("labels" in db.requireNode(merged.id));
  });

  graphTest(subject, "the kind cannot be added as a label, and not be removed", (db) => {
    const id = db.insertNode({ kind: "Person", name: "Ada" });
    assertFalse(db.addLabel(id, "Person"));
    assertFalse("labels" in db.requireNode(id));
    assertRefused(db, InvalidArgumentError, () => db.removeLabel(id, "Person"), "Person");
    assertEquals([...db.nodeIds({ label: "Person" })], [id]);
  });

  graphTest(subject, "the kind as a label follows updates", (db) => {
    const id = db.insertNode({ kind: "Person", name: "Ada", labels: ["Writer"] });
    db.updateNode(id, { kind: "Robot" });
    assertEquals([...db.nodeIds({ label: "Person" })], []);
    assertEquals([...db.nodeIds({ label: "Robot" })], [id]);
    assertEquals(db.requireNode(id).labels, ["Writer"]);
    assert(db.addLabel(id, "Person"), "the old kind is an ordinary label now");
    assert(db.removeLabel(id, "Person"));
  });

  graphTest(subject, "a label that becomes the kind is absorbed", (db) => {
    const id = db.insertNode({ kind: "Person", name: "Ada", labels: ["Robot", "Writer"] });
    assertEquals(db.updateNode(id, { kind: "Robot" }).labels, ["Writer"]);
    assertEquals([...db.nodeIds({ label: "Robot" })], [id]);
    assertEquals(db.countNodes({ label: "Robot" }), 1);
    assertRefused(db, InvalidArgumentError, () => db.removeLabel(id, "Robot"), "Robot");
    assertEquals(db.updateNode(id, { kind: "Person" }).labels, ["Writer"], "it does not come back");
    assertEquals([...db.nodeIds({ label: "Robot" })], []);
  });

  graphTest(subject, "labels survive updates of everything else and go with their node", (db) => {
    const id = db.insertNode({ kind: "K", name: "n", labels: ["L"] });
    db.updateNode(id, { name: "m", data: 1, filePath: "/f" });
    assertEquals(db.requireNode(id).labels, ["L"]);
    db.deleteNode(id);
    assertEquals(db.countNodes({ label: "L" }) + db.countNodes({ label: "K" }), 0);
    const next = db.insertNode({ kind: "K", name: "n" });
    assertFalse("labels" in db.requireNode(next));
  });

  graphTest(subject, "thousands of nodes with a label are listed in ascending ids", (db) => {
    const ids = db.insertNodes(Array.from({ length: 2_000 }, (_, n) => ({
      kind: n % 2 ? "L" : "K",
      name: `${n % 7}`,
      labels: n % 3 ? ["L"] : [],
    })));
    const expected = ids.filter((_, n) => n % 2 || n % 3);
    assertEquals([...db.nodeIds({ label: "L" })], expected);
    assertEquals(db.countNodes({ label: "L" }), expected.length);
    assertEquals(
      [...db.nodeIds({ label: "L", after: ids[1_000]!, limit: 5 })],
      expected.filter((id) => id > ids[1_000]!).slice(0, 5),
    );
  });
}
