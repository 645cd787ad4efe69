/**
 * Log records of the second format version: u8 type code, u32 payload length (little-endian, without these 5 bytes), payload.
 * The reference writes 13 of the 32 types and reads 10; here all 32 go in both directions.
 */

import { CorruptionError, InvalidArgumentError } from "../backend/errors.ts";
import { LAST_V2_RECORD_TYPE, RECORD_TYPE, recordTypeName } from "./record_type.ts";
import { V2_CODECS, type V2Encoding, type V2FieldCodec, V2Reader, type V2Values, V2Writer } from "./v2_fields.ts";

/** The fields of every type's payload in their order: name and encoding. Times are whole seconds since 1970. */
export const V2_PAYLOADS = {
  NodeInsert: [["nodeId", "i64"], ["slotOffset", "u64"], ["nodeData", "bytes"]],
  NodeUpdate: [["nodeId", "i64"], ["slotOffset", "u64"], ["oldData", "bytes"], ["newData", "bytes"]],
  NodeDelete: [
    ["nodeId", "i64"],
    ["slotOffset", "u64"],
    ["oldData", "bytes"],
    ["outgoing", "edges"],
    ["incoming", "edges"],
  ],
  ClusterCreate: [
    ["nodeId", "i64"],
    ["direction", "direction"],
    ["clusterOffset", "u64"],
    ["clusterSize", "u32"],
    ["edgeData", "bytes"],
  ],
  EdgeInsert: [["nodeId", "i64"], ["direction", "direction"], ["edge", "edge"], ["insertionPoint", "u32"]],
  EdgeUpdate: [
    ["nodeId", "i64"],
    ["direction", "direction"],
    ["oldEdge", "edge"],
    ["newEdge", "edge"],
    ["position", "u32"],
  ],
  EdgeDelete: [["nodeId", "i64"], ["direction", "direction"], ["oldEdge", "edge"], ["position", "u32"]],
  StringInsert: [["stringId", "u32"], ["text", "text"]],
  FreeSpaceAllocate: [["blockOffset", "u64"], ["blockSize", "u32"], ["blockType", "u8"]],
  FreeSpaceDeallocate: [["blockOffset", "u64"], ["blockSize", "u32"], ["blockType", "u8"]],
  TransactionBegin: [["transactionId", "u64"], ["timeSeconds", "u64"]],
  TransactionCommit: [["transactionId", "u64"], ["timeSeconds", "u64"]],
  TransactionRollback: [["transactionId", "u64"], ["timeSeconds", "u64"]],
  Checkpoint: [["checkpointedLsn", "u64"], ["timeSeconds", "u64"]],
  HeaderUpdate: [["headerOffset", "u64"], ["oldBytes", "bytes"], ["newBytes", "bytes"]],
  SegmentEnd: [["segmentLsn", "u64"], ["checksum", "u32"]],
  TransactionPrepare: [["transactionId", "u64"], ["recordCount", "u64"], ["timeSeconds", "u64"]],
  TransactionAbort: [["transactionId", "u64"], ["reason", "text"], ["timeSeconds", "u64"]],
  SavepointCreate: [["transactionId", "u64"], ["savepointId", "text"], ["timeSeconds", "u64"]],
  SavepointRollback: [["transactionId", "u64"], ["savepointId", "text"], ["timeSeconds", "u64"]],
  SavepointRelease: [["transactionId", "u64"], ["savepointId", "text"], ["timeSeconds", "u64"]],
  BackupCreate: [["backupId", "text"], ["path", "text"], ["timeSeconds", "u64"]],
  BackupRestore: [["backupId", "text"], ["path", "text"], ["targetPath", "text"], ["timeSeconds", "u64"]],
  LockAcquire: [["transactionId", "u64"], ["resourceId", "i64"], ["lockKind", "lockKind"], ["timeSeconds", "u64"]],
  LockRelease: [["transactionId", "u64"], ["resourceId", "i64"], ["timeSeconds", "u64"]],
  IndexUpdate: [["indexId", "u32"], ["operationType", "u8"], ["key", "bytes"], ["timeSeconds", "u64"]],
  StatisticsUpdate: [["statisticsType", "u8"], ["data", "bytes"], ["timeSeconds", "u64"]],
  AllocateContiguous: [["transactionId", "u64"], ["region", "region"], ["timeSeconds", "u64"]],
  CommitContiguous: [["transactionId", "u64"], ["region", "region"]],
  RollbackContiguous: [["region", "region"]],
  KvSet: [
    ["key", "bytes"],
    ["value", "bytes"],
    ["valueType", "u8"],
    ["ttlSeconds", "optionalU64"],
    ["version", "u64"],
  ],
  KvDelete: [["key", "bytes"], ["oldValueType", "u8"], ["oldValue", "optionalBytes"], ["oldVersion", "u64"]],
} as const;

/** Tags of key-value values in V2 records (V3 has other ones). */
export const V2_VALUE_TYPE = { bytes: 0, string: 1, integer: 2, float: 3, boolean: 4, json: 5 } as const;

/** Name of one of the 32 types. */
export type V2RecordName = keyof typeof V2_PAYLOADS;

/** A record of one type: its code as `type`, and its fields. */
export type V2RecordOf<Name extends V2RecordName> =
  & { readonly type: typeof RECORD_TYPE[Name] }
  & { readonly [Field in typeof V2_PAYLOADS[Name][number] as Field[0]]: V2Values[Field[1]] };

/** A record of any type; `type` tells which. */
export type V2Record = { [Name in V2RecordName]: V2RecordOf<Name> }[V2RecordName];

interface Field {
  readonly name: string;
  /** Name of the record type and of the field, for errors. */
  readonly place: string;
  readonly codec: V2FieldCodec<unknown>;
}

/** Type code and payload length. */
const HEAD_BYTES = 5;
const MAX_PAYLOAD_BYTES = 0xffff_ffff;

/** The fields of a type, at the index of its code. */
const FIELDS: readonly (readonly Field[] | undefined)[] = fieldsByCode(V2_PAYLOADS);

/**
 * The bytes of a record.
 *
 * @throws {InvalidArgumentError} when a value does not fit into its field, such as edge data of more than 65,535 bytes
 */
export function encodeV2(record: V2Record): Uint8Array {
  const fields = fieldsOf(record);
  const values = valuesOf(record);
  const size = v2Size(record);
  if (size - HEAD_BYTES > MAX_PAYLOAD_BYTES) {
    throw new InvalidArgumentError(`V2 record: the payload takes ${size - HEAD_BYTES} bytes; its length has 32 bits`, {
      code: "v2-record-invalid",
      field: "length",
      value: size - HEAD_BYTES,
    });
  }
  const bytes = new Uint8Array(size);
  const writer = new V2Writer(bytes);
  writer.u8(record.type);
  writer.u32(size - HEAD_BYTES);
  for (const { name, place, codec } of fields) {
    writer.place = place;
    codec.write(writer, values[name]);
  }
  return bytes;
}

/**
 * The record that `bytes` begins with. Bytes after the record, and bytes of its payload after its last field, are ignored.
 * The record keeps no reference to `bytes`.
 *
 * @throws {CorruptionError} when the type is unknown, or bytes are missing or not what the type has there
 */
export function decodeV2(bytes: Uint8Array): V2Record {
  const type = bytes[0];
  if (type === undefined) throw damage("there are no bytes");
  const fields = FIELDS[type];
  if (fields === undefined) throw damage(`type ${type} is unknown; types are 1 to ${LAST_V2_RECORD_TYPE}`);
  const head = new V2Reader(bytes, 1, bytes.length);
  head.place = "length";
  const end = HEAD_BYTES + head.u32();
  if (end > bytes.length) {
    throw damage(`${recordTypeName(type)} takes ${end} bytes, but there are only ${bytes.length}`);
  }
  const reader = new V2Reader(bytes, HEAD_BYTES, end);
  const record: Record<string, unknown> = { type };
  for (const { name, place, codec } of fields) {
    reader.place = place;
    record[name] = codec.read(reader);
  }
  return record as unknown as V2Record;
}

/** Bytes that `encodeV2` makes of a record: exact for every type. */
export function v2Size(record: V2Record): number {
  const values = valuesOf(record);
  return fieldsOf(record).reduce((size, { name, codec }) => size + codec.size(values[name]), HEAD_BYTES);
}

/** The node by which a record can be grouped with others of its neighbourhood; `undefined` for types that name none. */
export function v2ClusterKey(record: V2Record): bigint | undefined {
  return "nodeId" in record ? record.nodeId : undefined;
}

function valuesOf(record: V2Record): Readonly<Record<string, unknown>> {
  return record as unknown as Readonly<Record<string, unknown>>;
}

function fieldsOf(record: V2Record): readonly Field[] {
  const fields = FIELDS[record.type];
  if (fields !== undefined) return fields;
  throw new InvalidArgumentError(`V2 record: type ${record.type} is not one of 1 to ${LAST_V2_RECORD_TYPE}`, {
    code: "v2-record-invalid",
    field: "type",
    value: record.type,
  });
}

function damage(problem: string): CorruptionError {
  return new CorruptionError(`V2 record: ${problem}`, { code: "v2-record-corrupt" });
}

function fieldsByCode(
  payloads: Readonly<Record<V2RecordName, readonly (readonly [string, V2Encoding])[]>>,
): (readonly Field[] | undefined)[] {
  const fields: (readonly Field[] | undefined)[] = [undefined];
  for (const [name, payload] of Object.entries(payloads)) {
    fields[RECORD_TYPE[name as V2RecordName]] = payload.map(([field, encoding]) => ({
      name: field,
      place: `${name}.${field}`,
      // The table pairs the name of a field with its encoding, and the record's type is made from the same table.
      codec: V2_CODECS[encoding] as V2FieldCodec<unknown>,
    }));
  }
  return fields;
}
