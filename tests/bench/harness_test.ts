import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { formatTable, Harness, median } from "../../bench/harness.ts";
import { test } from "../support/test.ts";

/** A clock that only moves when it is told to, so that every figure is exact. */
function fakeClock() {
  let time = 0;
  return { now: () => time, spend: (ms: number) => () => void (time += ms) };
}

test("an operation is compared with its reference and judged by the ratio", async () => {
  const { now, spend } = fakeClock();
  const bench = new Harness({ now });
  const slow = { name: "slow", operations: 1000, measured: spend(3), reference: spend(2) };
  const entry = await bench.operation({ ...slow, atMost: 1.5 });
  assertAlmostEquals(entry.median, 3000);
  assertAlmostEquals(entry.reference ?? NaN, 2000);
  assertEquals({ unit: entry.unit, ratio: entry.ratio, bar: entry.bar, holds: entry.holds }, {
    unit: "ns",
    ratio: 1.5,
    bar: 1.5,
    holds: true,
  });
  assertEquals((await bench.operation({ ...slow, atMost: 1.4 })).holds, false);
  assertEquals((await bench.operation({ ...slow, atLeast: 1.6 })).holds, false);
  assertEquals((await bench.operation({ ...slow, atLeast: 1.5 })).holds, true);
});

test("an operation without a reference is judged by its own time", async () => {
  const { now, spend } = fakeClock();
  const entry = await new Harness({ now }).operation({ name: "a", unit: "us", measured: spend(0.5), atMost: 400 });
  assertAlmostEquals(entry.median, 500);
  assertEquals([entry.reference, entry.ratio, entry.direction, entry.holds], [null, null, "at most", false]);
});

test("an entry without a bar neither holds nor fails", async () => {
  const { now, spend } = fakeClock();
  const entry = await new Harness({ now }).operation({ name: "a", measured: spend(1) });
  assertEquals([entry.bar, entry.direction, entry.holds], [null, null, null]);
});

test("a job is measured once a round, without what prepares it and cleans up after it", async () => {
  const { now, spend } = fakeClock();
  const calls: string[] = [];
  const entry = await new Harness({ now }).job({
    name: "load",
    rounds: 2,
    prepare: () => {
      spend(100)();
      calls.push("prepare");
      return "file";
    },
    measured: async (file) => {
      await Promise.resolve();
      spend(6)();
      calls.push(`measured ${file}`);
    },
    reference: (file) => {
      spend(4)();
      calls.push(`reference ${file}`);
    },
    cleanUp: spend(100),
    atMost: 1.25,
  });
  assertEquals([entry.median, entry.unit, entry.reference, entry.ratio, entry.holds], [6, "ms", 4, 1.5, false]);
  // The first round warms up; the order turns round with every round.
  assertEquals(calls.filter((call) => call !== "prepare"), [
    "reference file",
    "measured file",
    "measured file",
    "reference file",
    "reference file",
    "measured file",
  ]);
});

test("the ratio is taken round by round, so that a slower machine does not change it", async () => {
  const { now, spend } = fakeClock();
  let load = 1;
  const entry = await new Harness({ now }).job({
    name: "drift",
    prepare: () => load *= 2,
    measured: (factor) => spend(3 * factor)(),
    reference: (factor) => spend(2 * factor)(),
    rounds: 6,
  });
  // Each round doubles twice: the side that goes second sees twice the load, in turns.
  assertEquals(entry.ratio, (3 / 4 + 3) / 2);
});

test("a figure of the suite's own is taken as it is", () => {
  const bench = new Harness();
  assertEquals(bench.value({ name: "memory", unit: "MB", value: 299, atMost: 300 }).holds, true);
  assertEquals(bench.value({ name: "rate", unit: "1/s", value: 30, reference: 10, atLeast: 4 }).ratio, 3);
  assertEquals(bench.entries.map((entry) => entry.holds), [true, false]);
});

test("an error in a measured function ends the suite", async () => {
  const broken = () => {
    throw new RangeError("broken");
  };
  await assertRejects(() => new Harness().operation({ name: "a", measured: broken }), RangeError, "broken");
  await assertRejects(() => new Harness().job({ name: "a", measured: broken }), RangeError, "broken");
});

test("median takes the middle", () => {
  assertEquals(median([5, 1, 3]), 3);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertThrows(() => median([]), RangeError);
});

test("the table lines up and says which way a bar points", () => {
  const bench = new Harness();
  bench.value({ name: "memory", unit: "MB", value: 12345.6, atMost: 300 });
  bench.value({ name: "rate", unit: "1/s", value: 30, reference: 10, atLeast: 2 });
  assertEquals(formatTable(bench.entries).split("\n"), [
    "        median  unit  reference  ratio  bar          holds",
    "memory  12,346  MB                      at most 300  NO",
    "rate        30  1/s          10   3.00  at least 2   yes",
  ]);
});
