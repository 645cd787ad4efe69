import { assertEquals } from "@std/assert";
import { type NameGroup, type NameIndex, readNameIndex } from "../../lib/reference/name_index.ts";
import { goldenBytes, goldenTruth } from "../support/reference_golden.ts";
import { indexBytes } from "../support/reference_writer_sidecars.ts";
import { test } from "../support/test.ts";

const NODES = [
  { id: 1, kind: "Fn", name: "a", data: "{}" },
  { id: -5, kind: "Doc", name: "ü🦀", data: "{}" },
  { id: 2n ** 60n, kind: "Fn", name: "", data: "{}" },
];

function idsByText(groups: readonly NameGroup[], { ids }: NameIndex): Record<string, number[]> {
  return Object.fromEntries(groups.map(({ text, firstId, endId }) => [text, [...ids.subarray(firstId, endId)]]));
}

test("kinds and names are read with the ids of their nodes", () => {
  const index = readNameIndex(indexBytes(NODES, 12));
  assertEquals(index.nodeCount, 12);
  assertEquals(idsByText(index.kinds, index), { Fn: [1, NaN], Doc: [-5] });
  assertEquals(idsByText(index.names, index), { a: [1], "ü🦀": [-5], "": [NaN] });
  assertEquals(index.damage, undefined);
});

test("the index of a released version names what was inserted", () => {
  const index = readNameIndex(goldenBytes("3.2.5/mixed", "db.v3index"));
  const expected: Record<string, number[]> = {};
  for (const { id, kind } of goldenTruth("3.2.5/mixed").nodes) (expected[kind] ??= []).push(id);
  assertEquals(index.nodeCount, 156);
  assertEquals(idsByText(index.kinds, index), expected);
});

test("what comes before a damage is read, and the damage is named", () => {
  const whole = indexBytes(NODES);
  for (let length = 16; length < whole.length; length++) {
    const { kinds, names, damage } = readNameIndex(whole.subarray(0, length));
    assertEquals(kinds.length + names.length < 5, true);
    assertEquals((damage?.offset ?? -1) + (damage?.lostBytes ?? -1), length);
  }
  const huge = whole.slice();
  huge.fill(0xff, 16, 20);
  assertEquals(readNameIndex(huge).damage, {
    message: `${whole.length - 20} bytes cannot hold what is counted as 4294967295`,
    offset: 16,
    lostBytes: whole.length - 16,
  });
});

test("a text that is no UTF-8 keeps its ids", () => {
  const bytes = indexBytes(NODES);
  bytes[24] = 0xff;
  const index = readNameIndex(bytes);
  assertEquals(index.kinds[0]?.text, undefined);
  assertEquals(index.kinds[1]?.text, "Doc");
});

test("another file or version is no index", () => {
  for (const at of [0, 7]) {
    const bytes = indexBytes(NODES);
    bytes[at] = 9;
    const { kinds, damage } = readNameIndex(bytes);
    assertEquals([kinds, damage?.lostBytes], [[], bytes.length]);
  }
  assertEquals(readNameIndex(new Uint8Array(3)).damage?.message, "it has only 3 bytes");
});
