/** A thread that searches every state that it can get through memory and without, for `vector_memory_test.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import type { VectorNews } from "../../lib/backend/state_source.ts";
import type { StoredVectorIndex } from "../../lib/backend/vector_store.ts";
import type { SqliteReadStore } from "../../lib/sqlite/read_store.ts";
import { attachSqlite } from "../../lib/sqlite/shared_source.ts";
import { searchStored } from "../../lib/sqlite/vector_search.ts";

const { handle, news, stop } = workerData as { handle: unknown; news: VectorNews; stop: Int32Array };

const source = attachSqlite(handle);
source.noteVectors(news);
const states = new Set<number>();
let searches = 0;
let inMemory = 0;
let problem: string | undefined;

/** Fails when memory answers otherwise than the rows of the same state. */
function compare(store: SqliteReadStore, query: number): void {
  const index = store.vectorIndex("e") as StoredVectorIndex;
  const search = { query: Float32Array.of(query, 1), k: 5, ef: 2000, maxDistance: Infinity, isExact: false };
  const options = { ...search, allowed: undefined, signal: undefined };
  const found = JSON.stringify(store.searchVectors(index, options).map(({ nodeId }) => nodeId));
  const expected = JSON.stringify(searchStored(store.connection, index, options).map(({ nodeId }) => nodeId));
  if (found !== expected) problem ??= `commit ${store.lsn}: found ${found}, not ${expected}`;
  if (store.vectorStats(index).searches === "memory") inMemory++;
  searches++;
}

parentPort?.postMessage("ready");
const old = source.hold(undefined, "test");
while (Atomics.load(stop, 0) === 0) {
  const state = source.hold(undefined, "test");
  states.add(state.lsn);
  compare(state.store as SqliteReadStore, searches % 97);
  state.release();
}
const before = inMemory;
compare(old.store as SqliteReadStore, 3);
const isOldInMemory = inMemory > before;
old.release();
source.close();
parentPort?.postMessage({ states: states.size, searches, inMemory, isOldInMemory, problem });
