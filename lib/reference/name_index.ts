/**
 * The `.v3index` sidecar: node ids by kind and by name, without a checksum. Big-endian:
 *
 *   0 "V3XI"        8 u64 node count of the header when it was written
 *   4 u32 version   16 kinds, then names: u32 number of them; each u32 length, UTF-8, u32 number of ids, i64 ids
 *
 * Updates of nodes are often missing in it, so that it may still have the kind and the name of before.
 */

import type { SidecarDamage } from "./sidecar_file.ts";

/** A kind or a name, and the nodes that had it. */
export interface NameGroup {
  /** The kind or name; undefined where the bytes are no UTF-8. */
  readonly text: string | undefined;
  /** Index of its first id in `NameIndex.ids`. */
  readonly firstId: number;
  /** Index after its last id. */
  readonly endId: number;
}

/** What the index holds. */
export interface NameIndex {
  /** The header's node count when it was written: when it differs from the header now, the index is stale. NaN beyond 2^53. */
  readonly nodeCount: number;
  /** The ids of all groups, in the order in which they were indexed, repeated ones too. NaN: an id beyond 2^53. */
  readonly ids: Float64Array;
  /** Nodes by kind, in no order. */
  readonly kinds: readonly NameGroup[];
  /** Nodes by name, in no order. */
  readonly names: readonly NameGroup[];
  /** What could not be read; kinds and names before it are given. */
  readonly damage: SidecarDamage | undefined;
}

const MAGIC = 0x5633_5849;
const VERSION = 1;
const NODE_COUNT_AT = 8;
const GROUPS_AT = 16;
/** The shortest group: an empty text without ids. */
const LEAST_GROUP_BYTES = 8;
const ID_BYTES = 8;

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the index: all that comes before the first damage. */
export function readNameIndex(bytes: Uint8Array): NameIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const problem = headProblem(view);
  if (problem !== undefined) {
    return {
      nodeCount: Number.NaN,
      ids: new Float64Array(0),
      kinds: [],
      names: [],
      damage: { message: problem, offset: 0, lostBytes: bytes.length },
    };
  }
  const reader = new GroupReader(bytes, view);
  const kinds = reader.groups();
  const names = reader.groups();
  const count = Number(view.getBigUint64(NODE_COUNT_AT));
  const nodeCount = Number.isSafeInteger(count) ? count : Number.NaN;
  return { nodeCount, ids: reader.ids, kinds, names, damage: reader.damage };
}

function headProblem(view: DataView): string | undefined {
  if (view.byteLength < GROUPS_AT) return `it has only ${view.byteLength} bytes`;
  if (view.getUint32(0) !== MAGIC) return "it does not begin with V3XI";
  const version = view.getUint32(4);
  return version === VERSION ? undefined : `its version is ${version} instead of ${VERSION}`;
}

class GroupReader {
  damage: SidecarDamage | undefined;
  /** One array for all groups: an array each would take ten times as much memory as the file. */
  readonly ids: Float64Array;
  #idCount = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = GROUPS_AT;

  constructor(bytes: Uint8Array, view: DataView) {
    this.#bytes = bytes;
    this.#view = view;
    this.ids = new Float64Array(Math.floor(bytes.length / ID_BYTES));
  }

  groups(): NameGroup[] {
    const groups: NameGroup[] = [];
    const count = this.#count(LEAST_GROUP_BYTES);
    for (let index = 0; index < count; index++) {
      const group = this.#group();
      if (group === undefined) break;
      groups.push(group);
    }
    return groups;
  }

  #group(): NameGroup | undefined {
    const textBytes = this.#count(1);
    const textAt = this.#at;
    if (this.damage !== undefined) return undefined;
    this.#at += textBytes;
    const count = this.#count(ID_BYTES);
    if (this.damage !== undefined) return undefined;
    const firstId = this.#idCount;
    for (let index = 0; index < count; index++, this.#at += ID_BYTES) this.ids[this.#idCount++] = this.#id(this.#at);
    return { text: decode(this.#bytes.subarray(textAt, textAt + textBytes)), firstId, endId: this.#idCount };
  }

  /** A u32 that counts things of at least so many bytes each: never more than there can be. 0 after damage. */
  #count(leastBytes: number): number {
    if (this.damage !== undefined) return 0;
    const left = this.#bytes.length - this.#at - 4;
    if (left < 0) return this.#fail("a count is missing");
    const count = this.#view.getUint32(this.#at);
    if (count * leastBytes > left) return this.#fail(`${left} bytes cannot hold what is counted as ${count}`);
    this.#at += 4;
    return count;
  }

  #fail(message: string): 0 {
    this.damage = { message, offset: this.#at, lostBytes: this.#bytes.length - this.#at };
    return 0;
  }

  #id(at: number): number {
    const id = this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
    return Number.isSafeInteger(id) ? id : Number.NaN;
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
