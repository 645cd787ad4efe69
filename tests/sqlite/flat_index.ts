/** An index as the Rust program writes it by default: one layer, one entry point, directed lists of up to max(2·m, 32) links. */

import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import type { Rng } from "../crash/rng.ts";
import { openRaw } from "../support/raw_sqlite.ts";

const M = 16;
const MAX_LINKS = 32;

/** Writes the index "flat" with so many random vectors, none of which belongs to a node. */
export function writeFlatIndex(path: string, count: number, dimension: number, rng: Rng): void {
  SqliteBackend.open(path).close();
  const vectors = Array.from(
    { length: count },
    () => Float32Array.from({ length: dimension }, () => rng.between(-1000, 1000) / 64),
  );
  const far = (one: number, other: number): number => {
    let sum = 0;
    const [a, b] = [vectors[one] as Float32Array, vectors[other] as Float32Array];
    for (let at = 0; at < dimension; at++) sum += ((a[at] as number) - (b[at] as number)) ** 2;
    return sum;
  };
  const lists: number[][] = [];
  for (let id = 0; id < count; id++) {
    const nearest = Array.from({ length: id }, (_, other) => ({ other, distance: far(id, other) }))
      .sort((a, b) => a.distance - b.distance).slice(0, M).map(({ other }) => other);
    lists.push(nearest);
    for (const other of nearest) {
      const list = lists[other] as number[];
      list.push(id);
      // Cut to the nearest ones, as the program does while it builds.
      if (list.length > MAX_LINKS) {
        list.sort((a, b) => far(other, a) - far(other, b)).length = MAX_LINKS;
      }
    }
  }
  using raw = openRaw(path);
  raw.exec("BEGIN");
  raw.exec(`INSERT INTO hnsw_indexes VALUES (1, 'flat', ${dimension}, ${M}, 200, 'euclidean', 0, 1, 1)`);
  vectors.forEach((vector, at) => {
    raw.exec(`INSERT INTO hnsw_vectors VALUES (${at + 1}, 1, x'${hex(new Uint8Array(vector.buffer))}', NULL, 1, 1)`);
    const list = new Uint8Array(BigUint64Array.from(lists[at] as number[], BigInt).buffer);
    raw.exec(
      `INSERT INTO hnsw_layers (index_id, layer_level, node_id, connections) VALUES (1, 0, ${at}, x'${hex(list)}')`,
    );
  });
  raw.exec("INSERT INTO hnsw_entry_points VALUES (1, 1, 0)");
  raw.exec("COMMIT");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
