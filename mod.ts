/**
 * sqlitegraph: an embedded graph database for Bun and Deno. A property graph and key-values in one crash-safe file, with
 * transactions, traversals, change streams and backups; no server, no native addon.
 *
 * @example
 * ```ts
 * import { open } from "@sqlitegraph/sqlitegraph";
 *
 * using db = open(":memory:");
 * const ada = db.insertNode({ kind: "Person", name: "Ada", data: { born: 1815 } });
 * const charles = db.insertNode({ kind: "Person", name: "Charles", data: { born: 1791 } });
 * db.insertEdge({ from: ada, to: charles, type: "KNOWS", data: { since: 1833 } });
 *
 * db.neighbors(ada, { types: ["KNOWS"] }); // [charles]
 * db.getNode(charles)?.data["born"]; // 1791
 * db.shortestPath(ada, charles); // [ada, charles]
 * ```
 *
 * @module
 */

import "./lib/projection/install.ts";

export * from "./lib/backend/mod.ts";
export { open, type OpenOptions } from "./lib/graph/open.ts";
export { V3Backend, type V3Opener } from "./lib/graph/v3_backend.ts";
export type {
  CompactOptions,
  CompactResult,
  FileLock,
  FileSystem,
  GroupResult,
  OpenFile,
  OpenReport,
  Retention,
  V3Database,
  V3Options,
} from "./lib/v3/mod.ts";
export { salvage, type SalvageLoss, type SalvageOptions, type SalvageReport } from "./lib/v3/salvage.ts";
export { type GraphOptions, openGraph } from "./lib/graph/open_graph.ts";
export type {
  Graph,
  GraphKeyValues,
  GraphVectorIndex,
  GraphVectorRangeOptions,
  GraphVectorSearchOptions,
  LinkVectorsOptions,
  TransactionOptions,
} from "./lib/graph/graph.ts";
export type { Isolation } from "./lib/graph/transaction_batch.ts";
export type { GraphIngestOptions, GraphIngestProgress } from "./lib/graph/graph_ingest.ts";
export type { IngestProgress, IngestResult, SkippedRow } from "./lib/graph/ingest.ts";
export type {
  IngestEdge,
  IngestEdgeRow,
  IngestEnd,
  IngestEnds,
  IngestKeyValueRow,
  IngestNodeRow,
  IngestRow,
} from "./lib/graph/row_source.ts";
export * from "./lib/task/mod.ts";
export {
  type ExpandedMatch,
  type ExpandOptions,
  searchAndExpand,
  type SearchAndExpandOptions,
  searchNear,
  type SearchNearOptions,
} from "./lib/vector/hybrid.ts";
export { MAX_KEPT_PROJECTION_BYTES } from "./lib/graph/projection_cache.ts";
export {
  type EdgeArrays,
  type IndexedEdges,
  projectEdges,
  projectIndexes,
  projectionFrom,
} from "./lib/projection/mod.ts";
export {
  type BfsParams,
  bfsTask,
  type KHopParams,
  kHopTask,
  type MatchPatternParams,
  matchPatternTask,
  type ShortestPathParams,
  shortestPathTask,
} from "./lib/graph/builtin_tasks.ts";
