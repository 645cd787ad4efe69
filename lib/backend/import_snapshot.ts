/** Import from a snapshot file (`docs/export.md`). */

import type { WriteAccess } from "./access.ts";
import type { ImportOptions, TransferResult } from "./care.ts";
import { InvalidArgumentError } from "./errors.ts";
import { LineReader } from "./line_reader.ts";
import { type ImportTarget, restoreRows, type RowRestorer } from "./restore_rows.ts";
import { parseHeader, parseRow, type SnapshotHeader, type SnapshotRow } from "./snapshot_row.ts";

/** Rows between two reports of progress. */
const PROGRESS_ROWS = 1000;
const COUNTED = ["nodes", "edges", "keyValues", "properties", "vectorIndexes", "vectors"] as const;

/**
 * Reads a file of `exportSnapshot` in one transaction.
 *
 * @param name the database, for the error message
 * @param begin makes the target, once the transaction runs
 */
export function importSnapshot(
  access: WriteAccess,
  path: string,
  name: string,
  begin: () => ImportTarget,
  options: ImportOptions = {},
): TransferResult {
  const restoring = { call: "importSnapshot", name, unit: "line", code: "bad-snapshot-file", begin } as const;
  return restoreRows(access, restoring, options, (restorer) => {
    const reader = new LineReader(path);
    const { sizeBytes } = reader;
    let header: SnapshotHeader | undefined;
    let done = 0;
    for (const text of reader.lines()) {
      if (done++ % PROGRESS_ROWS === 0) {
        options.onProgress?.({ phase: "import", done: reader.bytesRead, total: sizeBytes });
        options.signal?.throwIfAborted();
      }
      if (text.trim() === "") continue;
      if (header === undefined) header = parseHeader(text, reader.line);
      else restore(restorer, parseRow(text, reader.line), reader.line);
    }
    options.onProgress?.({ phase: "import", done: sizeBytes, total: sizeBytes });
    options.signal?.throwIfAborted();
    if (header === undefined) throw badFile(path, "is empty");
    for (const what of COUNTED) {
      if (restorer[what] !== header[what]) {
        throw badFile(
          path,
          `holds ${restorer[what]} ${what} where its header says ${header[what]}: it was cut or changed`,
        );
      }
    }
    // Ids that were given before the export are not given again.
    restorer.raiseNextIds(header.nextNodeId, header.nextEdgeId);
    const { nodes, edges, keyValues, properties, vectorIndexes, vectors } = restorer;
    return { path, sizeBytes, nodes, edges, keyValues, properties, vectorIndexes, vectors };
  });
}

function badFile(path: string, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`importSnapshot: ${path} ${problem}; nothing was imported`, {
    code: "bad-snapshot-file",
    field: "path",
    value: path,
  });
}

/** Writes a row with the id that it brings. */
function restore(restorer: RowRestorer, row: SnapshotRow, line: number): void {
  if ("node" in row) restorer.node(row.node, line);
  else if ("edge" in row) restorer.edge(row.edge, line);
  else if ("kv" in row) restorer.keyValue(row.kv);
  else if ("vector" in row) restorer.vector(row.vector, line);
  else if ("vectorIndex" in row) restorer.vectorIndex(row.vectorIndex, line);
  else restorer.property(row.property, line);
}
