/**
 * Shard files (`shard_NNNN.csr`): the edges of a range of sources. Little-endian, without alignment or checksum:
 *
 *   0 "CSR"              15 u64 shard id           27 u32 end of the sources (not one of them)
 *   3 u32 version, 1     23 u32 first source       31 edges: u32 source, u32 target, f32 weight, u32 flags
 *   7 u64 edges
 */

import { CorruptionError, UnsupportedError } from "../backend/errors.ts";

/** Bytes before the first edge. */
export const CSR_SHARD_HEAD_BYTES = 31;

/** Bytes of an edge. */
export const CSR_SHARD_EDGE_BYTES = 16;

/** A shard. Each edge is at the same index of all four arrays, in the order of the file. */
export interface CsrShard {
  /** Id; undefined beyond 2^53. */
  readonly shardId: number | undefined;
  /** Smallest source that it may have. */
  readonly sourceStart: number;
  /** The sources are smaller than this. */
  readonly sourceEnd: number;
  /** Sources, as a rule ascending. */
  readonly sources: Uint32Array;
  /** Targets. */
  readonly targets: Uint32Array;
  /** Weights. */
  readonly weights: Float32Array;
  /** Flags without a known meaning. */
  readonly flags: Uint32Array;
}

const MAGIC = [0x43, 0x53, 0x52];
const VERSION_AT = 3;
const EDGE_COUNT_AT = 7;
const SHARD_ID_AT = 15;
const SOURCE_START_AT = 23;
const SOURCE_END_AT = 27;
const VERSION = 1;

/**
 * Reads a shard file. O(n).
 *
 * @param where the file, for error messages
 * @throws {CorruptionError} when it begins otherwise, is shorter than its number of edges says, or has a source outside its range
 * @throws {UnsupportedError} for another version
 */
export function readCsrShard(bytes: Uint8Array, where = "the shard"): CsrShard {
  if (bytes.length < CSR_SHARD_HEAD_BYTES) throw damage(where, `it has only ${bytes.length} bytes`);
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw damage(where, "it does not begin with CSR");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(VERSION_AT, true);
  if (version !== VERSION) {
    throw new UnsupportedError(`${where} has version ${version}; known is ${VERSION}`, {
      code: "reference-csr-shard",
      value: version,
    });
  }
  const count = Number(view.getBigUint64(EDGE_COUNT_AT, true));
  const room = Math.floor((bytes.length - CSR_SHARD_HEAD_BYTES) / CSR_SHARD_EDGE_BYTES);
  if (count > room) throw damage(where, `it counts ${count} edges, but has room for ${room}`);
  const shardId = Number(view.getBigUint64(SHARD_ID_AT, true));
  const shard: CsrShard = {
    shardId: Number.isSafeInteger(shardId) ? shardId : undefined,
    sourceStart: view.getUint32(SOURCE_START_AT, true),
    sourceEnd: view.getUint32(SOURCE_END_AT, true),
    sources: new Uint32Array(count),
    targets: new Uint32Array(count),
    weights: new Float32Array(count),
    flags: new Uint32Array(count),
  };
  readEdges(view, shard, where);
  return shard;
}

function readEdges(view: DataView, shard: CsrShard, where: string): void {
  const { sources, targets, weights, flags, sourceStart, sourceEnd } = shard;
  for (let index = 0, at = CSR_SHARD_HEAD_BYTES; index < sources.length; index++, at += CSR_SHARD_EDGE_BYTES) {
    const source = view.getUint32(at, true);
    if (source < sourceStart || source >= sourceEnd) {
      throw damage(
        where,
        `edge ${index} leaves ${source}, but the sources are ${sourceStart} to ${sourceEnd} (excluded)`,
      );
    }
    sources[index] = source;
    targets[index] = view.getUint32(at + 4, true);
    weights[index] = view.getFloat32(at + 8, true);
    flags[index] = view.getUint32(at + 12, true);
  }
}

function damage(where: string, problem: string): CorruptionError {
  return new CorruptionError(`${where} is no whole shard file: ${problem}`, {
    code: "reference-csr-shard",
    value: where,
  });
}
