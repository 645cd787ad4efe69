/** Pages of the reference's format: index pages, node pages and the four forms of edge clusters. */

import { ByteList, difference, type Int64, zigzag } from "./reference_writer_bytes.ts";

/** Bytes of every page but those for edges, whatever the header says. */
export const PAGE_SIZE = 4096;
/** Most bytes of records in a node page. */
export const NODE_AREA: number = PAGE_SIZE - 32;

/** A node as a page stores it. */
export interface NodeRecord {
  readonly id: Int64;
  /** 1: deleted. */
  readonly flags?: number;
  /** The bytes themselves, or where in the file they are and how long they say they are. */
  readonly payload: Uint8Array | { readonly offset: number; readonly length: number };
}

/** An edge as a cluster stores it. */
export interface ClusterEdge {
  readonly neighbor: Int64;
  /** Empty: no type. */
  readonly type: string;
  /** For the weighted form; default 1. */
  readonly weight?: number;
  /** Form of this record alone: 3.9.0 keeps the records that it finds in older lists. */
  readonly form?: RecordForm;
}

/** All edges of one node in one direction. */
export interface Cluster {
  readonly node: Int64;
  readonly direction: "out" | "in";
  readonly edges: readonly ClusterEdge[];
}

/** How edges are recorded: by every version before the weighted records, or with them. */
export type RecordForm = "plain" | "weighted";

/** The weak checksum of index and node pages, over bytes whose checksum field is zero. */
export function pageChecksum(bytes: Uint8Array): number {
  let sum = 0x5a5a5a5a;
  for (let index = 0; index < bytes.length; index++) sum ^= (bytes[index] as number) ^ index;
  return sum >>> 0;
}

/** kind, name and JSON text of a node. */
export function nodePayload(kind: string, name: string, data: string): Uint8Array {
  const text = new TextEncoder();
  const [kindBytes, nameBytes] = [text.encode(kind), text.encode(name)];
  if (kindBytes.length > 255 || nameBytes.length > 255) throw new Error("kind and name have at most 255 bytes");
  return new ByteList().u8(kindBytes.length).add(kindBytes).u8(nameBytes.length).add(nameBytes).text(data).bytes;
}

/** A record of a node page whose smallest id is `baseId`. */
export function nodeRecord(node: NodeRecord, baseId: Int64): Uint8Array {
  const { id, flags = 0, payload } = node;
  const list = new ByteList().varint(difference(id, baseId)).u32(flags).varint(0).varint(0);
  if (payload instanceof Uint8Array) return list.varint(payload.length).zeros(4).add(payload).bytes;
  return list.varint(0x8000 | (payload.length % 0x8000)).zeros(4).u64(payload.offset).bytes;
}

/** A node page of records that were made for this base. */
export function nodePage(pageId: number, baseId: Int64, records: readonly Uint8Array[]): Uint8Array {
  const area = new ByteList();
  for (const record of records) area.add(record);
  if (area.length > NODE_AREA) throw new Error(`${area.length} bytes of records do not fit a page`);
  const list = new ByteList().u64(pageId).u64(0).u16(records.length).u16(area.length).u64(baseId).u32(0).add(
    area.bytes,
  );
  return sealed(list, 28);
}

/** A leaf of a tree. */
export function leafPage(
  pageId: number,
  entries: readonly (readonly [key: bigint, page: number])[],
  nextLeaf: number,
  isRoot: boolean,
): Uint8Array {
  const list = indexHeader(pageId, true, isRoot, entries.length);
  for (const [key, page] of entries) list.u64(key).u64(page);
  return sealed(list.u64(nextLeaf), 12);
}

/** An inner page of a tree: one child more than keys. */
export function innerPage(
  pageId: number,
  keys: readonly bigint[],
  children: readonly number[],
  isRoot: boolean,
): Uint8Array {
  const list = indexHeader(pageId, false, isRoot, keys.length);
  for (const key of keys) list.u64(key);
  for (const child of children) list.u64(child);
  return sealed(list, 12);
}

function indexHeader(pageId: number, isLeaf: boolean, isRoot: boolean, count: number): ByteList {
  return new ByteList().u64(pageId).u8(Number(isLeaf)).u8(Number(isRoot)).u16(count).zeros(4 + 16);
}

/** A whole page with its checksum. */
function sealed(list: ByteList, checksumAt: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  page.set(list.bytes);
  new DataView(page.buffer).setUint32(checksumAt, pageChecksum(list.bytes));
  return page;
}

/** Key of a cluster in the edge tree. */
export function edgeKey(node: Int64, direction: "out" | "in"): bigint {
  return (direction === "in" ? 1n << 62n : 0n) | BigInt.asUintN(62, BigInt(zigzag(node)));
}

/** The bytes of a cluster. Version 0 and 1 have neither node nor direction. */
export function clusterBytes(cluster: Cluster, version: 0 | 1 | 2 | 3, form: RecordForm): Uint8Array {
  const { node, direction, edges } = cluster;
  const list = new ByteList().u8(version);
  if (version >= 2) list.u64(node).u8(Number(direction === "in"));
  list.u32(edges.length);
  if (version === 3) {
    const ids = new ByteList();
    let before: Int64 = 0;
    for (const { neighbor } of edges) {
      ids.varint(zigzag(difference(neighbor, before)));
      before = neighbor;
    }
    list.u8(1).u32(ids.length).add(ids.bytes);
  }
  for (const edge of edges) {
    if (version < 3) list.u64(edge.neighbor);
    addEdgeData(list.u16(0), edge, form);
  }
  return list.bytes;
}

function addEdgeData(list: ByteList, edge: ClusterEdge, listForm: RecordForm): void {
  const { type, weight = 1, form = listForm } = edge;
  const bytes = typeBytes(type);
  if (form === "weighted") list.u16(6 + bytes.length).u8(0x80).f32(weight).u8(bytes.length).add(bytes);
  else if (type === "") list.u16(0);
  else list.u16(1 + bytes.length).u8(bytes.length).add(bytes);
}

const BYTES_BY_TYPE = new Map<string, Uint8Array>();

function typeBytes(type: string): Uint8Array {
  let bytes = BYTES_BY_TYPE.get(type);
  if (bytes === undefined) {
    bytes = new TextEncoder().encode(type);
    if (bytes.length > 255) throw new Error("a type has at most 255 bytes");
    BYTES_BY_TYPE.set(type, bytes);
  }
  return bytes;
}

/** Most bytes of a cluster in a packed page. */
export function packedLimit(pageSize: number): number {
  return pageSize - 24;
}

/** Clusters that share a page, or undefined when they do not fit. */
export function packedPage(
  clusters: readonly { readonly cluster: Cluster; readonly bytes: Uint8Array }[],
  pageSize: number,
): Uint8Array | undefined {
  const list = new ByteList().text("V3EP").u16(clusters.length).u16(0);
  let offset = 8 + 16 * clusters.length;
  for (const { cluster, bytes } of clusters) {
    list.u64(cluster.node).u8(Number(cluster.direction === "in")).u8(0).u16(offset).u16(bytes.length).u16(0);
    offset += bytes.length;
  }
  if (offset > pageSize) return undefined;
  for (const { bytes } of clusters) list.add(bytes);
  return list.zeros(pageSize - list.length).bytes;
}

/** Pages of one large cluster: the n-th gets the n-th id. */
export function chainPages(bytes: Uint8Array, pageIds: readonly number[], pageSize: number): Uint8Array[] {
  const room = pageSize - 16;
  return pageIds.map((_, index) => {
    const part = bytes.subarray(index * room, (index + 1) * room);
    const list = new ByteList().text("V3EC").u32(part.length).u64(pageIds[index + 1] ?? 0).add(part);
    return list.zeros(pageSize - list.length).bytes;
  });
}
