import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readCheckpoint } from "../../lib/reference/checkpoint.ts";
import { type ReferenceKeyValue, referenceValue } from "../../lib/reference/reference_value.ts";
import { checkpointBytes, type StoredKeyValue, storedKeyValue } from "../support/reference_writer_sidecars.ts";
import { test } from "../support/test.ts";

const ENTRIES: readonly StoredKeyValue[] = [
  storedKeyValue(Uint8Array.of(1), 200),
  storedKeyValue(Uint8Array.of(2, 0xff), "text", 60),
  storedKeyValue(new Uint8Array(0), { a: [1] }),
];

function key(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function listed({ key, type, bytes, ttlSeconds }: ReferenceKeyValue): unknown[] {
  return [Buffer.from(key).toString("latin1"), referenceValue(type, bytes), ttlSeconds];
}

const LISTED = [["\x01", 200, undefined], ["\x02\xff", "text", 60], ["", { a: [1] }, undefined]];

for (const format of [1, 2, 3] as const) {
  test(`a checkpoint of format ${format} is read`, () => {
    const checkpoint = readCheckpoint(checkpointBytes(ENTRIES, format, 5));
    assertEquals([checkpoint.format, checkpoint.keyCount, checkpoint.damages], [format, 5, []]);
    assertEquals(checkpoint.entries.map(listed), LISTED);
  });
}

test("the documented bytes of a checkpoint are read", () => {
  const bytes = Buffer.from(
    "56334B56434B00020200000024000000A71A129FFA9C6235393C255ADA84A851FA5425FB973E851D3D5FC8C250DCC676" +
      "0100000003006B65790800C8000000000000000100000000000000000100000000000000",
    "hex",
  );
  const { entries, damages } = readCheckpoint(bytes);
  assertEquals([entries.map(listed), damages], [[["key", 200, undefined]], []]);
});

test("entries of a body whose SHA-256 does not match are given with the damage", () => {
  const bytes = checkpointBytes(ENTRIES, 2);
  bytes[20] = (bytes[20] as number) ^ 1;
  const { entries, damages } = readCheckpoint(bytes);
  assertEquals(entries.map(listed), LISTED);
  assertEquals(damages, [{ message: "its SHA-256 does not match its content", offset: 48, lostBytes: 0 }]);
});

test("of a cut checkpoint the whole entries are given", () => {
  const bytes = checkpointBytes(ENTRIES, 2);
  const { entries, damages } = readCheckpoint(bytes.subarray(0, bytes.length - 1));
  assertEquals(entries.map(listed), LISTED.slice(0, 2));
  assertEquals(damages.map(({ message }) => message), ["1 bytes are missing at the end", "entry 2 does not end"]);
});

test("what is no checkpoint is named", () => {
  assertEquals(readCheckpoint(key("CORRUPTED and so on")).damages[0]?.message, "it does not begin with V3KVCK");
  assertEquals(readCheckpoint(key("V3KVCK")).damages[0]?.message, "it has only 6 bytes");
  const own = checkpointBytes([], 2);
  own[7] = 0x10;
  assertEquals(readCheckpoint(own).damages[0]?.message, "it is a copy of key-values that this package made");
});

/** What the reference writes when a key or value is longer than its length of 16 bits can say. */
function overlongBytes(entries: readonly StoredKeyValue[], format: 2 | 3): Uint8Array {
  const parts: Uint8Array[] = [];
  const number = (value: number, bytes: number) => {
    const part = new Uint8Array(bytes);
    new DataView(part.buffer).setUint16(0, value & 0xffff, true);
    if (bytes >= 4) new DataView(part.buffer).setUint32(0, value, true);
    parts.push(part);
  };
  number(entries.length, 4);
  for (const { key, tag, value, ttlSeconds } of entries) {
    number(Math.min(key.length, 0xffff), 2);
    parts.push(key);
    number(format === 3 ? value.length : Math.min(value.length, 0xffff), format === 3 ? 4 : 2);
    parts.push(value);
    number(tag, 1 + 1);
    parts.push(parts.pop()?.subarray(0, 1) as Uint8Array);
    number(ttlSeconds ?? 0, 8);
    number(1, 8);
  }
  const body = Buffer.concat(parts);
  const head = checkpointBytes([], format);
  new DataView(head.buffer, head.byteOffset).setUint32(12, body.length, true);
  head.set(createHash("sha256").update(body).digest(), 16);
  return Buffer.concat([head.subarray(0, 48), body]);
}

test("values and keys that are longer than their length says come back whole", () => {
  const entries = [
    storedKeyValue(key("before"), 1),
    storedKeyValue(key("ones"), new Uint8Array(70_000).fill(1)),
    storedKeyValue(key("zeros"), new Uint8Array(140_000)),
    storedKeyValue(key("fives"), Uint8Array.from({ length: 66_000 }, (_, at) => at % 24 === 0 ? 5 : 0)),
    storedKeyValue(key("edge"), new Uint8Array(65_535).fill(3)),
    storedKeyValue(key("vector"), { data: Array.from({ length: 20_000 }, (_, at) => at / 7) }, 9),
    storedKeyValue(key("k".repeat(70_000)), "long key"),
    storedKeyValue(key("after"), 2.5),
  ];
  const { entries: found, damages } = readCheckpoint(overlongBytes(entries, 2));
  assertEquals(damages, []);
  assertEquals(
    found.map(({ key, bytes, type, ttlSeconds }) => [key.length, bytes.length, type, ttlSeconds]),
    entries.map(({ key, value, tag, ttlSeconds }) => [key.length, value.length, tag, ttlSeconds]),
  );
  const format3 = readCheckpoint(overlongBytes(entries, 3));
  assertEquals([format3.entries.length, format3.damages], [entries.length, []]);
});

test("a body that has no end for an overlong value is given up within a fixed effort", () => {
  for (const filler of [0, 1, 3, 5, 0xff]) {
    const bytes = overlongBytes([storedKeyValue(key("a"), new Uint8Array(400_000).fill(filler))], 2);
    bytes.fill(9, bytes.length - 17);
    const { damages } = readCheckpoint(bytes);
    assertEquals(damages.at(-1)?.message, "entry 0 does not end");
  }
});

test("any bytes are read as a checkpoint without an error", () => {
  const good = checkpointBytes(ENTRIES, 2);
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255))),
    fc.nat(good.length),
    (changes, length) => {
      const bytes = good.slice(0, length);
      for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
      const { entries, damages } = readCheckpoint(bytes);
      assertEquals(entries.length > 3 || entries.length === 3 || damages.length > 0 || bytes.length >= 16, true);
      for (const { type, bytes } of entries) referenceValue(type, bytes);
    },
  ));
});
