/** Which pages readers beside other threads read from the file, and how often. */

import { assert, assertEquals } from "@std/assert";
import { statSync } from "node:fs";
import { V3Backend } from "../../lib/v3/mod.ts";
import type { OpenFile } from "../../lib/v3/file_system.ts";
import { PAGE_SIZE } from "../../lib/v3/page.ts";
import { openRealFile } from "../../lib/v3/real_file.ts";
import { decodeRoot } from "../../lib/v3/root_entry.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import type { V3Handle } from "../../lib/v3/shared_handle.ts";
import { SharedPages } from "../../lib/v3/shared_pages.ts";
import { SharedReadStore, SharedStrings } from "../../lib/v3/shared_store.ts";
import { readRoot } from "../../lib/snapshot/root_ring.ts";
import { ROOT_NUMBERS, SET_FRAMES, SharedMemory } from "../../lib/snapshot/shared_memory.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const NODES = 3000;
const WRITER_BYTES = 65_536;

/** Reads of every node and its neighbours, and how many pages came from the file in each of two passes. */
function pagesRead(path: string, readerBytes: number): number[] {
  const served = serveV3(path, {});
  try {
    const { memory, fileSeed, name } = served.handle as V3Handle;
    const entry = new Float64Array(ROOT_NUMBERS);
    readRoot(new SharedMemory(memory), entry);
    const file = openRealFile(path, "read");
    let reads = 0;
    const counting: OpenFile = {
      ...neverChanged(file),
      read(buffer, position) {
        reads++;
        return file.read(buffer, position);
      },
    };
    const pages = new SharedPages(SharedMemory.allocate(WRITER_BYTES, readerBytes), { file: counting, name, fileSeed });
    const store = new SharedReadStore(pages, new SharedStrings(pages), decodeRoot(entry).state, undefined);
    const passes: number[] = [];
    for (let pass = 0; pass < 2; pass++) {
      const before = reads;
      for (let id = 1; id <= NODES; id++) {
        assertEquals(store.readNode(id, true)?.name, `n${id}`);
        // The same pages in another order.
        const other = 1 + id * 7919 % NODES;
        assertEquals(store.neighbors(other, "out", undefined, true), [1 + other % NODES]);
      }
      passes.push(reads - before);
    }
    file.close();
    return passes;
  } finally {
    served.close();
  }
}

function neverChanged(file: OpenFile): Omit<OpenFile, "read"> {
  const refuse = (): never => {
    throw new Error("a reader changed the file");
  };
  return { write: refuse, truncate: refuse, sync: refuse, size: () => file.size(), close: () => file.close() };
}

/** Makes a file with nodes in a ring; its number of pages. */
function ring(path: string): number {
  const db = V3Backend.open(path);
  db.transaction((tx) => {
    for (let id = 1; id <= NODES; id++) tx.insertNode({ kind: "K", name: `n${id}`, data: { text: "x".repeat(200) } });
    for (let id = 1; id <= NODES; id++) tx.insertEdge({ from: id, to: 1 + id % NODES, type: "T" });
  });
  db.close();
  return statSync(path).size / PAGE_SIZE;
}

test("pages of a file that fits into the readers' frames are read from it once", () => {
  using dir = tempDir();
  const path = dir.path("ring.graph");
  const pageCount = ring(path);
  const [first, second] = pagesRead(path, Math.ceil(pageCount / SET_FRAMES) * SET_FRAMES * PAGE_SIZE);
  assert(first as number > 100 && first as number <= pageCount, `${first} of ${pageCount} pages`);
  assertEquals(second, 0);
});

test("readers get through a file with far fewer frames than it has pages", () => {
  using dir = tempDir();
  const path = dir.path("ring.graph");
  const pageCount = ring(path);
  const [first, second] = pagesRead(path, SET_FRAMES * PAGE_SIZE);
  assert(first as number > pageCount / 2 && second as number > pageCount / 2, `${first} and ${second} of ${pageCount}`);
});
