/** What tests of byte trees compare with: a sorted model, and a look at every page of a tree. */

import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { readKey } from "../../lib/v3/byte_cell.ts";
import { checkByteBranch, checkByteLeaf } from "../../lib/v3/byte_check.ts";
import { ByteCursor } from "../../lib/v3/byte_cursor.ts";
import type { ByteBatch } from "../../lib/v3/byte_batch.ts";
import { BRANCH_SKIP, cellAt, cellCount, LEAF_SKIP, usedBytes } from "../../lib/v3/byte_page.ts";
import { ByteTree } from "../../lib/v3/byte_tree.ts";
import { byteChildren, eachChain } from "../../lib/v3/byte_walk.ts";
import { ByteTreeWriter } from "../../lib/v3/byte_writer.ts";
import { eachOverflowPage, OVERFLOW_CAPACITY } from "../../lib/v3/overflow.ts";
import { PAGE_LEVEL_AT, PAGE_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT, type MutablePages, type Pages, type TreeRoot } from "../../lib/v3/pages.ts";

/** A key and its value. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Text as bytes, one a character. */
export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** Bytes as text that sorts like them. */
export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}

/** Sorted entries in plain memory. */
export class ByteModel {
  readonly #values: Map<string, Uint8Array>;

  constructor(values: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#values = new Map(values);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(textOf(key));
  }

  put(key: Uint8Array, value: Uint8Array): boolean {
    const text = textOf(key);
    const isNew = !this.#values.has(text);
    this.#values.set(text, value);
    return isNew;
  }

  delete(key: Uint8Array): boolean {
    return this.#values.delete(textOf(key));
  }

  clear(): void {
    this.#values.clear();
  }

  copy(): ByteModel {
    return new ByteModel(this.#values);
  }

  /** All entries in order. */
  entries(): Entry[] {
    return [...this.#values].sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => [bytes(key), value]);
  }
}

/** A batch of entries, which may come in any order. */
export function batchOf(entries: readonly Entry[]): ByteBatch {
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const { length } = entries;
  const batch = {
    count: length,
    bytes: new Uint8Array(size),
    keyStart: new Uint32Array(length),
    keyEnd: new Uint32Array(length),
    valueStart: new Uint32Array(length),
    valueEnd: new Uint32Array(length),
    order: new Uint32Array(length),
  };
  let at = 0;
  entries.forEach(([key, value], index) => {
    batch.bytes.set(key, at);
    batch.bytes.set(value, at + key.length);
    batch.keyStart[index] = at;
    batch.keyEnd[index] = batch.valueStart[index] = at + key.length;
    at = batch.valueEnd[index] = at + key.length + value.length;
  });
  const texts = entries.map(([key]) => textOf(key));
  const order = texts.map((_, index) => index);
  order.sort((a, b) => (texts[a] as string) < (texts[b] as string) ? -1 : 1);
  batch.order.set(order);
  return batch;
}

/** All entries of a tree, by a scan. */
export function scan(tree: ByteTree): Entry[] {
  const found: Entry[] = [];
  const cursor = new ByteCursor(tree);
  while (cursor.next()) found.push([cursor.key(), cursor.value()]);
  return found;
}

/** Asserts that a tree has exactly the entries of a model: by scan, by key and by seeking each key. */
export function assertContent(pages: Pages, root: TreeRoot, model: ByteModel): void {
  const tree = new ByteTree(pages, root);
  const expected = model.entries();
  const found = scan(tree);
  assertEquals(found.map(([key]) => textOf(key)), expected.map(([key]) => textOf(key)));
  const cursor = new ByteCursor(tree);
  expected.forEach(([key, value], index) => {
    assertSameBytes(found[index]?.[1], value);
    assertSameBytes(tree.get(key), value);
    cursor.seek(key);
    assert(cursor.next());
    assertSameBytes(cursor.key(), key);
  });
}

function assertSameBytes(found: Uint8Array | undefined, expected: Uint8Array): void {
  assert(found !== undefined && found.length === expected.length, `${found?.length} bytes for ${expected.length}`);
  assert(found.every((byte, at) => byte === expected[at]), "other bytes");
}

/** What a tree is made of. */
export interface TreeShape {
  /** Every page that the tree reaches, those of chains included. */
  readonly reached: ReadonlySet<number>;
  /** Bytes in use of each leaf and of each branch, in order. */
  readonly leaves: readonly number[];
  readonly branches: readonly number[];
  /** The separators, in order. */
  readonly separators: readonly Uint8Array[];
}

/** Looks at every page of a tree and asserts that it is sound: structure, order across pages, chains, no page twice. */
export function shapeOf(pages: Pages, root: TreeRoot): TreeShape {
  const reached = new Set<number>();
  const leaves: number[] = [];
  const branches: number[] = [];
  const separators: Uint8Array[] = [];
  if (root.pageId !== 0) visit(root.pageId, root.birth, root.level, "", undefined);
  return { reached, leaves, branches, separators };

  function reach(pageId: number): void {
    assert(!reached.has(pageId), `page ${pageId} is reached twice`);
    reached.add(pageId);
  }

  function visit(pageId: number, birth: number, level: number, low: string, high: string | undefined): void {
    reach(pageId);
    const address = pages.fetch(pageId, birth);
    assertEquals(pages.bytes[address + PAGE_LEVEL_AT], level);
    const used = usedBytes(pages.bytes, address);
    (level === 0 ? leaves : branches).push(used);
    if (level === 0) checkByteLeaf(pages, address);
    else checkByteBranch(pages, address);
    const page = pages.bytes.slice(address, address + PAGE_SIZE);
    const children = { pageIds: [] as number[], births: [] as number[] };
    if (level > 0) byteChildren(pages, address, children);
    eachChain(pages, address, (chainId, chainBirth, length) => {
      let count = 0;
      eachOverflowPage(pages, chainId, chainBirth, (partId) => {
        reach(partId);
        count++;
      });
      assertEquals(count, Math.ceil(length / OVERFLOW_CAPACITY));
    });
    const skip = level === 0 ? LEAF_SKIP : BRANCH_SKIP;
    const keys = Array.from(
      { length: cellCount(page, 0) },
      (_, at) => readKey(pages, page, cellAt(page, 0, at) + skip),
    );
    const texts = keys.map(textOf);
    texts.forEach((text, at) => {
      assert(at === 0 || text > (texts[at - 1] as string), "keys ascend");
      assert(
        at === 0 && level > 0 || text >= low && (high === undefined || text < high),
        "keys are in the page's range",
      );
    });
    if (level === 0) return;
    separators.push(...keys.slice(1));
    assertEquals(children.pageIds.length, keys.length);
    children.pageIds.forEach((childId, at) => {
      visit(
        childId,
        children.births[at] as number,
        level - 1,
        at === 0 ? low : texts[at] as string,
        texts[at + 1] ?? high,
      );
    });
  }
}

/** A key that sorts like its number. */
export function numbered(index: number): Uint8Array {
  return bytes(`key-${String(index).padStart(8, "0")}`);
}

/** Entries with keys of `from` to `to` - 1. */
export function numberedEntries(from: number, to: number, step = 1): Entry[] {
  const entries: Entry[] = [];
  for (let index = from; index < to; index += step) entries.push([numbered(index), bytes("value")]);
  return entries;
}

/** A tree that was loaded with a batch. */
export function treeOf(pages: MutablePages, entries: readonly Entry[]): ByteTreeWriter {
  const tree = new ByteTreeWriter(pages, EMPTY_ROOT);
  tree.putSorted(batchOf(entries));
  return tree;
}

/** A number of equal bytes. */
export function filled(size: number, byte: number): Uint8Array {
  return new Uint8Array(size).fill(byte);
}

/** A number of equal bytes and a tail. */
export function padded(size: number, tail: Uint8Array): Uint8Array {
  const key = filled(size + tail.length, 7);
  key.set(tail, size);
  return key;
}
