/** Space that becomes free is used again: sizes of files after much was deleted, and after a tag was dropped. */

import type { GraphBackend } from "../lib/backend/mod.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, peakMemoryMb } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { sizeOf, temporaryPath } from "./v3_files.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";
import { insertWordNet, openWordNet, readWordNet } from "./v3_wordnet.ts";

const ROUNDS = 5;
const MB = 2 ** 20;

/** The file after rounds of deleting everything and loading it again, against that of one load. */
export async function measureReuse(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  const sizes = await apart(import.meta.url, deleteAndLoad, { path: file.path, isQuick: options.isQuick });
  const name = `file after ${ROUNDS} rounds of delete and load / after one load`;
  bench.value({ name, unit: "MB", value: sizes.at(-1) as number, reference: sizes[0] as number, atMost: 1.3 });
}

/** Size of the file, in MB, after each load. */
export function deleteAndLoad({ path, isQuick }: { readonly path: string; readonly isQuick: boolean }): number[] {
  const rows = readWordNet({ isQuick, only: [] });
  using db = openWordNet("v3", path);
  const load = (): number => {
    insertWordNet(db, rows);
    db.checkpoint();
    return sizeOf(path) / MB;
  };
  const sizes = [load()];
  for (let round = 0; round < ROUNDS; round++) {
    const ids = [...db.nodeIds()];
    db.transaction((tx) => {
      for (const id of ids) tx.deleteNode(id);
    });
    db.checkpoint();
    sizes.push(load());
  }
  return sizes;
}

/** Many commits under one tag, which is then dropped, against the same without a tag. */
export async function measureTag(bench: Harness, options: SuiteOptions): Promise<void> {
  const work = { nodes: sized(options, 100_000, 5000), commits: sized(options, 100_000, 5000) };
  using file = temporaryPath();
  using reference = temporaryPath();
  const tagged = await apart(import.meta.url, commitUnderTag, { ...work, path: file.path, isTagged: true });
  const untagged = await apart(import.meta.url, commitUnderTag, { ...work, path: reference.path, isTagged: false });
  const commits = work.commits.toLocaleString("en-US");
  bench.value({
    name: `resident memory: ${commits} commits under a tag`,
    unit: "MB",
    value: tagged.peakMb,
    atMost: 450,
  });
  const sizes = { value: tagged.sizeMb, reference: untagged.sizeMb };
  bench.value({
    name: `file after ${commits} commits under a tag that is gone / without it`,
    unit: "MB",
    ...sizes,
    atMost: 1.5,
  });
  bench.value({ name: "file while the tag was there", unit: "MB", value: tagged.taggedMb });
  const times = { value: tagged.commitUs, reference: untagged.commitUs };
  bench.value({ name: "commit under a tag / without it", unit: "us", ...times });
}

/** What is done. */
interface TagWork {
  readonly path: string;
  readonly nodes: number;
  readonly commits: number;
  readonly isTagged: boolean;
}

/** Loads nodes, tags them, makes commits, drops the tag. */
export function commitUnderTag(
  { path, nodes, commits, isTagged }: TagWork,
): { readonly peakMb: number; readonly taggedMb: number; readonly sizeMb: number; readonly commitUs: number } {
  const next = randomNumbers(1);
  using db: GraphBackend = V3Backend.open(path, { durability: "normal" });
  db.transaction((tx) => {
    for (let id = 1; id <= nodes; id++) tx.insertNode({ kind: "Item", name: `item ${id}`, data: { count: 0 } });
  });
  if (isTagged) db.tag("start");
  const start = performance.now();
  for (let count = 1; count <= commits; count++) {
    if (count % 2 === 0) db.updateNode(1 + next(nodes), { data: { count } });
    else db.insertEdge({ from: 1 + next(nodes), to: 1 + next(nodes), type: "NEXT" });
  }
  const commitUs = (performance.now() - start) * 1000 / commits;
  db.checkpoint();
  const taggedMb = sizeOf(path) / MB;
  if (isTagged) db.untag("start");
  db.checkpoint();
  const sizeMb = sizeOf(path) / MB;
  return { peakMb: peakMemoryMb(), taggedMb, sizeMb, commitUs };
}
