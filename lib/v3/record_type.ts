/** The kinds of log records: their codes, their names, and what a record of a kind does. */

/**
 * Code of every record type. 1 to 32 are the record set of the second format version, under its names; those from 33 on are
 * this package's own.
 */
export const RECORD_TYPE = {
  NodeInsert: 1,
  NodeUpdate: 2,
  NodeDelete: 3,
  ClusterCreate: 4,
  EdgeInsert: 5,
  EdgeUpdate: 6,
  EdgeDelete: 7,
  StringInsert: 8,
  FreeSpaceAllocate: 9,
  FreeSpaceDeallocate: 10,
  TransactionBegin: 11,
  TransactionCommit: 12,
  TransactionRollback: 13,
  Checkpoint: 14,
  HeaderUpdate: 15,
  SegmentEnd: 16,
  TransactionPrepare: 17,
  TransactionAbort: 18,
  SavepointCreate: 19,
  SavepointRollback: 20,
  SavepointRelease: 21,
  BackupCreate: 22,
  BackupRestore: 23,
  LockAcquire: 24,
  LockRelease: 25,
  IndexUpdate: 26,
  StatisticsUpdate: 27,
  AllocateContiguous: 28,
  CommitContiguous: 29,
  RollbackContiguous: 30,
  KvSet: 31,
  KvDelete: 32,
  LabelAdd: 33,
  LabelRemove: 34,
  VectorIndexCreate: 35,
  VectorIndexDrop: 36,
  VectorSet: 37,
  VectorDelete: 38,
  TagCreate: 39,
  TagDrop: 40,
  Retention: 41,
} as const;

/** Name of a record type. */
export type RecordTypeName = keyof typeof RECORD_TYPE;

/** Code of a record type. */
export type RecordType = typeof RECORD_TYPE[RecordTypeName];

/** Largest code of the V2 record set. */
export const LAST_V2_RECORD_TYPE = 32;

/** Largest code of all. */
export const LAST_RECORD_TYPE = 41;

const NAMES: readonly (RecordTypeName | undefined)[] = namesByCode();

/** Name of a code, or `undefined` when no record type has it. */
export function recordTypeName(code: number): RecordTypeName | undefined {
  return NAMES[code];
}

/** Whether records of a type change what the database holds, so that they must reach its file by a checkpoint. */
export function isDataModifying(code: number): boolean {
  return (code >= RECORD_TYPE.NodeInsert && code <= RECORD_TYPE.FreeSpaceDeallocate) ||
    code === RECORD_TYPE.HeaderUpdate ||
    (code >= RECORD_TYPE.AllocateContiguous && code <= LAST_RECORD_TYPE);
}

/**
 * Whether records of a type begin, prepare or end a transaction. The reference does not count TransactionPrepare and
 * TransactionAbort, although they do.
 */
export function isTransactionControl(code: number): boolean {
  return (code >= RECORD_TYPE.TransactionBegin && code <= RECORD_TYPE.TransactionRollback) ||
    code === RECORD_TYPE.TransactionPrepare || code === RECORD_TYPE.TransactionAbort;
}

/** Whether V2 records of a type name a node by which they can be grouped (`v2ClusterKey` tells it). */
export function hasClusterKey(code: number): boolean {
  return code >= RECORD_TYPE.NodeInsert && code <= RECORD_TYPE.EdgeDelete;
}

function namesByCode(): (RecordTypeName | undefined)[] {
  const names: (RecordTypeName | undefined)[] = [undefined];
  for (const [name, code] of Object.entries(RECORD_TYPE)) names[code] = name as RecordTypeName;
  return names;
}
