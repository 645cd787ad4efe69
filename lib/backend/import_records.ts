/** Import of records with given ids, from any source. */

import type { WriteAccess } from "./access.ts";
import type { ImportCounts, ImportRecordsOptions } from "./care.ts";
import { InvalidArgumentError } from "./errors.ts";
import {
  checkImportedEdge,
  checkImportedKeyValue,
  checkImportedNode,
  checkImportedVector,
  checkImportedVectorIndex,
  type ImportRecord,
} from "./import_record.ts";
import { type ImportTarget, restoreRows, type RowRestorer } from "./restore_rows.ts";
import { checkId, show } from "./validate.ts";

const CALL = "importRecords";
/** Records between two reports of progress. */
const PROGRESS_RECORDS = 1000;

/**
 * Writes records in one transaction.
 *
 * @param name the database, for the error message
 * @param begin makes the target, once the transaction runs
 */
export function importRecords(
  access: WriteAccess,
  records: Iterable<ImportRecord>,
  name: string,
  begin: () => ImportTarget,
  options: ImportRecordsOptions = {},
): ImportCounts {
  if (typeof (records as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw badRecord("records", records, `is ${show(records)}; give an array or another iterable`);
  }
  const nextNodeId = options.nextNodeId === undefined ? 1 : checkId(options.nextNodeId, CALL, "nextNodeId");
  const nextEdgeId = options.nextEdgeId === undefined ? 1 : checkId(options.nextEdgeId, CALL, "nextEdgeId");
  const restoring = { call: CALL, name, unit: "record", code: "bad-record", begin } as const;
  return restoreRows(access, restoring, options, (restorer) => {
    let place = 0;
    for (const record of records) {
      if (place++ % PROGRESS_RECORDS === 0) {
        options.onProgress?.({ phase: "import", done: place - 1 });
        options.signal?.throwIfAborted();
      }
      restore(restorer, record, place);
    }
    options.onProgress?.({ phase: "import", done: place });
    options.signal?.throwIfAborted();
    restorer.raiseNextIds(nextNodeId, nextEdgeId);
    const { nodes, edges, keyValues, vectorIndexes, vectors } = restorer;
    return { nodes, edges, keyValues, vectorIndexes, vectors };
  });
}

type AnyRecord = Partial<Record<"node" | "edge" | "kv" | "vectorIndex" | "vector", unknown>>;

/** Hot. */
function restore(restorer: RowRestorer, record: AnyRecord, place: number): void {
  if (typeof record !== "object" || record === null) throw notRecord(record, place);
  if (record.edge !== undefined) restorer.edge(checkImportedEdge(record.edge, CALL), place);
  else if (record.node !== undefined) restorer.node(checkImportedNode(record.node, CALL), place);
  else if (record.kv !== undefined) restorer.keyValue(checkImportedKeyValue(record.kv, CALL, restorer.now));
  else if (record.vector !== undefined) restorer.vector(checkImportedVector(record.vector, CALL), place);
  else if (record.vectorIndex !== undefined) {
    restorer.vectorIndex(checkImportedVectorIndex(record.vectorIndex, CALL), place);
  } else throw notRecord(record, place);
}

function notRecord(record: unknown, place: number): InvalidArgumentError {
  return badRecord(
    "records",
    record,
    `${place} is no record; records look like { node: {...} }, { edge: ... }, { kv: ... }, { vectorIndex: ... } or { vector: ... }`,
  );
}

function badRecord(field: string, value: unknown, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`${CALL}: ${field} ${problem}`, { code: "bad-record", field, value });
}
