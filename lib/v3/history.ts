/**
 * Kept commits in the file.
 *
 *   history: record tree, LSN → time f64, nodes f64, edges f64, catalog (page u32, birth u32, level u32), dead pages u32,
 *            u32 1 when the retention keeps it
 *   tags:    byte tree, name → LSN f64
 *   dead:    link tree, (LSN of the kept commit, birth, page): pages that only this and earlier kept commits reach
 */

import { CorruptionError } from "../backend/errors.ts";
import { ByteCursor } from "./byte_cursor.ts";
import { ByteTree } from "./byte_tree.ts";
import type { Header } from "./header.ts";
import type { KeptCommit, KeptCommits } from "./kept_commits.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { RecordCursor } from "./record_tree.ts";

/** Bytes of a record of the history. */
export const HISTORY_RECORD = {
  timeMs: 0,
  nodeCount: 8,
  edgeCount: 16,
  catalogPage: 24,
  catalogBirth: 28,
  catalogLevel: 32,
  deadPages: 36,
  isRetained: 40,
  size: 44,
} as const;

/** The record of a kept commit, whose catalog is written. */
export function encodeHistory(commit: KeptCommit, deadPages: number): Uint8Array {
  const bytes = new Uint8Array(HISTORY_RECORD.size);
  const view = new DataView(bytes.buffer);
  const { pageId, birth, level } = commit.catalog as TreeRoot;
  view.setFloat64(HISTORY_RECORD.timeMs, commit.timeMs, true);
  view.setFloat64(HISTORY_RECORD.nodeCount, commit.nodeCount, true);
  view.setFloat64(HISTORY_RECORD.edgeCount, commit.edgeCount, true);
  view.setUint32(HISTORY_RECORD.catalogPage, pageId, true);
  view.setUint32(HISTORY_RECORD.catalogBirth, birth, true);
  view.setUint32(HISTORY_RECORD.catalogLevel, level, true);
  view.setUint32(HISTORY_RECORD.deadPages, deadPages, true);
  view.setUint32(HISTORY_RECORD.isRetained, commit.isRetained ? 1 : 0, true);
  return bytes;
}

/** Makes the commits that the file names kept ones. */
export function readHistory(pages: Pages, header: Header, kept: KeptCommits): void {
  const cursor = new RecordCursor(pages, header.history);
  for (cursor.seek(-1); cursor.next();) {
    if (cursor.end - cursor.at !== HISTORY_RECORD.size) {
      throw new CorruptionError(`the record of kept commit ${cursor.id} is damaged`, {
        code: "history-corrupt",
        value: cursor.id,
      });
    }
    const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at, HISTORY_RECORD.size);
    const commit = kept.keep({
      lsn: cursor.id,
      timeMs: view.getFloat64(HISTORY_RECORD.timeMs, true),
      nodeCount: view.getFloat64(HISTORY_RECORD.nodeCount, true),
      edgeCount: view.getFloat64(HISTORY_RECORD.edgeCount, true),
    });
    commit.catalog = {
      pageId: view.getUint32(HISTORY_RECORD.catalogPage, true),
      birth: view.getUint32(HISTORY_RECORD.catalogBirth, true),
      level: view.getUint32(HISTORY_RECORD.catalogLevel, true),
    };
    commit.recordedDead = view.getUint32(HISTORY_RECORD.deadPages, true);
    if (view.getUint32(HISTORY_RECORD.isRetained, true) === 1) kept.retain(commit);
    commit.isRecorded = true;
    commit.lastHeader = header.lsn;
  }
}

/** Names of commits, by name in byte order. */
export function readTags(pages: Pages, tags: TreeRoot): Map<string, number> {
  const names = new Map<string, number>();
  const cursor = new ByteCursor(new ByteTree(pages, tags));
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  for (cursor.seek(new Uint8Array(0)); cursor.next();) {
    const value = cursor.value();
    if (value.length !== 8) {
      throw new CorruptionError(`the tag ${text.decode(cursor.key())} is damaged`, { code: "history-corrupt" });
    }
    names.set(text.decode(cursor.key()), new DataView(value.buffer, value.byteOffset).getFloat64(0, true));
  }
  return names;
}

/** Bytes of a tag's LSN. */
export function encodeTag(lsn: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, lsn, true);
  return bytes;
}
