/** Counts and sizes of a database. */

import type { DatabaseStats, NamedCount } from "../backend/care.ts";
import { EdgeReader } from "./edge_record.ts";
import { type Engine, logPath } from "./engine.ts";
import { readFreeList } from "./free_list.ts";
import { FreePages } from "./free_pages.ts";
import { LinkCursor } from "./link_tree.ts";
import { FORMAT_VERSION } from "./header.ts";
import { PAGE_SIZE } from "./page.ts";
import { RecordCursor } from "./record_tree.ts";
import type { V3ReadStore } from "./read_store.ts";
import { KIND_ROLE } from "./state.ts";

/** Counts and sizes. O(n). */
export function readStats(engine: Engine, store: V3ReadStore, path: string, now: number): DatabaseStats {
  const { pages, trees, strings, counts } = store.parts;
  engine.writer.flush();
  const kinds = new Map<number, number>();
  const labels = new Map<number, number>();
  const terms = new LinkCursor(pages, trees.terms.root);
  for (terms.seekAll(0, 0, 0); terms.nextRun();) {
    const number = Math.floor(terms.a / 2);
    const target = terms.a % 2 === KIND_ROLE ? kinds : labels;
    target.set(number, (target.get(number) ?? 0) + terms.end - terms.start);
  }
  const types = new Map<number, number>();
  const edge = new EdgeReader(pages, strings);
  const edges = new RecordCursor(pages, trees.edges.root);
  for (edges.seek(0); edges.next();) {
    edge.open(edges.bytes, edges.at, edges.end);
    types.set(edge.type, (types.get(edge.type) ?? 0) + 1);
  }
  const named = (numbers: Map<number, number>): NamedCount[] =>
    [...numbers].map(([number, count]) => ({ name: strings.text(number), count })).sort(byName);
  const { options } = engine;
  const indexes = store.vectorIndexes();
  return {
    backend: "v3",
    path,
    lsn: store.lsn,
    nodes: counts.nodeCount,
    edges: counts.edgeCount,
    keyValues: store.countValues(now),
    vectorIndexes: indexes.length,
    vectors: indexes.reduce((sum, { count }) => sum + count, 0),
    kinds: named(kinds),
    edgeTypes: named(types),
    labels: named(labels),
    fileBytes: engine.file.size(),
    logBytes: logBytes(engine),
    freeBytes: freePages(engine) * PAGE_SIZE,
    durability: options.durability,
    formatVersion: FORMAT_VERSION,
  };
}

/** Size of the log: of its frames for its writer, of its file for everybody else. */
function logBytes({ log, fileSystem, path }: Engine): number {
  return log?.sizeBytes ?? fileSystem.stat(logPath(path))?.sizeBytes ?? 0;
}

/** Number of pages that hold nothing. Who only reads has not read the list of them. */
function freePages({ pager, header, isReadOnly }: Engine): number {
  if (!isReadOnly) return pager.freePages.count;
  const { freeListPage: pageId, freeListBirth: birth, freeListBytes: sizeBytes, pageCount } = header;
  const free = new FreePages(pageCount);
  readFreeList(pager, { pageId, birth, sizeBytes }, free);
  return free.count;
}

const UTF8 = new TextEncoder();

function byName(one: NamedCount, other: NamedCount): number {
  const a = UTF8.encode(one.name);
  const b = UTF8.encode(other.name);
  for (let at = 0; at < a.length && at < b.length; at++) {
    if (a[at] !== b[at]) return (a[at] as number) - (b[at] as number);
  }
  return a.length - b.length;
}
