/** Numbers and groups of nodes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import {
  defineResult,
  NodeGroups,
  NodeValues,
  packResult,
  projectEdges,
  type Projection,
  unpackResult,
} from "../../lib/projection/mod.ts";
import { test } from "../support/test.ts";

/** A projection of nodes without edges. */
function nodesOf(nodeIds: readonly number[]): Projection {
  return projectEdges({ nodeIds, from: [], to: [] });
}

/** Ids with gaps, some of which are far apart. */
const idLists = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2 ** 40 })), {
  maxLength: 30,
});

test("values are found by node, in ascending ids, and from the largest or smallest on", () => {
  const numbers = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(NaN, Infinity, -Infinity, -0));
  fc.assert(
    fc.property(idLists, fc.infiniteStream(numbers), fc.constantFrom(undefined, NaN, 0, 2), fc.nat(40), (
      given,
      stream,
      none,
      count,
    ) => {
      const nodeIds = given.toSorted((a, b) => a - b);
      const values = Float64Array.from(nodeIds, () => stream.next().value as number);
      const result = NodeValues.of(nodesOf(given), values, { none });
      const isThere = (value: number) => none === undefined || !(value === none || Object.is(value, none));
      const all = nodeIds.map((nodeId, at) => ({ nodeId, value: values[at] as number })).filter((one) =>
        isThere(one.value)
      );
      assertEquals([...result], all);
      for (const [at, nodeId] of nodeIds.entries()) {
        const value = values[at] as number;
        assertEquals(result.get(nodeId), isThere(value) ? value : undefined);
      }
      assertEquals([result.get(61), result.get(0), result.get(1.5)], [undefined, undefined, undefined]);
      const order = (sign: number) => (a: { value: number; nodeId: number }, b: { value: number; nodeId: number }) => {
        const nan = Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
        if (nan !== 0) return nan;
        return a.value > b.value ? -sign : a.value < b.value ? sign : a.nodeId - b.nodeId;
      };
      assertEquals(result.top(count), all.toSorted(order(1)).slice(0, count));
      assertEquals(result.bottom(count), all.toSorted(order(-1)).slice(0, count));
      assertEquals([result.top(0), result.nodeCount, [...result.nodeIds]], [[], nodeIds.length, nodeIds]);
    }),
  );
});

test("groups are numbered by size, then by their first node, whatever their labels are", () => {
  fc.assert(
    fc.property(idLists, fc.infiniteStream(fc.integer({ min: -2, max: 5 })), fc.boolean(), (given, stream, isTyped) => {
      const nodeIds = given.toSorted((a, b) => a - b);
      const labels = nodeIds.map(() => Math.min(stream.next().value as number, nodeIds.length - 1));
      const result = NodeGroups.of(nodesOf(given), isTyped ? Int32Array.from(labels) : labels);
      const lists = new Map<number, number[]>();
      for (const [at, label] of labels.entries()) {
        if (label >= 0) lists.set(label, [...lists.get(label) ?? [], nodeIds[at] as number]);
      }
      const expected = [...lists.values()].sort((a, b) => b.length - a.length || (a[0] as number) - (b[0] as number));
      assertEquals([...result], expected.map((ids, group) => ({ group, nodeIds: ids })));
      assertEquals([result.count, [...result.sizes]], [expected.length, expected.map((ids) => ids.length)]);
      for (const [at, nodeId] of nodeIds.entries()) {
        const group = expected.findIndex((ids) => ids.includes(nodeId));
        assertEquals([result.groupOf(nodeId), result.groups[at]], [group < 0 ? undefined : group, group]);
      }
      assertEquals([result.groupOf(61), result.nodeIdsOf(-1), result.nodeIdsOf(99)], [undefined, [], []]);
    }),
  );
});

test("results stay the same when they travel, alone or as a member, and share their memory", () => {
  const projection = nodesOf([1, 5]);
  const values = NodeValues.of(projection, Int32Array.of(3, -1), { none: -1 });
  const groups = NodeGroups.of(projection, [1, 1]);
  const travel = (value: unknown) => unpackResult(structuredClone(packResult(value)));
  const alone = travel(values);
  assert(alone instanceof NodeValues);
  assertEquals([...alone], [{ nodeId: 1, value: 3 }]);
  values.values[0] = 9;
  assertEquals(alone.get(1), 9);
  const { first, second, rest } = travel({ first: values, second: groups, rest: [1] }) as Record<string, unknown>;
  assert(first instanceof NodeValues && second instanceof NodeGroups);
  assertEquals([first.get(1), second.groupOf(5), rest], [9, 0, [1]]);
  for (const plain of [undefined, null, 7, "text", [1, 2], { a: { b: 1 } }, new Map([[1, 2]])]) {
    assertEquals(travel(plain), plain);
  }
});

test("numbers that are not in shared memory are copied into it, others are not", () => {
  const projection = nodesOf([1, 2]);
  const own = Float32Array.of(1, 2);
  const copied = NodeValues.of(projection, own);
  own[0] = 7;
  assertEquals([copied.get(1), copied.values.buffer instanceof SharedArrayBuffer], [1, true]);
  const shared = new Uint32Array(new SharedArrayBuffer(8));
  assertEquals(NodeValues.of(projection, shared).values, shared);
});

test("what does not fit is refused", () => {
  const projection = nodesOf([1, 2]);
  assertThrows(() => NodeValues.of(projection, Float64Array.of(1)), InvalidArgumentError, "1 numbers and 2 nodes");
  assertThrows(() => NodeGroups.of(projection, [0, 1, 2]), InvalidArgumentError, "3 numbers and 2 nodes");
  assertThrows(() => NodeGroups.of(projection, Int32Array.of(0, 2)), InvalidArgumentError, "2 is no label");
  for (const label of [2, 0.5, NaN]) {
    const error = assertThrows(() => NodeGroups.of(projection, [0, label]), InvalidArgumentError, `${label}`);
    assertEquals(error.code, "invalid-label");
  }
  assertThrows(() => NodeValues.of({} as never, Float64Array.of()), InvalidArgumentError, "no projection");
  assertThrows(() => defineResult("tests:none", class {} as never), InvalidArgumentError, "from");
  assertThrows(() => NodeValues.of(projection, Float64Array.of(1, 2)).top(-1), InvalidArgumentError, "count");
});

test("an object of a class that this thread does not know is an error that names it", () => {
  const error = assertThrows(() => unpackResult({ value: 1, classes: "tests:unknown" }), NotFoundError);
  assertEquals([error.code, error.value], ["result-class-not-found", "tests:unknown"]);
});
