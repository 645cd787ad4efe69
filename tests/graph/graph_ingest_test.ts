import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { GraphError, InvalidArgumentError, NotFoundError, open } from "../../mod.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { ServedEngine } from "../../lib/backend/served_engine.ts";
import { decodeError } from "../../lib/graph/error_codec.ts";
import {
  engineIngestOptions,
  type GraphIngestOptions,
  type GraphIngestProgress,
} from "../../lib/graph/graph_ingest.ts";
import { ingestRows, type SkippedRow } from "../../lib/graph/ingest.ts";
import { ingestInto, type IngestTransport } from "../../lib/graph/ingest_driver.ts";
import { type BadRow, type ChunkReport, EngineIngest } from "../../lib/graph/ingest_engine.ts";
import { RowEncoder } from "../../lib/graph/row_encoder.ts";
import type { IngestRow } from "../../lib/graph/row_source.ts";
import { serveSqlite } from "../../lib/sqlite/served.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { type IngestThread, startIngestThread } from "./ingest_thread.ts";

const BACKENDS = ["v3", "sqlite"] as const;

/** Enough for the largest test that has its engine here. */
const CACHE_BYTES = 4 * 1024 * 1024;

/** A database in memory; SQLite's is a file in this folder. */
function serve(backend: "v3" | "sqlite", temporaryFolder: string): ServedEngine {
  if (backend === "v3") return serveV3(":memory:", { cacheBytes: CACHE_BYTES });
  return serveSqlite(":memory:", { temporaryFolder });
}

/** Everything; places instead of ids, which may have gaps. */
function contents(db: Pick<GraphBackend, "nodes" | "edges" | "kv">): unknown[] {
  const nodes = [...db.nodes()];
  const placeOf = new Map(nodes.map(({ id }, place) => [id, place]));
  return [
    nodes.map((node, id) => ({ ...node, id })),
    [...db.edges()].map((edge, id) => ({ ...edge, id, from: placeOf.get(edge.from), to: placeOf.get(edge.to) })),
    [...db.kv.scan()].map(({ key, value }) => [key, value]),
  ];
}

/** What became of rows: `row code` of those that were left out, or the message of the one that ended it. */
interface Outcome {
  readonly skipped: readonly string[];
  readonly error: string | undefined;
  readonly result: unknown;
  readonly contents: unknown;
}

function describe(row: number, error: unknown): string {
  const { code, field, value, message } = error as GraphError;
  // Of two unknown refs either may be named.
  if (code === "unknown-ref") return `${row} ${code}`;
  return JSON.stringify([row, code, field, value, message]);
}

/** Both halves on one thread: all rows are sent, then written. */
function ingestHere(engine: ServedEngine, rows: readonly unknown[], skips: boolean, batchRows?: number): Outcome {
  const encoder = new RowEncoder(400);
  const errors = new Map<number, unknown>();
  const chunks: ArrayBuffer[] = [];
  rows.forEach((row, at) => {
    const error = encoder.add(row);
    if (error !== undefined) errors.set(at + 1, error);
    if (encoder.isFull) chunks.push(encoder.take());
  });
  if (encoder.rows > 0) chunks.push(encoder.take());
  const sent = chunks.length;
  const reports: ChunkReport[] = [];
  const ingest = new EngineIngest(
    engine,
    { next: () => chunks.shift(), report: (report) => reports.push(report), committed: () => {} },
    { skips, batchRows },
  );
  while (ingest.runBatch() === "more");
  const failed = reports.at(-1)?.failed;
  if (failed === undefined) {
    assertEquals(reports.length, sent);
    assertEquals(reports.at(-1)?.rows ?? 0, rows.length);
  }
  const describeBad = ({ row, error }: BadRow) =>
    describe(row, error === undefined ? errors.get(row) : decodeError(error));
  return {
    skipped: reports.flatMap((report) => report.skipped).map(describeBad),
    error: failed === undefined ? undefined : describeBad(failed),
    result: failed === undefined ? ingest.result : undefined,
    contents: contents(engine.backend),
  };
}

function ingestOld(rows: readonly unknown[], skips: boolean, prepare: (db: GraphBackend) => void): Outcome {
  using db = open(":memory:");
  prepare(db);
  const skipped: string[] = [];
  let error: string | undefined;
  let result: unknown;
  try {
    result = ingestRows(
      db,
      rows as IngestRow[],
      skips ? { onSkip: ({ row }, reason) => void skipped.push(describe(row, reason)) } : {},
    );
  } catch (thrown) {
    const { cause, message } = thrown as GraphError;
    error = describe(Number(/row (\d+)/.exec(message)?.[1]), cause);
  }
  return { skipped, error, result, contents: contents(db) };
}

const ref = fc.constantFrom("a", "b", "c", "d", "ü", "");
const term = fc.constantFrom("P", "Q", "Straße", " ");
const end = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ref }) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2, 3, 900_000) },
);
/** At most one end is malformed, and then the other is an id: which of two faults is found first depends on batches. */
const ends = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(end, end) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0, "a", null, { ref: 1 }, { id: 1 }), fc.constant(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(2), fc.constantFrom(0, "a", null, { ref: 1 }, { id: 1 })) },
);
const data = fc.constantFrom(undefined, { a: 1 }, { text: "ÄÖ" }, [1, null], new Date(0), 2n ** 60n);
const row = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      node: fc.record({
        kind: term,
        name: fc.constantFrom("x", "y\0", "😀"),
        data,
        labels: fc.constantFrom(undefined, ["P", "L"]),
      }),
      ref: fc.option(ref, { nil: undefined }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(ends, term, data).map(([[from, to], type, data]) => ({ edge: { from, to, type, data } })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kv: fc.record({
        key: fc.constantFrom("k", "l", 5),
        value: fc.constantFrom<unknown>(1, null, "t", { a: [1.5] }, undefined),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, { vertex: 1 }, { node: 5, ref: "a" }, { ref: "a" }) },
);

for (const backend of BACKENDS) {
  test(`rows that travel to a ${backend} engine give what a synchronous ingest gives, bad ones too`, () => {
    const prepare = (db: Pick<GraphBackend, "insertNodes">) => {
      db.insertNodes([1, 2, 3].map((number) => ({ kind: "Old", name: `${number}` })));
    };
    const batchRows = fc.constantFrom(undefined, undefined, 1, 3, 100);
    using dir = tempDir();
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.boolean(), batchRows, (rows, skips, size) => {
        const expected = ingestOld(rows, skips, prepare);
        const engine = serve(backend, dir.root);
        prepare(engine.backend);
        const found = ingestHere(engine, rows, skips, size);
        engine.close();
        if (expected.error === undefined || size === undefined) assertEquals(found, expected);
        else assertEquals(found.error, expected.error);
      }),
      { numRuns: 30 },
    );
  });

  test(`${backend}: a hundred thousand refs are resolved, and nothing of them stays`, async () => {
    using dir = tempDir();
    const thread = await startIngestThread(backend, dir.path("a.graph"));
    const count = 100_000;
    const rows = function* (): Generator<IngestRow> {
      for (let at = 0; at < count; at++) {
        yield { node: { kind: "P", name: "p" }, ref: `ref ${at * 7_919 % count}` };
        if (at % 2 === 0) {
          yield { edge: { type: "T", from: { ref: `ref ${at * 7_919 % count}` }, to: { ref: "ref 0" } } };
        }
      }
    };
    assertEquals(await ingest(thread, rows()), { nodes: count, edges: count / 2, keyValues: 0, skipped: 0 });
    assertEquals(thread.mostUnderWay > 1 && thread.mostUnderWay <= 4, true);
    await thread.close();
    assertEquals(readdirSync(dir.root).filter((name) => name.includes("refs")), []);
    using db = open(dir.path("a.graph"));
    assertEquals([db.degree(1, { direction: "in" }), db.neighbors(50_001)], [count / 2, [1]]);
  });
}

function ingest(
  thread: IngestThread,
  rows: AsyncIterable<unknown> | Iterable<unknown>,
  options: GraphIngestOptions = {},
) {
  return ingestInto(thread.begin(engineIngestOptions(options)), rows, options);
}

function person(name: string, ref?: string): IngestRow {
  return { node: { kind: "Person", name }, ref };
}

function* people(count: number): Generator<IngestRow> {
  for (let at = 0; at < count; at++) yield person(`${at}`);
}

test("what the caller is told of bad rows is what a synchronous ingest tells", async () => {
  using dir = tempDir();
  const thread = await startIngestThread("v3", dir.path("a.graph"));
  const bad = { edge: { type: "T", from: 1, to: { ref: "nobody" } } };
  const worse = { node: { kind: "", name: "x" } };
  const error = await assertRejects(
    () => ingest(thread, [person("a"), bad]),
    NotFoundError,
    "ingest: row 2: no earlier",
  );
  assertEquals([error.code, error.field, error.value], ["unknown-ref", "to", "nobody"]);
  await assertRejects(
    () => ingest(thread, [person("a"), worse, bad]),
    InvalidArgumentError,
    "ingest: row 2: insertNode",
  );
  await assertRejects(() => ingest(thread, 5 as never), InvalidArgumentError, "rows is 5");

  const skipped: [SkippedRow, GraphError][] = [];
  const rows = function* (): Generator<unknown> {
    for (let at = 0; at < 40_000; at++) yield at === 20_000 ? bad : at === 30_000 ? worse : person(`${at}`);
  };
  const result = await ingest(thread, rows(), { onSkip: (...skip) => void skipped.push(skip) });
  assertEquals(result, { nodes: 39_998, edges: 0, keyValues: 0, skipped: 2 });
  assertEquals(skipped.map(([skip]) => skip), [{ row: 20_001, value: bad }, { row: 30_001, value: worse }]);
  assert(skipped[1]?.[0].value === worse, "the row itself, not a copy");
  assertInstanceOf(skipped[0]?.[1], NotFoundError);
  await thread.close();
  using db = open(dir.path("a.graph"));
  assertEquals(db.countNodes(), 39_998);
});

test("an ingest ends with whatever the signal, the rows or the caller's functions throw, and nothing stays", async () => {
  using dir = tempDir();
  const thread = await startIngestThread("v3", dir.path("a.graph"));
  const controller = new AbortController();
  const onProgress = ({ rows }: GraphIngestProgress) => rows > 20_000 && controller.abort(new RangeError("stop"));
  await assertRejects(
    () => ingest(thread, people(500_000), { onProgress, signal: controller.signal }),
    RangeError,
    "stop",
  );
  await assertRejects(() => ingest(thread, [], { signal: controller.signal }), RangeError, "stop");

  const broken = async function* (): AsyncGenerator<IngestRow> {
    yield* people(30_000);
    throw new RangeError("the source is gone");
  };
  await assertRejects(() => ingest(thread, broken()), RangeError, "the source is gone");

  const onSkip = () => {
    throw new RangeError("enough");
  };
  await assertRejects(() => ingest(thread, [person("x"), 5, person("y")], { onSkip }), RangeError, "enough");

  const silent = new AbortController();
  const waiting = async function* (): AsyncGenerator<IngestRow> {
    yield person("x");
    setTimeout(() => silent.abort(new RangeError("too long")), 5);
    await new Promise(() => {});
  };
  await assertRejects(() => ingest(thread, waiting(), { signal: silent.signal }), RangeError, "too long");
  await thread.close();
  using db = open(dir.path("a.graph"));
  assertEquals([db.countNodes(), db.lsn], [0, 0]);
});

for (const backend of BACKENDS) {
  test(`${backend}: with batchRows what was committed stays, and the error says how much that is`, async () => {
    using dir = tempDir();
    const thread = await startIngestThread(backend, dir.path("a.graph"));
    const rows = function* (): Generator<unknown> {
      yield person("first", "first");
      yield* people(2_499);
      yield { edge: { type: "T", from: { ref: "first" }, to: { ref: "first" } } };
      yield person("again", "first");
    };
    const error = await assertRejects(() => ingest(thread, rows(), { batchRows: 1_000 }), InvalidArgumentError);
    assertStringIncludes(error.message, "ingest: row 2502: ");
    assertStringIncludes(error.message, "the first 2000 rows were committed and stay");
    const seen: GraphIngestProgress[] = [];
    await ingest(thread, people(50_000), { batchRows: 1_000, onProgress: (progress) => seen.push(progress) });
    assertEquals(seen.at(-1), { phase: "ingest", rows: 50_000, skipped: 0, done: 50_000, committed: 50_000 });
    assert(seen.length > 2);
    await thread.close();
    using db = open(dir.path("a.graph"));
    assertEquals([db.countNodes(), db.countEdges(), db.lsn], [52_000, 0, 52]);
  });
}

test("a node that somebody deletes between two batches is missed by its edges", () => {
  const engine = serveV3(":memory:", { cacheBytes: CACHE_BYTES });
  const encoder = new RowEncoder();
  for (const row of [person("a", "a"), { edge: { type: "T", from: { ref: "a" }, to: { ref: "a" } } }]) encoder.add(row);
  const chunks = [encoder.take()];
  const reports: ChunkReport[] = [];
  const running = new EngineIngest(
    engine,
    { next: () => chunks.shift(), report: (report) => reports.push(report), committed: () => {} },
    { batchRows: 1, skips: true },
  );
  assertEquals([running.isWaiting, running.runBatch(), running.isWaiting], [true, "more", false]);
  engine.backend.deleteNode(1);
  while (running.runBatch() === "more");
  assertEquals(running.result, { nodes: 1, edges: 0, keyValues: 0, skipped: 1 });
  assertEquals((decodeError(reports[0]?.skipped[0]?.error) as GraphError).code, "node-not-found");
  engine.close();
});

test("the caller's thread is free between rows that come without a wait", async () => {
  let turns = 0;
  let sent = 0;
  const transport: IngestTransport = {
    send: () => Promise.resolve({ rows: ++sent, committedRows: 0, skipped: [], failed: undefined }),
    finish: () => Promise.resolve({ nodes: 0, edges: 0, keyValues: 0, skipped: 0 }),
    abort: () => Promise.resolve(),
  };
  const turn = setInterval(() => turns++, 0);
  const slow = function* (): Generator<IngestRow> {
    for (const row of people(5_000)) {
      for (const end = performance.now() + 0.02; performance.now() < end;);
      yield row;
    }
  };
  await ingestInto(transport, slow(), {});
  clearInterval(turn);
  assert(turns >= 3, `${turns} turns`);
  assert(sent >= 1);
});

test("options that make no sense are refused", () => {
  for (const batchRows of [0, 1.5, -1, "5" as unknown as number]) {
    assertThrows(() => engineIngestOptions({ batchRows }), InvalidArgumentError, "batchRows");
  }
  assertEquals(engineIngestOptions({}), { batchRows: undefined, skips: false });
});
