/** Writes databases of the reference's native format, as its versions would, from a graph given as plain records.
 *
 *   writeReference(dir.path("db.graph"), { nodes, edges }, { family: "3.9.0" });
 *
 * Made from the description of the format, for tests and the benchmark of the import. Files that no version would write
 * are made with `ReferenceFile` itself.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import type { Int64 } from "./reference_writer_bytes.ts";
import { FULL_PAGE, INLINE_LIMIT, ReferenceFile, type TreeEntry, type WrittenNode } from "./reference_writer_file.ts";
import { type Cluster, clusterBytes, type ClusterEdge, PAGE_SIZE } from "./reference_writer_pages.ts";
import {
  checkpointBytes,
  edgeMetaBytes,
  indexBytes,
  logBytes,
  type LogRecord,
  type StoredKeyValue,
} from "./reference_writer_sidecars.ts";
import { writeProperties } from "./reference_writer_sqlite.ts";

/** Versions that write alike, by one of them. */
export type Family = "2.0.7" | "2.0.9" | "2.2.2" | "3.2.5" | "3.9.0";

/** All families, oldest first. */
export const FAMILIES: readonly Family[] = ["2.0.7", "2.0.9", "2.2.2", "3.2.5", "3.9.0"];

/** An edge to write. */
export interface WrittenEdge {
  readonly from: Int64;
  readonly to: Int64;
  /** Empty: no type. */
  readonly type: string;
  /** JSON text, which only 3.9.0 keeps (beside the main file). Default `{}`. */
  readonly data?: string;
  /** Only 3.9.0 keeps it. Default 1. */
  readonly weight?: number;
}

/** What a database holds. */
export interface WrittenGraph {
  /** In ascending ids. */
  readonly nodes: readonly WrittenNode[];
  readonly edges: readonly WrittenEdge[];
  /** For the checkpoint, where the family has one. */
  readonly keyValues?: readonly StoredKeyValue[];
  /** For the log: undefined writes none. */
  readonly log?: readonly LogRecord[];
}

/** How a database is written. */
export interface WriteOptions {
  readonly family: Family;
  /** Most entries of an index page, at least 3: small ones make high trees. */
  readonly fanout?: number;
  /** Longest payload inside a record. */
  readonly inlineLimit?: number;
  /** Page size in the header: of pages for edges only. */
  readonly pageSize?: 4096 | 8192 | 16384;
  /** False leaves the log's header out, as a log that goes on after a flush. */
  readonly hasLogHeader?: boolean;
  /** False writes the main file alone. */
  readonly hasSidecars?: boolean;
}

/** Writes a database with the sidecars of its family. The path ends in an extension, which sidecars replace. */
export function writeReference(path: string, graph: WrittenGraph, options: WriteOptions): void {
  const { family, hasSidecars = true } = options;
  const { file, edgeTreeHeight } = referenceFile(graph, options);
  writeFileSync(path, file.toBytes());
  const stem = path.slice(0, path.lastIndexOf("."));
  if (graph.log !== undefined) writeFileSync(`${stem}.v3wal`, logBytes(graph.log, options.hasLogHeader));
  if (!hasSidecars || family === "2.0.7") return;
  writeFileSync(`${stem}.v3index`, indexBytes(graph.nodes));
  if (edgeTreeHeight > 0) writeFileSync(`${stem}.v3edgemeta`, edgeMetaBytes(file.header.edgeRoot, edgeTreeHeight));
  if (graph.keyValues !== undefined && (family === "3.2.5" || family === "3.9.0")) {
    writeFileSync(`${stem}.v3checkpoint`, checkpointBytes(graph.keyValues, family === "3.9.0" ? 3 : 2));
  }
  if (family === "3.9.0") writeProperties(`${stem}.sqlite`, graph.nodes, graph.edges);
}

/** The main file alone, with the height of its edge tree. */
export function referenceFile(
  graph: WrittenGraph,
  options: WriteOptions,
): { readonly file: ReferenceFile; readonly edgeTreeHeight: number } {
  const { family, fanout = FULL_PAGE, inlineLimit = INLINE_LIMIT, pageSize = PAGE_SIZE } = options;
  const file = new ReferenceFile();
  const { header } = file;
  header.pageSize = pageSize;
  header.nodeCount = graph.nodes.length;
  header.edgeCount = graph.edges.length;
  let firstLeaf: number | undefined;
  const nodeEntries = file.nodes(graph.nodes, { inlineLimit, onFirstPage: () => firstLeaf = file.allocate() });
  const nodeTree = file.tree(nodeEntries, { fanout, firstLeaf });
  header.nodeRoot = nodeTree.root;
  header.nodeTreeHeight = nodeTree.height;
  if (family === "2.0.7") {
    header.nodeDataOffset = header.edgeRoot = 112;
    return { file, edgeTreeHeight: 0 };
  }
  const edgeTree = file.tree(writeClusters(file, clustersOf(graph.edges), family), { fanout });
  header.edgeRoot = edgeTree.root;
  if (family === "3.9.0") header.edgeTreeHeight = edgeTree.height;
  if ((family === "3.2.5" || family === "3.9.0") && graph.nodes.length > 0) header.totalPages = file.nextPage;
  return { file, edgeTreeHeight: edgeTree.height };
}

function writeClusters(file: ReferenceFile, clusters: readonly Cluster[], family: Family): TreeEntry[] {
  if (family === "3.9.0") return file.packedClusters(clusters.map(sorted));
  const version = family === "2.0.9" ? 2 : 3;
  return clusters.map((cluster) => {
    const { length } = clusterBytes(cluster, version, "plain");
    if (length > file.header.pageSize) throw new Error(`node ${cluster.node} has more edges than ${family} can store`);
    return file.plainCluster(cluster, version);
  });
}

/** The order of 3.9.0: by weight, the greatest first, then by neighbour. */
function sorted(cluster: Cluster): Cluster {
  const edges = [...cluster.edges].sort((a, b) =>
    (b.weight ?? 1) - (a.weight ?? 1) || (a.neighbor < b.neighbor ? -1 : a.neighbor > b.neighbor ? 1 : 0)
  );
  return { ...cluster, edges };
}

/** Both lists of every edge, in the order in which they come up. */
export function clustersOf(edges: readonly WrittenEdge[]): Cluster[] {
  const lists = { out: new Map<Int64, ClusterEdge[]>(), in: new Map<Int64, ClusterEdge[]>() };
  const clusters: Cluster[] = [];
  const add = (node: Int64, direction: "out" | "in", edge: ClusterEdge) => {
    const found = lists[direction].get(node);
    if (found !== undefined) {
      found.push(edge);
      return;
    }
    const list = [edge];
    lists[direction].set(node, list);
    clusters.push({ node, direction, edges: list });
  };
  for (const { from, to, type, weight = 1 } of edges) {
    add(from, "out", { neighbor: to, type, weight });
    add(to, "in", { neighbor: from, type, weight });
  }
  return clusters;
}
