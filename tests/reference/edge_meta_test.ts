import { assertEquals, assertThrows } from "@std/assert";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { readEdgeMeta } from "../../lib/reference/edge_meta.ts";
import { edgeMetaBytes } from "../support/reference_writer_sidecars.ts";
import { goldenBytes } from "../support/reference_golden.ts";
import { test } from "../support/test.ts";

test("root and height of the edge tree are read, also when bytes follow", () => {
  assertEquals(readEdgeMeta(goldenBytes("3.2.5/pages", "db.v3edgemeta")), { root: 394, height: 2 });
  assertEquals(readEdgeMeta(Uint8Array.of(...edgeMetaBytes(7, 1), 9, 9)), { root: 7, height: 1 });
});

test("a root of all ones means that there are no edges", () => {
  assertEquals(readEdgeMeta(edgeMetaBytes(-1, 0)), { root: 0, height: 0 });
});

test("a changed or missing byte of the 24 is noticed", () => {
  const whole = edgeMetaBytes(394, 2);
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.map((byte, index) => index === at ? byte ^ 0x40 : byte);
    assertThrows(() => readEdgeMeta(changed), CorruptionError, "edge tree");
    assertThrows(() => readEdgeMeta(whole.subarray(0, at)), CorruptionError, `${at} bytes`);
  }
  assertThrows(() => readEdgeMeta(edgeMetaBytes(2n ** 60n, 1)), CorruptionError, "1152921504606846976");
});
