import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ConflictIndex } from "../../lib/graph/conflict_index.ts";
import { test } from "../support/test.ts";

function keys(...values: number[]): Float64Array {
  return new Float64Array(values);
}

test("a key that was written after the snapshot is a conflict, before or at it is none", () => {
  const index = new ConflictIndex();
  index.note(7, 10);
  index.note(8, 12);
  assertEquals(index.conflict(keys(7), 9), 7);
  assertEquals(index.conflict(keys(7), 10), undefined);
  assertEquals(index.conflict(keys(7), 11), undefined);
});

test("the first key that was written since is named", () => {
  const index = new ConflictIndex();
  for (const key of [4, 5, 6]) index.note(key, 3);
  assertEquals(index.conflict(keys(1, 6, 4), 2), 6);
  assertEquals(index.conflict(keys(1, 2, 3), 2), undefined);
});

test("the last commit that wrote a key counts", () => {
  const index = new ConflictIndex();
  index.note(7, 10);
  index.note(7, 20);
  assertEquals(index.conflict(keys(7), 15), 7);
});

test("a commit that may have written everything conflicts with all that did not see it", () => {
  const index = new ConflictIndex();
  index.noteEverything(5);
  index.note(1, 6);
  assertEquals(index.conflict(keys(99), 4), 99);
  assertEquals(index.conflict(keys(99), 5), undefined);
});

test("who depends on nothing meets no conflict", () => {
  const index = new ConflictIndex();
  index.noteEverything(5);
  assertEquals(index.conflict(keys(), 1), undefined);
});

test("keys that were forgotten conflict with every older snapshot", () => {
  const index = new ConflictIndex(8);
  for (let lsn = 1; lsn <= 100; lsn++) index.note(lsn, lsn);
  assertEquals(index.conflict(keys(1_000), 50), 1_000);
  // The newest half is certain to be there.
  assertEquals(index.conflict(keys(1_000), 97), undefined);
  assertEquals(index.conflict(keys(98), 97), 98);
});

test("a bounded index never misses a conflict, and is exact until it forgets", () => {
  const note = fc.record({ key: fc.integer({ min: 1, max: 30 }), step: fc.integer({ min: 0, max: 2 }) });
  const question = fc.record({ key: fc.integer({ min: 1, max: 40 }), age: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(fc.array(note, { maxLength: 60 }), fc.array(question, { maxLength: 20 }), (notes, questions) => {
      const small = new ConflictIndex(6);
      const large = new ConflictIndex();
      const model = new Map<number, number>();
      let lsn = 1;
      for (const { key, step } of notes) {
        lsn += step;
        small.note(key, lsn);
        large.note(key, lsn);
        model.set(key, lsn);
      }
      for (const { key, age } of questions) {
        const snapshotLsn = Math.max(0, lsn - age);
        const isConflict = (model.get(key) ?? 0) > snapshotLsn;
        assertEquals(large.conflict(keys(key), snapshotLsn) !== undefined, isConflict);
        if (isConflict) assert(small.conflict(keys(key), snapshotLsn) !== undefined);
      }
    }),
  );
});

test("many keys are found after the tables have grown", () => {
  const index = new ConflictIndex(1 << 17);
  const half = 1 << 15;
  for (let key = 1; key <= 2 * half; key++) index.note(key * 65_537, key <= half ? 1 : 2);
  for (let key = 1; key <= 2 * half; key += 97) {
    const keyed = key * 65_537;
    assertEquals(index.conflict(keys(keyed), 0), keyed);
    assertEquals(index.conflict(keys(keyed), 1), key <= half ? undefined : keyed);
    assertEquals(index.conflict(keys(keyed + 1), 0), undefined);
  }
});
