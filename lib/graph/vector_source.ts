/** Vectors of a file, and whom they belong to. */

import { checkId } from "../backend/validate.ts";
import type { NodeId } from "../backend/schema.ts";
import type { VectorInput } from "../backend/vector.ts";
import { UnreadableRow } from "./row_source.ts";
import { GraphError } from "../backend/errors.ts";

/** The node that a vector of a file belongs to: by id, or by name, with its kind or without. */
export type VectorOwner = { readonly nodeId: NodeId } | { readonly kind: string | undefined; readonly name: string };

/** A vector of a file. Its numbers are not checked yet. */
export interface VectorRow {
  /** Whom it belongs to. */
  readonly owner: VectorOwner;
  /** The numbers. */
  readonly vector: VectorInput;
}

/** Vectors of a file. Can be iterated once; reads as it is iterated and closes the file at the end. */
export interface VectorSource extends Iterable<VectorRow | UnreadableRow> {
  /** The file. */
  readonly file: string;
  /** Where in the file the last row began: its `line` or, in a binary file, its `row`, from 1. */
  readonly place: { readonly unit: "line" | "row"; readonly number: number };
  /** Bytes read so far. */
  readonly bytesRead: number;
  /** Bytes in all. */
  readonly sizeBytes: number;
}

/** The rows of a binary file, which knows nothing of nodes. Can be iterated once; each row is a new array. */
export interface MatrixSource extends Iterable<Float32Array> {
  /** The file. */
  readonly file: string;
  /** Number of rows. */
  readonly rowCount: number;
  /** Numbers in each row; 0 when a file without rows does not tell. */
  readonly dimension: number;
  /** Bytes read so far. */
  readonly bytesRead: number;
  /** Bytes in all. */
  readonly sizeBytes: number;
}

/** The rows of a matrix, the first of which belongs to the first node, and so on. There are as many nodes as rows. */
export function withOwners(matrix: MatrixSource, nodeIds: Iterable<unknown>): VectorSource {
  let row = 0;
  return {
    file: matrix.file,
    get place() {
      return { unit: "row" as const, number: row };
    },
    get bytesRead() {
      return matrix.bytesRead;
    },
    sizeBytes: matrix.sizeBytes,
    *[Symbol.iterator]() {
      const ids = nodeIds[Symbol.iterator]();
      try {
        for (const vector of matrix) {
          row++;
          yield ownedRow(ids.next().value, vector);
        }
      } finally {
        ids.return?.();
      }
    },
  };
}

function ownedRow(id: unknown, vector: Float32Array): VectorRow | UnreadableRow {
  try {
    return { owner: { nodeId: checkId(id, "import", "nodeId") }, vector };
  } catch (error) {
    if (error instanceof GraphError) return new UnreadableRow(error, String(id));
    throw error;
  }
}
