/**
 * Records of the reference's log: u32 variant, then the fields of the variant (little-endian). Bytes and texts have a u64 length
 * before them, optional fields a byte 0 or 1.
 */

import { CorruptionError } from "../backend/errors.ts";

/** Names of the record variants, by their number. */
export const WAL_VARIANTS = [
  "PageAllocate",
  "PageFree",
  "PageWrite",
  "BTreeSplit",
  "Checkpoint",
  "TransactionBegin",
  "TransactionCommit",
  "TransactionRollback",
  "KvSet",
  "KvDelete",
  "KvTombstone",
  "EdgeInsert",
] as const;

/** Name of a record variant. */
export type WalVariant = typeof WAL_VARIANTS[number];

/** What every record has. Byte arrays of records are parts of the bytes that were read. */
interface RecordHead {
  /** The log's number of the record, which orders nothing: key-values always have 0 there. */
  readonly lsn: bigint;
  /** When it was made, in seconds since 1970; 0: unknown. */
  readonly seconds: bigint;
}

/** A page was taken. */
export interface PageAllocateRecord extends RecordHead {
  readonly variant: "PageAllocate";
  readonly pageId: bigint;
}

/** A page was given up. */
export interface PageFreeRecord extends RecordHead {
  readonly variant: "PageFree";
  readonly pageId: bigint;
  readonly checksum: number;
}

/** A part of a page was written. */
export interface PageWriteRecord extends RecordHead {
  readonly variant: "PageWrite";
  readonly pageId: bigint;
  readonly pageOffset: number;
  readonly data: Uint8Array;
  readonly checksum: number;
}

/** A page of a tree was split. */
export interface BTreeSplitRecord extends RecordHead {
  readonly variant: "BTreeSplit";
  readonly originalPageId: bigint;
  readonly newPageId: bigint;
  readonly splitKey: bigint;
  readonly isLeaf: boolean;
}

/** A flush began. */
export interface CheckpointRecord extends RecordHead {
  readonly variant: "Checkpoint";
  readonly rootPageId: bigint;
  readonly totalPages: bigint;
  readonly treeHeight: number;
  readonly freePageListHead: bigint;
  /** The main file's header as it then was. */
  readonly header: Uint8Array;
}

/** A transaction began or ended. */
export interface TransactionRecord extends RecordHead {
  readonly variant: "TransactionBegin" | "TransactionCommit" | "TransactionRollback";
  readonly transactionId: bigint;
}

/** A key was written. */
export interface KvSetRecord extends RecordHead {
  readonly variant: "KvSet";
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly valueType: number;
  readonly ttlSeconds: bigint | undefined;
}

/** A key was removed. */
export interface KvDeleteRecord extends RecordHead {
  readonly variant: "KvDelete";
  readonly key: Uint8Array;
}

/** A key was removed, and what it had. */
export interface KvTombstoneRecord extends RecordHead {
  readonly variant: "KvTombstone";
  readonly key: Uint8Array;
  readonly oldValue: Uint8Array | undefined;
  readonly oldValueType: number;
}

/** An edge was added to one of its two edge lists. The log knows neither its type nor its data. */
export interface EdgeInsertRecord extends RecordHead {
  readonly variant: "EdgeInsert";
  readonly from: bigint;
  readonly to: bigint;
  readonly direction: "out" | "in";
  readonly pageId: bigint;
}

/** A record of any variant. */
export type WalRecord =
  | PageAllocateRecord
  | PageFreeRecord
  | PageWriteRecord
  | BTreeSplitRecord
  | CheckpointRecord
  | TransactionRecord
  | KvSetRecord
  | KvDeleteRecord
  | KvTombstoneRecord
  | EdgeInsertRecord;

/** A record and how many bytes it took. */
export interface DecodedRecord {
  readonly record: WalRecord;
  /** Bytes of the record; the frame may be longer. */
  readonly sizeBytes: number;
}

/**
 * The record that `body` begins with. Bytes behind it are ignored.
 *
 * @throws {CorruptionError} for an unknown variant, missing bytes, and values that a field cannot have
 */
export function decodeWalRecord(body: Uint8Array): DecodedRecord {
  const reader = new FieldReader(body);
  const variant = WAL_VARIANTS[reader.u32()];
  if (variant === undefined) throw damage("its variant is unknown");
  const record = READERS[variant](reader);
  return { record, sizeBytes: reader.at };
}

/** The fields in their order; object literals are evaluated in that order too. */
const READERS: { readonly [Variant in WalVariant]: (reader: FieldReader) => WalRecord } = {
  PageAllocate: (fields) => ({
    variant: "PageAllocate",
    lsn: fields.u64(),
    pageId: fields.u64(),
    seconds: fields.u64(),
  }),
  PageFree: (fields) => ({
    variant: "PageFree",
    lsn: fields.u64(),
    pageId: fields.u64(),
    checksum: fields.u32(),
    seconds: fields.u64(),
  }),
  PageWrite: (fields) => ({
    variant: "PageWrite",
    lsn: fields.u64(),
    pageId: fields.u64(),
    pageOffset: fields.u32(),
    data: fields.bytes(),
    checksum: fields.u32(),
    seconds: fields.u64(),
  }),
  BTreeSplit: (fields) => ({
    variant: "BTreeSplit",
    lsn: fields.u64(),
    originalPageId: fields.u64(),
    newPageId: fields.u64(),
    splitKey: fields.u64(),
    isLeaf: fields.u8() === 1,
    seconds: fields.u64(),
  }),
  Checkpoint: (fields) => ({
    variant: "Checkpoint",
    lsn: fields.u64(),
    rootPageId: fields.u64(),
    totalPages: fields.u64(),
    treeHeight: fields.u32(),
    freePageListHead: fields.u64(),
    header: fields.bytes(),
    seconds: fields.u64(),
  }),
  TransactionBegin: (fields) => transaction("TransactionBegin", fields),
  TransactionCommit: (fields) => transaction("TransactionCommit", fields),
  TransactionRollback: (fields) => transaction("TransactionRollback", fields),
  KvSet: (fields) => ({
    variant: "KvSet",
    lsn: fields.u64(),
    key: fields.bytes(),
    value: fields.bytes(),
    valueType: fields.u8(),
    ttlSeconds: fields.isPresent() ? fields.u64() : undefined,
    seconds: fields.u64(),
  }),
  KvDelete: (fields) => ({ variant: "KvDelete", lsn: fields.u64(), key: fields.bytes(), seconds: fields.u64() }),
  KvTombstone: (fields) => ({
    variant: "KvTombstone",
    lsn: fields.u64(),
    key: fields.bytes(),
    oldValue: fields.isPresent() ? fields.bytes() : undefined,
    oldValueType: fields.u8(),
    seconds: fields.u64(),
  }),
  EdgeInsert: (fields) => ({
    variant: "EdgeInsert",
    lsn: fields.u64(),
    from: fields.i64(),
    to: fields.i64(),
    direction: fields.direction(),
    pageId: fields.u64(),
    seconds: fields.u64(),
  }),
};

/** These alone have the transaction before the LSN. */
function transaction(variant: TransactionRecord["variant"], fields: FieldReader): TransactionRecord {
  return { variant, transactionId: fields.u64(), lsn: fields.u64(), seconds: fields.u64() };
}

class FieldReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  isPresent(): boolean {
    const tag = this.u8();
    if (tag > 1) throw damage(`a byte that is 0 or 1 is ${tag}`);
    return tag === 1;
  }

  direction(): "out" | "in" {
    return this.isPresent() ? "in" : "out";
  }

  bytes(): Uint8Array {
    const length = Number(this.u64());
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #take(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start) {
      throw damage(`a field at ${start} takes ${length} bytes, but ${this.#bytes.length - start} are left`);
    }
    this.at = start + length;
    return start;
  }
}

function damage(problem: string): CorruptionError {
  return new CorruptionError(`a record of the log (.v3wal) cannot be read: ${problem}`, {
    code: "reference-log-record",
  });
}
