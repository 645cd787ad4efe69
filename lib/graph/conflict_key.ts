/**
 * Everything that one transaction reads and another may write, as numbers: keys. Equal things have equal keys; if two things
 * share a key, they meet a conflict that is none, which costs a repetition and nothing else. A key is an integer from 1 to
 * 2^53 − 1.
 */

/** All nodes. */
export const ALL_NODES = 1;

/** All edges. */
export const ALL_EDGES = 2;

/** All vector indexes and vectors. */
export const ALL_VECTORS = 3;

// Four keys an id, from 4 on. Ids of more than 51 bits share theirs with smaller ones.
const ID_MODULUS = 2 ** 51 - 2;

// What a text or bytes stand for, so that a name and a label that read alike differ.
const LABEL_SEED = 0x243f6a88;
const NAME_SEED = 0x13198a2e;
const EDGE_TYPE_SEED = 0x03707344;
const VALUE_SEED = 0x299f31d0;
const PREFIX_SEED = 0x082efa98;
const VECTOR_INDEX_SEED = 0xec4e6c89;
const VECTORS_SEED = 0x452821e6;
const VECTOR_SEED = 0x38d01377;
const NODE_VECTORS_SEED = 0xbe5466cf;

/** A node. Hot. */
export function nodeKey(id: number): number {
  return (id % ID_MODULUS) * 4 + 4;
}

/** An edge. Hot. */
export function edgeKey(id: number): number {
  return (id % ID_MODULUS) * 4 + 5;
}

/** The edges that leave a node. Hot. */
export function outgoingKey(id: number): number {
  return (id % ID_MODULUS) * 4 + 6;
}

/** The edges that enter a node. Hot. */
export function incomingKey(id: number): number {
  return (id % ID_MODULUS) * 4 + 7;
}

/** The nodes with a label. Kinds count as labels: they have the same key. */
export function labelKey(label: string): number {
  return textKey(label, LABEL_SEED);
}

/** The nodes with a name. */
export function nameKey(name: string): number {
  return textKey(name, NAME_SEED);
}

/** The edges of a type. */
export function edgeTypeKey(type: string): number {
  return textKey(type, EDGE_TYPE_SEED);
}

/** Whether there is a vector index with a name, and what it is like. */
export function vectorIndexKey(name: string): number {
  return textKey(name, VECTOR_INDEX_SEED);
}

/** All vectors of an index. */
export function vectorsKey(index: string): number {
  return textKey(index, VECTORS_SEED);
}

/** A node's vector in an index. */
export function vectorKey(index: string, nodeId: number): number {
  return textKey(index, VECTOR_SEED, nodeId);
}

/** A node's vectors in all indexes. */
export function nodeVectorsKey(nodeId: number): number {
  return textKey("", NODE_VECTORS_SEED, nodeId);
}

/** A key of the key-value store. */
export function valueKey(key: Uint8Array): number {
  return bytesKey(key, key.length, VALUE_SEED);
}

/** Lengths of the prefixes that have a key, ascending; a longer prefix is covered by what it begins with. */
const PREFIX_LENGTHS: readonly number[] = [0, 1, 2, 4, 8, 16];

/** How many prefixes a key of the key-value store has. */
export function countPrefixes(key: Uint8Array): number {
  let count = 0;
  while (count < PREFIX_LENGTHS.length && (PREFIX_LENGTHS[count] as number) <= key.length) count++;
  return count;
}

/** The keys that begin like this one, as far as its prefix with this number says: 0 are all keys. */
export function prefixKey(key: Uint8Array, prefix: number): number {
  return bytesKey(key, PREFIX_LENGTHS[prefix] as number, PREFIX_SEED);
}

/** All keys of the key-value store. */
export const ALL_VALUES: number = prefixKey(new Uint8Array(0), 0);

/** Hot: every name and label that is written or looked for. With a node's id, of what belongs to both. */
function textKey(text: string, seed: number, nodeId: number = 0): number {
  let low = seed ^ Math.imul(nodeId | 0, 0xc2b2ae35);
  let high = ~seed ^ Math.imul((nodeId / 2 ** 32) | 0, 0x27d4eb2f);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x9e3779b1);
    high = Math.imul(high ^ unit, 0x85ebca77);
  }
  return finish(low, high, text.length);
}

function bytesKey(bytes: Uint8Array, length: number, seed: number): number {
  let low = seed;
  let high = ~seed;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    low = Math.imul(low ^ byte, 0x9e3779b1);
    high = Math.imul(high ^ byte, 0x85ebca77);
  }
  return finish(low, high, length);
}

/** Spreads two running hashes over 53 bits (the last steps of MurmurHash3, Austin Appleby, 2011). */
function finish(low: number, high: number, length: number): number {
  let a = low ^ length;
  a = Math.imul(a ^ (a >>> 16) ^ (high >>> 13), 0x85ebca6b);
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  a ^= a >>> 16;
  let b = high ^ length;
  b = Math.imul(b ^ (b >>> 15) ^ (a >>> 13), 0x2c1b3c6d);
  b = Math.imul(b ^ (b >>> 12), 0x297a2d39);
  b ^= b >>> 15;
  // Below 2^53; 0 is no key.
  return (b >>> 11) * 2 ** 32 + (a >>> 0) || 1;
}

/** Where the search for a key in a table of 2^n slots begins. Hot. */
export function slotOf(key: number, mask: number): number {
  let mixed = Math.imul((key | 0) ^ Math.imul((key / 2 ** 32) | 0, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0xc2b2ae35) >>> 7 & mask;
}
