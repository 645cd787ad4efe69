/** Which versions of the reference can have written a database. No version says so in the file: it shows in what they differ. */

import type { ReferenceHeader } from "./header.ts";

/** What versions differ in. */
export interface VersionEvidence {
  readonly header: Pick<ReferenceHeader, "nodeDataOffset" | "totalPages" | "edgeTreeHeight" | "nodeRoot">;
  /** Whether the index of names is there: every flush from 2.0.9 on writes it. */
  readonly hasNameIndex: boolean;
  /** Whether the root of the edge tree is there: flushes with edges from 2.0.9 on write it. */
  readonly hasEdgeMeta: boolean;
  /** Format of the key-value checkpoint, where there is one. */
  readonly checkpointFormat: number | undefined;
  /** Whether the property sidecar has tables; undefined when there is none. */
  readonly hasPropertyTables: boolean | undefined;
  /** Whether packed or chained edge pages were found. */
  readonly hasPackedEdges: boolean;
  /** Highest version of a list of edges on a page of its own; undefined when none was found. */
  readonly listVersion: number | undefined;
}

/** Where the node data would begin in files of the first releases. */
const FIRST_NODE_DATA_OFFSET = 112;
/** Checkpoints of this format are written since 3.9.0. */
const LONG_CHECKPOINT_FORMAT = 3;
/** Version of edge lists since 2.1.1. */
const COMPRESSED_LIST_VERSION = 3;

/** The versions as text: those that can have made the file, and then those that must have written to it later. */
export function deduceVersion(evidence: VersionEvidence): string {
  const { header, hasPropertyTables, hasPackedEdges, listVersion } = evidence;
  const isOfLatest = hasPackedEdges || header.edgeTreeHeight > 0 || hasPropertyTables !== undefined ||
    (evidence.checkpointFormat ?? 0) >= LONG_CHECKPOINT_FORMAT;
  // Only a file that it makes gets tables: beside older ones it puts an empty sidecar.
  if (hasPropertyTables) return listVersion === undefined ? "3.9.0" : "3.9.0, then 3.2.5 or before";
  const creator = creatorOf(evidence, isOfLatest);
  if (isOfLatest) return `${creator}, then 3.9.0`;
  return header.nodeDataOffset === FIRST_NODE_DATA_OFFSET && hasLaterParts(evidence)
    ? `${creator}, then a later version`
    : creator;
}

function creatorOf(evidence: VersionEvidence, isOfLatest: boolean): string {
  const { header, hasNameIndex, hasPropertyTables, listVersion } = evidence;
  if (header.nodeDataOffset === FIRST_NODE_DATA_OFFSET) return "2.0.7 to 2.0.8";
  if (listVersion !== undefined && listVersion < COMPRESSED_LIST_VERSION) return "2.0.9";
  if (header.totalPages > 0 && !isOfLatest) return "3.0.0 to 3.2.5";
  // Up to 2.4.0 a flush left the field empty; later versions do so until the first flush, which also writes the index.
  // 3.9.0 fills the field in files of any age.
  if (!hasNameIndex || header.nodeRoot === 0 || header.totalPages > 0) {
    return isOfLatest && hasPropertyTables === undefined ? "2.0.9 to 3.9.0" : "2.0.9 to 3.2.5";
  }
  return listVersion === COMPRESSED_LIST_VERSION ? "2.1.1 to 2.4.0" : "2.0.9 to 2.4.0";
}

function hasLaterParts({ header, hasNameIndex, hasEdgeMeta, checkpointFormat }: VersionEvidence): boolean {
  return hasNameIndex || hasEdgeMeta || checkpointFormat !== undefined || header.totalPages > 0;
}
