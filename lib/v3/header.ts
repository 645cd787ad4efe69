/**
 * The header of the file: two slots of 4096 bytes, each a whole description of one checkpoint. The valid slot with the higher
 * counter counts. Little-endian, but for the version (big-endian, as in every version of the format).
 */

import { crc32 } from "node:zlib";
import { CorruptionError, UnsupportedError } from "../backend/errors.ts";
import { PAGE_SIZE } from "./page.ts";
import type { TreeRoot } from "./pages.ts";

/** First bytes of every file of the format. */
export const V3_MAGIC: Uint8Array = Uint8Array.of(0x53, 0x51, 0x4c, 0x54, 0x47, 0x46, 0, 3);

/** Version that this engine writes. */
export const FORMAT_VERSION = 5;

/** Version of the Rust system, whose files are imported, not opened. */
const REFERENCE_VERSION = 4;

/** Bytes of a slot. */
export const HEADER_SLOT_SIZE = 4096;

/** Offsets within a slot. A root is page id u32, low birth u32, level u32. */
export const HEADER = {
  magic: 0,
  version: 8,
  pageSize: 12,
  flags: 16,
  fileSeed: 20,
  fileId: 24,
  counter: 40,
  lsn: 48,
  lsnCeiling: 56,
  timeMs: 64,
  createdMs: 72,
  nodeCount: 80,
  edgeCount: 88,
  keyCount: 96,
  nextNodeId: 104,
  nextEdgeId: 112,
  nodeIdCeiling: 120,
  edgeIdCeiling: 128,
  pageCount: 136,
  freeListPage: 140,
  freeListBirth: 144,
  freeListBytes: 148,
  catalog: 152,
  history: 164,
  dead: 176,
  tags: 188,
  retainCommits: 200,
  retainAgeMs: 208,
  retainBytes: 216,
  nextLsn: 224,
  checksum: 4092,
} as const;

/** Flag: the list of dead pages holds pages that only snapshots of the running process needed. */
export const FLAG_PINNED_DEAD = 1;

/** How much of the past is kept; 0 of each: nothing. */
export interface RetentionLimits {
  readonly commits: number;
  readonly ageMs: number;
  readonly bytes: number;
}

/** What a slot says. */
export interface Header {
  readonly flags: number;
  /** Random; part of every page's checksum. */
  readonly fileSeed: number;
  /** 16 random bytes. */
  readonly fileId: Uint8Array;
  /** Counts header writes. */
  readonly counter: number;
  /** Commit that the roots show. */
  readonly lsn: number;
  /** LSN of the next commit, when this header is the last thing that was written. */
  readonly nextLsn: number;
  /** No LSN from here on has been given. */
  readonly lsnCeiling: number;
  /** Time of that commit. */
  readonly timeMs: number;
  /** When the database was made. */
  readonly createdMs: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly keyCount: number;
  readonly nextNodeId: number;
  readonly nextEdgeId: number;
  /** No node id from here on has been given. */
  readonly nodeIdCeiling: number;
  /** No edge id from here on has been given. */
  readonly edgeIdCeiling: number;
  /** Pages of the file. */
  readonly pageCount: number;
  readonly freeListPage: number;
  readonly freeListBirth: number;
  readonly freeListBytes: number;
  /** Trees of the graph. */
  readonly catalog: TreeRoot;
  /** Kept commits. */
  readonly history: TreeRoot;
  /** Pages that only kept commits reach. */
  readonly dead: TreeRoot;
  /** Named commits. */
  readonly tags: TreeRoot;
  readonly retention: RetentionLimits;
}

/** Writes a slot. */
export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_SLOT_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(V3_MAGIC, HEADER.magic);
  view.setUint32(HEADER.version, FORMAT_VERSION, false);
  view.setUint32(HEADER.pageSize, PAGE_SIZE, true);
  view.setUint32(HEADER.flags, header.flags, true);
  view.setUint32(HEADER.fileSeed, header.fileSeed, true);
  bytes.set(header.fileId, HEADER.fileId);
  for (const field of NUMBERS) view.setFloat64(HEADER[field], header[field], true);
  for (const field of WORDS) view.setUint32(HEADER[field], header[field], true);
  for (const field of ROOTS) {
    const { pageId, birth, level } = header[field];
    view.setUint32(HEADER[field], pageId, true);
    view.setUint32(HEADER[field] + 4, birth, true);
    view.setUint32(HEADER[field] + 8, level, true);
  }
  view.setFloat64(HEADER.retainCommits, header.retention.commits, true);
  view.setFloat64(HEADER.retainAgeMs, header.retention.ageMs, true);
  view.setFloat64(HEADER.retainBytes, header.retention.bytes, true);
  view.setUint32(HEADER.checksum, crc32(bytes.subarray(0, HEADER.checksum)), true);
  return bytes;
}

const NUMBERS = [
  "counter",
  "lsn",
  "nextLsn",
  "lsnCeiling",
  "timeMs",
  "createdMs",
  "nodeCount",
  "edgeCount",
  "keyCount",
  "nextNodeId",
  "nextEdgeId",
  "nodeIdCeiling",
  "edgeIdCeiling",
] as const;
const WORDS = ["pageCount", "freeListPage", "freeListBirth", "freeListBytes"] as const;
const ROOTS = ["catalog", "history", "dead", "tags"] as const;

/** Reads a slot; undefined when its checksum does not match or it is no header at all. */
export function decodeHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < HEADER_SLOT_SIZE || !hasMagic(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SLOT_SIZE);
  if (view.getUint32(HEADER.version, false) !== FORMAT_VERSION) return undefined;
  if (view.getUint32(HEADER.pageSize, true) !== PAGE_SIZE) return undefined;
  if (view.getUint32(HEADER.checksum, true) !== crc32(bytes.subarray(0, HEADER.checksum))) return undefined;
  const number = (field: typeof NUMBERS[number]): number => view.getFloat64(HEADER[field], true);
  const word = (field: typeof WORDS[number]): number => view.getUint32(HEADER[field], true);
  const root = (field: typeof ROOTS[number]): TreeRoot => ({
    pageId: view.getUint32(HEADER[field], true),
    birth: view.getUint32(HEADER[field] + 4, true),
    level: view.getUint32(HEADER[field] + 8, true),
  });
  return {
    flags: view.getUint32(HEADER.flags, true),
    fileSeed: view.getUint32(HEADER.fileSeed, true),
    fileId: bytes.slice(HEADER.fileId, HEADER.fileId + 16),
    counter: number("counter"),
    lsn: number("lsn"),
    nextLsn: number("nextLsn"),
    lsnCeiling: number("lsnCeiling"),
    timeMs: number("timeMs"),
    createdMs: number("createdMs"),
    nodeCount: number("nodeCount"),
    edgeCount: number("edgeCount"),
    keyCount: number("keyCount"),
    nextNodeId: number("nextNodeId"),
    nextEdgeId: number("nextEdgeId"),
    nodeIdCeiling: number("nodeIdCeiling"),
    edgeIdCeiling: number("edgeIdCeiling"),
    pageCount: word("pageCount"),
    freeListPage: word("freeListPage"),
    freeListBirth: word("freeListBirth"),
    freeListBytes: word("freeListBytes"),
    catalog: root("catalog"),
    history: root("history"),
    dead: root("dead"),
    tags: root("tags"),
    retention: {
      commits: view.getFloat64(HEADER.retainCommits, true),
      ageMs: view.getFloat64(HEADER.retainAgeMs, true),
      bytes: view.getFloat64(HEADER.retainBytes, true),
    },
  };
}

function hasMagic(bytes: Uint8Array): boolean {
  return V3_MAGIC.every((byte, at) => bytes[at] === byte);
}

/** What the two slots say, and which one counts. */
export interface ChosenHeader {
  readonly header: Header;
  /** Slot of the header: 0 or 1. */
  readonly slot: 0 | 1;
  /** Whether the other slot is damaged. */
  readonly isOtherDamaged: boolean;
}

/**
 * The header that counts.
 *
 * @param bytes the first 8192 bytes of the file, or what there is of them
 * @throws {UnsupportedError} for a version that this release does not open
 * @throws {CorruptionError} when both slots are damaged, or it is no such file
 */
export function chooseHeader(bytes: Uint8Array, path: string): ChosenHeader {
  refuseOtherVersions(bytes, path);
  const [first, second] = [0, 1].map((slot) => decodeHeader(bytes.subarray(slot * HEADER_SLOT_SIZE)));
  if (first !== undefined && (second === undefined || first.counter >= second.counter)) {
    return { header: first, slot: 0, isOtherDamaged: second === undefined };
  }
  if (second !== undefined) return { header: second, slot: 1, isOtherDamaged: first === undefined };
  throw new CorruptionError(
    `${path}: both copies of the file's header are damaged; salvage it into a new file, or restore a backup`,
    { code: "header-corrupt", value: path },
  );
}

function refuseOtherVersions(bytes: Uint8Array, path: string): void {
  // Either slot may be damaged: the version of a slot counts only together with its magic.
  const versions = [0, HEADER_SLOT_SIZE].filter((at) => hasMagic(bytes.subarray(at))).map((at) =>
    new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(HEADER.version, false)
  );
  if (versions.length === 0) {
    throw new CorruptionError(`${path}: is no database of this format (it does not begin with SQLTGF)`, {
      code: "not-a-database",
      value: path,
    });
  }
  if (versions.includes(FORMAT_VERSION)) return;
  const [version] = versions as [number];
  // A future version may be laid out in any way, and a small number can only be an older one.
  if (version < FORMAT_VERSION) {
    const command = `sqlitegraph import-reference ${path} --into NEWFILE`;
    throw new UnsupportedError(
      version === REFERENCE_VERSION
        ? `${path}: is of format version ${version}, written by the Rust system; bring it over with: ${command}`
        : `${path}: is of format version ${version}; this release opens version ${FORMAT_VERSION}`,
      { code: "format-not-supported", field: "path", value: path },
    );
  }
  throw new UnsupportedError(
    `${path}: is of format version ${version}; this release opens version ${FORMAT_VERSION}: use a newer one`,
    { code: "format-not-supported", field: "path", value: path },
  );
}
