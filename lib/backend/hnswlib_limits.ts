/** What the vector engine `hnswlib` cannot do. */

import { UnsupportedError } from "./errors.ts";
import type { VectorIndexDefinition } from "./vector_input.ts";

/** Throws `UnsupportedError` when an index of the engine `hnswlib` is to be what that library has not got. */
export function refuseBeyondHnswlib({ engine, metric, storage }: VectorIndexDefinition, call: string): void {
  if (engine !== "hnswlib") return;
  if (metric === "manhattan") {
    throw new UnsupportedError(
      `${call}: the engine hnswlib does not measure by manhattan; choose another metric, or the engine hnsw`,
      { code: "engine-hnswlib-metric", field: "metric", value: metric },
    );
  }
  if (storage !== "f32") {
    throw new UnsupportedError(
      `${call}: the engine hnswlib keeps vectors as f32 only, not as ${storage}; leave storage out, or choose the engine hnsw`,
      { code: "engine-hnswlib-storage", field: "storage", value: storage },
    );
  }
}
