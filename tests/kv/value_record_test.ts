/** Records of the key-value store: every value comes back as it was, and as the SQLite engine brings it back. */

import {
  assert,
  assertEquals,
  assertFalse,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { CorruptionError, GraphError } from "../../lib/backend/errors.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import { MAX_JSON_DEPTH } from "../../lib/backend/limits.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import {
  createdAtOf,
  decodeValue,
  encodeValue,
  encodeValueRecord,
  expiresAtOf,
  NEVER_EXPIRES,
  type StoredValueType,
  updatedAtOf,
  VALUE_HEAD_BYTES,
  VALUE_RECORD,
  VALUE_TYPE,
  valueTypeOf,
  versionOf,
} from "../../lib/kv/value_record.ts";
import { decodeValue as decodeRow, encodeValue as encodeRow } from "../../lib/sqlite/kv_rows.ts";
import { test } from "../support/test.ts";

const KEY = new TextEncoder().encode("key");
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

function recordOf(value: unknown): Uint8Array {
  return encodeValueRecord(encodeValue(checkValue(value)), 1, 2, NEVER_EXPIRES, 3);
}

/** A record with these value bytes, whatever they are. */
function rawRecord(type: number, value: Uint8Array): Uint8Array {
  return encodeValueRecord({ type: type as StoredValueType, bytes: value }, 1, 2, NEVER_EXPIRES, 3);
}

function throughRecord(value: unknown): KeyValue {
  return decodeValue(recordOf(value), KEY);
}

/** Value → type and bytes. */
const VALUES: readonly (readonly [unknown, StoredValueType, Uint8Array])[] = [
  [null, VALUE_TYPE.null, bytes()],
  [200, VALUE_TYPE.integer, bytes(200, 0, 0, 0, 0, 0, 0, 0)],
  [-2, VALUE_TYPE.integer, bytes(0xfe, 255, 255, 255, 255, 255, 255, 255)],
  [2 ** 53 - 1, VALUE_TYPE.integer, bytes(255, 255, 255, 255, 255, 255, 31, 0)],
  [-(2 ** 32), VALUE_TYPE.integer, bytes(0, 0, 0, 0, 255, 255, 255, 255)],
  [5n, VALUE_TYPE.integer, bytes(5, 0, 0, 0, 0, 0, 0, 0)],
  [2n ** 63n - 1n, VALUE_TYPE.integer, bytes(255, 255, 255, 255, 255, 255, 255, 0x7f)],
  [-(2n ** 63n), VALUE_TYPE.integer, bytes(0, 0, 0, 0, 0, 0, 0, 0x80)],
  [1.5, VALUE_TYPE.float, bytes(0, 0, 0, 0, 0, 0, 0xf8, 0x3f)],
  [-0, VALUE_TYPE.float, bytes(0, 0, 0, 0, 0, 0, 0, 0x80)],
  [NaN, VALUE_TYPE.float, bytes(0, 0, 0, 0, 0, 0, 0xf8, 0x7f)],
  [-Infinity, VALUE_TYPE.float, bytes(0, 0, 0, 0, 0, 0, 0xf0, 0xff)],
  [2 ** 53, VALUE_TYPE.float, bytes(0, 0, 0, 0, 0, 0, 0x40, 0x43)],
  ["é\0", VALUE_TYPE.string, bytes(0xc3, 0xa9, 0)],
  ["\ufeff", VALUE_TYPE.string, bytes(0xef, 0xbb, 0xbf)],
  ["", VALUE_TYPE.string, bytes()],
  ["\ud800", VALUE_TYPE.json, new TextEncoder().encode('"\\ud800"')],
  [false, VALUE_TYPE.boolean, bytes(0)],
  [true, VALUE_TYPE.boolean, bytes(1)],
  [bytes(9, 0, 255), VALUE_TYPE.bytes, bytes(9, 0, 255)],
  [
    { b: 1, a: [-0, 2n ** 70n] },
    VALUE_TYPE.json,
    new TextEncoder().encode('{"b":1,"a":[-0.0,1180591620717411303424]}'),
  ],
];

test("each value has the type and the bytes of the format, and comes back from them", () => {
  for (const [value, type, stored] of VALUES) {
    const encoded = encodeValue(checkValue(value));
    assertEquals([encoded.type, encoded.bytes], [type, stored], String(value));
    assertIdentical(decodeValue(rawRecord(type, stored), KEY), normal(value));
  }
});

test("the parts of a head are read without the rest, at any place", () => {
  const record = encodeValueRecord(
    encodeValue(checkValue("value")),
    1_700_000_000_001,
    1_700_000_000_002.5,
    9.007e15,
    2 ** 40 + 1,
  );
  assertEquals(record.length, VALUE_HEAD_BYTES + 5);
  const page = new Uint8Array(200).fill(0xaa);
  page.set(record.subarray(0, VALUE_HEAD_BYTES), 101);
  for (const [head, at] of [[record, 0], [record.slice(0, VALUE_HEAD_BYTES), 0], [page, 101]] as const) {
    assertEquals(valueTypeOf(head, at), VALUE_TYPE.string);
    assertEquals(createdAtOf(head, at), 1_700_000_000_001);
    assertEquals(updatedAtOf(head, at), 1_700_000_000_002.5);
    assertEquals(expiresAtOf(head, at), 9.007e15);
    assertEquals(versionOf(head, at), 2 ** 40 + 1);
  }
  const forEver = recordOf(1);
  assertEquals(expiresAtOf(forEver), NEVER_EXPIRES);
});

test("the head is 33 bytes in the order of the table, little-endian", () => {
  const record = encodeValueRecord(encodeValue(checkValue(bytes(7))), 1, 2, 3, 4);
  const view = new DataView(record.buffer);
  assertEquals(VALUE_HEAD_BYTES, 33);
  assertEquals(record[VALUE_RECORD.typeAt], VALUE_TYPE.bytes);
  assertEquals([1, 9, 17, 25].map((at) => view.getFloat64(at, true)), [1, 2, 3, 4]);
  assertEquals(record[VALUE_RECORD.bytesAt], 7);
});

test("integers around each power of two come back, safe ones as numbers", () => {
  for (let power = 0n; power <= 63n; power++) {
    for (const near of [2n ** power - 1n, 2n ** power, 2n ** power + 1n]) {
      for (const value of [near, -near]) {
        if (value !== BigInt.asIntN(64, value)) continue;
        const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
        assertStrictEquals(throughRecord(value), isSafe ? Number(value) : value);
        if (isSafe) assertStrictEquals(throughRecord(Number(value)), Number(value));
      }
    }
  }
});

/** Any value that can be stored. */
const anyValue: fc.Arbitrary<KeyValue> = (() => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  );
  const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        fc.constant(null),
        fc.boolean(),
        anyText,
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.bigInt(),
      ),
      fc.array(tie("json"), { maxLength: 5 }),
      fc.dictionary(anyText, tie("json"), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  return fc.oneof(
    fc.constantFrom<KeyValue>(null, true, false, 0, -0, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e300),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
    anyText,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(json, { maxLength: 5 }),
    fc.dictionary(anyText, json, { maxKeys: 5, noNullPrototype: true }),
  );
})();

/** What a value comes back as: safe bigints are numbers. */
function normal(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normal(member)]));
}

/** The same value by `Object.is` at every depth. */
function assertIdentical(actual: unknown, expected: unknown): void {
  if (typeof expected !== "object" || expected === null) return assertStrictEquals(actual, expected);
  assertEquals(actual, expected);
  if (expected instanceof Uint8Array) return;
  for (const [key, member] of Object.entries(expected)) {
    assertIdentical((actual as Record<string, unknown>)[key], member);
  }
}

test("every value comes back exactly, and as the SQLite engine brings it back", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const back = throughRecord(value);
      assertIdentical(back, normal(value));
      assertIdentical(back, decodeRow(encodeRow(checkValue(value)), "key"));
    }),
    { numRuns: 2_000 },
  );
});

test("values of more than 64 KiB come back", () => {
  const text = "漢字é😀".repeat(30_000);
  const blob = Uint8Array.from({ length: 1_000_001 }, (_, n) => n * 7);
  assert(throughRecord(text) === text);
  assert(throughRecord(`${text}\udc00`) === `${text}\udc00`);
  assertEquals(throughRecord(blob), blob);
  assert((throughRecord({ text }) as { text: string }).text === text);
});

test("JSON of the deepest nesting comes back", () => {
  let deep: JsonValue = [];
  for (let level = 1; level < MAX_JSON_DEPTH; level++) deep = [deep];
  assertEquals(throughRecord(deep), deep);
});

test("a record keeps no reference to the user's bytes, nor the user to the record's", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  class Sub extends Uint8Array {}
  for (const value of [bytes(1, 2, 3), bytes(0, 1, 2, 3, 0).subarray(1, 4), shared, new Sub(3)]) {
    value.set([1, 2, 3]);
    const encoded = encodeValue(checkValue(value));
    value[0] = 9;
    const record = encodeValueRecord(encoded, 0, 0, 0, 0);
    const back = decodeValue(record, KEY) as Uint8Array;
    assertEquals(back, bytes(1, 2, 3));
    assertStrictEquals(back.constructor, Uint8Array);
    assertFalse(back.buffer instanceof SharedArrayBuffer);
    assertNotStrictEquals(back.buffer, record.buffer);
  }
});

test("a null is a value: a record like any other", () => {
  assertStrictEquals(throughRecord(null), null);
  assertEquals(recordOf(null).length, VALUE_HEAD_BYTES);
});

test("any JSON is a JSON value, a single text or number too", () => {
  for (const [text, value] of [["1", 1], ['"x"', "x"], ["null", null], ["[1 ]", [1]]] as const) {
    assertEquals(decodeValue(rawRecord(VALUE_TYPE.json, new TextEncoder().encode(text)), KEY), value);
  }
});

test("a record in no known form is corruption that names the key", () => {
  const bad: readonly (readonly [number, Uint8Array])[] = [
    [VALUE_TYPE.null, bytes(0)],
    [VALUE_TYPE.integer, bytes()],
    [VALUE_TYPE.integer, new Uint8Array(7)],
    [VALUE_TYPE.integer, new Uint8Array(9)],
    [VALUE_TYPE.float, new Uint8Array(7)],
    [VALUE_TYPE.float, new Uint8Array(9)],
    [VALUE_TYPE.string, bytes(0xff)],
    [VALUE_TYPE.string, bytes(0xed, 0xa0, 0x80)],
    [VALUE_TYPE.boolean, bytes()],
    [VALUE_TYPE.boolean, bytes(2)],
    [VALUE_TYPE.boolean, bytes(1, 1)],
    [VALUE_TYPE.json, bytes()],
    [VALUE_TYPE.json, new TextEncoder().encode("{")],
    [VALUE_TYPE.json, bytes(0x22, 0xff, 0x22)],
    [7, bytes()],
    [255, bytes(1)],
  ];
  for (const [type, value] of bad) {
    const error = assertThrows(
      () => decodeValue(rawRecord(type, value), KEY),
      CorruptionError,
      "6b6579",
      `type ${type}`,
    );
    assertEquals([error.code, error.value], ["corrupt-value", KEY]);
  }
});

test("a cut record is corruption or another value, never another error", () => {
  for (const [value] of VALUES) {
    const record = recordOf(value);
    for (let length = 0; length < record.length; length++) {
      try {
        decodeValue(record.subarray(0, length), KEY);
        assert(length >= VALUE_HEAD_BYTES, `${length} bytes`);
      } catch (error) {
        assert(error instanceof CorruptionError, `${String(value)} cut to ${length}: ${error}`);
      }
    }
  }
});

test("random bytes are corruption or a value that can be stored again", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 40 }), (type, value) => {
      let back: KeyValue;
      try {
        back = decodeValue(rawRecord(type, value), KEY);
      } catch (error) {
        assert(error instanceof GraphError && error.code === "corrupt-value");
        return;
      }
      assertIdentical(throughRecord(back), back);
    }),
    { numRuns: 2_000 },
  );
});
