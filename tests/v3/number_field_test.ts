import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  fieldBase,
  fieldLimit,
  fieldWidth,
  MAX_FIELD_WIDTH,
  readField,
  writeField,
} from "../../lib/v3/number_field.ts";
import { test } from "../support/test.ts";

test("a number of every width is read as it was written, and no byte beside it is touched", () => {
  for (let width = 0; width <= MAX_FIELD_WIDTH; width++) {
    const greatest = Math.min(fieldLimit(width) - 1, Number.MAX_SAFE_INTEGER);
    for (const value of [0, 1, Math.floor(greatest / 3), greatest - 1, greatest]) {
      if (value < 0 || value > greatest) continue;
      const view = new DataView(new Uint8Array(width + 2).fill(0xa5).buffer);
      writeField(view, 1, width, value);
      assertEquals(readField(view, 1, width), value);
      assertEquals([view.getUint8(0), view.getUint8(width + 1)], [0xa5, 0xa5]);
      assertEquals(readField(new DataView(view.buffer, 1, width), 0, width), value);
    }
  }
});

test("a width is the smallest that holds a distance", () => {
  for (let width = 1; width <= MAX_FIELD_WIDTH; width++) {
    assertEquals(fieldWidth(fieldLimit(width - 1)), width);
    if (width < MAX_FIELD_WIDTH) assertEquals(fieldWidth(fieldLimit(width) - 1), width);
  }
  assertEquals([fieldWidth(0), fieldWidth(Number.MAX_SAFE_INTEGER)], [0, MAX_FIELD_WIDTH]);
});

test("a base lets fields hold both bounds, and is no negative number", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (x, y) => {
      const least = Math.min(x, y);
      const greatest = Math.max(x, y);
      const width = fieldWidth(greatest - least);
      const base = fieldBase(least, greatest, width);
      assert(Number.isSafeInteger(base) && base >= 0 && base <= least);
      assert(greatest - base < fieldLimit(width));
    }),
  );
});
