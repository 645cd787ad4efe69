/** The reference's hash of keys. */

import { assertEquals } from "@std/assert";
import { keyHash } from "../../lib/kv/key_hash.ts";
import { test } from "../support/test.ts";

test("the hash of a key is the reference's", () => {
  const vectors: readonly (readonly [string | Uint8Array, bigint])[] = [
    ["", 0xBD60ACB658C79E45n],
    ["key", 0x2AB0DBC2BF550D79n],
    ["test_key", 0xFBC072C41E770221n],
    ["user:1", 0x440BC37864B2720Dn],
    [new Uint8Array([0, 1, 2, 255]), 0x320DCEEC376424F3n],
    ["hnsw:my_index:vector:1", 0xBE8FE83436D3A5CAn],
  ];
  for (const [key, hash] of vectors) {
    assertEquals(keyHash(typeof key === "string" ? new TextEncoder().encode(key) : key), hash, String(key));
  }
});

test("the hash of a key depends on its bytes alone, not on where they lie", () => {
  const buffer = new Uint8Array(100).fill(7);
  buffer.set(new TextEncoder().encode("test_key"), 33);
  assertEquals(keyHash(buffer.subarray(33, 41)), 0xFBC072C41E770221n);
});
