/** A main file of the reference's format in the making: a header, pages that are written anywhere, trees over them. */

import { ByteList, difference, type Int64 } from "./reference_writer_bytes.ts";
import {
  chainPages,
  type Cluster,
  clusterBytes,
  edgeKey,
  innerPage,
  leafPage,
  NODE_AREA,
  nodePage,
  nodePayload,
  type NodeRecord,
  nodeRecord,
  packedLimit,
  packedPage,
  PAGE_SIZE,
  type RecordForm,
} from "./reference_writer_pages.ts";

/** Bytes of the header. */
export const HEADER_SIZE = 112;
/** Most entries of an index page. */
export const FULL_PAGE = 252;
/** Longest payload that the reference keeps inside a record. */
export const INLINE_LIMIT = 64;

/** The fields of the header that differ between files. */
export interface HeaderFields {
  version: number;
  flags: number;
  nodeCount: Int64;
  edgeCount: Int64;
  /** At 36: height of the edge tree, in files of 3.9.0. */
  edgeTreeHeight: number;
  /** At 40: 112 in files up to 2.0.8. */
  nodeDataOffset: number;
  /** At 48: root of the edge tree. */
  edgeRoot: Int64;
  nodeRoot: Int64;
  totalPages: Int64;
  pageSize: number;
  nodeTreeHeight: number;
}

/** A node to write. */
export interface WrittenNode {
  readonly id: Int64;
  readonly kind: string;
  readonly name: string;
  /** JSON text. */
  readonly data: string;
}

/** An entry of a tree. */
export type TreeEntry = readonly [key: bigint, page: number];

/** A tree that was written. */
export interface WrittenTree {
  readonly root: number;
  readonly height: number;
}

/** How nodes are written. */
export interface NodesOptions {
  /** Longest payload inside a record. */
  readonly inlineLimit?: number;
  /** Called when the first page has its id: other pages may be reserved behind it. */
  readonly onFirstPage?: (() => void) | undefined;
}

/** How a tree is written. */
export interface TreeOptions {
  /** Most entries or keys of a page, at least 3. */
  readonly fanout?: number;
  /** Id of the first leaf, where it is reserved already. */
  readonly firstLeaf?: number | undefined;
}

/** The file. Page ids begin at 2; what is written stays where it is. */
export class ReferenceFile {
  readonly header: HeaderFields = {
    version: 4,
    flags: 7,
    nodeCount: 0,
    edgeCount: 0,
    edgeTreeHeight: 0,
    nodeDataOffset: 0,
    edgeRoot: 0,
    nodeRoot: 0,
    totalPages: 0,
    pageSize: PAGE_SIZE,
    nodeTreeHeight: 0,
  };
  #bytes = new Uint8Array(1 << 16);
  #end = HEADER_SIZE;
  #nextPage = 2;
  /** Pages of 4096 bytes that are in use: only with larger pages for edges can an id be free and its place taken. */
  readonly #taken = new Set<number>();

  /** The id that the next page gets. */
  get nextPage(): number {
    return this.#nextPage;
  }

  /** Reserves pages that follow one another, and returns the first one's id. */
  allocate(count = 1): number {
    while (this.#isTaken(this.#nextPage, count)) this.#nextPage++;
    const pageId = this.#nextPage;
    this.#nextPage += count;
    for (let page = pageId; page < this.#nextPage; page++) this.#taken.add(page);
    return pageId;
  }

  /** Reserves a page for edges, which is as large as the header says. */
  allocateForEdges(): number {
    const factor = this.header.pageSize / PAGE_SIZE;
    if (factor === 1) return this.allocate();
    const place = (pageId: number) => (pageId - 1) * factor + 1;
    while (this.#isTaken(place(this.#nextPage), factor)) this.#nextPage++;
    const pageId = this.#nextPage++;
    for (let page = place(pageId); page < place(pageId) + factor; page++) this.#taken.add(page);
    return pageId;
  }

  #isTaken(pageId: number, count: number): boolean {
    if (this.header.pageSize === PAGE_SIZE) return false;
    for (let page = pageId; page < pageId + count; page++) if (this.#taken.has(page)) return true;
    return false;
  }

  /** Where a page of nodes, of a tree or of external data begins. */
  offsetOf(pageId: number): number {
    return HEADER_SIZE + (pageId - 1) * PAGE_SIZE;
  }

  /** Where a page of edges begins. */
  edgeOffsetOf(pageId: number): number {
    return HEADER_SIZE + (pageId - 1) * this.header.pageSize;
  }

  /** Writes bytes at a place of the file. */
  writeAt(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, offset);
    this.#end = Math.max(this.#end, end);
  }

  /** Writes a page of nodes or of a tree. */
  writePage(pageId: number, page: Uint8Array): void {
    this.writeAt(this.offsetOf(pageId), page);
  }

  /** Bytes of the file as written so far, not copied. */
  slice(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }

  /** Writes a payload to pages of its own and returns what the record says of it. */
  external(payload: Uint8Array): { readonly offset: number; readonly length: number } {
    const offset = this.offsetOf(this.allocate(Math.ceil(payload.length / PAGE_SIZE)));
    this.writeAt(offset, payload);
    return { offset, length: payload.length };
  }

  /** Writes one page of nodes with exactly these records. */
  nodePage(records: readonly NodeRecord[], pageId: number = this.allocate()): number {
    let baseId: Int64 = records[0]?.id ?? 0;
    for (const { id } of records) if (id < baseId) baseId = id;
    this.writePage(pageId, nodePage(pageId, baseId, records.map((record) => nodeRecord(record, baseId))));
    return pageId;
  }

  /**
   * Writes nodes in ascending ids to as few pages as they need.
   *
   * @returns the entries of the node tree
   */
  nodes(
    nodes: readonly WrittenNode[],
    { inlineLimit = INLINE_LIMIT, onFirstPage }: NodesOptions = {},
  ): TreeEntry[] {
    const entries: TreeEntry[] = [];
    let records: Uint8Array[] = [];
    let used = 0;
    let baseId: Int64 = 0;
    let pageId = 0;
    const finish = () => {
      if (records.length > 0) this.writePage(pageId, nodePage(pageId, baseId, records));
      records = [];
      used = 0;
    };
    for (const { id, kind, name, data } of nodes) {
      const bytes = nodePayload(kind, name, data);
      if (pageId === 0) {
        pageId = this.allocate();
        baseId = id;
        onFirstPage?.();
      }
      const payload = bytes.length > inlineLimit ? this.external(bytes) : bytes;
      let record = nodeRecord({ id, payload }, baseId);
      if (used + record.length > NODE_AREA || difference(id, baseId) > 0xffffffff) {
        finish();
        pageId = this.allocate();
        baseId = id;
        record = nodeRecord({ id, payload }, baseId);
      }
      records.push(record);
      used += record.length;
      entries.push([BigInt.asUintN(64, BigInt(id)), pageId]);
    }
    finish();
    return entries;
  }

  /** Writes a tree over entries in any order. */
  tree(entries: readonly TreeEntry[], { fanout = FULL_PAGE, firstLeaf }: TreeOptions = {}): WrittenTree {
    if (entries.length === 0) return { root: 0, height: 0 };
    const sorted = [...entries].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    let level: { readonly pageId: number; readonly firstKey: bigint }[] = [];
    const leafCount = Math.ceil(sorted.length / fanout);
    const ids = Array.from(
      { length: leafCount },
      (_, index) => index === 0 ? firstLeaf ?? this.allocate() : this.allocate(),
    );
    for (let leaf = 0; leaf < leafCount; leaf++) {
      const part = sorted.slice(leaf * fanout, (leaf + 1) * fanout);
      const pageId = ids[leaf] as number;
      this.writePage(pageId, leafPage(pageId, part, ids[leaf + 1] ?? 0, leafCount === 1));
      level.push({ pageId, firstKey: (part[0] as TreeEntry)[0] });
    }
    let height = 1;
    for (; level.length > 1; height++) {
      const above: typeof level = [];
      const parents = Math.ceil(level.length / (fanout + 1));
      for (let parent = 0; parent < parents; parent++) {
        // As even as possible: an inner page without a key is no page of the format.
        const from = Math.floor(parent * level.length / parents);
        const children = level.slice(from, Math.floor((parent + 1) * level.length / parents));
        const pageId = this.allocate();
        const keys = children.slice(1).map((child) => child.firstKey);
        this.writePage(pageId, innerPage(pageId, keys, children.map((child) => child.pageId), parents === 1));
        above.push({ pageId, firstKey: (children[0] as { firstKey: bigint }).firstKey });
      }
      level = above;
    }
    return { root: (level[0] as { pageId: number }).pageId, height };
  }

  /** Writes a cluster to a page of its own, as far as it goes: one that is too large runs over what follows. */
  plainCluster(cluster: Cluster, version: 0 | 1 | 2 | 3 = 3, form: RecordForm = "plain"): TreeEntry {
    const pageId = this.allocateForEdges();
    this.writeAt(this.edgeOffsetOf(pageId), clusterBytes(cluster, version, form));
    return [edgeKey(cluster.node, cluster.direction), pageId];
  }

  /** Writes clusters to shared pages, and those that are too large to chains. */
  packedClusters(clusters: readonly Cluster[], form: RecordForm = "weighted"): TreeEntry[] {
    const { pageSize } = this.header;
    const entries: TreeEntry[] = [];
    let together: { cluster: Cluster; bytes: Uint8Array }[] = [];
    let used = 8;
    const finish = () => {
      if (together.length === 0) return;
      const pageId = this.allocateForEdges();
      this.writeAt(this.edgeOffsetOf(pageId), packedPage(together, pageSize) as Uint8Array);
      for (const { cluster } of together) entries.push([edgeKey(cluster.node, cluster.direction), pageId]);
      together = [];
      used = 8;
    };
    for (const cluster of clusters) {
      const bytes = clusterBytes(cluster, 3, form);
      if (bytes.length > packedLimit(pageSize)) {
        entries.push(this.chain(cluster, form));
        continue;
      }
      if (used + 16 + bytes.length > pageSize) finish();
      together.push({ cluster, bytes });
      used += 16 + bytes.length;
    }
    finish();
    return entries;
  }

  /** Writes a cluster to a chain of pages. */
  chain(cluster: Cluster, form: RecordForm = "weighted"): TreeEntry {
    const { pageSize } = this.header;
    const bytes = clusterBytes(cluster, 3, form);
    const ids = Array.from({ length: Math.ceil(bytes.length / (pageSize - 16)) }, () => this.allocateForEdges());
    chainPages(bytes, ids, pageSize).forEach((page, index) =>
      this.writeAt(this.edgeOffsetOf(ids[index] as number), page)
    );
    return [edgeKey(cluster.node, cluster.direction), ids[0] as number];
  }

  /** The whole file. */
  toBytes(): Uint8Array {
    this.writeAt(0, headerBytes(this.header));
    return this.#bytes.slice(0, this.#end);
  }
}

/** The 112 bytes that a file begins with. */
export function headerBytes(fields: HeaderFields): Uint8Array {
  return new ByteList().add([0x53, 0x51, 0x4c, 0x54, 0x47, 0x46, 0x00, 0x03])
    .u32(fields.version).u32(fields.flags).u64(fields.nodeCount).u64(fields.edgeCount).u32(1)
    .u32(fields.edgeTreeHeight).u64(fields.nodeDataOffset).u64(fields.edgeRoot).zeros(3 * 8)
    .u64(fields.nodeRoot).u64(0).u64(fields.totalPages).u32(fields.pageSize).u32(fields.nodeTreeHeight).bytes;
}
