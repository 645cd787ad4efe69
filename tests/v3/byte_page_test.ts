import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { writeVarint } from "../../lib/v3/byte_cell.ts";
import { checkByteLeaf } from "../../lib/v3/byte_check.ts";
import {
  BYTE_PAGE_CAPACITY,
  cellAt,
  cellCount,
  emptyPage,
  freeBytes,
  insertCell,
  LEAF_SKIP,
  removeCell,
  replaceCell,
  searchPage,
  SLOT_SIZE,
} from "../../lib/v3/byte_page.ts";
import { PAGE_SIZE, PAGE_TYPE } from "../../lib/v3/page.ts";
import { test } from "../support/test.ts";
import { filled } from "./byte_model.ts";
import { TestPages } from "./test_pages.ts";

/** A cell with a key of one byte. */
function cellOf(key: number, valueSize: number): Uint8Array {
  const cell = filled(4 + valueSize, key);
  cell[0] = 1;
  const end = writeVarint(cell, 2, valueSize);
  return cell.slice(0, end + valueSize);
}

test("cells of a page keep their bytes through inserts, removals and replacements, up to the last free byte", () => {
  const step = fc.record({
    key: fc.nat({ max: 30 }),
    size: fc.oneof(fc.integer({ min: 100, max: 400 }), fc.constant("fill" as const)),
    isRemoval: fc.boolean(),
  });
  const seen = { filled: 0 };
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
      const pages = new TestPages(2);
      const address = pages.allocate(PAGE_TYPE.byteLeaf, 0);
      const { bytes } = pages;
      bytes.fill(0xee, address + PAGE_SIZE);
      emptyPage(bytes, address);
      const model = new Map<number, Uint8Array>();
      for (const { key, size, isRemoval } of steps) {
        const found = searchPage(pages, bytes, address, LEAF_SKIP, Uint8Array.of(key), 0, 1);
        assertEquals(found >= 0, model.has(key));
        if (isRemoval) {
          if (found >= 0) removeCell(bytes, address, LEAF_SKIP, found);
          model.delete(key);
        } else {
          const room = freeBytes(bytes, address) + (found >= 0 ? model.get(key)?.length ?? 0 : -SLOT_SIZE);
          const cell = cellOf(key, size === "fill" ? Math.max(0, Math.min(998, room - 4)) : size);
          if (cell.length > room) continue;
          if (found >= 0) replaceCell(bytes, address, LEAF_SKIP, found, cell, 0, cell.length);
          else insertCell(bytes, address, LEAF_SKIP, ~found, cell, 0, cell.length);
          model.set(key, cell);
        }
        const sorted = [...model].sort(([a], [b]) => a - b);
        assertEquals(cellCount(bytes, address), sorted.length);
        sorted.forEach(([, cell], index) => {
          const at = cellAt(bytes, address, index);
          assertEquals(bytes.slice(at, at + cell.length), cell);
        });
        const used = sorted.reduce((sum, [, cell]) => sum + cell.length + SLOT_SIZE, 0);
        assertEquals(freeBytes(bytes, address), BYTE_PAGE_CAPACITY - used);
        if (sorted.length > 0) checkByteLeaf(pages, address);
        if (used === BYTE_PAGE_CAPACITY) seen.filled++;
      }
      assert(bytes.subarray(address + PAGE_SIZE).every((byte) => byte === 0xee), "the page behind was changed");
    }),
    { numRuns: 150 },
  );
  assert(seen.filled > 20, "pages were filled to the last byte");
});
