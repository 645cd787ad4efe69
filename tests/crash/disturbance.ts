/** Chooses what the files of a running database will do wrong. */

import type { Fault, FileCall, MetFault } from "./fault.ts";
import { capacityFor, type FaultFileSystem } from "./fault_file_system.ts";
import type { Rng } from "./rng.ts";

const OTHER_CALLS = [
  "create",
  "open",
  "truncate",
  "rename",
  "remove",
  "syncFolder",
  "makeFolder",
  "list",
  "stat",
  "size",
  "lock",
] as const;

/** Where the order of writes matters. */
const ORDERING_CALLS: ReadonlySet<FileCall> = new Set<FileCall>(["sync", "syncFolder", "rename", "remove", "truncate"]);

/** Lets one of the next calls never return; `calls` says how far away that may be. */
export function crashSoon(files: FaultFileSystem, fate: Rng, calls: number): void {
  if (fate.chance(0.5)) files.crashAfter(fate.skewed(1, calls));
  else files.crashAfter(fate.skewed(1, Math.max(2, Math.round(calls / 8))), ORDERING_CALLS);
}

/** Fills the disk nearly up, or lets one of the next calls fail; `calls` says how far away that may be. */
export function disturbFiles(files: FaultFileSystem, fate: Rng, calls: number): void {
  const inject = (on: readonly FileCall[], error: Fault["error"], within: number) =>
    files.inject({ calls: on, error, at: fate.skewed(1, Math.max(2, Math.round(within))) });
  switch (fate.weighted({ full: 2, sync: 3, write: 3, read: 1, other: 2 })) {
    case "full":
      files.disk.capacityBytes = capacityFor(files.disk, fate.skewed(1, 50) - 1);
      return;
    case "sync":
      return inject(["sync"], "EIO", calls / 4);
    case "write":
      return inject(["write"], fate.pick(["EIO", "ENOSPC", "short"] as const), calls / 2);
    case "read":
      return inject(["read"], "EIO", calls);
    case "other":
      return inject([fate.pick(OTHER_CALLS)], "EIO", calls / 8);
  }
}

/**
 * A failed sync of a database or its log: nobody knows what is on the medium then. (A log whose first sync fails holds nothing
 * yet, and can be made again.)
 */
export function isDataSync({ call, path, wasSynced }: MetFault, databasePath: string): boolean {
  return call === "sync" && wasSynced && (path === databasePath || path === `${databasePath}.v3wal`);
}

/** Faults in a line; a full disk announces none. */
export function describeFaults(faults: readonly MetFault[]): string {
  return faults.map(({ fault, call, path }) => `${fault.error} in ${call} ${path}`).join(", ") || "full disk";
}
