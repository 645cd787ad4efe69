/**
 * Header of a main file, without a checksum. Big-endian:
 *
 *   0 "SQLTGF", 0, 3         40 u64 node data offset (112: written by 2.0.8 or before)   88 u64 free page list, unused
 *   8 u32 version            48 u64 page id of the edge tree's root                      96 u64 next page id, often 0
 *  12 u32 flags              56 u64 outgoing cluster offset, unused                     104 u32 page size
 *  16 u64 node count         64 u64 incoming cluster offset, unused                     108 u32 height of the node tree
 *  24 u64 edge count         72 u64 free space offset, unused
 *  32 u32 schema version     80 u64 page id of the node tree's root
 *  36 u32 height of the edge tree (3.9.0)
 */

import { CorruptionError, UnsupportedError } from "../backend/errors.ts";

/** Bytes before page 1. */
export const HEADER_BYTES = 112;

/** A field that holds what no version writes. */
export interface HeaderProblem {
  /** Byte offset of the field. */
  readonly offset: number;
  /** What is wrong with it. */
  readonly message: string;
}

/** The fields. 64-bit values beyond 2^53 - 1 are Infinity. */
export interface ReferenceHeader {
  readonly version: number;
  readonly flags: number;
  /** Live counter of nodes; wrong after deletions of nodes that did not exist. */
  readonly nodeCount: number;
  /** Insertions of edges so far. */
  readonly edgeCount: number;
  readonly schemaVersion: number;
  /** 0 in files that only 3.2.5 or before wrote. */
  readonly edgeTreeHeight: number;
  /** 112 in files of 2.0.8 and before, else 0. */
  readonly nodeDataOffset: number;
  /** Page id of the edge tree's root as stored: meaningless when `nodeDataOffset` is 112. */
  readonly edgeRoot: number;
  /** Page id of the node tree's root; 0: no nodes. */
  readonly nodeRoot: number;
  /** Next page id to give, as of the last flush; 0 in files of 2.4.0 and before. */
  readonly totalPages: number;
  /** As stored; only edge pages are addressed with it. */
  readonly pageSize: number;
  readonly nodeTreeHeight: number;
  /** Fields that hold what no version writes. */
  readonly problems: readonly HeaderProblem[];
}

const MAGIC = [0x53, 0x51, 0x4c, 0x54, 0x47, 0x46, 0x00];
const MAGIC_VERSION = 3;
const FORMAT_VERSION = 4;
const REQUIRED_FLAGS = 7;
const MAX_TREE_HEIGHT = 4;
/** Page sizes that a header may have. */
export const PAGE_SIZES: readonly number[] = [4096, 8192, 16384];

/** Whether bytes begin like a main file of format version 4. */
export function isReferenceFile(head: Uint8Array): boolean {
  return hasMagic(head) && head[7] === MAGIC_VERSION;
}

function hasMagic(head: Uint8Array): boolean {
  return head.length >= 8 && MAGIC.every((byte, at) => head[at] === byte);
}

/**
 * Reads the header.
 *
 * @param bytes the first bytes of the file, at least 112
 * @throws {CorruptionError} when they are fewer, or begin otherwise
 * @throws {UnsupportedError} for another version of the format
 */
export function readHeader(bytes: Uint8Array): ReferenceHeader {
  if (!hasMagic(bytes)) throw damaged("the file does not begin like a database of the reference");
  if (bytes[7] !== MAGIC_VERSION) throw unsupported(bytes[7] === 0 ? "2" : `of the mark ${bytes[7]}`);
  if (bytes.length < HEADER_BYTES) throw damaged(`it has ${bytes.length} bytes instead of ${HEADER_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const version = view.getUint32(8);
  if (version !== FORMAT_VERSION) throw unsupported(`${version}`);
  const header = {
    version,
    flags: view.getUint32(12),
    nodeCount: readUint64(view, 16),
    edgeCount: readUint64(view, 24),
    schemaVersion: view.getUint32(32),
    edgeTreeHeight: view.getUint32(36),
    nodeDataOffset: readUint64(view, 40),
    edgeRoot: readUint64(view, 48),
    nodeRoot: readUint64(view, 80),
    totalPages: readUint64(view, 96),
    pageSize: view.getUint32(104),
    nodeTreeHeight: view.getUint32(108),
  };
  return { ...header, problems: findProblems(header) };
}

function findProblems(header: Omit<ReferenceHeader, "problems">): HeaderProblem[] {
  const problems: HeaderProblem[] = [];
  if ((header.flags & REQUIRED_FLAGS) !== REQUIRED_FLAGS) {
    problems.push({ offset: 12, message: `its flags are ${header.flags}, which lacks one of 1, 2 and 4` });
  }
  if (!PAGE_SIZES.includes(header.pageSize)) {
    problems.push({ offset: 104, message: `its page size is ${header.pageSize}; 4096 is used` });
  }
  if (header.nodeTreeHeight > MAX_TREE_HEIGHT) {
    problems.push({ offset: 108, message: `its node tree has height ${header.nodeTreeHeight}` });
  }
  return problems;
}

/** A u64 as a number: Infinity beyond 2^53 - 1. */
export function readUint64(view: DataView, at: number): number {
  const value = view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
  return value <= Number.MAX_SAFE_INTEGER ? value : Infinity;
}

function damaged(problem: string): CorruptionError {
  return new CorruptionError(`the header cannot be read: ${problem}`, { code: "reference-header" });
}

function unsupported(version: string): UnsupportedError {
  return new UnsupportedError(
    `the file is of format version ${version} of the reference; version ${FORMAT_VERSION} can be read`,
    { code: "reference-version", value: version },
  );
}
