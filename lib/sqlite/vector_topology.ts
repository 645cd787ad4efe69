/**
 * The stored links of a vector index.
 *
 * Layer 0 is in `hnsw_layers`, as the Rust system has it: row `vector id - 1`, its neighbours as 64-bit integers, each a vector id
 * - 1. Layers above are in `sqlitegraph_vector_links` in the same form. Lists are directed: what is stored is what is walked.
 */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { SlotLinks } from "../vector/memory.ts";
import type { Connection } from "./connection.ts";
import type { SqlStatement, SqlValue } from "./driver.ts";
import { decodeId } from "./node_rows.ts";
import { decodeNumbers, joinedBlobsSql } from "./vector_chunk.ts";
import type { VectorSlots } from "./vector_slots.ts";

/** Links by slot. */
export class StoredTopology {
  /** Slots from which searches start, best first; of an index without links none. */
  entryPoints: readonly number[] = [];
  /** Slots with links. The rest of the vectors has none yet. */
  linkedSlots = 0;
  /** Links that led to vectors that are gone. */
  lostLinks = 0;
  /** Most links of a slot on layer 0. */
  longest = 0;
  /** Lists of layer 0 as they were read at once, decoded in place. */
  readonly #chunks: Uint32Array[] = [];
  #chunkOf: Uint32Array = new Uint32Array(1024);
  #starts: Uint32Array = new Uint32Array(1024);
  /** Number of links + 1; 0 for a slot without a list. */
  #counts: Uint32Array = new Uint32Array(1024);
  readonly #upper = new Map<number, Uint32Array[]>();

  /** Slots that are on upper layers. */
  get upperSlots(): number {
    return this.#upper.size;
  }

  /** Links of a slot by layer, from 0 on (not copies); undefined when none are stored. */
  linksOf(slot: number): SlotLinks | undefined {
    const count = slot < this.#counts.length ? this.#counts[slot] as number : 0;
    if (count === 0) return undefined;
    const start = this.#starts[slot] as number;
    const chunk = this.#chunks[this.#chunkOf[slot] as number] as Uint32Array;
    return [chunk.subarray(start, start + count - 1), ...this.#upper.get(slot) ?? []];
  }

  /** Adds lists of layer 0, which `addList` then finds there: ids of vectors - 1 as pairs of 32-bit words. */
  addChunk(words: Uint32Array): void {
    this.#chunks.push(words);
  }

  /** Adds a list of the last chunk, of which links to vectors without a slot are left out. Hot. */
  addList(slot: number, from: number, until: number, slots: VectorSlots): void {
    if (slot >= this.#counts.length) {
      this.#chunkOf = grown(this.#chunkOf, slot + 1);
      this.#starts = grown(this.#starts, slot + 1);
      this.#counts = grown(this.#counts, slot + 1);
    }
    const chunk = this.#chunks.length - 1;
    const words = this.#chunks[chunk] as Uint32Array;
    const count = decodeList(words, from, until, slots, words, from) - from;
    this.#chunkOf[slot] = chunk;
    this.#starts[slot] = from;
    this.#counts[slot] = count + 1;
    this.linkedSlots++;
    this.lostLinks += ((until - from) >> 1) - count;
    if (count > this.longest) this.longest = count;
  }

  /** Adds a list of a higher layer; false when the one below it is missing. */
  addUpperList(slot: number, level: number, links: Uint32Array): boolean {
    if (this.linksOf(slot)?.length !== level) return false;
    const lists = this.#upper.get(slot);
    if (lists === undefined) this.#upper.set(slot, [links]);
    else lists.push(links);
    return true;
  }
}

function grown(array: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** Writes the slots of a list, in its own place or elsewhere, and returns where they end. Hot. */
function decodeList(
  words: Uint32Array,
  from: number,
  until: number,
  slots: VectorSlots,
  target: Uint32Array,
  at: number,
): number {
  for (let word = from; word < until; word += 2) {
    const slot = slots.slotOf((words[word] as number) + (words[word + 1] as number) * 2 ** 32 + 1);
    if (slot >= 0) target[at++] = slot;
  }
  return at;
}

/** Stored links that cannot be used: the index must be built anew from its vectors. */
export interface UnusableTopology {
  /** Why, as the end of a sentence about the index. */
  readonly reason: string;
}

/** Lists that are read at once. */
const CHUNK_ROWS = 4096;

/** Whole groups of 8 bytes: what follows them the Rust system ignores, too. */
const WHOLE = `CASE WHEN length(connections) % 8 = 0 THEN connections
  ELSE substr(connections, 1, length(connections) - length(connections) % 8) END`;

/**
 * The links of an index. `slots` says where each of its vectors is, all of which must be in it.
 *
 * Links to vectors that are gone, and lists of such, are left out: vectors of ours may be deleted before the lists that lead to
 * them are written again. The Rust system leaves no link to a deleted vector, only its empty list, so there it is damage.
 */
export function readTopology(
  connection: Connection,
  index: StoredVectorIndex,
  slots: VectorSlots,
): StoredTopology | UnusableTopology {
  const topology = new StoredTopology();
  const lostList = readLists(connection, index, slots, topology);
  if (lostList !== undefined && isForeign(connection, index)) {
    return { reason: `has links of vector ${lostList}, which does not exist` };
  }
  if (topology.lostLinks > 0 && isForeign(connection, index)) {
    return { reason: "has links to vectors that do not exist" };
  }
  const hasUpper = connection.statement("SELECT 1 FROM hnsw_layers WHERE index_id = ? AND layer_level > 0 LIMIT 1")
    .get(index.number) !== undefined;
  if (hasUpper) return { reason: "has layers whose numbers were not stored" };
  if (!readUpperLists(connection, slots, topology)) return { reason: "lacks a layer below another one" };
  topology.entryPoints = readEntryPoints(connection, index, slots, topology);
  return topology;
}

/** Whether the Rust system made the index and nothing was written into it here: all of its vectors are nobody's. */
function isForeign(connection: Connection, index: StoredVectorIndex): boolean {
  const row = connection.statement("SELECT engine FROM sqlitegraph_vector_indexes WHERE index_id = ?").get(
    index.number,
  );
  if (row !== undefined && row[0] !== null) return false;
  return connection.statement("SELECT 1 FROM sqlitegraph_vector_owners WHERE index_id = ? LIMIT 1")
    .get(index.number) === undefined;
}

/** Reads layer 0. Returns a vector that has links and does not exist, if there is one. */
function readLists(
  connection: Connection,
  index: StoredVectorIndex,
  slots: VectorSlots,
  topology: StoredTopology,
): number | undefined {
  const statement = connection.statement(
    `SELECT json_group_array(node_id) AS ids, json_group_array(length(list)) AS lengths,
       ${joinedBlobsSql(connection, "list")} AS lists
     FROM (SELECT node_id, ${WHOLE} AS list FROM hnsw_layers
       WHERE index_id = ? AND layer_level = 0 AND node_id > ? ORDER BY node_id LIMIT ${CHUNK_ROWS})`,
  );
  let lostList: number | undefined;
  for (let after = -1;;) {
    const row = statement.get(index.number, after);
    const ids = decodeNumbers(row?.[0]);
    const lengths = decodeNumbers(row?.[1]);
    topology.addChunk(wordsOf(row?.[2]));
    let at = 0;
    for (let place = 0; place < ids.length; place++) {
      const end = at + (lengths[place] as number) / 4;
      const slot = slots.slotOf((ids[place] as number) + 1);
      if (slot >= 0) topology.addList(slot, at, end, slots);
      else if (end > at) lostList = (ids[place] as number) + 1;
      at = end;
    }
    if (ids.length < CHUNK_ROWS) return lostList;
    after = ids.at(-1) as number;
  }
}

function wordsOf(blob: SqlValue | undefined): Uint32Array {
  if (!(blob instanceof Uint8Array)) return new Uint32Array(0);
  const { buffer, byteOffset, byteLength } = blob.byteOffset % 4 === 0 ? blob : blob.slice();
  return new Uint32Array(buffer, byteOffset, byteLength >> 2);
}

function readUpperLists(connection: Connection, slots: VectorSlots, topology: StoredTopology): boolean {
  // There are few, so those of other indexes are passed over.
  const rows = connection.statement(
    `SELECT vector_id, layer_level, ${WHOLE} AS list FROM sqlitegraph_vector_links ORDER BY vector_id, layer_level`,
  ).all();
  return rows.every(([vectorId, level, blob]) => {
    const slot = slots.slotOf(decodeId(vectorId));
    // Without a list below it the vector is linked anew.
    if (slot < 0 || topology.linksOf(slot) === undefined) return true;
    const words = wordsOf(blob);
    const links = new Uint32Array(words.length >> 1);
    const count = decodeList(words, 0, words.length, slots, links, 0);
    topology.lostLinks += links.length - count;
    return topology.addUpperList(slot, decodeId(level), links.subarray(0, count));
  });
}

/** Stored entry points that have links; without any, the first vector that has. */
function readEntryPoints(
  connection: Connection,
  index: StoredVectorIndex,
  slots: VectorSlots,
  topology: StoredTopology,
): number[] {
  const stored = storedEntryPoints(connection, index).map((vectorId) => slots.slotOf(vectorId))
    .filter((slot) => slot >= 0 && topology.linksOf(slot) !== undefined);
  if (stored.length > 0 || topology.linkedSlots === 0) return stored;
  for (let slot = 0;; slot++) if (topology.linksOf(slot) !== undefined) return [slot];
}

function storedEntryPoints(connection: Connection, index: StoredVectorIndex): number[] {
  return connection.statement(
    "SELECT node_id FROM hnsw_entry_points WHERE index_id = ? ORDER BY order_idx, node_id",
  ).all(index.number).map(([vectorId]) => decodeId(vectorId));
}

/** The statements that write links, prepared once per connection. */
class TopologyStatements {
  readonly list: SqlStatement;
  readonly upperList: SqlStatement;
  readonly removeList: SqlStatement;
  readonly removeUpperLists: SqlStatement;

  constructor({ driver }: Connection) {
    this.list = driver.prepare(
      `INSERT INTO hnsw_layers (index_id, layer_level, node_id, connections) VALUES (?, 0, ?, ?)
       ON CONFLICT (index_id, layer_level, node_id) DO UPDATE SET connections = excluded.connections`,
    );
    this.upperList = driver.prepare(
      `INSERT INTO sqlitegraph_vector_links (vector_id, layer_level, connections) VALUES (?, ?, ?)
       ON CONFLICT (vector_id, layer_level) DO UPDATE SET connections = excluded.connections`,
    );
    this.removeList = driver.prepare("DELETE FROM hnsw_layers WHERE index_id = ? AND layer_level = 0 AND node_id = ?");
    this.removeUpperLists = driver.prepare("DELETE FROM sqlitegraph_vector_links WHERE vector_id = ?");
  }
}

/**
 * Writes the links of slots that changed, in the running transaction. Slots without a vector are passed over: its lists went with
 * it. Links to such slots are left out.
 *
 * @param linksOf links of a slot by layer; none for a slot that is not linked
 * @param entryPoints slots from which searches start, best first
 */
export function writeTopology(
  connection: Connection,
  index: StoredVectorIndex,
  slots: VectorSlots,
  changedSlots: Iterable<number>,
  linksOf: (slot: number) => SlotLinks,
  entryPoints: Iterable<number>,
): void {
  const { list, upperList, removeList, removeUpperLists } = connection.prepared(TopologyStatements);
  for (const slot of changedSlots) {
    const vectorId = slots.vectorIdOf(slot);
    if (vectorId === 0) continue;
    const links = linksOf(slot);
    const [lowest] = links;
    if (lowest === undefined) {
      removeList.run(index.number, vectorId - 1);
      removeUpperLists.run(vectorId);
      continue;
    }
    list.run(index.number, vectorId - 1, encodeList(lowest, slots));
    for (let level = 1; level < links.length; level++) {
      upperList.run(vectorId, level, encodeList(links[level] as Uint32Array, slots));
    }
  }
  writeEntryPoints(connection, index, Array.from(entryPoints, (slot) => slots.vectorIdOf(slot)).filter((id) => id > 0));
}

/** Removes what cannot be used, before links of all slots are written. */
export function clearTopology(connection: Connection, { number }: StoredVectorIndex): void {
  connection.statement("DELETE FROM hnsw_layers WHERE index_id = ?").run(number);
  connection.statement(
    "DELETE FROM sqlitegraph_vector_links WHERE vector_id IN (SELECT id FROM hnsw_vectors WHERE index_id = ?)",
  ).run(number);
}

/** What the statement takes is a copy. */
let scratch = new Uint32Array(256);

function encodeList(links: Uint32Array, slots: VectorSlots): Uint8Array {
  if (2 * links.length > scratch.length) scratch = new Uint32Array(4 * links.length);
  let at = 0;
  for (let place = 0; place < links.length; place++) {
    const vectorId = slots.vectorIdOf(links[place] as number);
    if (vectorId === 0) continue;
    scratch[at++] = vectorId - 1;
    scratch[at++] = (vectorId - 1) / 2 ** 32;
  }
  return new Uint8Array(scratch.buffer, 0, 4 * at);
}

function writeEntryPoints(connection: Connection, index: StoredVectorIndex, vectorIds: readonly number[]): void {
  const stored = storedEntryPoints(connection, index);
  if (stored.length === vectorIds.length && stored.every((id, at) => id === vectorIds[at])) return;
  connection.statement("DELETE FROM hnsw_entry_points WHERE index_id = ?").run(index.number);
  const insert = connection.statement("INSERT INTO hnsw_entry_points (index_id, node_id, order_idx) VALUES (?, ?, ?)");
  vectorIds.forEach((vectorId, at) => insert.run(index.number, vectorId, at));
}
