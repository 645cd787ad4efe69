/** What state the sidecars of a database are in. */

import { GraphError } from "../backend/errors.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { readEdgeMeta } from "./edge_meta.ts";
import { readNameIndex } from "./name_index.ts";
import { openPropertySidecar } from "./property_sidecar.ts";
import { readSidecar, type SidecarDamage } from "./sidecar_file.ts";
import type { FoundSidecar } from "./sidecar_paths.ts";
import { readWal } from "./wal.ts";

/** One sidecar. */
export interface SidecarInspection extends FoundSidecar {
  /**
   * `good`: all of it can be read. `damaged`: a part of it cannot. `stale`: it belongs to another state of the main file.
   * `unreadable`: nothing of it counts.
   */
  readonly state: "good" | "damaged" | "stale" | "unreadable";
  /** What is in it, as far as it can be read: counts and the like, by name. */
  readonly content: Readonly<Record<string, number | string | boolean>>;
  /** What is wrong, each as a sentence. */
  readonly problems: readonly string[];
}

type Findings = Omit<SidecarInspection, keyof FoundSidecar>;

/** Reads a sidecar. @param nodeCount the header's */
export function inspectSidecar(sidecar: FoundSidecar, nodeCount: number): SidecarInspection {
  try {
    return { ...sidecar, ...findingsOf(sidecar, nodeCount) };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    return { ...sidecar, state: "unreadable", content: {}, problems: [error.message] };
  }
}

function findingsOf({ kind, path }: FoundSidecar, nodeCount: number): Findings {
  if (kind === "properties") return inspectProperties(path);
  const bytes = readSidecar(path) ?? new Uint8Array(0);
  switch (kind) {
    case "edgeMeta":
      return { state: "good", content: { ...readEdgeMeta(bytes) }, problems: [] };
    case "nameIndex":
      return inspectNameIndex(bytes, nodeCount);
    case "wal":
      return inspectWal(bytes);
    case "checkpoint":
      return inspectCheckpoint(bytes);
  }
}

function inspectNameIndex(bytes: Uint8Array, nodeCount: number): Findings {
  const index = readNameIndex(bytes);
  const { kinds, names, damage } = index;
  if (damage?.offset === 0) return { state: "unreadable", content: {}, problems: [problemOf(damage)] };
  const content = { nodeCount: index.nodeCount, kinds: kinds.length, names: names.length };
  if (damage !== undefined) return { state: "damaged", content, problems: [problemOf(damage)] };
  if (index.nodeCount === nodeCount) return { state: "good", content, problems: [] };
  return { state: "stale", content, problems: [`it was written when there were ${index.nodeCount} nodes`] };
}

function inspectWal(bytes: Uint8Array): Findings {
  const { header, counts, damages } = readWal(bytes);
  const written = Object.entries(counts).filter(([, count]) => count > 0);
  return {
    state: damages.length === 0 ? "good" : "damaged",
    content: { hasHeader: header !== undefined, ...Object.fromEntries(written) },
    problems: damages.map(problemOf),
  };
}

function inspectCheckpoint(bytes: Uint8Array): Findings {
  const { format, keyCount, entries, damages } = readCheckpoint(bytes);
  const problems = damages.map(problemOf);
  if (format === undefined) return { state: "unreadable", content: {}, problems };
  const content = { format, keyCount, entries: entries.length };
  return { state: damages.length === 0 ? "good" : "damaged", content, problems };
}

function inspectProperties(path: string): Findings {
  using sidecar = openPropertySidecar(path);
  if (!sidecar?.hasTables) return { state: "good", content: { hasTables: false }, problems: [] };
  return { state: "good", content: { hasTables: true, ...sidecar.counts() }, problems: [] };
}

function problemOf({ message, offset, lostBytes }: SidecarDamage): string {
  const lost = lostBytes === 0 ? "" : `; ${lostBytes} bytes are not read`;
  return offset === 0 ? `${message}${lost}` : `at byte ${offset}: ${message}${lost}`;
}
