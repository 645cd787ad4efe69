/** What can go wrong in a call to the simulated files. */

/** The calls of the interface; `create` is `open` with that mode. */
export type FileCall =
  | "open"
  | "create"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "size"
  | "stat"
  | "rename"
  | "remove"
  | "makeFolder"
  | "removeFolder"
  | "list"
  | "syncFolder"
  | "realPath"
  | "lock";

/** Calls that change something, or make a change safe. */
export const MUTATING_CALLS: ReadonlySet<FileCall> = new Set<FileCall>([
  "create",
  "write",
  "sync",
  "truncate",
  "rename",
  "remove",
  "makeFolder",
  "removeFolder",
  "syncFolder",
  "lock",
]);

/** Thrown by the call that the process never came back from, and by every later one. */
export class SimulatedCrash extends Error {
  override readonly name = "SimulatedCrash";
}

/** An error to be met. A failing write may have written a part; a failing sync drops what it had to write. */
export interface Fault {
  /** Which calls it concerns. */
  readonly calls: readonly FileCall[];
  /** The system's code, or `short`: a read that ends early without an error, a write that stops within (then `EIO`). */
  readonly error: "EIO" | "ENOSPC" | "short";
  /** Only paths that this accepts; default all. */
  readonly path?: (path: string) => boolean;
  /** The first of these calls that fails, counted from now: 1 (the default) is the next one. */
  readonly at?: number;
  /** Instead of `at`: each of these calls fails with this probability. */
  readonly probability?: number;
  /** How many of them fail; default 1. */
  readonly times?: number;
}

/** A fault that was met. */
export interface MetFault {
  /** What was asked for. */
  readonly fault: Fault;
  /** The call that failed. */
  readonly call: FileCall;
  /** Its path. */
  readonly path: string;
  /** For a sync: whether one of this file had succeeded before. */
  readonly wasSynced: boolean;
}

/** An error as Node's file calls throw it. */
export function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${syscall} '${path}'`), { code, syscall, path });
}
