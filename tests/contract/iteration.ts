/** The contract of iterators: the state at their first step, whatever the same thread does while they are read. */

import { assertEquals, assertThrows } from "@std/assert";
import { ClosedError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { contentOf } from "./graph_of.ts";
import { graphTest, type Subject } from "./subject.ts";

/** How many records the graphs here have: more than an engine would read at a time. */
const SIZE = 700;

/** Every call that gives an iterator. */
const ITERATORS: readonly (readonly [string, (graph: GraphTransaction) => IterableIterator<unknown>])[] = [
  ["nodes", (graph) => graph.nodes()],
  ["nodes without data", (graph) => graph.nodes({ data: false })],
  ["nodes of a kind", (graph) => graph.nodes({ kind: "Even" })],
  ["nodes of a name", (graph) => graph.nodes({ name: "same" })],
  ["nodes by glob", (graph) => graph.nodes({ glob: "s*" })],
  ["nodes by label", (graph) => graph.nodes({ label: "L" })],
  ["nodeIds", (graph) => graph.nodeIds()],
  ["nodeIds by label", (graph) => graph.nodeIds({ label: "L" })],
  ["edges", (graph) => graph.edges()],
  ["edges of a type", (graph) => graph.edges({ type: "EVEN" })],
  ["edges without data", (graph) => graph.edges({ data: false })],
  ["kv.scan", (graph) => graph.kv.scan()],
  ["kv.scan with a prefix", (graph) => graph.kv.scan({ prefix: "k" })],
];

function fill(db: GraphTransaction): void {
  db.transaction((tx) => {
    const ids = tx.insertNodes(
      Array.from({ length: SIZE }, (_, n) => ({
        kind: n % 2 ? "Odd" : "Even",
        name: n % 3 ? `s${n}` : "same",
        labels: n % 5 ? ["L"] : [],
        data: { n },
      })),
    );
    tx.insertEdges(
      ids.map((from, n) => ({ from, to: ids[(n * 7) % SIZE]!, type: n % 2 ? "ODD" : "EVEN", data: { n } })),
    );
    for (let n = 0; n < SIZE; n++) tx.kv.set(`k${n}`, { n });
  });
}

/** Changes everything that an iterator could still have ahead of it: updates, deletes and inserts in the middle. */
function disturb(graph: GraphTransaction): void {
  const ids = [...graph.nodeIds()];
  const edges = [...graph.edges({ data: false })].map((edge) => edge.id);
  for (let n = 0; n < ids.length; n += 3) {
    graph.updateNode(ids[n]!, { kind: "Changed", name: "changed", data: { changed: true } });
    if (n % 2) graph.addLabel(ids[n]!, "L");
    graph.kv.set(`k${n}`, "changed");
    graph.kv.set(`k${n}x`, "new");
    graph.kv.delete(`k${n + 1}`);
  }
  for (let n = 0; n < edges.length; n += 3) graph.updateEdge(edges[n]!, { type: "CHANGED", data: { changed: true } });
  graph.deleteEdge(edges[7]!);
  for (const id of ids.slice(SIZE / 2, SIZE / 2 + 50)) graph.deleteNode(id);
  const more = graph.insertNodes(Array.from({ length: 20 }, () => ({ kind: "Even", name: "same", labels: ["L"] })));
  graph.insertEdges(more.map((id) => ({ from: id, to: id, type: "EVEN" })));
}

class Rollback extends Error {}

/** Declares the tests of iterators. */
export function iterationContract(subject: Subject): void {
  for (const [name, iterate] of ITERATORS) {
    graphTest(subject, `${name}: shows the state at the first step while the same thread commits writes`, (db) => {
      fill(db);
      const expected = [...iterate(db)];
      const iterator = iterate(db);
      const seen = [iterator.next().value, iterator.next().value];
      disturb(db);
      seen.push(iterator.next().value);
      db.transaction((tx) => disturb(tx));
      seen.push(...iterator);
      assertEquals(seen, expected);
    });

    graphTest(subject, `${name}: begins with its first step, not with the call`, (db) => {
      fill(db);
      const iterator = iterate(db);
      disturb(db);
      assertEquals([...iterator], [...iterate(db)]);
    });

    graphTest(
      subject,
      `${name}: inside a transaction shows its state, through writes, savepoints and rollbacks`,
      (db) => {
        fill(db);
        assertThrows(() =>
          db.transaction((tx) => {
            disturb(tx);
            const expected = [...iterate(tx)];
            const iterator = iterate(tx);
            const seen = [iterator.next().value];
            assertThrows(() =>
              tx.transaction((inner) => {
                disturb(inner);
                seen.push(iterator.next().value);
                throw new Rollback();
              }), Rollback);
            seen.push(iterator.next().value);
            tx.transaction(disturb);
            seen.push(...iterator);
            assertEquals(seen, expected);
            throw new Rollback();
          }), Rollback);
        assertEquals(db.countNodes(), SIZE);
      },
    );
  }

  graphTest(
    subject,
    "an iterator begun before a transaction is read on through it, its rollback and its commit",
    (db) => {
      fill(db);
      const expected = [...db.nodes()];
      for (const outcome of ["commit", "rollback"]) {
        const iterator = db.nodes();
        const first = iterator.next().value!;
        const seen = [first];
        const run = () =>
          db.transaction((tx) => {
            const id = tx.insertNode({ kind: "N", name: "n" });
            tx.updateNode(first.id, { name: "changed" });
            seen.push(iterator.next().value!);
            if (outcome === "rollback") throw new Rollback();
            tx.deleteNode(id);
            tx.updateNode(first.id, { name: first.name });
          });
        if (outcome === "rollback") assertThrows(run, Rollback);
        else run();
        seen.push(...iterator);
        assertEquals(seen, expected);
      }
    },
  );

  graphTest(subject, "an iterator begun on the database inside a transaction is read on after its commit", (db) => {
    fill(db);
    let iterator: IterableIterator<number> | undefined;
    const seen: number[] = [];
    const expected = db.transaction((tx) => {
      tx.insertNode({ kind: "N", name: "new" });
      const ids = [...db.nodeIds()];
      iterator = db.nodeIds();
      seen.push(iterator.next().value!);
      return ids;
    });
    for (const id of expected.slice(1, 300)) db.deleteNode(id);
    assertEquals([...seen, ...iterator!], expected);
  });

  graphTest(subject, "a loop may delete or update every record that it visits", (db) => {
    fill(db);
    for (const node of db.nodes()) db.updateNode(node.id, { kind: "Seen" });
    assertEquals(db.countNodes({ kind: "Seen" }), SIZE);
    for (const edge of db.edges({ type: "EVEN" })) db.deleteEdge(edge.id);
    assertEquals(db.countEdges({ type: "EVEN" }), 0);
    for (const { key } of db.kv.scan()) db.kv.delete(key);
    for (const id of db.nodeIds()) db.deleteNode(id);
    assertEquals(contentOf(db), { nodes: [], edges: [], keyValues: [] });
  });

  graphTest(subject, "a loop that inserts what it lists comes to an end", (db) => {
    fill(db);
    let visited = 0;
    for (const node of db.nodes({ label: "L" })) {
      visited++;
      db.insertNode({ kind: node.kind, name: node.name, labels: ["L"] });
    }
    assertEquals(db.countNodes({ label: "L" }), 2 * visited);
  });

  graphTest(subject, "many iterators are read at once, each with its own state", (db) => {
    fill(db);
    const iterators = ITERATORS.map(([, iterate]) => iterate(db));
    const expected = ITERATORS.map(([, iterate]) => [...iterate(db)]);
    const seen = iterators.map((iterator) => [iterator.next().value]);
    disturb(db);
    for (let isOpen = true; isOpen;) {
      isOpen = false;
      iterators.forEach((iterator, at) => {
        const step = iterator.next();
        if (step.done) return;
        seen[at]!.push(step.value);
        isOpen = true;
      });
    }
    assertEquals(seen, expected);
  });

  graphTest(subject, "abandoned iterators hinder neither writes nor checkpoint, backup and close", (db, world) => {
    fill(db);
    for (const [, iterate] of ITERATORS) {
      iterate(db).next();
      for (const _first of iterate(db)) break;
      iterate(db);
    }
    disturb(db);
    db.checkpoint();
    db.backup(world.at("copies"));
    db.close();
  });

  graphTest(subject, "an iterator that was left by break is at its end", (db) => {
    fill(db);
    const iterator = db.nodeIds();
    for (const _first of iterator) break;
    assertEquals([...iterator], []);
  });

  graphTest(subject, "an iterator of a database that was closed meanwhile throws ClosedError", (db) => {
    fill(db);
    const begun = ITERATORS.map(([, iterate]) => {
      const iterator = iterate(db);
      iterator.next();
      return iterator;
    });
    const waiting = ITERATORS.map(([, iterate]) => iterate(db));
    db.close();
    for (const iterator of waiting) assertThrows(() => iterator.next(), ClosedError);
    for (const iterator of begun) assertThrows(() => [...iterator], ClosedError);
  });
}
