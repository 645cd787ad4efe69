/** The contract of nodes: insert, merge, read, update, patch, delete, count and list. */

import { assert, assertEquals, assertFalse, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import type { NodeInput } from "../../lib/backend/schema.ts";
import { contentOf, graphOf, namesOf } from "./graph_of.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** Declares the tests of nodes. */
export function nodeContract(subject: Subject): void {
  insertContract(subject);
  mergeContract(subject);
  readContract(subject);
  updateContract(subject);
  patchContract(subject);
  deleteContract(subject);
  listContract(subject);
}

const FULL: NodeInput = {
  kind: "Person",
  name: "Ada",
  filePath: "/people/ada.txt",
  labels: ["Writer", "Countess"],
  data: { born: 1815, tags: ["a", "b"], more: { x: null } },
};

function insertContract(subject: Subject): void {
  graphTest(subject, "an inserted node comes back as it was given", (db) => {
    const id = db.insertNode(FULL);
    assert(Number.isSafeInteger(id) && id > 0);
    assertEquals(db.requireNode(id), {
      id,
      kind: "Person",
      name: "Ada",
      filePath: "/people/ada.txt",
      labels: ["Countess", "Writer"],
      data: { born: 1815, tags: ["a", "b"], more: { x: null } },
    });
  });

  graphTest(subject, "what a node was not given is absent, and its data is an empty object", (db) => {
    const id = db.insertNode({ kind: "Person", name: "" });
    assertEquals(db.requireNode(id), { id, kind: "Person", name: "", data: {} });
    const explicit = db.insertNode({ kind: "Person", name: "", filePath: undefined, labels: undefined });
    assertEquals(db.requireNode(explicit), { id: explicit, kind: "Person", name: "", data: {} });
    const unlabelled = db.insertNode({ kind: "Person", name: "", labels: [] });
    assertEquals(db.requireNode(unlabelled), { id: unlabelled, kind: "Person", name: "", data: {} });
  });

  graphTest(subject, "data is any JSON value and comes back as it is", (db) => {
    const values: JsonValue[] = [null, true, false, 0, 7, 1.5, "", "text", [], [1, [2]], {}, { a: { b: [] } }];
    const ids = values.map((data) => db.insertNode({ kind: "Value", name: "v", data }));
    assertEquals(ids.map((id) => db.requireNode(id).data as JsonValue), values);
  });

  graphTest(subject, "ids ascend and names need not be unique", (db) => {
    const ids = [1, 2, 3].map(() => db.insertNode({ kind: "Person", name: "Ada" }));
    assertEquals(ids, ids.toSorted((a, b) => a - b));
    assertEquals(new Set(ids).size, 3);
  });

  graphTest(subject, "the database keeps no reference to what it took or gave", (db) => {
    const labels = ["Writer"];
    const data = { list: [1] };
    const id = db.insertNode({ kind: "Person", name: "Ada", labels, data });
    const stored = db.requireNode(id);
    labels.push("Later");
    data.list.push(2);
    untyped<{ data: { list: number[] } }>(db.requireNode(id)).data.list.push(3);
    assertEquals(db.requireNode(id), stored);
  });

  graphTest(subject, "records are plain objects that spread and clone", (db) => {
    const node = db.requireNode(db.insertNode(FULL));
    assertEquals({ ...node }, structuredClone(node));
    assertEquals(JSON.parse(JSON.stringify(node)), node);
    assertStrictEquals(Object.getPrototypeOf(node), Object.prototype);
  });

  graphTest(subject, "insertNodes inserts from any iterable, with ids in input order", (db) => {
    function* people(): Generator<NodeInput> {
      for (const name of ["c", "a", "b"]) yield { kind: "Person", name };
    }
    const ids = db.insertNodes(people());
    assertEquals(namesOf(db, ids), ["c", "a", "b"]);
    assertEquals(ids, ids.toSorted((a, b) => a - b));
    assertEquals(db.insertNodes([]), []);
    assertEquals(db.insertNodes(new Set([FULL])).map((id) => db.requireNode(id).labels), [["Countess", "Writer"]]);
  });

  graphTest(subject, "insertNodes inserts all or none", (db) => {
    db.insertNode(FULL);
    const bad: NodeInput[] = [{ kind: "Person", name: "a", labels: ["L"] }, { kind: " ", name: "b" }];
    assertRefused(db, InvalidArgumentError, () => db.insertNodes(bad), "kind");
    assertEquals(db.countNodes({ label: "L" }), 0);
  });

  graphTest(subject, "an iterable that throws leaves nothing behind and its error is thrown", (db) => {
    const failure = new RangeError("no more rows");
    function* rows(): Generator<NodeInput> {
      yield { kind: "Person", name: "a" };
      throw failure;
    }
    const { lsn } = db;
    assertStrictEquals(assertThrows(() => db.insertNodes(rows())), failure);
    assertEquals([db.countNodes(), db.lsn], [0, lsn]);
    db.transaction((tx) => {
      tx.insertNode({ kind: "Person", name: "kept" });
      assertStrictEquals(assertThrows(() => tx.insertNodes(rows())), failure);
    });
    assertEquals([...db.nodes()].map((node) => node.name), ["kept"]);
  });

  graphTest(subject, "thousands of nodes are inserted at once", (db) => {
    const ids = db.insertNodes(Array.from({ length: 5_000 }, (_, n) => ({ kind: "N", name: `n${n}`, data: { n } })));
    assertEquals(ids.length, 5_000);
    assertEquals(db.countNodes(), 5_000);
    assertEquals(db.requireNode(ids[4_321]!).data, { n: 4_321 });
    assertEquals([...db.nodeIds()], ids);
  });
}

function mergeContract(subject: Subject): void {
  graphTest(subject, "mergeNode inserts what it does not find", (db) => {
    const { id, created } = db.mergeNode(FULL);
    assert(created);
    assertEquals(db.requireNode(id).labels, ["Countess", "Writer"]);
    assertEquals(db.requireNode(id).data, FULL.data as never);
  });

  graphTest(subject, "mergeNode finds by kind and name and leaves what it finds unchanged", (db) => {
    const id = db.insertNode(FULL);
    const before = db.requireNode(id);
    const { lsn } = db;
    const again = { kind: "Person", name: "Ada", labels: ["New"], filePath: "/other", data: { other: 1 } };
    assertEquals(db.mergeNode(again), { id, created: false });
    assertEquals(db.requireNode(id), before);
    assertEquals(db.lsn, lsn, "finding writes nothing");
    assertNotEquals(db.mergeNode({ kind: "Robot", name: "Ada" }).id, id);
    assertNotEquals(db.mergeNode({ kind: "Person", name: "ada" }).id, id);
    assertNotEquals(db.mergeNode({ kind: "person", name: "Ada" }).id, id);
  });

  graphTest(subject, "mergeNode finds the smallest id of several", (db) => {
    const [first, second] = db.insertNodes([{ kind: "P", name: "x" }, { kind: "P", name: "x" }]);
    assertEquals(db.mergeNode({ kind: "P", name: "x" }).id, first);
    db.deleteNode(first!);
    assertEquals(db.mergeNode({ kind: "P", name: "x" }), { id: second!, created: false });
    db.deleteNode(second!);
    assert(db.mergeNode({ kind: "P", name: "x" }).created);
  });

  graphTest(subject, "mergeNode checks its input also when it finds a node", (db) => {
    db.insertNode({ kind: "P", name: "x" });
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    assertRefused(
      db,
      InvalidArgumentError,
      () => db.mergeNode({ kind: "P", name: "x", data: untyped(cyclic) }),
      "data",
    );
  });

  graphTest(subject, "mergeNode does not match a label", (db) => {
    const id = db.insertNode({ kind: "P", name: "x", labels: ["Q"] });
    assertNotEquals(db.mergeNode({ kind: "Q", name: "x" }).id, id);
  });
}

function readContract(subject: Subject): void {
  graphTest(subject, "a missing node is undefined from getters and NotFoundError from requireNode", (db) => {
    const id = db.insertNode(FULL);
    db.deleteNode(id);
    for (const missing of [id, id + 1, Number.MAX_SAFE_INTEGER]) {
      assertStrictEquals(db.getNode(missing), undefined);
      assertStrictEquals(db.getNode(missing, "Person"), undefined);
      assertStrictEquals(db.getNode(missing, { data: false }), undefined);
      assertStrictEquals(db.nodeName(missing), undefined);
      assertStrictEquals(db.nodeKind(missing), undefined);
      assertFalse(db.hasNode(missing));
      assertRefused(db, NotFoundError, () => db.requireNode(missing), `${missing}`);
      assertRefused(db, NotFoundError, () => db.requireNode(missing, "Person"), `${missing}`);
    }
  });

  graphTest(subject, "getNode and requireNode with a kind answer only for that kind", (db) => {
    const id = db.insertNode(FULL);
    assertEquals(db.getNode(id, "Person"), db.requireNode(id));
    assertEquals(db.requireNode(id, "Person"), db.requireNode(id));
    assertStrictEquals(db.getNode(id, "City"), undefined);
    assertStrictEquals(db.getNode(id, "Writer"), undefined, "a label is no kind");
    assertRefused(db, NotFoundError, () => db.requireNode(id, "City"), `${id}`, "City");
  });

  graphTest(subject, "the fast reads answer the same as the record", (db) => {
    const id = db.insertNode(FULL);
    const { data: _data, ...header } = db.requireNode(id);
    assertEquals(db.getNode(id, { data: false }), header as never);
    assertFalse("data" in db.getNode(id, { data: false })!);
    assertEquals([db.nodeName(id), db.nodeKind(id), db.hasNode(id)], ["Ada", "Person", true]);
    const bare = db.insertNode({ kind: "Person", name: "x" });
    assertEquals(db.getNode(bare, { data: false }), { id: bare, kind: "Person", name: "x" });
  });
}

function updateContract(subject: Subject): void {
  graphTest(subject, "updateNode replaces what is given and returns the node", (db) => {
    const id = db.insertNode(FULL);
    const before = db.requireNode(id);
    assertEquals(db.updateNode(id, { name: "Augusta" }), { ...before, name: "Augusta" });
    assertEquals(db.updateNode(id, { data: { only: 1 } }), { ...before, name: "Augusta", data: { only: 1 } });
    assertEquals(db.updateNode(id, { filePath: "/b" }).filePath, "/b");
    const { filePath: _removed, ...rest } = { ...before, name: "Augusta", data: { only: 1 } };
    assertEquals(db.updateNode(id, { filePath: null }), rest);
    assertEquals(db.updateNode(id, { kind: "Lady" }), { ...rest, kind: "Lady" });
    assertEquals(db.requireNode(id), { ...rest, kind: "Lady" });
    assertEquals(db.updateNode(id, { kind: "P", name: "n", filePath: "", data: 5 }), {
      id,
      kind: "P",
      name: "n",
      filePath: "",
      labels: ["Countess", "Writer"],
      data: 5 as never,
    });
  });

  graphTest(subject, "what an update does not give, or gives as undefined, stays", (db) => {
    const id = db.insertNode(FULL);
    const before = db.requireNode(id);
    assertEquals(db.updateNode(id, {}), before);
    assertEquals(
      db.updateNode(id, { kind: undefined, name: undefined, filePath: undefined, data: undefined }),
      before,
    );
    assertEquals(db.requireNode(id), before);
  });

  graphTest(subject, "data can be replaced by null, which is a value", (db) => {
    const id = db.insertNode(FULL);
    assertStrictEquals(db.updateNode(id, { data: null }).data as unknown, null);
  });

  graphTest(subject, "after an update every search finds the new and not the old", (db) => {
    const id = db.insertNode({ kind: "Old", name: "old" });
    db.updateNode(id, { kind: "New", name: "new" });
    assertEquals([...db.nodeIds({ kind: "Old" }), ...db.nodeIds({ name: "old" }), ...db.nodeIds({ glob: "o*" })], []);
    for (const filter of [{ kind: "New" }, { name: "new" }, { glob: "n*" }, { label: "New" }]) {
      assertEquals([...db.nodeIds(filter)], [id]);
    }
    assert(db.mergeNode({ kind: "Old", name: "old" }).created);
  });

  graphTest(subject, "an update keeps the node's edges and its neighbours untouched", (db) => {
    const { nodes: { a, b }, edges: [edge] } = graphOf(db, "a->b");
    const other = db.requireNode(b);
    db.updateNode(a, { kind: "Other", name: "z", data: [] });
    assertEquals(db.requireEdge(edge), { id: edge, from: a, to: b, type: "LINK", data: {} });
    assertEquals(db.requireNode(b), other);
  });

  graphTest(subject, "updates, patches, deletes and labels of a missing node are NotFoundError", (db) => {
    const id = db.insertNode(FULL);
    db.deleteNode(id);
    for (const missing of [id, id + 17]) {
      assertRefused(db, NotFoundError, () => db.updateNode(missing, { name: "x" }), `${missing}`);
      assertRefused(db, NotFoundError, () => db.updateNode(missing, {}), `${missing}`);
      assertRefused(db, NotFoundError, () => db.patchNode(missing, { a: 1 }), `${missing}`);
      assertRefused(db, NotFoundError, () => db.deleteNode(missing), `${missing}`);
      assertRefused(db, NotFoundError, () => db.addLabel(missing, "L"), `${missing}`);
      assertRefused(db, NotFoundError, () => db.removeLabel(missing, "L"), `${missing}`);
    }
  });
}

function patchContract(subject: Subject): void {
  graphTest(subject, "patchNode replaces top-level keys of data and returns the node", (db) => {
    const id = db.insertNode({ kind: "P", name: "n", data: { a: 1, b: { deep: 1, gone: 2 }, c: 3 } });
    const patched = db.patchNode(id, { a: 2, b: { deep: 5 }, d: [1] });
    assertEquals(patched, { id, kind: "P", name: "n", data: { a: 2, b: { deep: 5 }, c: 3, d: [1] } });
    assertEquals(db.requireNode(id), patched);
  });

  graphTest(subject, "in a patch undefined removes a key and null is a value", (db) => {
    const id = db.insertNode({ kind: "P", name: "n", data: { a: 1, b: 2 } });
    assertEquals(db.patchNode(id, { a: undefined, b: null, never: undefined }).data, { b: null });
    assertEquals(db.patchNode(id, {}).data, { b: null });
    assertEquals(db.patchNode(id, { b: undefined }).data, {});
  });

  graphTest(subject, "a patch leaves the notation of the other members alone", (db) => {
    const data = { big: 2n ** 80n, float: 2 ** 60, zero: -0, name: "\ud800\0😀", "": [0.1] };
    const id = db.insertNode({ kind: "P", name: "n", data });
    const patched = untyped<Record<string, unknown>>(db.patchNode(id, { more: 10n ** 20n }).data);
    assertEquals(patched, { ...data, more: 10n ** 20n });
    assert(Object.is(patched.zero, -0));
  });

  graphTest(subject, "keys with a meaning in JavaScript are ordinary keys", (db) => {
    const data = JSON.parse('{ "__proto__": { "x": 1 }, "constructor": 2, "toString": 3, "length": 4 }');
    const id = db.insertNode({ kind: "P", name: "n", data });
    assertEquals(Object.entries(db.requireNode(id).data).toSorted(), Object.entries(data).toSorted() as never);
    const patch = JSON.parse('{ "__proto__": 12345678901234567890, "constructor": null, "hasOwnProperty": true }');
    const patched = db.patchNode(id, { ...patch, big: 2n ** 70n }).data;
    assert(Object.hasOwn(patched, "__proto__") && Object.hasOwn(patched, "hasOwnProperty"));
    assertStrictEquals(Object.getPrototypeOf(patched), Object.prototype);
    assertEquals(patched.constructor as unknown, null);
  });

  graphTest(subject, "data that is no object cannot be patched", (db) => {
    for (const data of [null, 1, "text", true, [1, 2]]) {
      const id = db.insertNode({ kind: "P", name: "n", data });
      assertRefused(db, InvalidArgumentError, () => db.patchNode(id, { a: 1 }), "data");
      assertEquals(db.requireNode(id).data as unknown, data);
    }
  });

  graphTest(subject, "a patch changes nothing but data", (db) => {
    const id = db.insertNode(FULL);
    const before = db.requireNode(id);
    const { data: _data, ...rest } = before;
    assertEquals(db.patchNode(id, { born: undefined, tags: undefined, more: undefined }), { ...rest, data: {} });
  });
}

function deleteContract(subject: Subject): void {
  graphTest(subject, "deleting a node deletes its edges and labels in the same commit", (db) => {
    const { nodes: { a, b, c }, edges: [ab, ba, aa, bc] } = graphOf(db, "a->b, b->a, a->a, b->c");
    db.addLabel(a, "L");
    const { lsn } = db;
    db.deleteNode(a);
    assertEquals(db.lsn, lsn + 1);
    assertEquals([ab, ba, aa, bc].map((edge) => db.hasEdge(edge)), [false, false, false, true]);
    assertEquals([...db.nodeIds()], [b, c]);
    assertEquals([...db.edges()].map((edge) => edge.id), [bc]);
    assertEquals([db.countNodes({ label: "L" }), db.countEdges()], [0, 1]);
    assertEquals([db.degree(b, { direction: "both" }), db.neighbors(b, { direction: "both" })], [1, [c]]);
  });

  graphTest(subject, "a deleted node's id, name and label are found no more and the id is not given again", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a->b");
    db.deleteNode(b);
    db.deleteNode(a);
    const next = db.insertNode({ kind: "Node", name: "a" });
    assert(next > b, `id ${next} was given before`);
    assertEquals(contentOf(db), {
      nodes: [{ id: next, kind: "Node", name: "a", data: {} }],
      edges: [],
      keyValues: [],
    });
    assertEquals(db.degree(next, { direction: "both" }), 0);
  });

  fileTest(subject, "ids are not given again after a delete, a rollback and a reopen", (db, world) => {
    const given = new Set<number>();
    const insert = () => {
      const id = world.db.insertNode({ kind: "N", name: "n" });
      assertFalse(given.has(id), `node id ${id} was given before`);
      given.add(id);
      const edge = world.db.insertEdge({ from: id, to: id, type: "T" });
      assertFalse(given.has(-edge), `edge id ${edge} was given before`);
      given.add(-edge);
      return id;
    };
    db.deleteNode(insert());
    world.reopen().deleteNode(insert());
    assertThrows(() =>
      world.db.transaction(() => {
        insert();
        throw new RangeError("rolled back");
      }), RangeError);
    const kept = insert();
    world.db.deleteNode(insert());
    world.reopen();
    insert();
    world.db.deleteNode(insert());
    world.db.checkpoint();
    world.reopen();
    assert(insert() > kept);
  });
}

function listContract(subject: Subject): void {
  const CITY = { kind: "City", name: "Paris", data: { size: 2 } };
  const PEOPLE: NodeInput[] = [
    { kind: "Person", name: "Ada", labels: ["Writer"] },
    CITY,
    { kind: "Person", name: "Bob" },
    { kind: "Person", name: "Ada", data: { n: 4 } },
    { kind: "Robot", name: "Ada", labels: ["Person", "Writer"] },
    { kind: "City", name: "paris" },
  ];

  const FILTERS: readonly (readonly [object, readonly number[]])[] = [
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ kind: "Person" }, [0, 2, 3]],
    [{ kind: "person" }, []],
    [{ kind: "Nobody" }, []],
    [{ name: "Ada" }, [0, 3, 4]],
    [{ name: "Paris" }, [1]],
    [{ name: "" }, []],
    [{ label: "Writer" }, [0, 4]],
    [{ label: "Person" }, [0, 2, 3, 4]],
    [{ label: "writer" }, []],
    [{ glob: "?aris" }, [1, 5]],
    [{ glob: "A*" }, [0, 3, 4]],
    [{ kind: "Person", name: "Ada" }, [0, 3]],
    [{ kind: "Person", label: "Writer" }, [0]],
    [{ kind: "Robot", label: "Person" }, [4]],
    [{ kind: "Person", label: "Person" }, [0, 2, 3]],
    [{ name: "Ada", glob: "A?a" }, [0, 3, 4]],
    [{ name: "Ada", glob: "B*" }, []],
    [{ kind: "Person", name: "Ada", glob: "[A-C]*", label: "Writer" }, [0]],
    [{ kind: "Person", name: "Bob", label: "Writer" }, []],
    [{ kind: undefined, name: undefined, glob: undefined, label: undefined }, [0, 1, 2, 3, 4, 5]],
  ];

  graphTest(subject, "each filter selects the same nodes for nodes, nodeIds and countNodes, ascending", (db) => {
    const ids = db.insertNodes(PEOPLE);
    for (const [filter, indexes] of FILTERS) {
      const expected = indexes.map((index) => ids[index]!);
      const about = JSON.stringify(filter);
      assertEquals([...db.nodeIds(filter)], expected, about);
      assertEquals([...db.nodes(filter)], expected.map((id) => db.requireNode(id)), about);
      assertEquals([...db.nodes({ ...filter, data: false })], expected.map((id) => db.getNode(id, { data: false })!));
      assertEquals([...db.nodes({ ...filter, data: true })], expected.map((id) => db.requireNode(id)), about);
      assertEquals(db.countNodes(filter), expected.length, about);
    }
    assertEquals(db.countNodes(), PEOPLE.length);
  });

  graphTest(subject, "after and limit cut a part out of each filter's answer", (db) => {
    const ids = db.insertNodes(PEOPLE);
    const afters = [0, ...ids, ids.at(-1)! + 1, Number.MAX_SAFE_INTEGER];
    for (const [filter] of FILTERS) {
      const all = [...db.nodeIds(filter)];
      for (const after of afters) {
        for (const limit of [undefined, 0, 1, 2, 100]) {
          const expected = all.filter((id) => id > after).slice(0, limit);
          assertEquals([...db.nodeIds({ ...filter, after, limit })], expected);
          assertEquals([...db.nodes({ ...filter, after, limit })].map((node) => node.id), expected);
        }
      }
    }
  });

  graphTest(subject, "paging with the last id seen visits every node once", (db) => {
    const ids = db.insertNodes(Array.from({ length: 25 }, (_, n) => ({ kind: n % 3 ? "A" : "B", name: `${n}` })));
    const seen: number[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: number[] = [...db.nodeIds({ kind: "A", after, limit: 4 })];
      seen.push(...page);
      after = page.at(-1);
    }
    assertEquals(seen, ids.filter((_, n) => n % 3));
  });

  graphTest(subject, "the iterators are iterable iterators that end for good", (db) => {
    const [id] = db.insertNodes(PEOPLE);
    const iterator = db.nodeIds({ limit: 1 });
    assertStrictEquals(iterator[Symbol.iterator](), iterator);
    assertEquals(iterator.next(), { done: false, value: id! });
    assertEquals(iterator.next().done, true);
    assertEquals(iterator.next().done, true);
  });

  graphTest(subject, "an empty graph lists and counts nothing", (db) => {
    assertEquals(contentOf(db), { nodes: [], edges: [], keyValues: [] });
    assertEquals([[...db.nodeIds()], db.countNodes(), db.countEdges()], [[], 0, 0]);
  });
}
