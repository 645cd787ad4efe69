/** Bulk load and file size of WordNet, against the SQLite backend. */

import type { Harness } from "./harness.ts";
import { newPath, removeFiles, sizeOf, temporaryPath } from "./v3_files.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { type Content, loadWordNet, openWordNet, readWordNet, type WordNetRows } from "./v3_wordnet.ts";

/** Time of a load in one transaction, with its commit and the close. */
export async function measureLoad(bench: Harness, options: SuiteOptions): Promise<void> {
  const rows = readWordNet(options);
  // Each prepares a file of both, so that measured and reference differ in the engine alone.
  await bench.job({
    name: "bulk load of WordNet / SQLite backend",
    prepare: () => ({ v3: emptyDatabase("v3"), sqlite: emptyDatabase("sqlite") }),
    measured: (paths) => loadWordNet("v3", paths.v3, rows),
    reference: (paths) => loadWordNet("sqlite", paths.sqlite, rows),
    cleanUp: (paths) => [paths.v3, paths.sqlite].forEach(removeFiles),
    atMost: 0.333,
  });
}

function emptyDatabase(backend: "v3" | "sqlite"): string {
  const path = newPath();
  openWordNet(backend, path).close();
  return path;
}

/** Bytes of the closed file. */
export function measureSize(bench: Harness, options: SuiteOptions): void {
  const rows = readWordNet(options);
  for (
    const { content, name, atMost } of [
      { content: "structure", name: "file of WordNet without its text", atMost: 0.35 },
      { content: "all", name: "file of WordNet with its text", atMost: 0.6 },
    ] as const
  ) {
    const value = sizeAfterLoad("v3", rows, content);
    const reference = sizeAfterLoad("sqlite", rows, content);
    bench.value({ name, unit: "MB", value, reference, atMost });
  }
}

function sizeAfterLoad(backend: "v3" | "sqlite", rows: WordNetRows, content: Content): number {
  using file = temporaryPath();
  loadWordNet(backend, file.path, rows, content);
  return sizeOf(file.path) / 2 ** 20;
}
