import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { decodeValue } from "../../lib/sqlite/kv_rows.ts";
import { test } from "../support/test.ts";

function bytesIn(data: string): unknown {
  return decodeValue(JSON.stringify({ data, type: "bytes" }), "107");
}

test("stored bytes are numbers joined by commas, with or without blanks and leading zeros", () => {
  assertEquals(bytesIn(""), new Uint8Array(0));
  assertEquals(bytesIn("0"), Uint8Array.of(0));
  assertEquals(bytesIn("255, 0 ,  007"), Uint8Array.of(255, 0, 7));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assertEquals(bytesIn(bytes.join(",")), bytes)));
});

test("anything else in place of stored bytes is damage", () => {
  for (const data of ["256", "1000", "0001", "-1", "1.5", "a", "1,", ",1", "1,,2", " ", "1 2", "1;2", "1\t", "1e1"]) {
    assertThrows(() => bytesIn(data), CorruptionError, "the value of key 107", data);
  }
});
