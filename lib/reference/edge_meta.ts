/**
 * The `.v3edgemeta` sidecar: where the edge tree begins. When it is valid it counts instead of the header's field. Little-endian:
 *
 *   0 "V3EDGE", two zero bytes     16 u32 height of the tree
 *   8 u64 page id of the root      20 u32 sum of bytes 0 to 19
 */

import { CorruptionError } from "../backend/errors.ts";

/** Bytes that count; what follows them is ignored. */
export const EDGE_META_BYTES = 24;

/** Where the edge tree begins. */
export interface EdgeMeta {
  /** Page id of the root; 0: the tree is empty. */
  readonly root: number;
  /** Height, which is a hint only. */
  readonly height: number;
}

const MAGIC = [0x56, 0x33, 0x45, 0x44, 0x47, 0x45, 0, 0];
const ROOT_AT = 8;
const HEIGHT_AT = 16;
const CHECKSUM_AT = 20;
const EMPTY_ROOT = 0xffff_ffff_ffff_ffffn;

/**
 * Reads the sidecar.
 *
 * @throws {CorruptionError} when it is short, begins otherwise, or its checksum does not fit: the header's root counts then
 */
export function readEdgeMeta(bytes: Uint8Array): EdgeMeta {
  if (bytes.length < EDGE_META_BYTES) throw damage(`it has ${bytes.length} bytes instead of ${EDGE_META_BYTES}`);
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw damage("it does not begin with V3EDGE");
  const view = new DataView(bytes.buffer, bytes.byteOffset, EDGE_META_BYTES);
  let sum = 0;
  for (let at = 0; at < CHECKSUM_AT; at++) sum += bytes[at] as number;
  const stored = view.getUint32(CHECKSUM_AT, true);
  if (sum !== stored) throw damage(`its checksum is ${stored} instead of ${sum}`);
  const root = view.getBigUint64(ROOT_AT, true);
  if (root > BigInt(Number.MAX_SAFE_INTEGER) && root !== EMPTY_ROOT) throw damage(`its root is page ${root}`);
  return { root: root === EMPTY_ROOT ? 0 : Number(root), height: view.getUint32(HEIGHT_AT, true) };
}

function damage(problem: string): CorruptionError {
  return new CorruptionError(`the root of the edge tree (.v3edgemeta) cannot be read: ${problem}`, {
    code: "reference-edge-meta",
  });
}
