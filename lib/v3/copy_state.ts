/** Writing all trees of a state again, in the order of their keys, so that their pages come out full. */

import { BatchBuilder } from "./byte_batch_builder.ts";
import { ByteCursor } from "./byte_cursor.ts";
import { ByteTree } from "./byte_tree.ts";
import type { ByteTreeWriter } from "./byte_writer.ts";
import { EDGE_DATA_OVERFLOW } from "./edge_record.ts";
import type { Engine } from "./engine.ts";
import { LinkCursor } from "./link_tree.ts";
import type { LinkTreeWriter } from "./link_tree_writer.ts";
import { NODE_FLAG } from "./node_record.ts";
import { eachOverflowPage, writeOverflow } from "./overflow.ts";
import { PAGE_COUNT_AT, PAGE_HEADER_SIZE } from "./page.ts";
import type { MutablePages, Pages, TreeRoot } from "./pages.ts";
import { visitRecordChain } from "./record_chain.ts";
import { MAX_RECORD_SIZE } from "./record_leaf.ts";
import { RecordCursor } from "./record_tree.ts";
import type { RecordTreeWriter } from "./record_tree_writer.ts";
import { type GraphState, TREE } from "./state.ts";
import { STRING_OVERFLOW } from "./string_table.ts";

/** Entries that are put into a link tree at once. */
const LINK_BATCH = 1 << 16;

/** Told of every node, edge and key that was copied, and now and then in between (0). */
export type OnCopied = (records: number) => void;

/** Copies a state into an engine that holds nothing, within a transaction of it. */
export function copyState(pages: Pages, state: GraphState, target: Engine, onCopied: OnCopied): void {
  const { pager, trees, writer } = target;
  const root = (tree: number): TreeRoot => state.roots[tree] as TreeRoot;
  const nodeChain = NODE_FLAG.dataOverflow | NODE_FLAG.overflow;
  copyRecords(pages, root(TREE.strings), pager, trees.strings, STRING_OVERFLOW, () => onCopied(0));
  copyBytes(pages, root(TREE.texts), trees.texts, () => onCopied(0));
  copyRecords(pages, root(TREE.nodes), pager, trees.nodes, nodeChain, () => onCopied(1));
  copyRecords(pages, root(TREE.edges), pager, trees.edges, EDGE_DATA_OVERFLOW, () => onCopied(1));
  copyLinks(pages, root(TREE.outgoing), trees.outgoing, onCopied);
  copyLinks(pages, root(TREE.incoming), trees.incoming, onCopied);
  copyLinks(pages, root(TREE.terms), trees.terms, onCopied);
  copyBytes(pages, root(TREE.names), trees.names, () => onCopied(0));
  copyBytes(pages, root(TREE.keyValues), trees.keyValues, () => onCopied(1));
  copyBytes(pages, root(TREE.expiries), trees.expiries, () => onCopied(0));
  copyBytes(pages, root(TREE.vectorIndexes), trees.vectorIndexes, () => onCopied(0));
  copyBytes(pages, root(TREE.vectors), trees.vectors, () => onCopied(0));
  copyBytes(pages, root(TREE.vectorLinks), trees.vectorLinks, () => onCopied(0));
  writer.nodeCount = state.nodeCount;
  writer.edgeCount = state.edgeCount;
  writer.keyCount = state.keyCount;
  writer.nextString = state.nextString;
}

/** @param chainFlags flags in the first byte of a record that owns a chain, whose pointer is the end of the record */
function copyRecords(
  pages: Pages,
  root: TreeRoot,
  to: MutablePages,
  tree: RecordTreeWriter,
  chainFlags: number,
  onEntry: () => void,
): void {
  const copy = new Uint8Array(MAX_RECORD_SIZE);
  const copyView = new DataView(copy.buffer);
  let length = 0;
  const copyChain = (pageId: number, birth: number): void => {
    const chain = readWholeChain(pages, pageId, birth);
    const pointer = writeOverflow(to, chain, 0, chain.length);
    copyView.setUint32(length - 8, pointer.pageId, true);
    copyView.setUint32(length - 4, pointer.birth, true);
  };
  for (const cursor = new RecordCursor(pages, root); cursor.next(); onEntry()) {
    const { bytes, at, end } = cursor;
    length = end - at;
    if (length === 0 || ((bytes[at] as number) & chainFlags) === 0) {
      tree.put(cursor.id, bytes, at, end);
      continue;
    }
    copy.set(bytes.subarray(at, end));
    visitRecordChain(bytes, at, end, chainFlags, copyChain);
    tree.put(cursor.id, copy, 0, length);
  }
}

/** The bytes of a chain, whose length its pages tell. */
function readWholeChain(pages: Pages, pageId: number, birth: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  eachOverflowPage(pages, pageId, birth, (partId, partBirth) => {
    const address = pages.fetch(partId, partBirth);
    const from = address + PAGE_HEADER_SIZE;
    const part = pages.bytes.slice(from, from + pages.view.getUint16(address + PAGE_COUNT_AT, true));
    parts.push(part);
    length += part.length;
  });
  const chain = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    chain.set(part, at);
    at += part.length;
  }
  return chain;
}

function copyLinks(pages: Pages, root: TreeRoot, tree: LinkTreeWriter, onCopied: OnCopied): void {
  const a = new Float64Array(LINK_BATCH);
  const b = new Float64Array(LINK_BATCH);
  const c = new Float64Array(LINK_BATCH);
  const types = new Float64Array(LINK_BATCH);
  let count = 0;
  for (const cursor = new LinkCursor(pages, root); cursor.nextRun();) {
    for (let at = cursor.start; at < cursor.end; at++) {
      a[count] = cursor.a;
      b[count] = cursor.b(at);
      c[count] = cursor.c(at);
      types[count] = cursor.type(at);
      if (++count < LINK_BATCH) continue;
      tree.insertSorted(a, b, c, types, count);
      count = 0;
    }
    onCopied(0);
  }
  if (count > 0) tree.insertSorted(a, b, c, types, count);
}

function copyBytes(pages: Pages, root: TreeRoot, tree: ByteTreeWriter, onEntry: () => void): void {
  const batch = new BatchBuilder();
  const cursor = new ByteCursor(new ByteTree(pages, root));
  for (cursor.seek(new Uint8Array(0)); cursor.next(); onEntry()) {
    const key = cursor.key();
    const value = cursor.value();
    if (!batch.hasRoom(key.length + value.length)) batch.flush(tree);
    batch.add(key, value);
  }
  batch.flush(tree);
}
