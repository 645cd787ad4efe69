/** The bytes of the checkpoint copy: what was written comes back, and no damage goes unnoticed. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import {
  CHECKPOINT,
  CHECKPOINT_FORMAT,
  CHECKPOINT_HEAD_BYTES,
  CHECKPOINT_VERSION,
  type CheckpointEntry,
  type CheckpointState,
  decodeCheckpoint,
  encodeCheckpoint,
  MAX_CHECKPOINT_BYTES,
} from "../../lib/kv/checkpoint_codec.ts";
import { decodeValue, encodeValue, encodeValueRecord, VALUE_HEAD_BYTES } from "../../lib/kv/value_record.ts";
import { test } from "../support/test.ts";

const STATE: CheckpointState = { fileSeed: 0xdeadbeef, lsn: 2 ** 40 + 7, timeMs: 1_700_000_000_123 };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function entry(key: string | Uint8Array, value: unknown): CheckpointEntry {
  return {
    key: typeof key === "string" ? utf8(key) : key,
    record: encodeValueRecord(encodeValue(checkValue(value)), 10, 20, 30, 40),
  };
}

function encode(entries: Iterable<CheckpointEntry>, state: CheckpointState = STATE): Uint8Array {
  const checkpoint = encodeCheckpoint(state, entries);
  assert(checkpoint !== undefined);
  return checkpoint;
}

/** A checkpoint whose payload was changed on purpose, with a length and a digest that fit it. */
function forged(checkpoint: Uint8Array, change: (view: DataView) => void, extra: Uint8Array = utf8("")): Uint8Array {
  const bytes = new Uint8Array(checkpoint.length + extra.length);
  bytes.set(checkpoint);
  bytes.set(extra, checkpoint.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(CHECKPOINT.payloadLengthAt, bytes.length - CHECKPOINT.payloadAt, true);
  change(view);
  const digest = createHash("sha256").update(bytes.subarray(0, 20)).update(bytes.subarray(52)).digest();
  bytes.set(digest, CHECKPOINT.digestAt);
  return bytes;
}

function assertCorrupt(bytes: Uint8Array, mention = ""): void {
  const error = assertThrows(() => decodeCheckpoint(bytes, "a.v3checkpoint"), CorruptionError, "a.v3checkpoint");
  assertEquals(error.code, "corrupt-kv-checkpoint");
  assert(error.message.includes(mention), error.message);
}

test("the head is as its table says", () => {
  const checkpoint = encode([entry("k", true)]);
  const view = new DataView(checkpoint.buffer);
  assertEquals(checkpoint.subarray(0, 7), utf8("V3KVCK\0"));
  assertEquals([checkpoint[7], CHECKPOINT_FORMAT], [0x10, 0x10]);
  assertEquals([view.getUint32(8, true), CHECKPOINT_VERSION], [16, 16]);
  assertEquals(view.getFloat64(12, true), checkpoint.length - 52);
  assertEquals(view.getUint32(52, true), 0xdeadbeef);
  assertEquals(view.getFloat64(56, true), 2 ** 40 + 7);
  assertEquals(view.getFloat64(64, true), 1_700_000_000_123);
  assertEquals(view.getFloat64(72, true), 1);
  assertEquals(checkpoint.subarray(80, 83), new Uint8Array([1, 107, VALUE_HEAD_BYTES + 1]));
  assertEquals(checkpoint.length, 83 + VALUE_HEAD_BYTES + 1);
});

test("an empty store is a checkpoint too", () => {
  const checkpoint = encode([]);
  assertEquals(checkpoint.length, CHECKPOINT_HEAD_BYTES);
  assertEquals(decodeCheckpoint(checkpoint), { ...STATE, entries: [] });
});

test("entries of any keys and values come back in order", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 20_000 })), {
        selector: ([key]) => key.join(),
        maxLength: 20,
      }),
      fc.nat(0xffff_ffff),
      fc.maxSafeInteger().map(Math.abs),
      (pairs, fileSeed, lsn) => {
        const entries = pairs.map(([key, value]) => entry(key, value)).sort((a, b) => Buffer.compare(a.key, b.key));
        const state = { fileSeed, lsn, timeMs: lsn / 2 };
        assertEquals(decodeCheckpoint(encode(entries, state)), { ...state, entries });
      },
    ),
    { numRuns: 100 },
  );
});

test("keys and values beyond 64 KiB come back", () => {
  const longKey = new Uint8Array(100_000).fill(7);
  const nextKey = new Uint8Array(100_001).fill(7);
  const text = "漢字".repeat(200_000);
  const { entries } = decodeCheckpoint(encode([entry(longKey, text), entry(nextKey, null), entry("k", 5)]));
  assertEquals(entries.map(({ key }) => key), [longKey, nextKey, utf8("k")]);
  assertEquals(entries.map(({ key, record }) => decodeValue(record, key)), [text, null, 5]);
});

test("lengths around each power of 128 come back", () => {
  for (const length of [0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 2_097_151, 2_097_152]) {
    const key = new Uint8Array(length);
    const record = new Uint8Array(VALUE_HEAD_BYTES + length).fill(1);
    const { entries } = decodeCheckpoint(encode([{ key, record }]));
    assert(Buffer.compare((entries[0] as CheckpointEntry).key, key) === 0, `${length}`);
    assert(Buffer.compare((entries[0] as CheckpointEntry).record, record) === 0, `${length}`);
  }
});

test("a checkpoint in the middle of a buffer is read", () => {
  const checkpoint = encode([entry("k", "v")]);
  const buffer = new Uint8Array(checkpoint.length + 7);
  buffer.set(checkpoint, 3);
  assertEquals(decodeCheckpoint(buffer.subarray(3, 3 + checkpoint.length)), decodeCheckpoint(checkpoint));
});

test("an iterable may reuse its arrays", () => {
  const key = utf8("a");
  const { record } = entry("a", 1);
  function* reusing(): Generator<CheckpointEntry> {
    for (const byte of [97, 98, 99]) {
      key[0] = byte;
      record[VALUE_HEAD_BYTES] = byte;
      yield { key, record };
    }
  }
  const { entries } = decodeCheckpoint(encode(reusing()));
  assertEquals(entries.map((one) => decodeValue(one.record, one.key)), [97, 98, 99]);
});

test("every flipped bit is noticed", () => {
  const checkpoint = encode([entry("a", 1), entry("key", "value"), entry("null", null)]);
  for (let bit = 0; bit < checkpoint.length * 8; bit++) {
    checkpoint[bit >> 3] = (checkpoint[bit >> 3] as number) ^ 1 << (bit & 7);
    assertCorrupt(checkpoint);
    checkpoint[bit >> 3] = (checkpoint[bit >> 3] as number) ^ 1 << (bit & 7);
  }
  assertEquals(decodeCheckpoint(checkpoint).entries.length, 3);
});

test("every truncation and every extension is noticed", () => {
  const checkpoint = encode([entry("a", 1), entry("key", "value")]);
  for (let length = 0; length < checkpoint.length; length++) assertCorrupt(checkpoint.subarray(0, length));
  for (const extra of [1, 2, 100]) {
    const longer = new Uint8Array(checkpoint.length + extra);
    longer.set(checkpoint);
    assertCorrupt(longer);
  }
});

test("a checkpoint of the reference is told apart", () => {
  const reference = Uint8Array.from(
    Buffer.from(
      "56334B56434B00020200000024000000A71A129FFA9C6235393C255ADA84A851FA5425FB973E851D3D5FC8C250DCC676" +
        "0100000003006B65790800C8000000000000000100000000000000000100000000000000",
      "hex",
    ),
  );
  assertCorrupt(reference, "format is 2");
  assertCorrupt(reference, "Rust");
});

test("a well-sealed payload that says the impossible is refused, and nothing is allocated for it", () => {
  const checkpoint = encode([entry("a", 1), entry("b", 2)]);
  const entryBytes = (checkpoint.length - 80) / 2;
  const set = (at: number, value: number) => forged(checkpoint, (view) => view.setUint8(at, value));
  const setFloat = (at: number, value: number) => forged(checkpoint, (view) => view.setFloat64(at, value, true));
  assertEquals(decodeCheckpoint(forged(checkpoint, () => {})).entries.length, 2);
  for (const count of [3, 1e15, 2 ** 53, -1, 1.5, NaN, Infinity]) assertCorrupt(setFloat(72, count), "entries");
  for (const count of [0, 1]) assertCorrupt(setFloat(72, count), "follow its last entry");
  for (const lsn of [-1, 0.5, NaN, 2 ** 53]) assertCorrupt(setFloat(56, lsn), "LSN");
  assertCorrupt(setFloat(64, Infinity), "time");
  assertCorrupt(set(80, 127));
  assertCorrupt(set(80 + 2, 127));
  assertCorrupt(set(80 + 2, VALUE_HEAD_BYTES - 1));
  assertCorrupt(set(80 + 1, 98), "out of order");
  assertCorrupt(set(80 + 1, 99), "out of order");
  assertCorrupt(set(80 + entryBytes + 2, 127), "the part at");
  const endless = new Uint8Array(6).fill(0xff);
  assertCorrupt(forged(encode([]), (view) => view.setFloat64(72, 1, true), new Uint8Array(40).fill(0xff)), "not end");
  assertCorrupt(forged(checkpoint, () => {}, endless), "follow its last entry");
  const short: CheckpointEntry = { key: utf8("a"), record: new Uint8Array(VALUE_HEAD_BYTES + 1) };
  const cut = forged(encode([short]), (view) => view.setUint8(82, VALUE_HEAD_BYTES - 1));
  assertCorrupt(cut, "record 0");
});

test("random well-sealed payloads are refused or read, never another error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5), (payload, count) => {
      const bytes = forged(encode([]), (view) => view.setFloat64(72, count, true), payload);
      try {
        assertEquals(decodeCheckpoint(bytes).entries.length, count);
      } catch (error) {
        assert(error instanceof CorruptionError, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a store over the limit gives no checkpoint and is not read to its end", () => {
  const one = encode([entry("a", "x".repeat(1000))]);
  assertEquals(encodeCheckpoint(STATE, [entry("a", "x".repeat(1000))], one.length), one);
  assertStrictEquals(encodeCheckpoint(STATE, [entry("a", "x".repeat(1000))], one.length - 1), undefined);
  assertStrictEquals(encodeCheckpoint(STATE, [], CHECKPOINT_HEAD_BYTES - 1), undefined);
  for (const length of [127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    const large: CheckpointEntry = { key: new Uint8Array(length), record: new Uint8Array(length + VALUE_HEAD_BYTES) };
    const size = encode([large]).length;
    assertEquals(encodeCheckpoint(STATE, [large], size)?.length, size);
    assertStrictEquals(encodeCheckpoint(STATE, [large], size - 1), undefined);
  }
  let asked = 0;
  function* endless(): Generator<CheckpointEntry> {
    for (;; asked++) yield entry(String(asked).padStart(8, "0"), new Uint8Array(1000));
  }
  assertStrictEquals(encodeCheckpoint(STATE, endless(), 100_000), undefined);
  assert(asked < 100);
});

test("the largest checkpoint is a limit of its own", () => {
  const huge = { length: MAX_CHECKPOINT_BYTES } as Uint8Array;
  assertStrictEquals(encodeCheckpoint(STATE, [{ key: utf8("k"), record: huge }], Infinity), undefined);
});

test("keys that do not ascend are not written", () => {
  for (const keys of [["b", "a"], ["a", "a"], ["a", ""], ["ab", "a"]]) {
    const error = assertThrows(() => encode(keys.map((key) => entry(key, 1))), CorruptionError);
    assertEquals(error.code, "unordered-keys");
  }
  const high = entry(new Uint8Array([255]), 1);
  assertEquals(decodeCheckpoint(encode([entry("", 1), entry("a", 1), entry("aa", 1), high])).entries.length, 4);
});
