/** The contract of `diff`: what differs between two kept commits. */

import { assertEquals } from "@std/assert";
import type { Difference } from "../../lib/backend/care.ts";
import { InvalidArgumentError, NotRetainedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { type Content, graphOf } from "./graph_of.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** A difference as text: `node insert 1`, `kv delete name`. */
export function differenceText(difference: Difference): string {
  const { type, operation } = difference;
  if (type === "vector") return `${type} ${operation} ${difference.index} ${difference.nodeId}`;
  const name = type === "kv" ? difference.key : type === "vectorIndex" ? difference.index : difference.id;
  return `${type} ${operation} ${name}`;
}

/** The differences of two commits as text. */
export function differencesOf(db: GraphBackend, from: number, to: number): string[] {
  return Array.from(db.diff(from, to), differenceText);
}

/** What `diff` has to say of two commits, whose keys are texts: a key that was written again differs. */
export function expectedDifferences(from: CopiedCommit, to: CopiedCommit): string[] {
  return [
    ...compare("node", byId(from.content.nodes), byId(to.content.nodes)),
    ...compare("edge", byId(from.content.edges), byId(to.content.edges)),
    ...compare("kv", byKey(from), byKey(to)),
  ];
}

/** All that a commit showed, and which commit had last written each of its keys. */
export interface CopiedCommit {
  readonly content: Content;
  readonly versions: ReadonlyMap<string, number>;
}

function byId(records: readonly { readonly id: number }[]): Map<number, string> {
  return new Map(records.map((record) => [record.id, JSON.stringify(record)]));
}

function byKey({ content, versions }: CopiedCommit): Map<string, string> {
  return new Map(content.keyValues.map(({ key }) => [key as string, `${versions.get(key as string)}`]));
}

function compare<K extends number | string>(type: string, from: Map<K, string>, to: Map<K, string>): string[] {
  const names = [...new Set([...from.keys(), ...to.keys()])].sort((one, other) => one < other ? -1 : 1);
  return names.flatMap((name) => {
    const [old, now] = [from.get(name), to.get(name)];
    if (old === now) return [];
    return [`${type} ${old === undefined ? "insert" : now === undefined ? "delete" : "update"} ${name}`];
  });
}

/** The differences seen from the other side. */
export function mirrored(differences: readonly string[]): string[] {
  const other = (operation: string) => operation === "insert" ? "delete" : "insert";
  return differences.map((text) => text.replace(/ (insert|delete) /, (_, operation) => ` ${other(operation)} `));
}

/** Declares the tests. */
export function historyDiffContract(subject: Subject): void {
  const KEEP = { retention: { commits: 50 } };

  graphTest(subject, "diff lists what was inserted, updated and deleted: nodes, edges, then keys", (db) => {
    const { nodes: { a, b, c, d }, edges: [ab, bc, , cd] } = graphOf(db, "a->b, b->c, a->a, c->d, e");
    for (const key of ["k3", "k1", "k2"]) db.kv.set(key, 1);
    const from = db.lsn;
    db.transaction((tx) => {
      tx.updateNode(a, { name: "changed" });
      tx.addLabel(b, "L");
      tx.deleteNode(d);
      tx.updateEdge(ab, { data: { changed: true } });
      tx.deleteEdge(bc);
      tx.kv.set("k2", 2);
      tx.kv.delete("k3");
      tx.kv.set("k0", 1);
      tx.kv.set(Uint8Array.of(255), 1);
      graphOf(tx, "x->y");
    });
    const expected: Difference[] = [
      { type: "node", operation: "update", id: a },
      { type: "node", operation: "update", id: b },
      { type: "node", operation: "delete", id: d },
      { type: "node", operation: "insert", id: 6 },
      { type: "node", operation: "insert", id: 7 },
      { type: "edge", operation: "update", id: ab },
      { type: "edge", operation: "delete", id: bc },
      { type: "edge", operation: "delete", id: cd },
      { type: "edge", operation: "insert", id: 5 },
      { type: "kv", operation: "insert", key: "k0" },
      { type: "kv", operation: "update", key: "k2" },
      { type: "kv", operation: "delete", key: "k3" },
      { type: "kv", operation: "insert", key: Uint8Array.of(255) },
    ];
    assertEquals([...db.diff(from, db.lsn)], expected);
    assertEquals(differencesOf(db, db.lsn, from), mirrored(expected.map(differenceText)));
    assertEquals([differencesOf(db, from, from), differencesOf(db, db.lsn, db.lsn)], [[], []]);
    assertEquals(differencesOf(db, c, c), []);
  }, KEEP);

  graphTest(subject, "diff leaves out what is as it was", (db) => {
    const { nodes: { a, b }, edges: [ab] } = graphOf(db, "a->b");
    db.kv.set("k", 1);
    const from = db.lsn;
    db.updateNode(a, { name: "changed" });
    db.updateNode(a, { name: "a" });
    db.addLabel(b, "L");
    db.removeLabel(b, "L");
    db.updateEdge(ab, { data: {} });
    db.deleteNode(db.insertNode({ kind: "K", name: "gone" }));
    db.kv.set("gone", 1);
    db.kv.delete("gone");
    assertEquals(differencesOf(db, from, db.lsn), []);
    db.kv.set("k", 1);
    assertEquals(differencesOf(db, from, db.lsn), ["kv update k"]);
  }, KEEP);

  graphTest(subject, "diff compares what each commit shows: a key that expired in between is deleted", (db, world) => {
    db.kv.set("short", 1, { ttlSeconds: 1 });
    const from = db.lsn;
    world.nowMs += 1_000;
    db.kv.set("other", 1);
    const to = db.lsn;
    assertEquals(differencesOf(db, from, to), ["kv insert other", "kv delete short"]);
    assertEquals(differencesOf(db, to, from), ["kv delete other", "kv insert short"]);
    db.checkpoint();
    assertEquals(differencesOf(db, to, db.lsn), []);
  }, KEEP);

  graphTest(subject, "diff needs two kept commits", (db) => {
    for (let n = 1; n <= 6; n++) {
      db.kv.set("n", n);
      if (n === 2 || n === 4) db.tag(`${n}`);
    }
    assertEquals(differencesOf(db, 2, 4), ["kv update n"]);
    assertEquals(differencesOf(db, 4, 6), ["kv update n"]);
    for (const [from, to] of [[1, 6], [2, 3], [5, 4], [7, 6], [6, 1e6]] as const) {
      // At the call, not at the first step.
      assertRefused(db, NotRetainedError, () => void db.diff(from, to), "diff", "2", "6");
    }
    for (const bad of [-1, 1.5, "1", null, undefined, NaN, 1n]) {
      assertRefused(db, InvalidArgumentError, () => void db.diff(untyped(bad), 2), "fromLsn");
      assertRefused(db, InvalidArgumentError, () => void db.diff(2, untyped(bad)), "toLsn");
    }
  });

  graphTest(subject, "diff goes on while its commits are given up", (db) => {
    db.insertNodes(Array.from({ length: 500 }, (_, n) => ({ kind: "K", name: `${n}` })));
    db.tag("from");
    db.transaction((tx) => {
      for (const id of [...tx.nodeIds()]) tx.updateNode(id, { name: "changed" });
    });
    db.tag("to");
    const expected = differencesOf(db, 1, 2);
    assertEquals(expected.length, 500);
    const differences = db.diff(1, 2);
    const seen = [differenceText(differences.next().value as Difference)];
    for (const name of ["from", "to"]) db.untag(name);
    for (let n = 0; n < 5; n++) {
      db.transaction((tx) => {
        for (const id of [...tx.nodeIds()]) tx.updateNode(id, { name: `changed ${n}` });
      });
      db.checkpoint();
    }
    for (const difference of differences) seen.push(differenceText(difference));
    assertEquals(seen, expected);
    assertRefused(db, NotRetainedError, () => void db.diff(1, db.lsn), "1");
  });

  graphTest(subject, "diff lets go of its commits when its reader stops early", (db) => {
    graphOf(db, "a, b, c");
    db.tag("from");
    graphOf(db, "d, e, f");
    for (const _difference of db.diff(1, 2)) break;
    db.untag("from");
    assertRefused(db, NotRetainedError, () => db.snapshot({ lsn: 1 }), "1");
  });

  fileTest(subject, "diff answers the same after the database was opened again", (_, world) => {
    const commit = (n: number) =>
      world.db.transaction((tx) => {
        graphOf(tx, "a->b, b->a");
        tx.updateNode(1, { data: { n } });
        if (n > 2) tx.deleteNode(2 * n - 3);
        tx.kv.set(`${n % 3}`, n);
      });
    world.reopen(KEEP);
    for (let n = 1; n <= 5; n++) commit(n);
    const all = () => [1, 2, 3, 4, 5].map((from) => [1, 2, 3, 4, 5].map((to) => differencesOf(world.db, from, to)));
    const before = all();
    world.reopen();
    assertEquals(all(), before);
    commit(6);
    assertEquals(all(), before);
  });
}
