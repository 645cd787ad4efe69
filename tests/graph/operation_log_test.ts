/** The log of a transaction's operations: what is written is read. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError, GraphError } from "../../lib/backend/errors.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import { type OperationHandler, OperationWriter, readOperations } from "../../lib/graph/operation_log.ts";
import { test } from "../support/test.ts";

/** One operation: the method's name and its arguments. */
type Operation = { [K in keyof OperationHandler]: readonly [K, ...Parameters<OperationHandler[K]>] }[
  keyof OperationHandler
];

const METHODS = [
  ...["insertNode", "updateNode", "deleteNode", "addLabel", "removeLabel"] as const,
  ...["insertEdge", "updateEdge", "deleteEdge", "setValue", "deleteValue"] as const,
  ...["createVectorIndex", "dropVectorIndex", "setVector", "deleteVector"] as const,
];

const id = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.maxSafeNat().filter((id) => id > 0));
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("\0", "\ufeff", "é".repeat(64), "😀".repeat(16), "a".repeat(127), "\uffff".repeat(43)),
);
const term = fc.oneof(fc.constantFrom("A", "B", "KNOWS"), text);
const data = fc.oneof(fc.constantFrom("{}", "null", '""'), fc.json());
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const key = fc.uint8Array({ maxLength: 200 });
const value = fc.oneof(
  fc.constantFrom<KeyValue>(null, true, 0, -0, NaN, -Infinity, 2 ** 53, -(2n ** 63n), "\ud800", "\ufeffé", [2 ** 60], {
    a: -0,
    b: 2n ** 70n,
  }),
  fc.uint8Array({ maxLength: 200 }),
  fc.string(),
).map((value) => checkValue(value));

const vector = fc.float32Array({ minLength: 1, maxLength: 100, noNaN: true, noDefaultInfinity: true });

const operations: fc.Arbitrary<Operation[]> = fc.array(fc.oneof(
  fc.tuple(
    fc.constant("insertNode" as const),
    id,
    fc.record({ kind: term, name: text, filePath: fc.option(text), labels: fc.array(term, { maxLength: 4 }), data }),
  ),
  fc.tuple(
    fc.constant("updateNode" as const),
    id,
    fc.record({
      kind: optional(term),
      name: optional(text),
      filePath: fc.oneof(optional(text), fc.constant(null)),
      data: optional(data),
    }),
  ),
  fc.tuple(fc.constant("deleteNode" as const), id),
  fc.tuple(fc.constant("addLabel" as const), id, term),
  fc.tuple(fc.constant("removeLabel" as const), id, term),
  fc.tuple(fc.constant("insertEdge" as const), id, fc.record({ from: id, to: id, type: term, data })),
  fc.tuple(fc.constant("updateEdge" as const), id, fc.record({ type: optional(term), data: optional(data) })),
  fc.tuple(fc.constant("deleteEdge" as const), id),
  fc.tuple(fc.constant("setValue" as const), key, value, optional(fc.integer({ min: 1, max: 2 ** 31 }))),
  fc.tuple(fc.constant("deleteValue" as const), key),
  fc.tuple(
    fc.constant("createVectorIndex" as const),
    fc.record({
      name: term,
      dimension: fc.integer({ min: 1, max: 4096 }),
      metric: fc.constantFrom("cosine" as const, "euclidean" as const, "dot" as const, "manhattan" as const),
      m: fc.integer({ min: 2, max: 64 }),
      efConstruction: fc.integer({ min: 2, max: 2000 }),
      efSearch: fc.integer({ min: 1, max: 10_000 }),
      storage: fc.constantFrom("f32" as const, "f16" as const, "i8" as const),
      seed: fc.nat({ max: 2 ** 32 - 1 }),
      engine: fc.constantFrom("hnsw" as const, "hnswlib" as const),
    }),
  ),
  fc.tuple(fc.constant("dropVectorIndex" as const), term),
  fc.tuple(fc.constant("setVector" as const), term, id, vector),
  fc.tuple(fc.constant("deleteVector" as const), term, id),
));

function write(writer: OperationWriter, [method, ...args]: Operation): void {
  (writer[method] as (...args: unknown[]) => unknown)(...args);
}

function read(log: Uint8Array): Operation[] {
  const operations: Operation[] = [];
  const handler = Object.fromEntries(METHODS.map((method) => [method, (...args: unknown[]) => {
    // The bytes of a key are a view of the log.
    const [first, ...rest] = args;
    const key = first instanceof Uint8Array ? first.slice() : first;
    operations.push([method, key, ...rest] as unknown as Operation);
  }]));
  readOperations(log, handler as unknown as OperationHandler);
  return operations;
}

/** A value as it is after it was stored: floats without a point and large integers come back as they are read. */
function stored(operation: Operation): Operation {
  if (operation[0] !== "setValue") return operation;
  const [method, key, { json, ...value }, expiresAt] = operation;
  return [method, key, value.type === "json" ? { type: value.type, value: null, json } : { json, ...value }, expiresAt];
}

test("operations are read as they were written", () => {
  fc.assert(fc.property(operations, (operations) => {
    const writer = new OperationWriter();
    for (const operation of operations) write(writer, operation);
    assertEquals(writer.isEmpty, operations.length === 0);
    assertEquals(read(writer.finish()).map(stored), operations.map(stored));
    assert(writer.isEmpty);
  }));
});

test("what was written behind a mark is gone after a rollback to it, and its texts are numbered again", () => {
  fc.assert(fc.property(operations, operations, operations, (before, dropped, after) => {
    const writer = new OperationWriter();
    for (const operation of before) write(writer, operation);
    const mark = writer.mark();
    for (const operation of dropped) write(writer, operation);
    writer.rollbackTo(mark);
    for (const operation of after) write(writer, operation);
    assertEquals(read(writer.finish()).map(stored), [...before, ...after].map(stored));
  }));
});

test("two logs that are written at the same time do not share memory", () => {
  const writers = [new OperationWriter(), new OperationWriter()] as const;
  // Gives its memory back, which only one of the next two can have.
  write(writers[0], ["deleteNode", 1]);
  writers[0].finish();
  for (let id = 1; id <= 1000; id++) {
    for (const writer of writers) writer.deleteEdge(writer === writers[0] ? id : -id + 5000);
  }
  const [one, other] = writers.map((writer) => writer.finish());
  assertEquals(read(one as Uint8Array).map(([, id]) => id), Array.from({ length: 1000 }, (_, at) => at + 1));
  assertEquals(read(other as Uint8Array).map(([, id]) => id), Array.from({ length: 1000 }, (_, at) => 4999 - at));
});

test("large texts and values are read as they were written", () => {
  const writer = new OperationWriter();
  const data = JSON.stringify("é😀".repeat(300_000));
  const bytes = new Uint8Array(3_000_000).fill(7);
  write(writer, ["insertEdge", 1, { from: 1, to: 2, type: "T", data }]);
  write(writer, ["setValue", new Uint8Array(65_536), checkValue(bytes), undefined]);
  const [edge, value] = read(writer.finish());
  assertEquals(edge, ["insertEdge", 1, { from: 1, to: 2, type: "T", data }]);
  assertEquals(value, ["setValue", new Uint8Array(65_536), { type: "bytes", value: bytes, json: "" }, undefined]);
});

test("a vector is a copy, whatever part of a buffer it was", () => {
  const writer = new OperationWriter();
  const numbers = Float32Array.of(9, 1.5, -0, 3e38, 9);
  writer.setVector("index", 7, numbers.subarray(1, 4));
  numbers.fill(5);
  const log = writer.finish();
  const [[, , , vector]] = read(log) as [readonly ["setVector", string, number, Float32Array]];
  log.fill(255);
  assertEquals(vector, Float32Array.of(1.5, -0, 3e38));
  assertEquals(vector.byteLength, vector.buffer.byteLength);
});

/** A log of one operation whose last bytes are replaced. */
function withEnd(operation: Operation, end: readonly number[]): Uint8Array {
  const writer = new OperationWriter();
  write(writer, operation);
  const log = writer.finish();
  log.set(end, log.length - end.length);
  return log;
}

test("a log with a damaged vector or index is refused", () => {
  const set: Operation = ["setVector", "e", 1, Float32Array.of(1, 2)];
  const create: Operation = ["createVectorIndex", {
    name: "e",
    dimension: 2,
    metric: "dot",
    m: 16,
    efConstruction: 200,
    efSearch: 64,
    storage: "f32",
    seed: 0,
    engine: "hnsw",
  }];
  const noNumber = new Uint8Array(new Float32Array([NaN]).buffer);
  const infinite = new Uint8Array(new Float32Array([-Infinity]).buffer);
  const hostile = [
    withEnd(set, [...noNumber]),
    withEnd(set, [...infinite]),
    withEnd(set, []).subarray(0, -1),
    // Lengths of 7, 0 and 9 bytes.
    withEnd(set, [7, 0, 0, 0, 0, 0, 0, 0, 0]).subarray(0, -1),
    withEnd(set, [0, 0, 0, 0, 0, 0, 0, 0, 0]).subarray(0, -8),
    withEnd(set, [9, 0, 0, 0, 0, 0, 0, 0, 0]),
    // No such engine, storage or metric.
    withEnd(create, [2]),
    withEnd(create, [3, 0, 0]),
    withEnd(create, [4, 16, 200, 1, 64, 0, 0, 0]),
    withEnd(create, []).subarray(0, -1),
  ];
  for (const [at, bytes] of hostile.entries()) assertThrows(() => read(bytes), CorruptionError, undefined, `log ${at}`);
});

test("whatever bytes come, a log is read or refused", () => {
  fc.assert(fc.property(operations, fc.nat(), fc.nat({ max: 255 }), (operations, place, byte) => {
    const writer = new OperationWriter();
    for (const operation of operations) write(writer, operation);
    const log = writer.finish();
    if (log.length > 0) log[place % log.length] = byte;
    try {
      read(log);
    } catch (error) {
      // Values of keys have a reader and errors of their own.
      assert(error instanceof GraphError || error instanceof SyntaxError, String(error));
    }
  }));
});

test("a damaged log is refused", () => {
  const writer = new OperationWriter();
  write(writer, ["insertNode", 1, { kind: "Person", name: "Ada", filePath: null, labels: [], data: "{}" }]);
  const log = writer.finish();
  const unknownTerm = log.slice();
  unknownTerm[3] = 5;
  for (const bytes of [log.subarray(0, 3), log.subarray(0, log.length - 2), Uint8Array.of(99), unknownTerm]) {
    assertThrows(() => read(bytes), CorruptionError);
  }
});
