import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { RUNTIME, test } from "../support/test.ts";
import type { FaultFileSystem } from "./fault_file_system.ts";
import { simulate, SimulationFailure } from "./simulate.ts";
import { openV3 } from "./v3_engine.ts";

const SEEDS_PER_TEST = 10;
const TESTS = 10;
const HUGE_SEEDS = 5;
/** A seed does the same on both runtimes, so each of them runs other ones. */
const PART = RUNTIME === "bun" ? 0 : 1;

for (let at = 0; at < TESTS; at++) {
  const first = (PART * TESTS + at) * SEEDS_PER_TEST + 1;
  const last = first + SEEDS_PER_TEST - 1;
  test(`a database survives crashes, failing files and damage as promised, seeds ${first} to ${last}`, () => {
    for (let seed = first; seed <= last; seed++) simulate({ seed, open: openV3 });
  });
}

test("a database survives crashes in transactions that are too big for the log", () => {
  const first = PART * HUGE_SEEDS + 1;
  for (let seed = first; seed < first + HUGE_SEEDS; seed++) {
    simulate({ seed, open: openV3, sort: "crash", isHuge: true });
  }
});

test("a seed runs in the same way each time, so that a failure can be looked at again", () => {
  for (const sort of ["crash", "error"] as const) {
    assertEquals(simulate({ seed: 7, open: openV3, sort }), simulate({ seed: 7, open: openV3, sort }));
  }
});

/** The simulator must be able to fail: on a disk that does less than it says, some seed soon does. */
function assertFound(prepare: (files: FaultFileSystem) => void, sort: "crash" | "error"): void {
  for (let seed = 1; seed <= 60; seed++) {
    try {
      simulate({ seed, open: openV3, sort, prepare });
    } catch (error) {
      assertInstanceOf(error, SimulationFailure);
      assert(error.message.includes(`--start ${seed}`), "the message says how to run it again");
      return;
    }
  }
  throw new Error("no seed found it");
}

test("the simulator finds a log that is not on the medium when a commit returns", () => {
  assertFound((files) => files.ignoresSync = (path) => path.endsWith(".v3wal"), "crash");
});

test("the simulator finds pages that are not on the medium when a header names them", () => {
  assertFound((files) => files.ignoresSync = (path) => path.endsWith(".graph"), "crash");
});

test("the simulator finds a log whose name is not on the medium", () => {
  assertFound((files) => files.ignoresSync = (path) => path === "/db", "crash");
});
