import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ConflictError, IoError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { V3Backend, type V3Database } from "../../lib/v3/backend.ts";
import type { V3Options } from "../../lib/v3/options.ts";
import type { FileSystem, OpenFile } from "../../lib/v3/file_system.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { contentOf, graphOf } from "../contract/graph_of.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const SOURCE = "/source.graph";
const COPY = "/copy.graph";
const START_MS = 1_700_000_000_000;

/** A file system and a clock; databases on it are closed at the end. */
class Files implements Disposable {
  nowMs: number = START_MS;
  readonly system: FileSystem;
  readonly #opened: V3Database[] = [];

  constructor(system: FileSystem = new MemoryFileSystem()) {
    this.system = system;
  }

  open(path: string, options: V3Options = {}): V3Database {
    const db = V3Backend.open(path, {
      fileSystem: this.system,
      durability: "off",
      clock: () => this.nowMs,
      cacheBytes: 8 * 1024 * 1024,
      ...options,
    });
    this.#opened.push(db);
    return db;
  }

  /** Names of the files that belong to the copy. */
  leftovers(): string[] {
    return this.system.list("/").filter((name) => name.startsWith("copy")).toSorted();
  }

  [Symbol.dispose](): void {
    for (const db of this.#opened) db.close();
  }
}

function assertSound(db: GraphBackend): void {
  assertEquals(db.check(), { ok: true, findings: [] });
}

const long = (size: number, text = "x"): string => text.repeat(size);

/** Nodes, edges and keys of every form, some of them changed or gone. */
function fill(db: GraphBackend, count: number): void {
  db.transaction((tx) => {
    for (let id = 1; id <= count; id++) {
      tx.insertNode({
        kind: `Kind${id % 3}`,
        name: id % 50 === 0 ? long(700, "n") : `node ${(id * 7919) % count}`,
        ...(id % 4 === 0 ? { filePath: `/src/${id}` } : undefined),
        labels: id % 5 === 0 ? ["L1", `L${id % 7}`] : [],
        data: id % 11 === 0 ? { text: long(3_000) } : id % 2 === 0 ? { id } : [],
      });
      if (id > 1) tx.insertEdge({ from: id, to: 1 + (id * 31) % (id - 1), type: `T${id % 4}` });
      if (id % 3 === 0) {
        tx.kv.set(`key ${(id * 7919) % count}`, id % 30 === 0 ? long(5_000) : id);
        tx.kv.set(Uint8Array.of(255, id % 256, id >> 8), null, { ttlSeconds: 10 + id });
      }
      if (id % 60 === 0) tx.kv.set(long(900, "k") + id, id);
    }
  });
  db.transaction((tx) => {
    for (let id = 7; id <= count; id += 7) tx.deleteNode(id);
    for (let id = 5; id <= count; id += 35) tx.updateNode(id, { name: "changed", data: long(2_000) });
    for (const { id } of [...tx.edges({ limit: count >> 2 })]) if (id % 3 === 0) tx.deleteEdge(id);
  });
}

/** What a database answers. */
function answersOf(db: GraphBackend): unknown {
  const { kinds, edgeTypes, labels, nodes, edges, keyValues } = db.stats();
  return {
    content: contentOf(db),
    stats: { kinds, edgeTypes, labels, nodes, edges, keyValues },
    byName: [...db.nodeIds({ name: "changed" })],
    byLabel: [...db.nodeIds({ label: "L1" })],
    near: [...db.nodeIds({ limit: 40 })].map((id) => db.kHop(id, 2, { direction: "both" })),
    lsn: db.lsn,
  };
}

test("a compacted file answers as the original does, and goes on with the same ids", () => {
  using files = new Files();
  const db = files.open(SOURCE);
  fill(db, 400);
  files.nowMs += 100_000;
  db.checkpoint();
  const result = db.compact(COPY);
  const copy = files.open(COPY);
  assertEquals(answersOf(copy), answersOf(db));
  assertSound(copy);
  assertEquals([...copy.commits()], [...db.commits()]);
  const { nodes, edges, keyValues, vectorIndexes, vectors, fileBytes } = db.stats();
  assertEquals(result, {
    path: COPY,
    sizeBytes: copy.stats().fileBytes,
    nodes,
    edges,
    keyValues,
    vectorIndexes,
    vectors,
    lsn: db.lsn,
  });
  assert(result.sizeBytes < fileBytes);
  for (const one of [db, copy]) graphOf(one, "a->b, b-NEW->a");
  assertEquals(answersOf(copy), answersOf(db));
  assertSound(copy);
  copy.close();
  assertEquals(answersOf(files.open(COPY)), answersOf(db));
  assertSound(db);
});

test("a compacted file has full pages", () => {
  using files = new Files();
  const db = files.open(SOURCE);
  // In an order that leaves pages half full, and with most of it gone again.
  const order = Array.from({ length: 3_000 }, (_, at) => at).sort((a, b) => (a * 7919) % 3_001 - (b * 7919) % 3_001);
  const ids = db.insertNodes(order.map((at) => ({ kind: `K${at % 5}`, name: `node ${at}`, data: { at } })));
  for (let at = 0; at < order.length; at += 250) {
    db.transaction((tx) => {
      for (const key of order.slice(at, at + 250)) tx.kv.set(`key ${key}`, `value ${key}`);
      for (const to of order.slice(at, at + 250)) {
        tx.insertEdge({ from: ids[(to * 13) % 3_000] as number, to: ids[to] as number, type: "T" });
      }
    });
  }
  db.transaction((tx) => {
    for (const id of ids) if (id % 3 !== 0) tx.deleteNode(id);
  });
  db.checkpoint();
  const { sizeBytes } = db.compact(COPY);
  const copy = files.open(COPY);
  assertEquals(contentOf(copy), contentOf(db));
  assert(sizeBytes < 0.6 * db.stats().fileBytes);
  assert(copy.stats().freeBytes <= 8 * 4096, `${copy.stats().freeBytes} bytes are free`);
  // 1,000 nodes of 50 bytes with index entries, 3,000 keys of 60: an estimate from below.
  const content = [...copy.nodes()].reduce((sum, node) => sum + 2 * node.name.length + 40, 0) +
    copy.kv.count() * (9 + 10 + 33 + 4);
  assert(sizeBytes < 1.25 * content + 100_000, `${sizeBytes} bytes for ${content}`);
  assertEquals(copy.compact("/copy-again.graph").sizeBytes, sizeBytes);
});

test("an empty database is compacted to an empty one", () => {
  using files = new Files();
  const db = files.open(SOURCE);
  for (const history of [false, true]) {
    const path = `/copy-${history}.graph`;
    assertEquals(db.compact(path, { history }).lsn, 0);
    const copy = files.open(path);
    assertEquals(contentOf(copy), contentOf(db));
    assertSound(copy);
    graphOf(copy, "a->b");
    assertSound(copy);
  }
});

test("keys that have expired count no more", () => {
  using files = new Files();
  const db = files.open(SOURCE);
  db.kv.set("short", 1, { ttlSeconds: 1 });
  db.kv.set("long", 1, { ttlSeconds: 100 });
  files.nowMs += 50_000;
  assertEquals(db.compact(COPY).keyValues, 1);
  const copy = files.open(COPY);
  assertEquals(contentOf(copy), contentOf(db));
  files.nowMs += 50_000;
  assertEquals([copy.kv.count(), copy.checkpoint().expiredKeys], [0, 2]);
  assertSound(copy);
});

test("compact never replaces a file", () => {
  using files = new Files();
  const db = files.open(SOURCE);
  graphOf(db, "a->b");
  db.checkpoint();
  const other = files.open("/other.graph");
  graphOf(other, "x");
  for (const path of [SOURCE, "/other.graph"]) assertThrows(() => db.compact(path), ConflictError);
  files.system.open(`${COPY}.v3wal`, "create").close();
  assertThrows(() => db.compact(COPY), ConflictError, "v3wal");
  files.system.remove(`${COPY}.v3wal`);
  const onProgress = () => {
    if (files.system.stat(COPY) === undefined) files.system.open(COPY, "create").close();
  };
  assertThrows(() => db.compact(COPY, { onProgress }), ConflictError);
  assertEquals(files.leftovers(), ["copy.graph"]);
  assertEquals(files.system.stat(COPY)?.sizeBytes, 0);
  assertEquals([db.countNodes(), other.countNodes()], [2, 1]);
  assertSound(db);
});

test("a compaction that is stopped leaves nothing behind", () => {
  using files = new Files();
  const db = files.open(SOURCE, { retention: { commits: 3 } });
  fill(db, 500);
  const before = AbortSignal.abort(new RangeError("before"));
  assertStrictEquals(assertThrows(() => db.compact(COPY, { signal: before })), before.reason);
  const phases: string[] = [];
  db.compact("/whole.graph", {
    history: true,
    onProgress: ({ phase, done, total }) => {
      assert(done <= (total as number));
      phases.push(phase);
    },
  });
  assertEquals([...new Set(phases)], ["copy", "history"]);
  for (let call = 0; call < phases.length; call++) {
    const controller = new AbortController();
    let calls = 0;
    const onProgress = () => {
      if (calls++ === call) controller.abort(new RangeError(`call ${call}`));
    };
    const error = assertThrows(() => db.compact(COPY, { history: true, signal: controller.signal, onProgress }));
    assertStrictEquals(error, controller.signal.reason);
    assertEquals(files.leftovers(), []);
  }
  db.checkpoint();
  assertSound(db);
});

/** A file system on which changes of the copy fail from the n-th on. */
class FailingFileSystem extends MemoryFileSystem {
  calls = 0;
  failAt = Infinity;

  #count(path: string): void {
    if (path.startsWith(COPY) && this.calls++ >= this.failAt) {
      throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    }
  }

  override open(path: string, mode: "read" | "write" | "create"): OpenFile {
    this.#count(path);
    const file = super.open(path, mode);
    return {
      read: (buffer, position) => file.read(buffer, position),
      size: () => file.size(),
      close: () => file.close(),
      write: (buffer, position) => {
        this.#count(path);
        file.write(buffer, position);
      },
      sync: () => {
        this.#count(path);
        file.sync();
      },
      truncate: (sizeBytes) => {
        this.#count(path);
        file.truncate(sizeBytes);
      },
    };
  }

  override rename(from: string, to: string): void {
    this.#count(from);
    super.rename(from, to);
  }

  override syncFolder(folder: string): void {
    if (this.stat(COPY) !== undefined) this.#count(COPY);
    super.syncFolder(folder);
  }
}

test("a compaction that fails leaves nothing behind, wherever it fails", () => {
  const system = new FailingFileSystem();
  using files = new Files(system);
  const db = files.open(SOURCE);
  fill(db, 300);
  db.compact(COPY);
  const { calls } = system;
  assert(calls > 10);
  system.remove(COPY);
  for (let call = 0; call < calls; call++) {
    system.calls = 0;
    system.failAt = call;
    assertThrows(() => db.compact(COPY), IoError);
    system.failAt = Infinity;
    assertEquals(files.leftovers(), [], `after a failure of call ${call}`);
  }
  db.compact(COPY);
  assertEquals(contentOf(files.open(COPY)), contentOf(db));
  assertSound(db);
});

test("what is written while the copy is made is not in it", () => {
  using files = new Files();
  const db = files.open(SOURCE, { retention: { commits: 2 } });
  fill(db, 300);
  const expected = contentOf(db);
  const past = [...db.commits()];
  const { lsn } = db;
  db.compact(COPY, {
    history: true,
    onProgress: () => {
      db.transaction((tx) => {
        for (const id of [...tx.nodeIds({ limit: 20 })]) tx.deleteNode(id);
        graphOf(tx, "new->newer");
      });
      db.checkpoint();
    },
  });
  const copy = files.open(COPY);
  assertEquals([copy.lsn, [...copy.commits()]], [lsn, past]);
  assertEquals(contentOf(copy), expected);
  for (const one of [db, copy]) assertSound(one);
});

test("a read-only database can be compacted", () => {
  using files = new Files();
  const db = files.open(SOURCE, { retention: { commits: 5 } });
  fill(db, 100);
  db.close();
  const reader = files.open(SOURCE, { readonly: true });
  reader.compact(COPY, { history: true });
  const copy = files.open(COPY);
  assertEquals(answersOf(copy), answersOf(reader));
  assertEquals([...copy.commits()], [...reader.commits()]);
  for (let n = 0; n < 6; n++) graphOf(copy, "a");
  // The retention came along.
  assertEquals([...copy.commits()].length, 5);
  assertSound(copy);
});

test("after an unclean end the copy goes on with the same LSN and ids", () => {
  using crashed = new Files();
  const before = crashed.open(SOURCE, { durability: "full" });
  fill(before, 50);
  using files = new Files();
  for (const name of ["source.graph", "source.graph.v3wal"]) copyFile(crashed.system, files.system, `/${name}`);
  const db = files.open(SOURCE);
  db.compact(COPY);
  const copy = files.open(COPY);
  assertEquals(answersOf(copy), answersOf(db));
  for (const one of [db, copy]) graphOf(one, "a->b");
  assertEquals(answersOf(copy), answersOf(db));
  assertSound(copy);
});

function copyFile(from: FileSystem, to: FileSystem, path: string): void {
  const source = from.open(path, "read");
  const bytes = new Uint8Array(source.size());
  source.read(bytes, 0);
  const target = to.open(path, "create");
  target.write(bytes, 0);
  for (const file of [source, target]) file.close();
}

test("a database in memory is compacted to a file of the system", () => {
  using dir = tempDir();
  using db = V3Backend.open(":memory:");
  fill(db, 100);
  const path = dir.path("copy.graph");
  db.compact(path);
  using copy = V3Backend.open(path);
  assertEquals(answersOf(copy), answersOf(db));
  assertSound(copy);
});

/** What each kept commit shows, and how they differ. */
function historyOf(db: GraphBackend): unknown {
  const commits = [...db.commits()];
  return {
    commits,
    tags: db.tags(),
    contents: commits.map(({ lsn }) => {
      using snapshot = db.snapshot({ lsn });
      return { lsn: snapshot.lsn, content: contentOf(snapshot), keys: snapshot.kv.count() };
    }),
    differences: commits.slice(1).map(({ lsn }, before) => [...db.diff((commits[before] as { lsn: number }).lsn, lsn)]),
  };
}

test("with history every kept commit is in the copy, with its LSN, time and tags", () => {
  using files = new Files();
  const db = files.open(SOURCE, { retention: { commits: 4 } });
  fill(db, 300);
  db.tag("filled");
  const ids = [...db.nodeIds()];
  for (let n = 0; n < 7; n++) {
    files.nowMs += 1_000;
    db.transaction((tx) => {
      tx.updateNode(ids[n] as number, { kind: "Other", name: `changed ${n}`, data: long(n * 700) });
      tx.addLabel(2, `label ${n}`);
      graphOf(tx, "a->b, b-NEW->a");
      tx.deleteNode(ids[50 + n] as number);
      tx.kv.set("key", long(n * 400));
      tx.kv.set("short", n, { ttlSeconds: 1 });
      tx.kv.set(`once ${n}`, n, { ttlSeconds: 1 });
    });
    if (n % 3 === 0) db.tag(`after ${n}`);
    if (n === 4) db.checkpoint();
  }
  db.compact(COPY, { history: true });
  db.compact("/newest.graph");
  const copy = files.open(COPY);
  assertEquals(historyOf(copy), historyOf(db));
  assertEquals(answersOf(copy), answersOf(db));
  assertSound(copy);
  const newest = files.open("/newest.graph");
  assertEquals([[...newest.commits()].length, newest.tags()], [1, []]);
  const { fileBytes } = copy.stats();
  for (const one of [copy, db]) for (const { name } of one.tags()) one.untag(name);
  assertEquals([...copy.commits()], [...db.commits()]);
  for (let n = 0; n < 5; n++) copy.kv.set("n", n);
  // What had expired was copied as well.
  assertEquals(copy.checkpoint().expiredKeys, db.checkpoint().expiredKeys);
  assertSound(copy);
  assert(copy.stats().fileBytes <= fileBytes + 10 * 4096);
  copy.close();
  assertEquals(contentOf(files.open(COPY)).nodes, contentOf(db).nodes);
});

test("an import that gave ids to other records is copied as well", () => {
  using files = new Files();
  using dir = tempDir();
  const other = files.open("/other.graph");
  graphOf(other, "x->y, y->z, z-T->x, x->x");
  other.exportSnapshot(dir.path("other.jsonl"));
  const db = files.open(SOURCE, { retention: { commits: 10 } });
  graphOf(db, "a->b, b->a, b-OTHER->b, a->a, a->c");
  db.deleteNode(3);
  db.importSnapshot(dir.path("other.jsonl"), { replace: true });
  db.updateNode(1, { name: "last" });
  db.compact(COPY, { history: true });
  const copy = files.open(COPY);
  assertEquals(historyOf(copy), historyOf(db));
  assertSound(copy);
});

test("whatever was committed, the copy with history shows the same", () => {
  const step = fc.record({ do: fc.nat(8), pick: fc.nat(200), size: fc.constantFrom(0, 0, 20, 900, 5_000) });
  const commit = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 12 }),
    tag: fc.boolean(),
    wait: fc.constantFrom(0, 1, 700),
  });
  fc.assert(
    fc.property(fc.array(commit, { minLength: 1, maxLength: 12 }), fc.nat(5), (commits, retained) => {
      using files = new Files();
      const db = files.open(SOURCE, { retention: { commits: retained } });
      db.insertNodes(Array.from({ length: 30 }, (_, n) => ({ kind: "K", name: `${n}` })));
      commits.forEach(({ steps, tag, wait }, at) => {
        db.transaction((tx) => {
          for (const { do: action, pick, size } of steps) {
            const nodes = [...tx.nodeIds()];
            const edges = [...tx.edges({ data: false })];
            const node = nodes[pick % nodes.length] as number;
            const edge = edges[pick % Math.max(1, edges.length)]?.id;
            const data = long(size);
            if (action === 0) tx.insertNode({ kind: `K${pick % 3}`, name: long(pick * 4, "n"), labels: ["L"], data });
            if (action === 1) tx.insertEdge({ from: node, to: nodes[pick % 7] as number, type: `T${pick % 3}`, data });
            if (action === 2) tx.updateNode(node, { kind: `K${pick % 4}`, data });
            if (action === 3 && nodes.length > 10) tx.deleteNode(node);
            if (action === 4 && edge !== undefined) tx.deleteEdge(edge);
            if (action === 5 && edge !== undefined) tx.updateEdge(edge, { type: `T${pick % 4}`, data });
            if (action === 6) tx.kv.set(`key ${pick % 20}`, data);
            if (action === 7) tx.kv.set(`key ${pick % 20}`, data, { ttlSeconds: 1 });
            if (action === 8 && !tx.addLabel(node, "M")) tx.removeLabel(node, "M");
          }
        });
        if (tag) db.tag(`tag ${at}`);
        files.nowMs += wait;
      });
      db.compact(COPY, { history: true });
      const copy = files.open(COPY);
      assertEquals(historyOf(copy), historyOf(db));
      assertEquals(contentOf(copy), contentOf(db));
      assertSound(copy);
      assertSound(db);
    }),
    { numRuns: 10 },
  );
});
