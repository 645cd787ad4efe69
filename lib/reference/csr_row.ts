/**
 * Rows of the table `csr_shards`: the neighbours of one node in one direction, 12 bytes each (little-endian): u32 neighbour, f32
 * weight, u32 type. They repeat what the main file has, and less: no untyped edges, one edge a pair, ids cut to 32 bits.
 */

import { CorruptionError } from "../backend/errors.ts";

/** Bytes of a neighbour. */
export const CSR_ROW_ENTRY_BYTES = 12;

/** The neighbours of a row, each at the same index of all three arrays. */
export interface CsrRow {
  /** The lower 32 bits of ids. */
  readonly neighbors: Uint32Array;
  /** Weights. */
  readonly weights: Float32Array;
  /** Ids of types, which the table `csr_edge_types` names. */
  readonly typeIds: Uint32Array;
}

/**
 * Reads a row. O(n).
 *
 * @throws {CorruptionError} when it is no whole number of neighbours
 */
export function readCsrRow(bytes: Uint8Array): CsrRow {
  if (bytes.length % CSR_ROW_ENTRY_BYTES !== 0) {
    throw new CorruptionError(
      `a row of neighbours has ${bytes.length} bytes; neighbours have ${CSR_ROW_ENTRY_BYTES} each`,
      { code: "reference-csr-row", value: bytes.length },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / CSR_ROW_ENTRY_BYTES;
  const row: CsrRow = {
    neighbors: new Uint32Array(count),
    weights: new Float32Array(count),
    typeIds: new Uint32Array(count),
  };
  for (let index = 0, at = 0; index < count; index++, at += CSR_ROW_ENTRY_BYTES) {
    row.neighbors[index] = view.getUint32(at, true);
    row.weights[index] = view.getFloat32(at + 4, true);
    row.typeIds[index] = view.getUint32(at + 8, true);
  }
  return row;
}
