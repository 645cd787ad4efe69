/** The contract of edges: insert, merge, read, update, patch, delete, count, list, of a node and between two. */

import { assert, assertEquals, assertFalse, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import type { EdgeInput } from "../../lib/backend/schema.ts";
import { graphOf } from "./graph_of.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { graphTest, type Subject } from "./subject.ts";

/** Declares the tests of edges. */
export function edgeContract(subject: Subject): void {
  insertContract(subject);
  mergeContract(subject);
  readContract(subject);
  changeContract(subject);
  listContract(subject);
  edgesOfContract(subject);
}

function insertContract(subject: Subject): void {
  graphTest(subject, "an inserted edge comes back as it was given, by default with an empty object as data", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a, b");
    const id = db.insertEdge({ from: a, to: b, type: "KNOWS", data: { since: 1833, tags: ["x"] } });
    assert(Number.isSafeInteger(id) && id > 0);
    assertEquals(db.requireEdge(id), { id, from: a, to: b, type: "KNOWS", data: { since: 1833, tags: ["x"] } });
    const bare = db.insertEdge({ from: b, to: a, type: "KNOWS" });
    assertEquals(db.requireEdge(bare), { id: bare, from: b, to: a, type: "KNOWS", data: {} });
  });

  graphTest(subject, "an edge's data is any JSON value", (db) => {
    const { nodes: { a } } = graphOf(db, "a");
    const values: JsonValue[] = [null, true, 0, 1.5, "text", [], [[1]], {}, { a: { b: null } }, 2n ** 64n];
    const ids = values.map((data) => db.insertEdge({ from: a, to: a, type: "T", data }));
    assertEquals(ids.map((id) => db.requireEdge(id).data as JsonValue), values);
  });

  graphTest(subject, "parallel edges and self-loops are edges of their own", (db) => {
    const { nodes: { a, b }, edges } = graphOf(db, "a->b, a->b, a-KNOWS->b, b->a, a->a, a->a");
    assertEquals(new Set(edges).size, 6);
    assertEquals(db.countEdges(), 6);
    assertEquals(edges.map((id) => db.requireEdge(id)).map(({ from, to, type }) => [from, to, type]), [
      [a, b, "LINK"],
      [a, b, "LINK"],
      [a, b, "KNOWS"],
      [b, a, "LINK"],
      [a, a, "LINK"],
      [a, a, "LINK"],
    ]);
  });

  graphTest(subject, "an edge needs both of its ends", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a, b");
    db.deleteNode(b);
    for (const call of ["insertEdge", "mergeEdge"] as const) {
      const link = (from: number, to: number) => () => db[call]({ from, to, type: "T" });
      assertRefused(db, NotFoundError, link(a, b), "to", `${b}`);
      assertRefused(db, NotFoundError, link(b, a), "from", `${b}`);
      assertRefused(db, NotFoundError, link(a, 999), "to", "999");
      assertRefused(db, NotFoundError, link(998, 999), "998");
    }
  });

  graphTest(subject, "insertEdges inserts from any iterable, with ids in input order, all or none", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a, b");
    function* links(): Generator<EdgeInput> {
      for (const type of ["Z", "A", "M"]) yield { from: a, to: b, type };
    }
    const ids = db.insertEdges(links());
    assertEquals(ids.map((id) => db.requireEdge(id).type), ["Z", "A", "M"]);
    assertEquals(ids, ids.toSorted((x, y) => x - y));
    assertEquals(db.insertEdges([]), []);
    const good: EdgeInput = { from: a, to: b, type: "T" };
    assertRefused(db, NotFoundError, () => db.insertEdges([good, { ...good, to: 999 }]), "to", "999");
    assertRefused(db, InvalidArgumentError, () => db.insertEdges([good, { ...good, type: "" }]), "type");
    const failure = new RangeError("no more rows");
    function* failing(): Generator<EdgeInput> {
      yield good;
      throw failure;
    }
    assertStrictEquals(assertThrows(() => db.insertEdges(failing())), failure);
    assertEquals(db.countEdges(), 3);
  });

  graphTest(subject, "edges of one call may link nodes of the same transaction", (db) => {
    db.transaction((tx) => {
      const ids = tx.insertNodes(Array.from({ length: 100 }, (_, n) => ({ kind: "N", name: `${n}` })));
      tx.insertEdges(ids.slice(1).map((to, n) => ({ from: ids[n]!, to, type: "NEXT" })));
      assertEquals(tx.shortestPath(ids[0]!, ids[99]!)?.length, 100);
    });
    assertEquals([db.countNodes(), db.countEdges()], [100, 99]);
  });
}

function mergeContract(subject: Subject): void {
  graphTest(subject, "mergeEdge matches by from, to and type and leaves what it finds unchanged", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a, b");
    const first = db.mergeEdge({ from: a, to: b, type: "T", data: { n: 1 } });
    assert(first.created);
    const { lsn } = db;
    assertEquals(db.mergeEdge({ from: a, to: b, type: "T", data: { n: 2 } }), { id: first.id, created: false });
    assertEquals(db.lsn, lsn, "finding writes nothing");
    assertEquals(db.requireEdge(first.id).data, { n: 1 });
    for (const other of [{ from: b, to: a, type: "T" }, { from: a, to: b, type: "t" }, { from: a, to: a, type: "T" }]) {
      const { id, created } = db.mergeEdge(other);
      assert(created);
      assertNotEquals(id, first.id);
    }
  });

  graphTest(subject, "mergeEdge finds the smallest id of several", (db) => {
    const { nodes: { a, b }, edges: [first, second] } = graphOf(db, "a->b, a->b, a-X->b");
    assertEquals(db.mergeEdge({ from: a, to: b, type: "LINK" }), { id: first, created: false });
    db.deleteEdge(first);
    assertEquals(db.mergeEdge({ from: a, to: b, type: "LINK" }), { id: second, created: false });
  });

  graphTest(subject, "mergeEdge checks its input also when it finds an edge", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a->b");
    const data = untyped<JsonValue>({ bad: undefined });
    assertRefused(db, InvalidArgumentError, () => db.mergeEdge({ from: a, to: b, type: "LINK", data }), "data", "bad");
  });
}

function readContract(subject: Subject): void {
  graphTest(subject, "a missing edge is undefined from getters and NotFoundError where it is needed", (db) => {
    const { edges: [id] } = graphOf(db, "a->b");
    db.deleteEdge(id);
    for (const missing of [id, id + 5, Number.MAX_SAFE_INTEGER]) {
      assertStrictEquals(db.getEdge(missing), undefined);
      assertStrictEquals(db.getEdge(missing, "LINK"), undefined);
      assertStrictEquals(db.getEdge(missing, { data: false }), undefined);
      assertFalse(db.hasEdge(missing));
      assertRefused(db, NotFoundError, () => db.requireEdge(missing), `${missing}`);
      assertRefused(db, NotFoundError, () => db.updateEdge(missing, { type: "T" }), `${missing}`);
      assertRefused(db, NotFoundError, () => db.updateEdge(missing, {}), `${missing}`);
      assertRefused(db, NotFoundError, () => db.patchEdge(missing, { a: 1 }), `${missing}`);
      assertRefused(db, NotFoundError, () => db.deleteEdge(missing), `${missing}`);
    }
  });

  graphTest(subject, "getEdge answers by type and without data", (db) => {
    const { nodes: { a, b }, edges: [id] } = graphOf(db, "a-KNOWS->b");
    db.updateEdge(id, { data: { since: 1 } });
    assertEquals(db.getEdge(id, "KNOWS"), db.requireEdge(id));
    assertStrictEquals(db.getEdge(id, "LIKES"), undefined);
    assertEquals(db.getEdge(id, { data: false }), { id, from: a, to: b, type: "KNOWS" });
    assert(db.hasEdge(id));
  });

  graphTest(subject, "edge records are plain objects that the database keeps no reference to", (db) => {
    const { nodes: { a } } = graphOf(db, "a");
    const data = { list: [1] };
    const id = db.insertEdge({ from: a, to: a, type: "T", data });
    data.list.push(2);
    untyped<{ data: { list: number[] } }>(db.requireEdge(id)).data.list.push(3);
    assertEquals(db.requireEdge(id).data, { list: [1] });
    assertStrictEquals(Object.getPrototypeOf(db.requireEdge(id)), Object.prototype);
  });
}

function changeContract(subject: Subject): void {
  graphTest(subject, "updateEdge replaces what is given and returns the edge; the ends stay", (db) => {
    const { nodes: { a, b }, edges: [id, other] } = graphOf(db, "a-OLD->b, a-OLD->b");
    assertEquals(db.updateEdge(id, { data: { n: 1 } }), { id, from: a, to: b, type: "OLD", data: { n: 1 } });
    assertEquals(db.updateEdge(id, { type: "NEW" }), { id, from: a, to: b, type: "NEW", data: { n: 1 } });
    assertEquals(db.updateEdge(id, {}), db.requireEdge(id));
    assertEquals(db.updateEdge(id, { type: undefined, data: undefined }), db.requireEdge(id));
    assertStrictEquals(db.updateEdge(id, { data: null }).data as unknown, null);
    assertEquals([...db.edges({ type: "NEW" })].map((edge) => edge.id), [id]);
    assertEquals([...db.edges({ type: "OLD" })].map((edge) => edge.id), [other]);
    assertEquals(db.neighbors(a, { types: ["NEW"] }), [b]);
    assertEquals(db.neighbors(b, { types: ["NEW"], direction: "in" }), [a]);
    assertEquals(db.degree(a, { types: ["OLD"] }), 1);
  });

  graphTest(subject, "patchEdge replaces top-level keys of data", (db) => {
    const { nodes: { a }, edges: [loop] } = graphOf(db, "a->a");
    db.updateEdge(loop, { data: { x: 1, y: 2, big: 2n ** 60n } });
    const patched = db.patchEdge(loop, { x: undefined, y: null, z: [1] });
    assertEquals(patched, { id: loop, from: a, to: a, type: "LINK", data: { y: null, big: 2n ** 60n, z: [1] } });
    assertEquals(db.requireEdge(loop), patched);
    db.updateEdge(loop, { data: [1] });
    assertRefused(db, InvalidArgumentError, () => db.patchEdge(loop, { a: 1 }), "data");
  });

  graphTest(subject, "deleteEdge deletes one edge and leaves its parallels and its ends", (db) => {
    const { nodes: { a, b }, edges: [first, second, loop] } = graphOf(db, "a->b, a->b, a->a");
    db.deleteEdge(first);
    db.deleteEdge(loop);
    assertEquals([...db.edges()].map((edge) => edge.id), [second]);
    assertEquals([db.countNodes(), db.countEdges()], [2, 1]);
    assertEquals([db.neighbors(a), db.degree(a, { direction: "both" })], [[b], 1]);
    assert(db.insertEdge({ from: a, to: b, type: "LINK" }) > loop, "its id is not given again");
  });
}

function listContract(subject: Subject): void {
  graphTest(subject, "edges and countEdges answer by type, after and limit, in ascending ids", (db) => {
    const { edges } = graphOf(db, "a-X->b, b-Y->a, a-X->a, c-Z->a, a-X->b, c-Y->c");
    const all = edges.map((id) => db.requireEdge(id));
    assertEquals([...db.edges()], all);
    assertEquals([...db.edges({ data: false })], all.map(({ data: _data, ...header }) => header) as never);
    for (const type of ["X", "Y", "Z", "x", "NONE", undefined]) {
      const ofType = all.filter((edge) => type === undefined || edge.type === type);
      assertEquals(db.countEdges({ type }), ofType.length);
      for (const after of [0, ...edges, edges.at(-1)! + 1]) {
        for (const limit of [undefined, 0, 1, 2, 100]) {
          const expected = ofType.filter((edge) => edge.id > after).slice(0, limit);
          assertEquals([...db.edges({ type, after, limit })], expected);
          assertEquals(
            [...db.edges({ type, after, limit, data: false })].map((edge) => edge.id),
            expected.map((e) => e.id),
          );
        }
      }
    }
    assertEquals([db.countEdges(), db.countEdges({})], [6, 6]);
  });
}

function edgesOfContract(subject: Subject): void {
  graphTest(subject, "edgesOf lists by neighbour id, then edge id, a self-loop once", (db) => {
    const { nodes: { a, b, c, d }, edges: [ac, ab1, ba, aa, ab2, ca] } = graphOf(
      db,
      "a-X->c, a-Y->b, b-X->a, a-Z->a, a-X->b, c-Y->a, b->c, d",
    );
    const ids = (options?: Parameters<typeof db.edgesOf>[1]) => db.edgesOf(a, options).map((edge) => edge.id);
    // Node ids ascend in the order in which the text names them: a, c, b.
    assert(a < c && c < b);
    assertEquals(ids(), [aa, ac, ab1, ab2]);
    assertEquals(ids({ direction: "out" }), [aa, ac, ab1, ab2]);
    assertEquals(ids({ direction: "in" }), [aa, ca, ba]);
    assertEquals(ids({ direction: "both" }), [aa, ac, ca, ab1, ba, ab2]);
    assertEquals(ids({ types: ["X"] }), [ac, ab2]);
    assertEquals(ids({ direction: "both", types: ["Y", "Z"] }), [aa, ca, ab1]);
    assertEquals(ids({ direction: "both", types: [] }), []);
    assertEquals(ids({ direction: "both", types: ["x"] }), []);
    assertEquals(ids({ direction: "both", types: ["X", "X"] }), [ac, ba, ab2]);
    assertEquals(db.edgesOf(d, { direction: "both" }), []);
  });

  graphTest(subject, "edgesOf gives whole edges, or headers without data", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a, b");
    const id = db.insertEdge({ from: a, to: b, type: "T", data: { n: 1 } });
    assertEquals(db.edgesOf(a), [{ id, from: a, to: b, type: "T", data: { n: 1 } }]);
    assertEquals(db.edgesOf(b, { direction: "in", data: true }), [db.requireEdge(id)]);
    assertEquals(db.edgesOf(b, { direction: "both", data: false }), [{ id, from: a, to: b, type: "T" }]);
  });

  graphTest(subject, "edgesBetween lists the edges from one node to another in ascending ids", (db) => {
    const { nodes: { a, b, c }, edges: [ab1, ba, ab2, aa, ac] } = graphOf(db, "a-X->b, b-X->a, a-Y->b, a-X->a, a-X->c");
    const ids = (from: number, to: number, options?: Parameters<typeof db.edgesBetween>[2]) =>
      db.edgesBetween(from, to, options).map((edge) => edge.id);
    assertEquals(ids(a, b), [ab1, ab2]);
    assertEquals(ids(b, a), [ba]);
    assertEquals(ids(a, b, { direction: "in" }), [ba]);
    assertEquals(ids(b, a, { direction: "in" }), [ab1, ab2]);
    assertEquals(ids(a, b, { direction: "both" }), [ab1, ba, ab2]);
    assertEquals(ids(a, b, { direction: "both", types: ["X"] }), [ab1, ba]);
    assertEquals(ids(a, b, { types: [] }), []);
    assertEquals(ids(a, b, { types: ["Y", "X"] }), [ab1, ab2]);
    for (const direction of ["out", "in", "both"] as const) assertEquals(ids(a, a, { direction }), [aa]);
    assertEquals(ids(a, c), [ac]);
    assertEquals(ids(b, c, { direction: "both" }), []);
    assertEquals(ids(a, 999), []);
    assertEquals(ids(999, a, { direction: "both" }), []);
    assertEquals(ids(998, 999), []);
    assertEquals(db.edgesBetween(a, c), [db.requireEdge(ac)]);
  });
}
