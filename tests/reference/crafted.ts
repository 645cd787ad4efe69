/** Databases that no single version would write, made page by page, and what an import makes of them. */

import { writeFileSync } from "node:fs";
import { open } from "../../mod.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { importReference } from "../../lib/reference/import_reference.ts";
import type { ReferenceLoss, ReferenceReport } from "../../lib/reference/report.ts";
import { clustersOf, type WrittenEdge } from "../support/reference_writer.ts";
import { ReferenceFile, type TreeEntry, type WrittenNode } from "../support/reference_writer_file.ts";
import { writeProperties } from "../support/reference_writer_sqlite.ts";
import { tempDir } from "../support/temp_dir.ts";
import { canonical } from "./golden_check.ts";
import { edgeName } from "./golden_files.ts";

/** What came over, as texts. */
export interface CraftedImport {
  /** `ID KIND NAME DATA`, in ascending ids. */
  readonly nodes: readonly string[];
  /** `FROM -> TO "TYPE"`, sorted, with the data behind it unless it is `{}`. */
  readonly edges: readonly string[];
  readonly report: ReferenceReport;
  /** Losses with this code. */
  losses(code: ReferenceLoss["code"]): readonly ReferenceLoss[];
}

/** What lies beside a main file, by extension. */
export type Sidecars = Readonly<Record<string, Uint8Array>>;

/** How to import a crafted database. */
export interface CraftedOptions {
  readonly salvage?: boolean;
  readonly sidecars?: Sidecars;
  /** Rows of the property sidecar. */
  readonly properties?: {
    readonly nodes?: readonly (WrittenNode & { readonly deletedVersion?: number })[];
    readonly edges?: readonly WrittenEdge[];
  };
}

/** Writes the files, imports them into memory and returns what is there afterwards. */
export function importCrafted(file: ReferenceFile | Uint8Array, options: CraftedOptions = {}): CraftedImport {
  const { salvage = false, sidecars = {}, properties } = options;
  using dir = tempDir();
  writeFileSync(dir.path("db.graph"), file instanceof Uint8Array ? file : file.toBytes());
  for (const [extension, bytes] of Object.entries(sidecars)) writeFileSync(dir.path(`db.${extension}`), bytes);
  if (properties) writeProperties(dir.path("db.sqlite"), properties.nodes ?? [], properties.edges ?? []);
  using db = open(":memory:", { cacheBytes: 2 ** 20 }); // a cache of the usual size takes longer to make
  const report = importReference(dir.path("db.graph"), db, { salvage });
  return {
    nodes: nodeTexts(db),
    edges: edgeTexts(db),
    report,
    losses: (code) => report.losses.filter((loss) => loss.code === code),
  };
}

/** `ID KIND NAME DATA` of all nodes. */
export function nodeTexts(db: GraphBackend): string[] {
  return [...db.nodes()].map(({ id, kind, name, data }) => `${id} ${kind} ${name} ${canonical(data)}`);
}

/** All edges, sorted. */
export function edgeTexts(db: GraphBackend): string[] {
  return [...db.edges()].map(({ from, to, type, data }) => {
    const text = canonical(data);
    return edgeName(from, to, type) + (text === "{}" ? "" : ` ${text}`);
  }).sort();
}

/** Nodes of kind `N` with these ids, named after them. */
export function nodesOf(...ids: (number | bigint)[]): WrittenNode[] {
  return ids.map((id) => ({ id, kind: "N", name: `n${id}`, data: `{"i":${id}}` }));
}

/** Texts of such nodes. */
export function textsOf(...ids: number[]): string[] {
  return ids.map((id) => `${id} N n${id} {"i":${id}}`);
}

/** A file whose node tree leads to these nodes. */
export function fileOf(nodes: readonly WrittenNode[]): ReferenceFile {
  const file = new ReferenceFile();
  setNodeTree(file, file.nodes(nodes), nodes.length);
  return file;
}

/** Writes the node tree and points the header at it. */
export function setNodeTree(
  file: ReferenceFile,
  entries: readonly TreeEntry[],
  nodeCount: number = entries.length,
): void {
  const { root, height } = file.tree(entries);
  Object.assign(file.header, { nodeRoot: root, nodeTreeHeight: height, nodeCount });
}

/** Writes the edge tree and points the header at it. */
export function setEdgeTree(file: ReferenceFile, entries: readonly TreeEntry[], edgeCount: number): void {
  const { root } = file.tree(entries);
  Object.assign(file.header, { edgeRoot: root, edgeCount, totalPages: file.nextPage });
}

/** Adds edges as versions up to 3.2.5 do, a page for each list. */
export function addEdges(file: ReferenceFile, edges: readonly WrittenEdge[]): ReferenceFile {
  setEdgeTree(file, clustersOf(edges).map((cluster) => file.plainCluster(cluster)), edges.length);
  return file;
}

/** Edges given as `1>2 calls`. */
export function edgesOf(...texts: string[]): WrittenEdge[] {
  return texts.map((text) => {
    const [, from, to, type] = /^(-?\d+)>(-?\d+) ?(.*)$/.exec(text) as unknown as [string, string, string, string];
    return { from: Number(from), to: Number(to), type };
  });
}

/** Texts of such edges. */
export function edgeNames(...texts: string[]): string[] {
  return edgesOf(...texts).map(({ from, to, type }) => edgeName(Number(from), Number(to), type)).sort();
}
