/** What all algorithms of the family have in common: threads, progress, tables. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import type { CatalogueEntry } from "../../../lib/algo/catalogue_entry.ts";
import { CENTRALITY } from "../../../lib/algo/centrality/catalogue.ts";
import {
  betweennessCentrality,
  closenessCentrality,
  type Hits,
  type NodeScores,
  pageRank,
} from "../../../lib/algo/centrality/mod.ts";
import { grid, kronecker } from "../../../lib/algo/generate/mod.ts";
import type { NodeValues } from "../../../lib/algo/define.ts";
import type { Projection } from "../../../lib/projection/mod.ts";
import { algorithmThreads } from "../../support/algorithm_threads.ts";
import { test } from "../../support/test.ts";

function bytes(numbers: ArrayBufferView): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice();
}

/** All numbers of a result. */
function numbersOf(result: unknown): Uint8Array {
  const { hubs, authorities } = result as Partial<Hits>;
  if (hubs !== undefined && authorities !== undefined) {
    return Buffer.concat([bytes(hubs.values), bytes(authorities.values)]);
  }
  const { scores } = result as { scores?: ArrayBufferView };
  return bytes(scores ?? (result as NodeValues).values);
}

/** Parameters that keep runs short. */
function paramsFor(entry: CatalogueEntry, isWeighted: boolean): Record<string, unknown> {
  const params: Record<string, unknown> = { weighted: isWeighted };
  if ("samples" in entry.params) params["samples"] = 150;
  return params;
}

test("several threads find what one finds, bit by bit", async () => {
  await using threads = algorithmThreads(3);
  const made = kronecker({ scale: 10, edgeFactor: 6 }).withWeights({ max: 40 });
  for (const undirected of [true, false]) {
    const projection = made.project({ undirected });
    for (const entry of CENTRALITY) {
      for (const isWeighted of [false, true]) {
        const params = paramsFor(entry, isWeighted);
        const here = numbersOf(entry.algorithm(projection, params));
        for (const workers of [1, 2, 3]) {
          const there = numbersOf(await threads.run(entry.algorithm, params, projection, workers));
          assertEquals(Buffer.compare(here, there), 0, `${entry.name}, ${workers}`);
        }
      }
    }
  }
});

test("large and long graphs have the same scores for any number of threads", async () => {
  await using threads = algorithmThreads(3);
  const large = kronecker({ scale: 18, edgeFactor: 1 }).project({ undirected: true });
  const long = grid({ rows: 3, columns: 700 }).project({ undirected: true });
  const runs: (readonly [(workers: number) => Promise<{ values: ArrayBufferView }>])[] = [
    [(workers) => threads.run(pageRank, { tolerance: 1e-8 }, large, workers)],
    [(workers) => threads.run(betweennessCentrality, { samples: 5 }, large, workers)],
    [(workers) => threads.run(closenessCentrality, { samples: 100 }, large, workers)],
    [(workers) => threads.run(closenessCentrality, { samples: 100 }, long, workers)],
  ];
  for (const [run] of runs) {
    const one = bytes((await run(1)).values);
    for (const workers of [2, 3]) assertEquals(Buffer.compare(bytes((await run(workers)).values), one), 0);
  }
});

test("scores travel with how the iteration ended", async () => {
  await using threads = algorithmThreads(2);
  const projection = kronecker({ scale: 6 }).project();
  const here = pageRank(projection, { maxIterations: 3 });
  const there: NodeScores = await threads.run(pageRank, { maxIterations: 3 }, projection, 2);
  assertEquals([there.iterations, there.change, there.isConverged], [3, here.change, false]);
  assertEquals(there.top(4), here.top(4));
  assertEquals([...there], [...here]);
});

test("results are tables, whose cells are what their columns say", () => {
  for (const entry of CENTRALITY) {
    const made = kronecker({ scale: 5, edgeFactor: 3 });
    for (const edgeIds of [true, false]) {
      const projection = made.project({ edgeIds });
      const { facts, columns, rows } = entry.table(entry.algorithm(projection, {}), projection);
      if ("tolerance" in entry.params) assertEquals(Object.keys(facts ?? {}), ["iterations", "change", "isConverged"]);
      let last = Infinity;
      const scoreAt = columns.findIndex(({ kind }) => kind === "number");
      for (const row of rows) {
        assertEquals(row.length, columns.length, entry.name);
        for (const [at, { kind }] of columns.entries()) {
          if (kind === "node") assert(projection.indexOf(row[at] as number) >= 0, entry.name);
          else assert(typeof row[at] === "number" && !Number.isNaN(row[at]), entry.name);
        }
        assert((row[scoreAt] as number) <= last, entry.name);
        last = row[scoreAt] as number;
      }
    }
  }
});

test("names are in order and said once, unknown parameters are refused", () => {
  const names = CENTRALITY.map(({ name }) => name);
  assertEquals(names, [...new Set(names)].sort());
  const projection = kronecker({ scale: 3 }).project();
  for (const entry of CENTRALITY) {
    assertThrows(() => entry.algorithm(projection, { colour: "red" }), InvalidArgumentError, "is no parameter");
  }
});

/** A context that counts. */
function counting(stopAt = Infinity): { asked: number; done: number; context: never } {
  const counts = { asked: 0, done: 0, context: undefined as never };
  counts.context = {
    workers: 1,
    worker: 0,
    isAborted: false,
    throwIfAborted() {
      if (++counts.asked >= stopAt) throw new RangeError("enough");
    },
    progress: (units: number) => counts.done += units,
    total() {},
    barrier() {},
    sharedBuffer: (byteLength: number) => new SharedArrayBuffer(byteLength),
  } as never;
  return counts;
}

test("long runs ask often whether they were cancelled, and tell how far they are", () => {
  const made = kronecker({ scale: 14, edgeFactor: 8 }).withWeights();
  const projection: Projection = made.project({ undirected: true });
  for (const entry of CENTRALITY) {
    const params = "samples" in entry.params ? { samples: 2 } : {};
    const counts = counting();
    entry.algorithm(projection, params, counts.context);
    const least = Math.floor(projection.out.targets.length / 65_536);
    assert(counts.asked >= least, `${entry.name} asked ${counts.asked} times`);
    assert(counts.done > 0, `${entry.name} told no progress`);
    assertThrows(
      () => entry.algorithm(projection, params, counting(counts.asked).context),
      RangeError,
      "enough",
      entry.name,
    );
  }
});
