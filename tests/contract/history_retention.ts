/** The contract of retention: which past commits stay readable without a name, and what they cost. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotRetainedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { answersAt, answersOf, fillGraph, lsnsOf } from "./past_states.ts";
import { assertRefusal, assertRefused, untyped } from "./refusal.ts";
import { fileTest, graphTest, START_MS, type Subject } from "./subject.ts";

/** Makes commits of one key each, a second apart, and copies what they leave. */
class Commits {
  readonly #expected = new Map<number, unknown>();

  add(db: GraphBackend, count: number, onCommit: () => void): void {
    for (let n = 0; n < count; n++) {
      db.transaction((tx) => {
        tx.kv.set("lsn", db.lsn + 1);
        tx.insertNode({ kind: "K", name: `${db.lsn + 1}` });
        const first = [...tx.nodeIds({ limit: 3 })];
        if (first.length === 3) tx.deleteNode(first[0] as number);
      });
      this.#expected.set(db.lsn, contentOf(db));
      onCommit();
    }
  }

  /** Asserts that exactly these commits can be read, as they were. */
  check(db: GraphBackend, kept: readonly number[]): void {
    assertEquals(lsnsOf(db), kept);
    for (const [lsn, expected] of this.#expected) {
      if (kept.includes(lsn)) {
        using snapshot = db.snapshot({ lsn });
        assertEquals([snapshot.lsn, contentOf(snapshot)], [lsn, expected]);
      } else assertRefused(db, NotRetainedError, () => db.snapshot({ lsn }), `${kept[0]}`, `${db.lsn}`);
    }
  }
}

function lastOf(db: GraphBackend, count: number): number[] {
  return Array.from({ length: count }, (_, n) => db.lsn - count + 1 + n);
}

/** Declares the tests. */
export function historyRetentionContract(subject: Subject): void {
  graphTest(subject, "a retention of some commits keeps exactly the last ones", (db) => {
    const commits = new Commits();
    for (let round = 0; round < 12; round++) {
      commits.add(db, 1, () => {});
      commits.check(db, lastOf(db, Math.min(4, round + 1)));
      if (round % 5 === 4) db.checkpoint();
    }
    assertThrows(() =>
      db.transaction((tx) => {
        graphOf(tx, "x");
        throw new RangeError();
      }), RangeError);
    commits.check(db, lastOf(db, 4));
  }, { retention: { commits: 4 } });

  graphTest(subject, "a tag keeps its commit beyond the retention", (db) => {
    const commits = new Commits();
    commits.add(db, 2, () => {});
    db.tag("second");
    commits.add(db, 6, () => {});
    commits.check(db, [2, 6, 7, 8]);
    db.untag("second");
    commits.check(db, [6, 7, 8]);
    db.tag("eighth");
    db.untag("eighth");
    commits.check(db, [6, 7, 8]);
  }, { retention: { commits: 3 } });

  fileTest(subject, "what is retained stays so in the file, and the retention with it", (_, world) => {
    const commits = new Commits();
    world.reopen({ retention: { commits: 3 } });
    commits.add(world.db, 5, () => {});
    commits.check(world.reopen(), [3, 4, 5]);
    commits.add(world.db, 1, () => {});
    commits.check(world.db, [4, 5, 6]);
    commits.check(world.reopen({ retention: { commits: 5 } }), [4, 5, 6]);
    commits.add(world.db, 4, () => {});
    commits.check(world.reopen(), [6, 7, 8, 9, 10]);
    commits.check(world.reopen({ retention: { commits: 2 } }), [9, 10]);
    commits.check(world.reopen({ retention: {} }), [10]);
    commits.add(world.db, 3, () => {});
    commits.check(world.db, [13]);
  });

  graphTest(subject, "a retention by age follows the clock", (db, world) => {
    const commits = new Commits();
    commits.add(db, 6, () => world.nowMs += 500);
    // The fourth is as old as may be.
    commits.check(db, [4, 5, 6]);
    world.nowMs += 10_000;
    commits.add(db, 1, () => {});
    commits.check(db, [7]);
    commits.add(db, 5, () => {});
    commits.check(db, lastOf(db, 6));
    world.nowMs -= 100_000;
    commits.add(db, 1, () => {});
    commits.check(db, lastOf(db, 7));
  }, { retention: { ageMs: 1_000 } });

  graphTest(subject, "a retention by size keeps fewer commits the more they change", (db) => {
    const insert = (count: number) =>
      db.insertNodes(Array.from({ length: count }, (_, n) => ({ kind: "K", name: `${n}`, data: "x".repeat(500) })));
    insert(10);
    for (let n = 0; n < 10; n++) db.kv.set("n", n);
    const few = lsnsOf(db).length;
    assert(few > 5, `${few} small commits`);
    for (let n = 0; n < 4; n++) {
      for (const id of [...db.nodeIds({ limit: 300 })]) db.deleteNode(id);
      insert(600);
    }
    db.transaction((tx) => {
      for (const id of [...tx.nodeIds()]) tx.updateNode(id, { data: "y".repeat(500) });
    });
    const kept = lsnsOf(db);
    assert(kept.length < few && kept.at(-1) === db.lsn, `${kept.length} large commits`);
    db.checkpoint();
    const { fileBytes, freeBytes } = db.stats();
    assert(fileBytes - freeBytes < 3_000_000, `${fileBytes - freeBytes} bytes`);
  }, { retention: { bytes: 400_000 } });

  graphTest(subject, "several limits hold together", (db, world) => {
    const commits = new Commits();
    commits.add(db, 5, () => world.nowMs += 100);
    commits.check(db, [3, 4, 5]);
    world.nowMs += 700;
    commits.add(db, 1, () => {});
    commits.check(db, [4, 5, 6]);
    world.nowMs += 5_000;
    commits.add(db, 1, () => {});
    commits.check(db, [7]);
  }, { retention: { commits: 3, ageMs: 1_000 } });

  graphTest(subject, "every past state answers every read as it was", (db, world) => {
    const expected: unknown[] = [];
    const remember = () => {
      expected.push(answersOf(db));
      world.nowMs += 1_000;
    };
    fillGraph(db);
    remember();
    db.kv.set("k", 2, { ttlSeconds: 1.5 });
    remember();
    db.addLabel(1, "L2");
    remember();
    db.patchNode(1, { text: null, more: "z".repeat(5_000) });
    remember();
    db.updateEdge(1, { type: "OTHER", data: "e".repeat(2_500) });
    remember();
    db.checkpoint();
    graphOf(db, "d->e, e->d");
    remember();
    const first = db.lsn - expected.length + 1;
    const check = (graph: GraphBackend) =>
      expected.forEach((answers, n) => {
        const time = new Date(START_MS + 1_000 * n + 999);
        using snapshot = graph.snapshot({ time });
        if (snapshot.lsn === graph.lsn) return;
        assertEquals(answersOf(snapshot), answers, `state ${n}`);
        assertEquals(answersAt(graph, { lsn: snapshot.lsn }), answers);
      });
    assertEquals(lsnsOf(db).slice(-2), [db.lsn - 1, db.lsn]);
    assert(lsnsOf(db)[0] as number <= first);
    check(db);
    if (!subject.inMemory) check(world.reopen());
  }, { retention: { commits: 20 } });

  graphTest(subject, "past states cost no more than what changed", (db) => {
    db.insertNodes(Array.from({ length: 5_000 }, (_, n) => ({ kind: "K", name: `node ${n}`, data: { n } })));
    db.checkpoint();
    const { fileBytes } = db.stats();
    for (let n = 1; n <= 20; n++) db.updateNode(n * 200, { name: "changed" });
    db.checkpoint();
    assertEquals(lsnsOf(db).length, 21);
    const grown = db.stats().fileBytes - fileBytes;
    assert(grown < 20 * 20 * 4096, `${grown} bytes for 20 commits`);
  }, { retention: { commits: 100 } });

  graphTest(subject, "a retention that is none is refused", (_, world) => {
    const path = world.at("other.graph");
    for (const retention of [1, null, { commits: -1 }, { commits: 1.5 }, { ageMs: "1" }, { bytes: NaN }]) {
      assertRefusal(InvalidArgumentError, () => world.open(path, { retention: untyped(retention) }), "retention");
    }
    assertStrictEquals(world.db.closed, false);
  });
}
