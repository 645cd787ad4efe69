/** Import from a snapshot file (`docs/export.md`). */

import type { WriteAccess } from "./access.ts";
import type { ImportOptions, TransferResult } from "./care.ts";
import { ConflictError, InvalidArgumentError } from "./errors.ts";
import { LineReader } from "./line_reader.ts";
import {
  type EdgeRow,
  type NodeRow,
  parseHeader,
  parseRow,
  type PropertyRow,
  type SnapshotHeader,
  type SnapshotRow,
} from "./snapshot_row.ts";
import type { WriteStore } from "./store.ts";
import { checkValue } from "./value_input.ts";

/** What an import asks of an engine besides the usual writes, all in the running transaction. Changes are noted as usual. */
export interface ImportTarget {
  /** The usual writes. */
  readonly store: WriteStore;
  /** Number of nodes, edges and keys (also expired ones). */
  contents(): { readonly nodes: number; readonly edges: number; readonly keys: number };
  /** Removes everything; deletions are noted of edges, then nodes, then keys that have not expired. */
  clear(): void;
  /** Inserts a node with its id; false, and no change, when the id is taken. Labels may repeat, or be the kind. */
  restoreNode(node: NodeRow): boolean;
  /** Inserts an edge between existing nodes with its id; false, and no change, when the id is taken. */
  restoreEdge(edge: EdgeRow): boolean;
  /** Inserts a property of an existing node. @throws {UnsupportedError} where there are no such things */
  restoreProperty(property: PropertyRow): void;
  /** Raises the smallest ids that new records may get to these (or leaves them, where they are larger). */
  raiseNextIds(nextNodeId: number, nextEdgeId: number): void;
}

/** Rows between two reports of progress. */
const PROGRESS_ROWS = 1000;
const COUNTED = ["nodes", "edges", "keyValues", "properties"] as const;
type Counts = Record<typeof COUNTED[number], number>;

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
  access.store("importSnapshot");
  options.signal?.throwIfAborted();
  return access.writeMany("importSnapshot", () => {
    const target = begin();
    clearOrRefuse(target, name, options.replace === true);
    const reader = new LineReader(path);
    const { sizeBytes } = reader;
    const found: Counts = { nodes: 0, edges: 0, keyValues: 0, properties: 0 };
    let header: SnapshotHeader | undefined;
    let done = 0;
    for (const text of reader.lines()) {
      if (done++ % PROGRESS_ROWS === 0) {
        options.onProgress?.({ phase: "import", done: reader.bytesRead, total: sizeBytes });
        options.signal?.throwIfAborted();
      }
      if (text.trim() === "") continue;
      if (header === undefined) header = parseHeader(text, reader.line);
      else found[restore(target, parseRow(text, reader.line), reader.line, access.now())]++;
    }
    options.onProgress?.({ phase: "import", done: sizeBytes, total: sizeBytes });
    options.signal?.throwIfAborted();
    if (header === undefined) throw badFile(path, "is empty");
    for (const what of COUNTED) {
      if (found[what] !== header[what]) {
        throw badFile(
          path,
          `holds ${found[what]} ${what} where its header says ${header[what]}: it was cut or changed`,
        );
      }
    }
    // Ids that were given before the export are not given again.
    target.raiseNextIds(header.nextNodeId, header.nextEdgeId);
    return { path, sizeBytes, ...found };
  });
}

function badFile(path: string, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`importSnapshot: ${path} ${problem}; nothing was imported`, {
    code: "bad-snapshot-file",
    field: "path",
    value: path,
  });
}

function clearOrRefuse(target: ImportTarget, name: string, replace: boolean): void {
  const { nodes, edges, keys } = target.contents();
  if (nodes === 0 && keys === 0 && edges === 0) return;
  if (!replace) {
    throw new ConflictError(
      `importSnapshot: ${name} holds ${nodes} nodes and ${keys} keys; import into a new database, or set { replace: true }`,
      { code: "not-empty" },
    );
  }
  target.clear();
}

/** Writes a row with the id that it brings, and tells what it was. */
function restore(target: ImportTarget, row: SnapshotRow, line: number, now: number): keyof Counts {
  if ("node" in row) {
    if (!target.restoreNode(row.node)) throw duplicate(line, "node", row.node.id);
    return "nodes";
  }
  if ("edge" in row) {
    const { id, from, to } = row.edge;
    requireNode(target, line, "from", from);
    requireNode(target, line, "to", to);
    if (!target.restoreEdge(row.edge)) throw duplicate(line, "edge", id);
    return "edges";
  }
  if ("kv" in row) {
    const { key, value, expiresAt } = row.kv;
    target.store.setValue(key, checkValue(value), now, expiresAt);
    return "keyValues";
  }
  requireNode(target, line, "node", row.property.node);
  target.restoreProperty(row.property);
  return "properties";
}

function requireNode(target: ImportTarget, line: number, field: string, id: number): void {
  if (target.store.nodeExists(id)) return;
  throw new InvalidArgumentError(
    `importSnapshot: line ${line} names node ${id} (field "${field}"), which no earlier line holds; nothing was imported`,
    { code: "bad-snapshot-file", field, value: id },
  );
}

function duplicate(line: number, what: string, id: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `importSnapshot: line ${line} repeats the id of ${what} ${id}; nothing was imported`,
    {
      code: "bad-snapshot-file",
      field: "id",
      value: id,
    },
  );
}
