/**
 * Payloads of the log's frames, format version 5: what a commit did, as much as redoing it needs. A frame carries type, LSN,
 * length and checksum, so a payload is its fields (see `log_fields.ts`) and nothing else.
 */

import { CorruptionError, InvalidArgumentError } from "../backend/errors.ts";
import { show } from "../backend/validate.ts";
import { fieldSize, type LogEncoding, LogReader, type LogValues, writeField } from "./log_fields.ts";
import { LAST_RECORD_TYPE, RECORD_TYPE, type RecordTypeName, recordTypeName } from "./record_type.ts";

/**
 * The fields of every type's payload in their order: name and encoding. The engine writes those types that redo needs; the
 * others complete the V2 record set.
 */
export const LOG_PAYLOADS = {
  NodeInsert: [["nodeId", "varint"], ["record", "bytesToEnd"]],
  NodeUpdate: [["nodeId", "varint"], ["record", "bytesToEnd"]],
  NodeDelete: [["nodeId", "varint"]],
  ClusterCreate: [
    ["nodeId", "varint"],
    ["direction", "direction"],
    ["clusterOffset", "varint"],
    ["clusterSize", "varint"],
    ["edgeData", "bytesToEnd"],
  ],
  EdgeInsert: [
    ["edgeId", "varint"],
    ["from", "varint"],
    ["to", "varint"],
    ["typeNumber", "varint"],
    ["data", "bytesToEnd"],
  ],
  EdgeUpdate: [["edgeId", "varint"], ["typeNumber", "varint"], ["data", "bytesToEnd"]],
  EdgeDelete: [["edgeId", "varint"]],
  StringInsert: [["stringNumber", "varint"], ["text", "textToEnd"]],
  FreeSpaceAllocate: [["blockOffset", "varint"], ["blockSize", "varint"], ["blockType", "u8"]],
  FreeSpaceDeallocate: [["blockOffset", "varint"], ["blockSize", "varint"], ["blockType", "u8"]],
  TransactionBegin: [["timeMs", "f64"]],
  TransactionCommit: [["timeMs", "f64"], ["nextNodeId", "varint"], ["nextEdgeId", "varint"]],
  TransactionRollback: [],
  Checkpoint: [["checkpointedLsn", "varint"], ["timeMs", "f64"]],
  HeaderUpdate: [["headerOffset", "varint"], ["oldBytes", "bytes"], ["newBytes", "bytesToEnd"]],
  SegmentEnd: [["segmentLsn", "varint"], ["checksum", "u32"]],
  TransactionPrepare: [["transactionId", "varint"], ["recordCount", "varint"], ["timeMs", "f64"]],
  TransactionAbort: [["transactionId", "varint"], ["reason", "text"], ["timeMs", "f64"]],
  SavepointCreate: [["transactionId", "varint"], ["savepointId", "text"], ["timeMs", "f64"]],
  SavepointRollback: [["transactionId", "varint"], ["savepointId", "text"], ["timeMs", "f64"]],
  SavepointRelease: [["transactionId", "varint"], ["savepointId", "text"], ["timeMs", "f64"]],
  BackupCreate: [["backupId", "text"], ["path", "text"], ["timeMs", "f64"]],
  BackupRestore: [["backupId", "text"], ["path", "text"], ["targetPath", "text"], ["timeMs", "f64"]],
  LockAcquire: [["transactionId", "varint"], ["resourceId", "varint"], ["lockKind", "lockKind"], ["timeMs", "f64"]],
  LockRelease: [["transactionId", "varint"], ["resourceId", "varint"], ["timeMs", "f64"]],
  IndexUpdate: [["indexId", "varint"], ["operationType", "u8"], ["key", "bytes"], ["timeMs", "f64"]],
  StatisticsUpdate: [["statisticsType", "u8"], ["data", "bytes"], ["timeMs", "f64"]],
  AllocateContiguous: [
    ["transactionId", "varint"],
    ["startOffset", "varint"],
    ["totalSize", "varint"],
    ["clusterCount", "varint"],
    ["stride", "varint"],
    ["timeMs", "f64"],
  ],
  CommitContiguous: [
    ["transactionId", "varint"],
    ["startOffset", "varint"],
    ["totalSize", "varint"],
    ["clusterCount", "varint"],
    ["stride", "varint"],
  ],
  RollbackContiguous: [
    ["startOffset", "varint"],
    ["totalSize", "varint"],
    ["clusterCount", "varint"],
    ["stride", "varint"],
  ],
  KvSet: [["key", "bytes"], ["value", "bytesToEnd"]],
  KvDelete: [["operation", "operation"], ["key", "bytesToEnd"]],
  LabelAdd: [["nodeId", "varint"], ["labelNumber", "varint"]],
  LabelRemove: [["nodeId", "varint"], ["labelNumber", "varint"]],
  VectorIndexCreate: [["name", "text"], ["record", "bytesToEnd"]],
  VectorIndexDrop: [["indexNumber", "varint"]],
  VectorSet: [["indexNumber", "varint"], ["nodeId", "varint"], ["vector", "f32ToEnd"]],
  VectorDelete: [["indexNumber", "varint"], ["nodeId", "varint"]],
  TagCreate: [["lsn", "varint"], ["timeMs", "f64"], ["name", "textToEnd"]],
  TagDrop: [["name", "textToEnd"]],
  // Infinity is no limit of that kind; three zeros keep nothing.
  Retention: [["commits", "f64"], ["ageMs", "f64"], ["bytes", "f64"]],
} as const;

/** A record of one type: its code as `type`, and its fields. */
export type LogRecordOf<Name extends RecordTypeName> =
  & { readonly type: typeof RECORD_TYPE[Name] }
  & { readonly [Field in typeof LOG_PAYLOADS[Name][number] as Field[0]]: LogValues[Field[1]] };

/** A record of any type; `type` tells which. */
export type LogRecord = { [Name in RecordTypeName]: LogRecordOf<Name> }[RecordTypeName];

interface Field {
  readonly name: string;
  readonly encoding: LogEncoding;
}

/** The fields of a type, at the index of its code. */
const FIELDS: readonly (readonly Field[] | undefined)[] = fieldsByCode(LOG_PAYLOADS);

/**
 * The payload of a record.
 *
 * @throws {InvalidArgumentError} when a value does not fit into its field
 */
export function encodeLogRecord(record: LogRecord): Uint8Array {
  const bytes = new Uint8Array(logRecordSize(record));
  writeLogRecord(record, bytes, 0);
  return bytes;
}

/**
 * Bytes of a record's payload. Checks the record's values.
 *
 * @throws {InvalidArgumentError} when a value does not fit into its field
 */
export function logRecordSize(record: LogRecord): number {
  const fields = FIELDS[record.type];
  if (fields === undefined) {
    throw new InvalidArgumentError(`log record: type ${record.type} is not one of 1 to ${LAST_RECORD_TYPE}`, {
      code: "log-record-invalid",
      field: "type",
      value: record.type,
    });
  }
  const values = record as unknown as Readonly<Record<string, unknown>>;
  let size = 0;
  for (let i = 0; i < fields.length; i++) {
    const { name, encoding } = fields[i] as Field;
    const fieldBytes = fieldSize(encoding, values[name]);
    if (fieldBytes < 0) {
      throw new InvalidArgumentError(
        `log record: ${recordTypeName(record.type)}.${name} is ${show(values[name])}, which is no ${encoding}`,
        { code: "log-record-invalid", field: name, value: values[name] },
      );
    }
    size += fieldBytes;
  }
  return size;
}

/**
 * Writes the payload of a record into `bytes` and returns where it ends. For records and places of which `logRecordSize` said
 * that they are right and large enough: nothing is checked again.
 */
export function writeLogRecord(record: LogRecord, bytes: Uint8Array, at: number): number {
  const fields = FIELDS[record.type] as readonly Field[];
  const values = record as unknown as Readonly<Record<string, unknown>>;
  let end = at;
  for (let i = 0; i < fields.length; i++) {
    const { name, encoding } = fields[i] as Field;
    end = writeField(encoding, values[name], bytes, end);
  }
  return end;
}

/**
 * The record whose payload lies in `bytes` from `start` to before `end`. Byte fields of it are views of `bytes`: copy what must
 * outlive that memory.
 *
 * @throws {CorruptionError} (`log-record-corrupt`) when the type is unknown, or the payload is not exactly a record of the type
 */
export function decodeLogRecord(type: number, bytes: Uint8Array, start: number, end: number): LogRecord {
  const fields = FIELDS[type];
  if (fields === undefined) {
    throw new CorruptionError(`log record: type ${type} is unknown; types are 1 to ${LAST_RECORD_TYPE}`, {
      code: "log-record-corrupt",
      field: "type",
      value: type,
    });
  }
  const reader = new LogReader(recordTypeName(type) as string, bytes, start, end);
  const record: Record<string, unknown> = { type };
  for (let i = 0; i < fields.length; i++) {
    const { name, encoding } = fields[i] as Field;
    reader.field = name;
    record[name] = reader.value(encoding);
  }
  reader.finish();
  return record as unknown as LogRecord;
}

function fieldsByCode(
  payloads: Readonly<Record<RecordTypeName, readonly (readonly [string, LogEncoding])[]>>,
): (readonly Field[] | undefined)[] {
  const fields: (readonly Field[] | undefined)[] = [undefined];
  for (const [name, payload] of Object.entries(payloads)) {
    fields[RECORD_TYPE[name as RecordTypeName]] = payload.map(([field, encoding]) => ({ name: field, encoding }));
  }
  return fields;
}
