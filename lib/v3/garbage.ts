/**
 * Keeps garbage small beside a large page cache. Bun's collector takes the cache for memory of its own heap, and by the size of
 * that heap it decides how much garbage may lie about before it collects: several times the cache. Other runtimes do not.
 */

import process from "node:process";

/** Estimated bytes of garbage between two collections of young objects (0.2 ms each). */
const COLLECT_BYTES = 32 * 1024 * 1024;

let noted = 0;
let collectYoung: (() => void) | undefined;

/** Says that this thread now holds a large buffer. */
export function watchGarbage(): void {
  if (collectYoung !== undefined) return;
  // Undefined on other runtimes, and the name unknown to their types.
  const engine = process.getBuiltinModule("bun:jsc") as { readonly edenGC?: () => void } | undefined;
  collectYoung = engine?.edenGC;
}

/** Adds to the estimate. Hot. */
export function noteGarbage(byteCount: number): void {
  noted += byteCount;
  if (noted > COLLECT_BYTES) collect();
}

function collect(): void {
  noted = 0;
  collectYoung?.();
}
