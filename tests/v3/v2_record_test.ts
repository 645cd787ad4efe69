import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import {
  hasClusterKey,
  isDataModifying,
  isTransactionControl,
  LAST_RECORD_TYPE,
  LAST_V2_RECORD_TYPE,
  RECORD_TYPE,
  recordTypeName,
} from "../../lib/v3/record_type.ts";
import { MAX_V2_EDGE_DATA_BYTES, V2_DIRECTIONS, V2_LOCK_KINDS, type V2Values } from "../../lib/v3/v2_fields.ts";
import {
  decodeV2,
  encodeV2,
  V2_PAYLOADS,
  V2_VALUE_TYPE,
  v2ClusterKey,
  type V2Record,
  type V2RecordName,
  v2Size,
} from "../../lib/v3/v2_record.ts";
import { test } from "../support/test.ts";

const NAMES = Object.keys(V2_PAYLOADS) as V2RecordName[];
const HEAD_BYTES = 5;
const EDGE = { neighborId: 7n, typeOffset: 3, data: utf8("{}") };

const VECTORS: readonly (readonly [V2Record, string])[] = [
  [
    { type: RECORD_TYPE.NodeInsert, nodeId: 123n, slotOffset: 4096n, nodeData: Uint8Array.of(4, 5, 6, 7, 8) },
    "01 19000000 7B00000000000000 0010000000000000 05000000 0405060708",
  ],
  [
    { type: RECORD_TYPE.EdgeInsert, nodeId: 42n, direction: "out", edge: EDGE, insertionPoint: 9 },
    "05 1B000000 2A00000000000000 00 0000000000000007 0003 0002 7B7D 09000000",
  ],
  [
    { type: RECORD_TYPE.TransactionBegin, transactionId: 1n, timeSeconds: 100n },
    "0B 10000000 0100000000000000 6400000000000000",
  ],
  [
    {
      type: RECORD_TYPE.AllocateContiguous,
      transactionId: 7n,
      region: { startOffset: 4096n, totalSize: 8192n, clusterCount: 2, stride: 4096 },
      timeSeconds: 1_700_000_000n,
    },
    "1C 2C000000 0700000000000000 18000000 0010000000000000 0020000000000000 02000000 00100000 00F1536500000000",
  ],
  [
    {
      type: RECORD_TYPE.KvSet,
      key: utf8("test_key"),
      value: utf8("test_value"),
      valueType: V2_VALUE_TYPE.string,
      ttlSeconds: 3600n,
      version: 12345n,
    },
    "1F 2C000000 08000000 746573745F6B6579 0A000000 746573745F76616C7565 01 01 100E000000000000 3930000000000000",
  ],
  [
    {
      type: RECORD_TYPE.KvDelete,
      key: utf8("test_key"),
      oldValueType: V2_VALUE_TYPE.string,
      oldValue: utf8("old_value"),
      oldVersion: 12344n,
    },
    "20 23000000 08000000 746573745F6B6579 01 01 09000000 6F6C645F76616C7565 3830000000000000",
  ],
  [
    {
      type: RECORD_TYPE.KvDelete,
      key: utf8("no_old_value"),
      oldValueType: V2_VALUE_TYPE.bytes,
      oldValue: undefined,
      oldVersion: 0n,
    },
    "20 1A000000 0C000000 6E6F5F6F6C645F76616C7565 00 00 0000000000000000",
  ],
];

const bytesArbitrary = fc.uint8Array({ maxLength: 20 });
const u32Arbitrary = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));
const u64Arbitrary = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const i64Arbitrary = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const textArbitrary = fc.string({ unit: "binary", maxLength: 12 });
const edgeArbitrary = fc.record({
  neighborId: i64Arbitrary,
  typeOffset: fc.integer({ min: 0, max: 0xffff }),
  data: bytesArbitrary,
});

const VALUES: { readonly [Encoding in keyof V2Values]: fc.Arbitrary<V2Values[Encoding]> } = {
  u8: fc.integer({ min: 0, max: 255 }),
  u32: u32Arbitrary,
  u64: u64Arbitrary,
  i64: i64Arbitrary,
  direction: fc.constantFrom(...V2_DIRECTIONS),
  lockKind: fc.constantFrom(...V2_LOCK_KINDS),
  bytes: bytesArbitrary,
  text: textArbitrary,
  edge: edgeArbitrary,
  edges: fc.array(edgeArbitrary, { maxLength: 3 }),
  region: fc.record({
    startOffset: u64Arbitrary,
    totalSize: u64Arbitrary,
    clusterCount: u32Arbitrary,
    stride: u32Arbitrary,
  }),
  optionalU64: fc.option(u64Arbitrary, { nil: undefined }),
  optionalBytes: fc.option(bytesArbitrary, { nil: undefined }),
};

test("V2 records of the reference are written and read byte by byte", () => {
  for (const [record, hex] of VECTORS) {
    assertEquals(toHex(encodeV2(record)), hex.replaceAll(" ", ""));
    assertEquals(decodeV2(fromHex(hex)), record);
  }
});

test("every V2 record type round-trips, and its size is known exactly", () => {
  assertEquals(NAMES.length, LAST_V2_RECORD_TYPE);
  for (const name of NAMES) {
    fc.assert(
      fc.property(recordOf(name), (record) => {
        const bytes = encodeV2(record);
        assertEquals(bytes.length, v2Size(record));
        assertEquals(bytes[0], RECORD_TYPE[name]);
        assertEquals(payloadLength(bytes), bytes.length - HEAD_BYTES);
        assertEquals(decodeV2(bytes), record);
      }),
      { numRuns: 50 },
    );
  }
});

test("a V2 record that ends early is refused at every byte, whatever length it claims", () => {
  for (const name of NAMES) {
    fc.assert(
      fc.property(recordOf(name), (record) => {
        const bytes = encodeV2(record);
        for (let length = 0; length < bytes.length; length++) {
          assertCorrupt(bytes.subarray(0, length));
          // The missing bytes lie behind the payload: they are not its own.
          if (length >= HEAD_BYTES) assertCorrupt(withLength(bytes, length - HEAD_BYTES));
        }
      }),
      { numRuns: 10 },
    );
  }
});

test("bytes after a V2 record and unused bytes of its payload are ignored", () => {
  for (const name of NAMES) {
    fc.assert(
      fc.property(recordOf(name), fc.uint8Array({ minLength: 1, maxLength: 9 }), (record, more) => {
        const longer = Uint8Array.from([...encodeV2(record), ...more]);
        assertEquals(decodeV2(longer), record);
        assertEquals(decodeV2(withLength(longer, longer.length - HEAD_BYTES)), record);
      }),
      { numRuns: 10 },
    );
  }
});

test("arbitrary bytes are a V2 record or corrupt, nothing else", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 80 }), (type, payload) => {
      const bytes = withLength(Uint8Array.from([type, 0, 0, 0, 0, ...payload]), payload.length);
      try {
        decodeV2(bytes);
      } catch (error) {
        assert(error instanceof CorruptionError, String(error));
        assertEquals(error.code, "v2-record-corrupt");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("an unknown V2 record type is refused before its length is looked at", () => {
  for (const type of [0, 33, 41, 255]) assertCorrupt(Uint8Array.of(type), `type ${type} is unknown`);
  assertCorrupt(new Uint8Array(0), "there are no bytes");
});

test("a V2 edge takes up to 65,535 bytes of data, more is refused instead of cut", () => {
  const withData = (length: number): V2Record => ({
    type: RECORD_TYPE.EdgeInsert,
    nodeId: 1n,
    direction: "in",
    edge: { ...EDGE, data: new Uint8Array(length).fill(7) },
    insertionPoint: 0,
  });
  const largest = withData(MAX_V2_EDGE_DATA_BYTES);
  assertEquals(decodeV2(encodeV2(largest)), largest);
  assertRefused(withData(MAX_V2_EDGE_DATA_BYTES + 1), "EdgeInsert.edge has 65536 bytes of data");
});

test("values that do not fit into a V2 field are refused by name", () => {
  const block = { type: RECORD_TYPE.FreeSpaceAllocate, blockOffset: 0n, blockSize: 0, blockType: 0 } as const;
  assertRefused({ ...block, blockType: 256 }, "FreeSpaceAllocate.blockType is 256, no u8");
  assertRefused({ ...block, blockType: 0.5 }, "blockType is 0.5");
  assertRefused({ ...block, blockSize: -1 }, "blockSize is -1, no u32");
  assertRefused({ ...block, blockSize: 2 ** 32 }, "blockSize");
  assertRefused({ ...block, blockOffset: 2n ** 64n }, "blockOffset is 18446744073709551616n, no u64");
  assertRefused({ ...block, blockOffset: -1n }, "blockOffset");
  assertRefused({ ...block, blockOffset: 1 as unknown as bigint }, "blockOffset is 1, no u64");
  assertRefused({ ...block, type: 33 as 9 }, "type 33");
  const lock = {
    type: RECORD_TYPE.LockAcquire,
    transactionId: 0n,
    resourceId: 0n,
    lockKind: "shared",
    timeSeconds: 0n,
  } as const;
  assertRefused({ ...lock, resourceId: 2n ** 63n }, "resourceId is 9223372036854775808n, no i64");
  assertRefused({ ...lock, lockKind: "weak" as "shared" }, "lockKind");
  const edge = { type: RECORD_TYPE.EdgeDelete, nodeId: 0n, direction: "out", oldEdge: EDGE, position: 0 } as const;
  assertRefused({ ...edge, oldEdge: { ...EDGE, typeOffset: 65_536 } }, "oldEdge is 65536, no u16");
  assertRefused({ type: RECORD_TYPE.StringInsert, stringId: 1, text: "a\ud800" }, "lone surrogate");
});

test("counts and lengths that no payload can hold are refused before anything is allocated", () => {
  const head = "7B00000000000000 0010000000000000 00000000";
  assertCorrupt(record(RECORD_TYPE.NodeDelete, `${head} FFFFFFFF`), "counts 4294967295 items");
  assertCorrupt(record(RECORD_TYPE.NodeDelete, `${head} 00000000 02000000 ${"00".repeat(23)}`), "incoming counts 2");
  assertCorrupt(record(RECORD_TYPE.NodeInsert, "7B00000000000000 0010000000000000 FFFFFFFF 00"), "nodeData takes");
  assertCorrupt(record(RECORD_TYPE.StringInsert, "01000000 FFFFFFFF 00"), "StringInsert.text takes");
});

test("a V2 region has 24 bytes, whatever else its length says", () => {
  for (const length of ["17000000", "19000000", "00000000", "FFFFFFFF"]) {
    const region = `${length} ${"00".repeat(25)}`;
    assertCorrupt(record(RECORD_TYPE.RollbackContiguous, region), "RollbackContiguous.region");
    assertCorrupt(record(RECORD_TYPE.CommitContiguous, `${"00".repeat(8)} ${region}`), "CommitContiguous.region");
    assertCorrupt(record(RECORD_TYPE.AllocateContiguous, `${"00".repeat(8)} ${region} ${"00".repeat(8)}`), "region");
  }
});

test("a V2 value is present by the flag 1 only", () => {
  const kvSet = decodeV2(record(RECORD_TYPE.KvSet, "00000000 00000000 00 02 0900000000000000"));
  assertEquals(kvSet, {
    type: RECORD_TYPE.KvSet,
    key: new Uint8Array(0),
    value: new Uint8Array(0),
    valueType: 0,
    ttlSeconds: undefined,
    version: 9n,
  });
  const kvDelete = decodeV2(record(RECORD_TYPE.KvDelete, "00000000 00 FF 0900000000000000"));
  assertEquals(kvDelete.type === RECORD_TYPE.KvDelete && kvDelete.oldValue, undefined);
});

test("V2 codes of directions and locks are checked, those of blocks are not", () => {
  assertCorrupt(record(RECORD_TYPE.ClusterCreate, `${"00".repeat(8)} 02 ${"00".repeat(16)}`), "direction has code 2");
  assertCorrupt(record(RECORD_TYPE.LockAcquire, `${"00".repeat(16)} 04 ${"00".repeat(8)}`), "lockKind has code 4");
  const block = decodeV2(record(RECORD_TYPE.FreeSpaceAllocate, `${"00".repeat(12)} 63`));
  assertEquals(block.type === RECORD_TYPE.FreeSpaceAllocate && block.blockType, 0x63);
});

test("a V2 text that is no UTF-8 is refused", () => {
  assertCorrupt(record(RECORD_TYPE.StringInsert, "01000000 02000000 C328"), "text is no UTF-8");
});

test("a V2 record read from a Buffer keeps nothing of it", () => {
  const [expected, hex] = VECTORS[0] as readonly [V2Record, string];
  const bytes = Buffer.from(fromHex(hex));
  const found = decodeV2(bytes);
  bytes.fill(0);
  assertEquals(found, expected);
});

test("V2 records tell the node that they are grouped by", () => {
  for (const name of NAMES) {
    const code = RECORD_TYPE[name];
    for (const sample of fc.sample(recordOf(name), 3)) {
      const expected = code <= 7 ? (sample as unknown as { nodeId: bigint }).nodeId : undefined;
      assertStrictEquals(v2ClusterKey(sample), expected);
      assertEquals(hasClusterKey(code), expected !== undefined);
    }
  }
});

test("record types change data, control transactions and name a node as the format says", () => {
  // code, name, then: m changes data, t controls transactions, c names a node.
  const TABLE = `
    1 NodeInsert mc, 2 NodeUpdate mc, 3 NodeDelete mc, 4 ClusterCreate mc, 5 EdgeInsert mc, 6 EdgeUpdate mc,
    7 EdgeDelete mc, 8 StringInsert m, 9 FreeSpaceAllocate m, 10 FreeSpaceDeallocate m, 11 TransactionBegin t,
    12 TransactionCommit t, 13 TransactionRollback t, 14 Checkpoint -, 15 HeaderUpdate m, 16 SegmentEnd -,
    17 TransactionPrepare t, 18 TransactionAbort t, 19 SavepointCreate -, 20 SavepointRollback -,
    21 SavepointRelease -, 22 BackupCreate -, 23 BackupRestore -, 24 LockAcquire -, 25 LockRelease -,
    26 IndexUpdate -, 27 StatisticsUpdate -, 28 AllocateContiguous m, 29 CommitContiguous m,
    30 RollbackContiguous m, 31 KvSet m, 32 KvDelete m, 33 LabelAdd m, 34 LabelRemove m, 35 VectorIndexCreate m,
    36 VectorIndexDrop m, 37 VectorSet m, 38 VectorDelete m, 39 TagCreate m, 40 TagDrop m, 41 Retention m`;
  const rows = TABLE.split(",").map((row) => row.trim());
  assertEquals(rows.length, LAST_RECORD_TYPE);
  for (const row of rows) {
    const code = Number.parseInt(row);
    const classes = `${isDataModifying(code) ? "m" : ""}${isTransactionControl(code) ? "t" : ""}${
      hasClusterKey(code) ? "c" : ""
    }`;
    assertEquals(`${code} ${recordTypeName(code)} ${classes || "-"}`, row);
    assertEquals((RECORD_TYPE as Readonly<Record<string, number>>)[recordTypeName(code) as string], code);
  }
  for (const code of [0, LAST_RECORD_TYPE + 1, 255]) {
    assertEquals([recordTypeName(code), isDataModifying(code), isTransactionControl(code)], [undefined, false, false]);
  }
});

function recordOf(name: V2RecordName): fc.Arbitrary<V2Record> {
  const fields: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(RECORD_TYPE[name]) };
  for (const [field, encoding] of V2_PAYLOADS[name]) fields[field] = VALUES[encoding];
  return fc.record(fields) as unknown as fc.Arbitrary<V2Record>;
}

/** Bytes of a record with any payload. */
function record(type: number, payloadHex: string): Uint8Array {
  const payload = fromHex(payloadHex);
  return withLength(Uint8Array.from([type, 0, 0, 0, 0, ...payload]), payload.length);
}

function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(1, length, true);
  return copy;
}

function payloadLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(1, true);
}

function assertCorrupt(bytes: Uint8Array, message?: string): void {
  assertEquals(assertThrows(() => decodeV2(bytes), CorruptionError, message).code, "v2-record-corrupt");
}

function assertRefused(record: V2Record, message: string): void {
  assertEquals(assertThrows(() => encodeV2(record), InvalidArgumentError, message).code, "v2-record-invalid");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}
