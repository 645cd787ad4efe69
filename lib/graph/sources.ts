/**
 * Sources of states by the storage engine that a handle is of. The code of the one that a thread does not need is not loaded:
 * every thread would keep a copy of it.
 */

import type { BorrowedSource, StateSource } from "../backend/state_source.ts";
import { markDead as markSqliteDead } from "../sqlite/shared_handle.ts";
import { markDead as markV3Dead } from "../v3/shared_handle.ts";

/** The states of a graph, from what its engine's thread gave out. */
export async function attachSource(handle: unknown): Promise<StateSource> {
  if (backendOf(handle) === "v3") return (await import("../v3/shared_source.ts")).attachV3(handle);
  return (await import("../sqlite/shared_source.ts")).attachSqlite(handle);
}

/** Loads what reads states that another thread holds, from what the engine's thread gave out. */
export async function loadBorrowing(handle: unknown): Promise<() => BorrowedSource> {
  if (backendOf(handle) === "v3") {
    const { borrowV3 } = await import("../v3/borrowed_source.ts");
    return () => borrowV3(handle);
  }
  const { borrowSqlite } = await import("../sqlite/shared_source.ts");
  return () => borrowSqlite(handle);
}

/** Ends all states of a graph, on all threads, when its engine's thread has ended by itself. */
export function markDead(handle: unknown): void {
  if (backendOf(handle) === "v3") markV3Dead(handle);
  else markSqliteDead(handle);
}

function backendOf(handle: unknown): "sqlite" | "v3" {
  return (handle as { readonly backend: "sqlite" | "v3" }).backend;
}
