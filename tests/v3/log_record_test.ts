import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { LogValues } from "../../lib/v3/log_fields.ts";
import {
  decodeLogRecord,
  encodeLogRecord,
  LOG_PAYLOADS,
  type LogRecord,
  logRecordSize,
  writeLogRecord,
} from "../../lib/v3/log_record.ts";
import { LAST_RECORD_TYPE, RECORD_TYPE, type RecordTypeName } from "../../lib/v3/record_type.ts";
import { test } from "../support/test.ts";

const NAMES = Object.keys(LOG_PAYLOADS) as RecordTypeName[];
const ALL = NAMES.map((name): [RecordTypeName, fc.Arbitrary<LogRecord>] => [name, recordOf(name)]);
const LARGEST = Number.MAX_SAFE_INTEGER;
const EVERY_BYTE = Uint8Array.of(0xfe, 0x00, 0x80);

const LAYOUTS: readonly (readonly [LogRecord, string])[] = [
  [{ type: RECORD_TYPE.NodeInsert, nodeId: 129, record: EVERY_BYTE }, "8101 fe0080"],
  [{ type: RECORD_TYPE.NodeUpdate, nodeId: 128, record: new Uint8Array(0) }, "8001"],
  [{ type: RECORD_TYPE.NodeDelete, nodeId: LARGEST }, "ffffffffffffff0f"],
  [
    { type: RECORD_TYPE.EdgeInsert, edgeId: 300, from: 129, to: 2 ** 32, typeNumber: 133, data: utf8("{}") },
    "ac02 8101 8080808010 8501 7b7d",
  ],
  [{ type: RECORD_TYPE.EdgeUpdate, edgeId: 2 ** 31, typeNumber: 128, data: new Uint8Array(0) }, "8080808008 8001"],
  [{ type: RECORD_TYPE.EdgeDelete, edgeId: 2 ** 31 - 1 }, "ffffffff07"],
  [{ type: RECORD_TYPE.StringInsert, stringNumber: 16_384, text: "é" }, "808001 c3a9"],
  [{ type: RECORD_TYPE.TransactionBegin, timeMs: 1.5 }, "000000000000f83f"],
  [
    { type: RECORD_TYPE.TransactionCommit, timeMs: 1_700_000_000_000, nextNodeId: 130, nextEdgeId: 129 },
    "00008056febc7842 8201 8101",
  ],
  [{ type: RECORD_TYPE.TransactionRollback }, ""],
  [{ type: RECORD_TYPE.KvSet, key: utf8("k"), value: EVERY_BYTE }, "01 6b fe0080"],
  [{ type: RECORD_TYPE.KvDelete, operation: "delete", key: utf8("k") }, "00 6b"],
  [{ type: RECORD_TYPE.KvDelete, operation: "expire", key: new Uint8Array(0) }, "01"],
  [{ type: RECORD_TYPE.LabelAdd, nodeId: 129, labelNumber: 130 }, "8101 8201"],
  [{ type: RECORD_TYPE.LabelRemove, nodeId: 131, labelNumber: 132 }, "8301 8401"],
  [{ type: RECORD_TYPE.VectorIndexCreate, name: "ab", record: EVERY_BYTE }, "02 6162 fe0080"],
  [{ type: RECORD_TYPE.VectorIndexDrop, indexNumber: 130 }, "8201"],
  [
    { type: RECORD_TYPE.VectorSet, indexNumber: 1, nodeId: 137, vector: Float32Array.of(0, 1, -2).subarray(1) },
    "01 8901 0000803f 000000c0",
  ],
  [{ type: RECORD_TYPE.VectorDelete, indexNumber: 2, nodeId: 137 }, "02 8901"],
  [{ type: RECORD_TYPE.TagCreate, lsn: 135, timeMs: 0, name: "t" }, "8701 0000000000000000 74"],
  [{ type: RECORD_TYPE.TagDrop, name: "t" }, "74"],
  [
    { type: RECORD_TYPE.Retention, commits: 0, ageMs: Infinity, bytes: 1 },
    "0000000000000000 000000000000f07f 000000000000f03f",
  ],
];

test("the payloads that the engine writes have exactly these bytes", () => {
  for (const [record, hex] of LAYOUTS) {
    const expected = hex.replaceAll(" ", "");
    assertEquals(toHex(encodeLogRecord(record)), expected);
    assertEquals(decode(record.type, fromHex(hex)), record);
  }
});

test("every type of log record round-trips, and its size is known exactly", () => {
  assertEquals(NAMES.length, LAST_RECORD_TYPE);
  for (const [name, records] of ALL) {
    fc.assert(
      fc.property(records, (record) => {
        const bytes = encodeLogRecord(record);
        assertEquals(bytes.length, logRecordSize(record));
        assertEquals(decode(RECORD_TYPE[name], bytes), record);
      }),
      { numRuns: 50 },
    );
  }
});

test("a log record is written and read at any place, and its neighbours stay untouched", () => {
  for (const [, records] of ALL) {
    fc.assert(
      fc.property(records, fc.nat(9), (record, start) => {
        const size = logRecordSize(record);
        const bytes = new Uint8Array(start + size + 3).fill(0xa5);
        assertEquals(writeLogRecord(record, bytes, start), start + size);
        assertEquals(decodeLogRecord(record.type, bytes, start, start + size), record);
        const around = [...bytes.subarray(0, start), ...bytes.subarray(start + size)];
        assert(around.every((byte) => byte === 0xa5));
      }),
      { numRuns: 10 },
    );
  }
});

test("a log record that is cut before its last field, or within one of known length, is refused", () => {
  for (const [name, records] of ALL) {
    fc.assert(
      fc.property(records, (record) => {
        const bytes = encodeLogRecord(record);
        const whole = bytes.length - tailLength(name, record);
        for (let length = 0; length < whole; length++) {
          // Also where the memory goes on with the bytes that are missing.
          assertThrows(() => decodeLogRecord(record.type, bytes, 0, length), CorruptionError);
          assertCorrupt(record.type, bytes.subarray(0, length));
        }
      }),
      { numRuns: 15 },
    );
  }
});

test("a field that reaches to the end is as long as the frame says: a cut one is another value", () => {
  const record = encodeLogRecord({ type: RECORD_TYPE.KvSet, key: utf8("k"), value: Uint8Array.of(1, 2, 3) });
  for (let cut = 0; cut <= 3; cut++) {
    const found = decode(RECORD_TYPE.KvSet, record.subarray(0, record.length - cut));
    assertEquals(found, { type: RECORD_TYPE.KvSet, key: utf8("k"), value: Uint8Array.of(1, 2, 3).slice(0, 3 - cut) });
  }
  const vector = encodeLogRecord({
    type: RECORD_TYPE.VectorSet,
    indexNumber: 1,
    nodeId: 1,
    vector: Float32Array.of(1, 2),
  });
  assertCorrupt(RECORD_TYPE.VectorSet, vector.subarray(0, -1), "takes 7 bytes");
  const text = encodeLogRecord({ type: RECORD_TYPE.TagDrop, name: "é" });
  assertCorrupt(RECORD_TYPE.TagDrop, text.subarray(0, -1), "name is no UTF-8");
});

test("bytes after the last field of a log record are refused", () => {
  for (const [name, records] of ALL) {
    if (reachesToEnd(name)) continue;
    for (const record of fc.sample(records, 5)) {
      assertCorrupt(record.type, Uint8Array.of(...encodeLogRecord(record), 0), "is followed by 1 bytes");
    }
  }
});

test("only the last field of a payload reaches to its end", () => {
  for (const name of NAMES) {
    const isToEnd = LOG_PAYLOADS[name].map(([, encoding]) => encoding.endsWith("ToEnd"));
    assert(!isToEnd.slice(0, -1).includes(true), name);
  }
});

test("arbitrary bytes are corrupt, or the one encoding of a log record", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 45 }), fc.uint8Array({ maxLength: 40 }), (type, bytes) => {
      let record: LogRecord;
      try {
        record = decode(type, bytes);
      } catch (error) {
        assert(error instanceof CorruptionError, String(error));
        assertEquals(error.code, "log-record-corrupt");
        return;
      }
      assertEquals(toHex(encodeLogRecord(record)), toHex(bytes));
    }),
    { numRuns: 5_000 },
  );
});

test("a varint is stored in the fewest bytes and is at most 2^53 - 1", () => {
  const edge = (hex: string): LogRecord => decode(RECORD_TYPE.EdgeDelete, fromHex(hex));
  let bytes = 1;
  for (let bits = 0; bits <= 53; bits++) {
    for (const edgeId of [2 ** bits - 1, 2 ** bits]) {
      if (edgeId > LARGEST) continue;
      if (edgeId >= 128 ** bytes) bytes++;
      const encoded = encodeLogRecord({ type: RECORD_TYPE.EdgeDelete, edgeId });
      assertEquals(encoded.length, bytes);
      assertEquals(edge(toHex(encoded)), { type: RECORD_TYPE.EdgeDelete, edgeId });
    }
  }
  const refused: readonly (readonly [string, string])[] = [
    ["8000", "needless bytes"],
    ["ff808000", "needless bytes"],
    ["8080808080808010", "above 2^53 - 1"],
    ["ffffffffffffff7f", "above 2^53 - 1"],
    ["808080808080808001", "more than 8 bytes"],
  ];
  for (const [hex, message] of refused) assertCorrupt(RECORD_TYPE.EdgeDelete, fromHex(hex), message);
});

test("lengths beyond the payload are refused", () => {
  assertCorrupt(RECORD_TYPE.KvSet, fromHex("05 6b6b6b6b"), "KvSet.key takes 5 bytes, but 4 are left");
  assertCorrupt(RECORD_TYPE.KvSet, fromHex("ffffffffffffff0f 6b"), "KvSet.key takes 9007199254740991 bytes");
  assertCorrupt(RECORD_TYPE.VectorIndexCreate, fromHex("7f 61 01"), "VectorIndexCreate.name takes 127 bytes");
});

test("a payload must lie within its memory", () => {
  const bytes = fromHex("01 02 03");
  assertEquals(decodeLogRecord(RECORD_TYPE.EdgeDelete, bytes, 1, 2), { type: RECORD_TYPE.EdgeDelete, edgeId: 2 });
  for (const [start, end] of [[2, 4], [3, 2], [-1, 1], [NaN, 1]] as const) {
    const decoded = () => decodeLogRecord(RECORD_TYPE.EdgeDelete, bytes, start, end);
    assertEquals(assertThrows(decoded, CorruptionError, "EdgeDelete lies").code, "log-record-corrupt");
  }
});

test("unknown types and numbers, NaN and broken texts are refused", () => {
  for (const type of [0, LAST_RECORD_TYPE + 1, 255, -1, 1.5]) assertCorrupt(type, fromHex("01"), `type ${type}`);
  assertCorrupt(RECORD_TYPE.KvDelete, fromHex("02 6b"), "operation has number 2");
  assertCorrupt(RECORD_TYPE.ClusterCreate, fromHex("01 02 01 01"), "direction has number 2");
  assertCorrupt(RECORD_TYPE.LockAcquire, fromHex("01 01 04 0000000000000000"), "lockKind has number 4");
  assertCorrupt(RECORD_TYPE.TransactionBegin, fromHex("000000000000f87f"), "timeMs is NaN");
  assertCorrupt(RECORD_TYPE.VectorIndexCreate, fromHex("02 c328 01"), "name is no UTF-8");
});

test("values that do not fit into a log record are refused by name", () => {
  for (const edgeId of [-1, 0.5, NaN, Infinity, LARGEST + 1, "1" as unknown as number]) {
    assertRefused({ type: RECORD_TYPE.EdgeDelete, edgeId }, "EdgeDelete.edgeId is");
  }
  assertRefused({ type: RECORD_TYPE.TransactionBegin, timeMs: NaN }, "timeMs is NaN, which is no f64");
  assertRefused({ type: RECORD_TYPE.TagDrop, name: "\udc00" }, "TagDrop.name is");
  const block = { type: RECORD_TYPE.FreeSpaceAllocate, blockOffset: 1, blockSize: 1 } as const;
  assertRefused({ ...block, blockType: 256 }, "blockType is 256");
  assertRefused({ type: RECORD_TYPE.SegmentEnd, segmentLsn: 1, checksum: -1 }, "checksum is -1");
  assertRefused({ type: RECORD_TYPE.KvDelete, operation: "drop" as "delete", key: utf8("k") }, 'operation is "drop"');
  assertRefused({ type: RECORD_TYPE.KvSet, key: "k" as unknown as Uint8Array, value: utf8("v") }, "KvSet.key is");
  assertRefused({ type: RECORD_TYPE.VectorSet, indexNumber: 1, nodeId: 1 } as unknown as LogRecord, "VectorSet.vector");
  assertRefused({ type: 42 } as unknown as LogRecord, "type 42");
});

test("texts keep a byte order mark", () => {
  const record: LogRecord = { type: RECORD_TYPE.StringInsert, stringNumber: 1, text: "\ufeffa" };
  assertEquals(decode(record.type, encodeLogRecord(record)), record);
});

test("byte fields of a decoded log record are views, vectors are copies", () => {
  const bytes = fromHex("01 6b 0102");
  const kv = decode(RECORD_TYPE.KvSet, bytes);
  assert(kv.type === RECORD_TYPE.KvSet);
  assertStrictEquals(kv.value.buffer, bytes.buffer);
  const vector = decode(RECORD_TYPE.VectorSet, fromHex("00 01 0000803f"));
  assert(vector.type === RECORD_TYPE.VectorSet);
  assertEquals([vector.vector.byteOffset, vector.vector.buffer.byteLength], [0, 4]);
});

function recordOf(name: RecordTypeName): fc.Arbitrary<LogRecord> {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const bytes = fc.uint8Array({ maxLength: 20 });
  const values: { readonly [Encoding in keyof LogValues]: fc.Arbitrary<LogValues[Encoding]> } = {
    varint: fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat()),
    u8: fc.nat(255),
    u32: fc.nat(0xffff_ffff),
    f64: fc.double({ noNaN: true }),
    direction: fc.constantFrom("out", "in"),
    operation: fc.constantFrom("delete", "expire"),
    lockKind: fc.constantFrom("shared", "exclusive", "intentionShared", "intentionExclusive"),
    text,
    // More than 127 bytes take a length of two bytes.
    bytes: fc.oneof(bytes, fc.uint8Array({ minLength: 128, maxLength: 130 })),
    textToEnd: text,
    bytesToEnd: bytes,
    f32ToEnd: fc.float32Array({ noNaN: true, maxLength: 5 }),
  };
  const fields: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(RECORD_TYPE[name]) };
  for (const [field, encoding] of LOG_PAYLOADS[name]) fields[field] = values[encoding];
  return fc.record(fields) as unknown as fc.Arbitrary<LogRecord>;
}

function reachesToEnd(name: RecordTypeName): boolean {
  return LOG_PAYLOADS[name].at(-1)?.[1].endsWith("ToEnd") ?? false;
}

/** Bytes of the field that reaches to the end of the payload. */
function tailLength(name: RecordTypeName, record: LogRecord): number {
  if (!reachesToEnd(name)) return 0;
  const field = LOG_PAYLOADS[name].at(-1)?.[0] as string;
  const value = (record as unknown as Record<string, Uint8Array | Float32Array | string>)[field];
  return typeof value === "string" ? utf8(value).length : (value as Uint8Array).byteLength;
}

function decode(type: number, bytes: Uint8Array): LogRecord {
  return decodeLogRecord(type, bytes, 0, bytes.length);
}

function assertCorrupt(type: number, bytes: Uint8Array, message?: string): void {
  assertEquals(assertThrows(() => decode(type, bytes), CorruptionError, message).code, "log-record-corrupt");
}

function assertRefused(record: LogRecord, message: string): void {
  assertEquals(assertThrows(() => encodeLogRecord(record), InvalidArgumentError, message).code, "log-record-invalid");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
