/** Recall of an index that was closed and opened, and of one whose vectors were deleted by half and written again. */

import { copyFileSync } from "node:fs";
import { V3Backend } from "../lib/v3/mod.ts";
import type { Harness } from "./harness.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";
import { judged, measuredSet } from "./vector_build_options.ts";
import { COMPARED_EF, INDEX, searchIn, vectorDatabase } from "./vector_database.ts";
import { recallOf } from "./vector_recall.ts";

/** What recall may lose. */
const LOSS = 0.005;

/** Against the index as it was before it was closed. */
export function measureReopenedRecall(bench: Harness, options: SuiteOptions, files: GraphFiles): void {
  const { path, recall } = vectorDatabase(files, options, "f32");
  using db = V3Backend.open(path, { readonly: true });
  const reopened = recallOf(measuredSet(options, "clustered"), searchIn(db), COMPARED_EF);
  keepLoss(bench, options, "reopening", recall, reopened);
}

/** Half of all vectors, chosen at random, deleted and then inserted, some thousand in each transaction. */
export function measureChurn(bench: Harness, options: SuiteOptions, files: GraphFiles): void {
  const set = measuredSet(options, "clustered");
  const { path, recall } = vectorDatabase(files, options, "f32");
  const copy = files.newPath();
  copyFileSync(path, copy);
  using db = V3Backend.open(copy);
  const next = randomNumbers(5);
  const places = [...set.vectors.keys()].filter(() => next(2) === 0);
  const step = sized(options, 5_000, 500);
  const start = performance.now();
  for (let from = 0; from < places.length; from += step) {
    db.transaction((tx) => {
      for (const place of places.slice(from, from + step)) tx.deleteVector(INDEX, place + 1);
    });
  }
  const deleteMs = performance.now() - start;
  for (let from = 0; from < places.length; from += step) {
    const rows = places.slice(from, from + step).map((place) => ({
      nodeId: place + 1,
      vector: set.vectors[place] as Float32Array,
    }));
    db.vectorIndex(INDEX).insertMany(rows);
  }
  const insertMs = performance.now() - start - deleteMs;
  const churned = recallOf(set, searchIn(db), COMPARED_EF);
  keepLoss(bench, options, "deleting and inserting half", recall, churned);
  bench.value({ name: `deleting ${places.length.toLocaleString("en-US")} vectors`, unit: "ms", value: deleteMs });
  bench.value({ name: "inserting them again", unit: "ms", value: insertMs });
}

function keepLoss(bench: Harness, options: SuiteOptions, name: string, fresh: number, now: number): void {
  bench.value({
    name: `recall lost by ${name} (ef ${COMPARED_EF}: ${fresh.toFixed(4)}, then ${now.toFixed(4)})`,
    unit: "",
    value: fresh - now,
    ...judged(options, { atMost: LOSS }),
  });
}
