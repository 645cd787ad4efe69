/** Loads WordNet into a new file, as the demo does, and prints the largest resident memory in MB. */

import { mkdirSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { open } from "../mod.ts";
import { readPointers, readSynsets, type WordNet } from "../scripts/wordnet.ts";
import { peakMemoryMb } from "./harness.ts";

const folder = fileURLToPath(new URL("../.tmp/bench", import.meta.url));
mkdirSync(folder, { recursive: true });
const path = `${folder}/memory-${process.pid}.graph`;
{
  using db = open<WordNet>(path);
  db.transaction((tx) => {
    const ids = new Map<number, number>();
    for (const { key, node } of readSynsets()) ids.set(key, tx.insertNode(node));
    for (const { fromKey, toKey, type, data } of readPointers()) {
      tx.insertEdge({ from: ids.get(fromKey)!, to: ids.get(toKey)!, type, data: data ?? {} });
    }
  });
}
console.log(peakMemoryMb());
for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
