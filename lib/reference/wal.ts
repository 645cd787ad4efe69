/**
 * The `.v3wal` sidecar: a header of 64 bytes, then frames: u32 length (1 to 1 MiB) and a record (`wal_record.ts`). Little-endian.
 *
 *   0  "V3WAL", three zero bytes     16 u64 creation in seconds since 1970     40 u64 checkpointed LSN
 *   8  u32 version, 1                24 u64 current LSN                        48 u64, u64 reserved
 *   12 u32 page size                 32 u64 committed LSN
 *
 * The LSNs are those of the first moment: the reference never brings them up to date. After a flush it writes the log without a
 * header, and then refuses to open the database; here the frames simply begin at byte 0. Frames have no checksum.
 */

import type { SidecarDamage } from "./sidecar_file.ts";
import { decodeWalRecord, WAL_VARIANTS, type WalRecord, type WalVariant } from "./wal_record.ts";

/** Size of the header. */
export const WAL_HEADER_BYTES = 64;

/** Largest record. */
export const MAX_WAL_RECORD_BYTES: number = 2 ** 20;

/** The header's fields that mean something. */
export interface WalHeader {
  /** Version of the log's format. */
  readonly version: number;
  /** The writer's constant, whatever pages the main file has. */
  readonly pageSize: number;
  /** When the log was made, in seconds since 1970. */
  readonly createdSeconds: bigint;
}

/** How to read a log. */
export interface ReadWalOptions {
  /**
   * True also looks behind a broken frame for the next one that is certainly one. Default false: what follows a broken frame is
   * not read.
   */
  readonly salvage?: boolean | undefined;
}

/** What a log holds. */
export interface ReferenceWal {
  /** The header; undefined when the log has none, which is legal. */
  readonly header: WalHeader | undefined;
  /** Number of records that can be read, by variant. */
  readonly counts: Readonly<Record<WalVariant, number>>;
  /** Parts that cannot be read: at most one, unless salvaged. */
  readonly damages: readonly SidecarDamage[];
  /** The records in the order of the file. */
  records(): IterableIterator<WalRecord>;
}

const MAGIC = [0x56, 0x33, 0x57, 0x41, 0x4c, 0, 0, 0];
const VERSION = 1;
const PAGE_SIZES: readonly number[] = [4096, 8192, 16384];
const LENGTH_BYTES = 4;
/** The shortest record: a transaction's or a page's, with three numbers. */
const LEAST_RECORD_BYTES = 28;

/** Bytes of whole frames. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Reads a log. Every frame is looked at once before this returns, so that all damage is known. */
export function readWal(bytes: Uint8Array, options: ReadWalOptions = {}): ReferenceWal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const counts = Object.fromEntries(WAL_VARIANTS.map((variant) => [variant, 0])) as Record<WalVariant, number>;
  const stretches: Stretch[] = [];
  const damages: SidecarDamage[] = [];
  const hasHeader = MAGIC.every((byte, at) => bytes[at] === byte);
  const header = hasHeader && bytes.length >= WAL_HEADER_BYTES ? readHeader(view) : undefined;
  const problem = header === undefined ? undefined : headerProblem(header);
  if (problem !== undefined) damages.push({ message: problem, offset: 0, lostBytes: 0 });
  for (let at = startOfFrames(bytes, view, hasHeader); at < bytes.length;) {
    const start = at;
    let broken: string | undefined;
    while (at < bytes.length) {
      const frame = readFrame(bytes, view, at);
      if (typeof frame === "string") {
        broken = frame;
        break;
      }
      counts[frame.record.variant]++;
      at = frame.end;
    }
    if (at > start) stretches.push({ start, end: at });
    if (broken === undefined) break;
    const next = options.salvage ? nextCertainFrame(bytes, view, at + 1) : bytes.length;
    damages.push({ message: broken, offset: at, lostBytes: next - at });
    at = next;
  }
  return { header, counts, damages, records: () => recordsOf(bytes, view, stretches) };
}

function readHeader(view: DataView): WalHeader {
  return {
    version: view.getUint32(8, true),
    pageSize: view.getUint32(12, true),
    createdSeconds: view.getBigUint64(16, true),
  };
}

/** Neither field changes how the frames are read: what is wrong here is told, and the frames are read. */
function headerProblem({ version, pageSize }: WalHeader): string | undefined {
  if (version !== VERSION) return `the header's version is ${version} instead of ${VERSION}`;
  return PAGE_SIZES.includes(pageSize) ? undefined : `the header's page size is ${pageSize}`;
}

/** A log without header begins with a frame; one that begins with neither may have a damaged header. */
function startOfFrames(bytes: Uint8Array, view: DataView, hasHeader: boolean): number {
  if (hasHeader) return Math.min(WAL_HEADER_BYTES, bytes.length);
  if (typeof readFrame(bytes, view, 0) === "object") return 0;
  return typeof readFrame(bytes, view, WAL_HEADER_BYTES) === "object" ? WAL_HEADER_BYTES : 0;
}

interface Frame {
  readonly record: WalRecord;
  /** Whether the record fills the frame, as every record does that the reference wrote. */
  readonly isFull: boolean;
  readonly end: number;
}

/** The frame at `at`, or what is wrong with it. */
function readFrame(bytes: Uint8Array, view: DataView, at: number): Frame | string {
  const left = bytes.length - at - LENGTH_BYTES;
  if (left < 0) return "a frame is cut inside its length";
  const length = view.getUint32(at, true);
  if (length === 0 || length > MAX_WAL_RECORD_BYTES) return `a frame cannot have ${length} bytes`;
  if (length > left) return `a frame of ${length} bytes is cut: ${left} are left`;
  const start = at + LENGTH_BYTES;
  try {
    const { record, sizeBytes } = decodeWalRecord(bytes.subarray(start, start + length));
    return { record, isFull: sizeBytes === length, end: start + length };
  } catch (error) {
    return (error as Error).message;
  }
}

/** The next position from `at` on where a full frame lies that another frame, or the end, follows; else the end. */
function nextCertainFrame(bytes: Uint8Array, view: DataView, at: number): number {
  for (let start = at; start + LENGTH_BYTES + LEAST_RECORD_BYTES <= bytes.length; start++) {
    if (!mayBeFrame(view, start)) continue;
    const frame = readFrame(bytes, view, start);
    if (typeof frame === "string" || !frame.isFull) continue;
    if (frame.end === bytes.length || typeof readFrame(bytes, view, frame.end) === "object") return start;
  }
  return bytes.length;
}

/** Hot: looks only at length and variant, which almost no other bytes match. */
function mayBeFrame(view: DataView, at: number): boolean {
  const length = view.getUint32(at, true);
  if (length < LEAST_RECORD_BYTES || length > MAX_WAL_RECORD_BYTES) return false;
  return length <= view.byteLength - at - LENGTH_BYTES && view.getUint32(at + LENGTH_BYTES, true) < WAL_VARIANTS.length;
}

function* recordsOf(
  bytes: Uint8Array,
  view: DataView,
  stretches: readonly Stretch[],
): Generator<WalRecord, undefined, undefined> {
  for (const { start, end } of stretches) {
    for (let at = start; at < end;) {
      const frame = readFrame(bytes, view, at) as Frame;
      yield frame.record;
      at = frame.end;
    }
  }
}
