/** Transactions in one buffer. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeBatches, encodeBatches, type NumberedBatch } from "../../lib/graph/batch_codec.ts";
import { test } from "../support/test.ts";

const batch: fc.Arbitrary<NumberedBatch> = fc.record({
  id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  mustSync: fc.boolean(),
  batch: fc.record({
    snapshotLsn: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    footprint: fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })).map((keys) => new Float64Array(keys)),
    operations: fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
  }),
});

test("batches arrive as they were sent, behind those that are there", () => {
  fc.assert(fc.property(fc.array(batch), fc.array(batch), (first, second) => {
    const arrived: NumberedBatch[] = [];
    decodeBatches(encodeBatches(first), arrived);
    decodeBatches(encodeBatches(second), arrived);
    assertEquals(arrived, [...first, ...second]);
  }));
});
