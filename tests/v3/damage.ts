/** Databases with pages of every kind, and ways to damage their files. */

import { assertEquals } from "@std/assert";
import { crc32 } from "node:zlib";
import type { Engine } from "../../lib/v3/engine.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { PAGE_SIZE, PAGE_TYPE_AT, pageOffset } from "../../lib/v3/page.ts";
import { setKey, type TestDatabase } from "./test_database.ts";

/** How much `fill` writes: several leaves in each tree. */
export const NODES = 500;
export const EDGES = 1200;
export const KEYS = 200;

/** A kind that is too long for the leaf of the strings. */
export const LONG_KIND: string = "K".repeat(1500);
const LONG_KEY = `long ${"k".repeat(600)}`;

/** Writes nodes, edges and key-values, with overflow chains of each kind, in several commits; leaves free and dead pages. */
export function fill(db: TestDatabase): void {
  db.commit((store) => {
    for (let n = 1; n <= NODES; n++) {
      store.insertNode({
        kind: n === 40 ? LONG_KIND : `Kind${n % 3}`,
        name: `name ${n * 7919 % NODES} of a node`,
        filePath: n % 5 === 0 ? `/src/${n}.ts` : null,
        labels: n % 4 === 0 ? ["Blue", "Green"] : [],
        data: n % 50 === 0 ? JSON.stringify({ text: "d".repeat(3000 + 40 * n) }) : n % 2 === 0 ? `{"n":${n}}` : "{}",
      });
    }
  });
  db.commit((store) => {
    for (let e = 1; e <= EDGES; e++) {
      store.insertEdge({
        from: 1 + e * 31 % NODES,
        to: 1 + e * 17 % NODES,
        type: `TYPE${e % 4}`,
        data: e % 300 === 0 ? JSON.stringify({ text: "e".repeat(5000) }) : e % 3 === 0 ? `{"e":${e}}` : "{}",
      });
    }
    for (let k = 1; k <= KEYS; k++) {
      const value = k % 40 === 0 ? "v".repeat(6000) : { k, text: "a value of some length" };
      setKey(store, `key ${k}`, value, db.nowMs, k % 3 === 0 ? 1e9 : undefined);
    }
    setKey(store, LONG_KEY, "of a long key", db.nowMs);
    setKey(store, `${LONG_KEY}2`, "of another", db.nowMs);
  });
  db.checkpoint();
  db.tag("before");
  db.commit((store) => {
    for (let n = 200; n < 230; n++) store.deleteNode(n);
    for (let n = 300; n < 310; n++) {
      store.updateNode(n, { name: undefined, kind: undefined, filePath: null, data: '{"new":1}' });
    }
  });
  db.checkpoint();
  db.commit((store) => store.deleteEdge(1200));
  db.checkpoint();
}

/** Lets the cache forget every page: all of them are in the file. */
export function forgetPages({ pager }: Engine): void {
  assertEquals(pager.dirtyCount, 0);
  for (let pageId = 1; pageId <= pager.freePages.pageCount; pageId++) pager.drop(pageId);
}

/** Reads a page of a file. */
export function readPage(fileSystem: FileSystem, path: string, pageId: number): Uint8Array {
  const file = fileSystem.open(path, "read");
  const page = new Uint8Array(PAGE_SIZE);
  file.read(page, pageOffset(pageId));
  file.close();
  return page;
}

/** Writes a page of a file. */
export function writePage(fileSystem: FileSystem, path: string, pageId: number, page: Uint8Array): void {
  const file = fileSystem.open(path, "write");
  file.write(page, pageOffset(pageId));
  file.close();
}

/** Number of pages of a file. */
export function pagesOf(fileSystem: FileSystem, path: string): number {
  return ((fileSystem.stat(path)?.sizeBytes ?? 0) - pageOffset(1)) / PAGE_SIZE;
}

/** Flips a bit in a page of a file. */
export function flipBit(fileSystem: FileSystem, path: string, pageId: number, bit: number): void {
  const page = readPage(fileSystem, path, pageId);
  page[bit >>> 3] = (page[bit >>> 3] as number) ^ 1 << (bit & 7);
  writePage(fileSystem, path, pageId, page);
}

/** Gives a changed page the checksum that it would have, had a program written it like that. */
export function seal(page: Uint8Array, pageId: number, fileSeed: number): void {
  new DataView(page.buffer, page.byteOffset).setUint32(0, crc32(page.subarray(4), (pageId ^ fileSeed) >>> 0), true);
}

/** Type of a page in a file; 0 for one that was never written. */
export function typeOf(fileSystem: FileSystem, path: string, pageId: number): number {
  return readPage(fileSystem, path, pageId)[PAGE_TYPE_AT] as number;
}
