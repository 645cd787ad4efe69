import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { lastVarint, MAX_VARINT_BYTES, readVarint, varintLength, writeVarint } from "../../lib/v3/varint.ts";
import { test } from "../support/test.ts";

function roundTrip(value: number, at: number): void {
  const bytes = new Uint8Array(at + MAX_VARINT_BYTES + 1).fill(0xaa);
  const end = writeVarint(bytes, at, value);
  assertEquals(end - at, varintLength(value), `length of ${value}`);
  assertEquals(readVarint(bytes, at), value);
  assertEquals(lastVarint.end, end, `end of ${value}`);
  assertEquals(bytes[end], 0xaa, `byte behind ${value}`);
}

test("varints of every length are read back, and end where they were written to", () => {
  for (let bits = 0; bits <= 53; bits++) {
    for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
      if (value <= Number.MAX_SAFE_INTEGER) roundTrip(value, 3);
    }
  }
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat({ max: 20 }), roundTrip));
});

test("varints have the bytes of LEB128", () => {
  const encode = (value: number): number[] => {
    const bytes = new Uint8Array(MAX_VARINT_BYTES);
    return Array.from(bytes.subarray(0, writeVarint(bytes, 0, value)));
  };
  assertEquals(encode(0), [0]);
  assertEquals(encode(127), [0x7f]);
  assertEquals(encode(128), [0x80, 1]);
  assertEquals(encode(624_485), [0xe5, 0x8e, 0x26]);
  assertEquals(encode(2 ** 28), [0x80, 0x80, 0x80, 0x80, 1]);
  assertEquals(encode(Number.MAX_SAFE_INTEGER), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]);
});

test("a varint that does not end, or is above the safe integers, is damage", () => {
  const damaged = [
    [],
    [0x80],
    [0xff, 0xff, 0xff],
    [0x80, 0x80, 0x80, 0x80],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
  ];
  for (const bytes of damaged) {
    const error = assertThrows(() => readVarint(Uint8Array.from(bytes), 0), CorruptionError);
    assertEquals(error.code, "varint");
  }
});
