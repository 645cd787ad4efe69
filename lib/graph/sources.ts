/** Sources of states by the storage engine that a handle is of. */

import { attachSqlite, borrowSqlite, markDead as markSqliteDead } from "../sqlite/shared_source.ts";
import { attachV3, borrowV3, markDead as markV3Dead } from "../v3/shared_source.ts";
import type { BorrowedSource, StateSource } from "./state_source.ts";

/** The states of a graph, from what its engine's thread gave out. */
export function attachSource(handle: unknown): StateSource {
  return backendOf(handle) === "v3" ? attachV3(handle) : attachSqlite(handle);
}

/** States that another thread holds, from what the engine's thread gave out. */
export function borrowSource(handle: unknown): BorrowedSource {
  return backendOf(handle) === "v3" ? borrowV3(handle) : borrowSqlite(handle);
}

/** Ends all states of a graph, on all threads, when its engine's thread has ended by itself. */
export function markDead(handle: unknown): void {
  if (backendOf(handle) === "v3") markV3Dead(handle);
  else markSqliteDead(handle);
}

function backendOf(handle: unknown): "sqlite" | "v3" {
  return (handle as { readonly backend: "sqlite" | "v3" }).backend;
}
