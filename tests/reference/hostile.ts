/** Imports of damaged files: whatever the damage, a typed error or a report, and nothing else changes. */

import { Buffer } from "node:buffer";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "../../mod.ts";
import { GraphError } from "../../lib/backend/errors.ts";
import { importReference } from "../../lib/reference/import_reference.ts";
import { inspectReference } from "../../lib/reference/inspect.ts";
import { inspectionText } from "../../lib/reference/inspect_text.ts";
import { Rng } from "../crash/rng.ts";
import { goldenBytes, goldenFileNames, MAIN_FILE, unpackGolden } from "../support/reference_golden.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { largestAllocation } from "./allocation.ts";
import { mutate } from "./mutate.ts";

/** Longest that one import may take. A guard against hanging, not a measure of speed. */
export const LIMIT_MS = 2_000;
/** What an engine in memory and the caches of an import may take whatever the size of the file. */
const BASE_BYTES = 96 * 2 ** 20;

/** A golden database, and how often which of its files is damaged. */
export class HostileDatabase implements Disposable {
  readonly folder: string;
  readonly #dir: TempDir = tempDir();
  readonly #files = new Map<string, Uint8Array>();
  readonly #size: number;

  constructor(folder: string) {
    this.folder = folder;
    unpackGolden(folder, this.#dir);
    for (const name of goldenFileNames(folder)) this.#files.set(name, goldenBytes(folder, name));
    this.#size = [...this.#files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** Names of its files. */
  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** Damages one file as the seed says, imports or inspects it, and says what is wrong; undefined when nothing is. */
  problem(name: string, seed: number): string | undefined {
    const rng = new Rng(seed);
    const original = this.#files.get(name) as Uint8Array;
    const others = [...this.#files.values()].filter((bytes) => bytes.length > 0);
    const damaged = mutate(name, original, rng.pick(others), rng);
    const path = this.#dir.path(name);
    writeFileSync(path, damaged);
    const limit = 8 * (this.#size - original.length + damaged.length) + BASE_BYTES;
    const main = this.#dir.path(MAIN_FILE);
    const call = CALLS[seed % CALLS.length] as (main: string) => string | undefined;
    try {
      const problem = this.#timed(() => call(main), limit) ?? this.#changed(name, damaged);
      return problem === undefined ? undefined : `${call.name}: ${problem}`;
    } finally {
      writeFileSync(path, original);
    }
  }

  #timed(run: () => string | undefined, limit: number): string | undefined {
    let problem: string | undefined;
    // One that takes too long is run once more: something else may have had the processor meanwhile.
    for (let round = 0; round < 2; round++) {
      const start = performance.now();
      const largest = largestAllocation(() => problem = run());
      const ms = performance.now() - start;
      if (problem !== undefined) return problem;
      if (largest > limit) return `${largest} bytes were allocated at once, ${limit} are the limit`;
      if (ms <= LIMIT_MS) return undefined;
      problem = `took ${Math.round(ms)} ms`;
    }
    return problem;
  }

  #changed(damagedName: string, damaged: Uint8Array): string | undefined {
    const found = readdirSync(this.#dir.root).sort();
    const expected = [...this.#files.keys()].sort();
    if (found.join() !== expected.join()) return `the folder has ${found.join()} instead of ${expected.join()}`;
    for (const [name, bytes] of this.#files) {
      const wanted = name === damagedName ? damaged : bytes;
      if (Buffer.compare(readFileSync(this.#dir.path(name)), wanted) !== 0) return `${name} was changed`;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#dir[Symbol.dispose]();
  }
}

/** Bytes: making a cache of the usual size takes longer than most of the imports. */
const SMALL_CACHE = 2 ** 20;

/** What is done with a damaged file, in turn. */
const CALLS: readonly ((main: string) => string | undefined)[] = [
  function importAsItIs(main) {
    return importDamaged(main, false);
  },
  function importWithSalvage(main) {
    return importDamaged(main, true);
  },
  function importWithSalvageAndCheck(main) {
    return importDamaged(main, true, true);
  },
  inspectDamaged,
];

function importDamaged(path: string, salvage: boolean, isChecked = false): string | undefined {
  using db = open(":memory:", { cacheBytes: SMALL_CACHE });
  const counts = () => `${db.countNodes()} nodes, ${db.countEdges()} edges, ${db.kv.count()} keys`;
  try {
    const { nodes, edges, keyValues, losses } = importReference(path, db, { salvage });
    const text = `${nodes} nodes, ${edges} edges, ${keyValues} keys`;
    // A key may expire between the import and now.
    if (db.countNodes() !== nodes || db.countEdges() !== edges || db.kv.count() > keyValues) {
      return `the report has ${text}, the database ${counts()}`;
    }
    if (losses.some(({ message }) => message === "")) return "a loss without a message";
  } catch (error) {
    if (!(error instanceof GraphError)) return describe(error);
    if (counts() !== "0 nodes, 0 edges, 0 keys") return `${counts()} after ${error.message}`;
  }
  if (!isChecked) return undefined;
  const { ok, findings } = db.check();
  return ok ? undefined : `the database is damaged: ${findings[0]?.message}`;
}

function inspectDamaged(path: string): string | undefined {
  try {
    return inspectionText(inspectReference(path)) === "" ? "no text" : undefined;
  } catch (error) {
    return error instanceof GraphError ? undefined : describe(error);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error.message}` : String(error);
}
