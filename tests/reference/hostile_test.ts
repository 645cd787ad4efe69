/** Damaged files of every sort: a typed error or a report, in bounded time and memory, and no file changes. The same over
 * many more seeds: `npm run simulate:import`. */

import { assertEquals } from "@std/assert";
import { Rng } from "../crash/rng.ts";
import { GOLDEN_FOLDERS, goldenFileNames } from "../support/reference_golden.ts";
import { test } from "../support/test.ts";
import { HostileDatabase } from "./hostile.ts";

const CASES = 120;
/** Whose import takes long: the script damages it, too. */
const LARGE = /\/(pages|hub)$/;

/** Sorts of files, and which databases have them. */
const SORTS: Readonly<Record<string, { readonly file: string; readonly version: RegExp }>> = {
  "main file of 2.0.7": { file: "db.graph", version: /^2\.0\.7/ },
  "main file of 2.2.2": { file: "db.graph", version: /^2\.2\.2/ },
  "main file of 3.2.5": { file: "db.graph", version: /^3\.2\.5/ },
  "main file of 3.9.0": { file: "db.graph", version: /^3\.9\.0/ },
  "main file that two versions wrote": { file: "db.graph", version: /^cross/ },
  "edge tree root": { file: "db.v3edgemeta", version: /./ },
  "index of kinds and names": { file: "db.v3index", version: /./ },
  "checkpoint": { file: "db.v3checkpoint", version: /./ },
  "log": { file: "db.v3wal", version: /./ },
  "property sidecar": { file: "db.sqlite", version: /./ },
};

for (const [sort, { file, version }] of Object.entries(SORTS)) {
  test(`a damaged ${sort} gives a typed error or a report`, () => {
    const folders = GOLDEN_FOLDERS.filter((folder) =>
      version.test(folder) && !LARGE.test(folder) && goldenFileNames(folder).includes(file)
    );
    const problems: string[] = [];
    const rng = new Rng(1);
    for (const folder of folders) {
      using database = new HostileDatabase(folder);
      for (let round = 0; round < CASES / folders.length; round++) {
        const seed = 4 * rng.between(0, 1 << 20) + round % 4;
        const problem = database.problem(file, seed);
        if (problem !== undefined) problems.push(`${folder} ${file} seed ${seed}: ${problem}`);
      }
    }
    assertEquals(problems, []);
  });
}
