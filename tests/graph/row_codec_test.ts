import { assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { checkEdge, checkNode } from "../../lib/backend/record_input.ts";
import type { EdgeInput, NodeInput } from "../../lib/backend/schema.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { encodeValue } from "../../lib/kv/mod.ts";
import { ROW } from "../../lib/graph/row_chunk.ts";
import { RowEncoder } from "../../lib/graph/row_encoder.ts";
import { RowReader, type TextPlace } from "../../lib/graph/row_reader.ts";
import { test } from "../support/test.ts";

/** What the reader finds in a row. */
function read(reader: RowReader): unknown {
  const code = reader.next();
  const refAt = (place: TextPlace) => place.start < 0 ? undefined : reader.refAt(place);
  switch (code) {
    case ROW.edge:
      return {
        from: refAt(reader.fromRef) ?? reader.from,
        to: refAt(reader.toRef) ?? reader.to,
        type: reader.term,
        data: reader.data,
      };
    case ROW.node: {
      const node = reader.readNode();
      return { ...node, ref: refAt(reader.ref) };
    }
    case ROW.value: {
      const { key, value, ttlMs } = reader.readKeyValue();
      return { key: [...key], value: encodeValue(value), ttlMs };
    }
    default:
      return { bad: [refAt(reader.fromRef), refAt(reader.toRef), refAt(reader.ref)] };
  }
}

function roundTrip(rows: readonly unknown[], chunkBytes?: number): unknown[] {
  const encoder = new RowEncoder(chunkBytes);
  const reader = new RowReader();
  const found: unknown[] = [];
  const drain = () => {
    const { rows: count } = encoder;
    reader.open(encoder.take());
    assertEquals(reader.rows, count);
    while (!reader.isAtEnd) found.push(read(reader));
  };
  for (const row of rows) {
    encoder.add(row);
    if (encoder.isFull) drain();
  }
  drain();
  return found;
}

const term = fc.constantFrom("Person", "City", "KNOWS", "größe", "x".repeat(100));
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("a".repeat(48), "a".repeat(49), "é".repeat(48), "€".repeat(20_000), "\ud83d\ude00"),
).filter((name) => !name.includes("\0"));
const data = fc.option(fc.jsonValue(), { nil: undefined });
const ref = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "\ud800", "\udc00\ud800", "ÿ", "\uffff"));
const id = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
const end = fc.oneof(id, ref.map((ref) => ({ ref })));

const node = fc.record({
  node: fc.record({
    kind: term,
    name: text,
    data,
    filePath: fc.option(text, { nil: undefined }),
    labels: fc.option(fc.array(term, { maxLength: 3 }), { nil: undefined }),
  }),
  ref: fc.option(ref, { nil: undefined }),
});
const edge = fc.record({ edge: fc.record({ type: term, from: end, to: end, data }) });
const keyValue = fc.record({
  kv: fc.record({
    key: fc.uint8Array({ maxLength: 9 }),
    value: fc.oneof(
      fc.jsonValue(),
      fc.double(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.uint8Array(),
      fc.constantFrom(-0, NaN, Infinity, "\ud800", [2n ** 70n, -0]),
    ),
    ttlSeconds: fc.option(fc.integer({ min: 0, max: 9_000_000_000_000 }), { nil: undefined }),
  }),
});

/** What the reader should find. */
function expected(row: { node?: NodeInput; edge?: EdgeInput; kv?: Record<string, unknown>; ref?: string }): unknown {
  if (row.node !== undefined) return { ...checkNode(row.node, "test"), ref: row.ref };
  if (row.edge !== undefined) {
    const { from, to } = row.edge as unknown as Record<"from" | "to", number | { ref: string }>;
    const checked = checkEdge({ ...row.edge, from: 1, to: 1 }, "test");
    const textOf = (end: number | { ref: string }) => typeof end === "number" ? end : end.ref;
    return { ...checked, from: textOf(from), to: textOf(to) };
  }
  const { key, value, ttlSeconds } = row.kv as { key: Uint8Array; value: unknown; ttlSeconds: number | undefined };
  return {
    key: [...key],
    value: encodeValue(checkValue(value)),
    ttlMs: ttlSeconds === undefined ? undefined : ttlSeconds * 1000,
  };
}

test("rows come out of their chunks as they were checked, whatever the size of the chunks", () => {
  const rows = fc.array(fc.oneof(node, edge, keyValue), { maxLength: 20 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 2, max: 1000 }).map((words) => words * 4), (all, chunkBytes) => {
      assertEquals(roundTrip(all, chunkBytes), all.map((row) => expected(row as Parameters<typeof expected>[0])));
    }),
    { numRuns: 150 },
  );
});

test("a bad row keeps its place, and what it named before it was found to be bad", () => {
  const bad = [
    null,
    { node: { kind: "", name: "x" }, ref: "r" },
    { edge: { from: { ref: "a" }, to: { ref: "b" }, type: "" } },
    { edge: { from: { ref: "a" }, to: 0, type: "T" } },
    { edge: { from: 0, to: { ref: "b" }, type: "T" } },
    { kv: { key: "k", value: () => {} } },
  ];
  const encoder = new RowEncoder();
  for (const row of bad) assertInstanceOf(encoder.add(row), InvalidArgumentError);
  assertEquals(encoder.rows, bad.length);
  assertEquals(roundTrip([{ kv: { key: "", value: null } }, ...bad]).slice(1), [
    { bad: [undefined, undefined, undefined] },
    { bad: [undefined, undefined, "r"] },
    { bad: ["a", "b", undefined] },
    { bad: ["a", undefined, undefined] },
    { bad: [undefined, undefined, undefined] },
    { bad: [undefined, undefined, undefined] },
  ]);
});

test("an error of the user's own getter is not taken for a bad row", () => {
  const row = {
    get node(): unknown {
      throw new RangeError("mine");
    },
  };
  let thrown: unknown;
  try {
    new RowEncoder().add(row);
  } catch (error) {
    thrown = error;
  }
  assertInstanceOf(thrown, RangeError);
});
