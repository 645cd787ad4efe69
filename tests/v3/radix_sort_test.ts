import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { sortLinks } from "../../lib/v3/radix_sort.ts";
import { test } from "../support/test.ts";

const MAX_ID = Number.MAX_SAFE_INTEGER;

/** The order that comparing gives, stable. */
function expectedOrder(a: Float64Array, b: Float64Array, count: number): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  return order.sort((x, y) => (a[x] as number) - (a[y] as number) || (b[x] as number) - (b[y] as number) || x - y);
}

function assertSorts(a: Float64Array, b: Float64Array, count = a.length): void {
  assertEquals([...sortLinks(a, b, count)], expectedOrder(a, b, count));
}

/** Numbers below a bound, from a base on, the same for every run. */
function numbers(count: number, bound: number, base: number, seed: number): Float64Array {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  return Float64Array.from({ length: count }, () => base + Math.floor((next() + next() * 2 ** -24) * (bound - 1)));
}

test("random pairs come out as comparing sorts them, equal ones in their order", () => {
  const number = fc.oneof(fc.nat(3), fc.nat(100_000), fc.maxSafeNat(), fc.nat(9).map((n) => MAX_ID - n));
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { maxLength: 700, size: "max" }), (pairs) => {
      assertSorts(Float64Array.from(pairs, ([a]) => a), Float64Array.from(pairs, ([, b]) => b));
    }),
  );
});

test("every width of numbers is sorted, from equal ones to 53 bits, at any base", () => {
  for (let bits = 0; bits <= 53; bits++) {
    const bound = 2 ** bits;
    assertSorts(numbers(2000, 100, 5, bits + 1), numbers(2000, bound, 0, bits + 1));
    assertSorts(numbers(2000, bound, MAX_ID + 1 - bound, bits + 1), numbers(2000, 3, MAX_ID - 3, bits + 1));
  }
});

test("columns that are longer than the count are read up to it", () => {
  const a = numbers(1000, 50, 0, 1);
  const b = numbers(1000, 50, 0, 2);
  for (const count of [0, 1, 2, 255, 256, 257, 999]) assertSorts(a, b, count);
});

test("pairs that ascend already, or all agree in a column, are sorted", () => {
  const ascending = Float64Array.from({ length: 1000 }, (_, at) => at);
  const same = new Float64Array(1000).fill(7);
  for (const a of [ascending, same, ascending.toReversed()]) {
    for (const b of [ascending, same, ascending.toReversed()]) assertSorts(a, b);
  }
});

test("a million pairs are sorted", () => {
  const count = 1_000_000;
  const a = numbers(count, 1000, 0, 3);
  const b = numbers(count, 1_000_000, 0, 4);
  const order = sortLinks(a, b, count);
  const seen = new Uint8Array(count);
  let wrong = 0;
  for (let at = 0; at < count; at++) {
    const here = order[at] as number;
    if (seen[here] === 1) wrong++;
    seen[here] = 1;
    if (at === 0) continue;
    const before = order[at - 1] as number;
    const step = (a[here] as number) - (a[before] as number) || (b[here] as number) - (b[before] as number) ||
      here - before;
    if (step <= 0) wrong++;
  }
  assertStrictEquals(wrong, 0);
});
