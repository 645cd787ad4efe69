/** Import of a database that the reference wrote. */

import { GraphError } from "../backend/errors.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import type { ImportRecord } from "../backend/import_record.ts";
import { FileBytes } from "./byte_source.ts";
import { EdgeImport } from "./edge_import.ts";
import { readEdgeMeta } from "./edge_meta.ts";
import { deduceVersion } from "./inspect_version.ts";
import { HEADER_BYTES, readHeader, type ReferenceHeader } from "./header.ts";
import { type ImportContext, Steps, UnusualCounter } from "./import_context.ts";
import { KeyValueImport } from "./key_value_import.ts";
import { LossLog } from "./loss_log.ts";
import { NodeImport } from "./node_import.ts";
import { PAGE_USE, PageFile } from "./page_file.ts";
import { PropertyRows } from "./property_rows.ts";
import type { ImportReferenceOptions, ReferenceCounts, ReferenceReport } from "./report.ts";
import { readSidecar } from "./sidecar_file.ts";
import { findSidecars, sidecarPath } from "./sidecar_paths.ts";
import { StrayLists } from "./stray_lists.ts";
import { readTree, type TreeEntries } from "./tree_entries.ts";

/**
 * Reads a database of the reference (format version 4 with its sidecars, as versions 2.0.7 to 3.9.0 write them) into an empty
 * one, in one transaction. Neither the file nor its folder is changed.
 *
 * Nodes keep their ids; edges get ids in the order of their sources, and of the source's list. What the main file lost comes
 * from the other end of an edge, or from the sidecars. Values that the contract would refuse come over unchanged. A key with a
 * time to live gets all of it again, from the import on, as when the reference loads it.
 *
 * Everything that did not come over as it was is named in the report. Memory: tables of 8 to 40 bytes a node and, where ends of
 * edges contradict each other, an edge; key-values and the small sidecars are read whole.
 *
 * ```text
 * import { open } from "@sqlitegraph/sqlitegraph";
 * import { importReference } from "@sqlitegraph/sqlitegraph/reference";
 *
 * using db = open("new.graph");
 * const report = importReference("old.graph", db);
 * console.log(report.nodes, report.edges, report.losses);
 * ```
 *
 * @param path the main file
 * @param target an empty database of any backend
 * @throws {ConflictError} when the target holds anything
 * @throws {NotFoundError} when there is no such file
 * @throws {CorruptionError} when its header cannot be read
 * @throws {UnsupportedError} for another version of the format
 * @throws {IoError} when it cannot be read
 */
export function importReference(
  path: string,
  target: GraphBackend,
  options: ImportReferenceOptions = {},
): ReferenceReport {
  using source = new FileBytes(path);
  // A copy: the next read may use the same bytes.
  const header = readHeader(source.read(0, HEADER_BYTES).slice());
  const losses = new LossLog();
  const context: ImportContext = {
    file: path,
    header,
    pages: new PageFile(source, header),
    losses,
    unusual: new UnusualCounter(),
    salvage: options.salvage === true,
    steps: new Steps(options.onProgress, options.signal),
  };
  for (const { message, offset } of header.problems) {
    losses.add({ code: "header-field", message: `the header is damaged: ${message}`, file: path, offset });
  }
  using properties = new PropertyRows(sidecarPath(path, "properties"), losses);
  const run = new ReferenceImport(context, properties);
  target.importRecords(run.records(), { signal: options.signal });
  return run.report();
}

/** The parts of one import, in order. */
class ReferenceImport {
  readonly #context: ImportContext;
  readonly #properties: PropertyRows;
  #nodes: NodeImport | undefined;
  #edges: EdgeImport | undefined;
  #keyValues: KeyValueImport | undefined;

  constructor(context: ImportContext, properties: PropertyRows) {
    this.#context = context;
    this.#properties = properties;
  }

  *records(): Generator<ImportRecord, undefined, undefined> {
    const context = this.#context;
    const nodeEntries = readNodeTree(context);
    const strays = new StrayLists(context, readEdgeTree(context));
    const nodes = this.#nodes = new NodeImport(context, this.#properties, nodeEntries, strays);
    yield* nodes.records();
    const keyValues = this.#keyValues = new KeyValueImport(context);
    this.#edges = new EdgeImport(context, nodes.ids, strays, this.#properties, keyValues.loggedEdges());
    yield* this.#edges.records();
    yield* keyValues.records();
  }

  report(): ReferenceReport {
    const { losses, unusual, header, file } = this.#context;
    const sidecars = new Set(findSidecars(file).map(({ kind }) => kind));
    const counts = (of: (part: "nodes" | "edges" | "keyValues") => number): ReferenceCounts => ({
      nodes: of("nodes"),
      edges: of("edges"),
      keyValues: of("keyValues"),
    });
    const imported = { nodes: this.#nodes?.count, edges: this.#edges?.count, keyValues: this.#keyValues?.count };
    const salvaged = { nodes: this.#nodes?.salvagedCount, edges: this.#edges?.salvagedCount, keyValues: 0 };
    return {
      version: deduceVersion({
        header,
        hasNameIndex: sidecars.has("nameIndex"),
        hasEdgeMeta: sidecars.has("edgeMeta"),
        checkpointFormat: this.#keyValues?.checkpointFormat,
        hasPropertyTables: sidecars.has("properties") ? this.#properties.hasRows : undefined,
        hasPackedEdges: this.#edges?.hasPackedLists === true,
        listVersion: this.#edges?.plainListVersion,
      }),
      ...counts((part) => imported[part] ?? 0),
      salvaged: counts((part) => salvaged[part] ?? 0),
      unusual: unusual.counts(),
      losses: losses.list,
      lossCount: losses.count,
    };
  }
}

function readNodeTree({ pages, header, losses, file }: ImportContext): TreeEntries {
  return readTree(pages, header.nodeRoot, PAGE_USE.nodeTree, (page, message) => {
    losses.add({
      code: "page-unreadable",
      message: `page ${page} of the node tree cannot be used: ${message}`,
      file,
      page,
    });
  });
}

const HIGHEST_OLD_OFFSET = 112;

/** The tree of edges: the sidecar says where it begins, unless that leads nowhere and the header knows better. */
function readEdgeTree(context: ImportContext): TreeEntries {
  const { header, pages, losses, file } = context;
  const path = sidecarPath(file, "edgeMeta");
  const stored = headerEdgeRoot(header);
  const named = edgeMetaRoot(context, path);
  const read = (
    root: number,
  ): { readonly entries: TreeEntries; readonly damage: [page: number, message: string][] } => {
    const damage: [number, string][] = [];
    return {
      entries: readTree(pages, root, PAGE_USE.edgeTree, (page, message) => damage.push([page, message])),
      damage,
    };
  };
  let tree = read(named ?? stored);
  if (named !== undefined && named !== stored && stored !== 0 && (tree.damage.length > 0 || tree.entries.count === 0)) {
    pages.unmark(PAGE_USE.edgeTree);
    const other = read(stored);
    if (other.entries.count > tree.entries.count) {
      losses.add({
        code: "sidecar-stale",
        message:
          `the sidecar names page ${named} as root of the edge tree, which leads nowhere; that of the header does`,
        file: path,
        page: named,
      });
      tree = other;
    } else {
      pages.unmark(PAGE_USE.edgeTree);
      tree = read(named);
    }
  }
  for (const [page, message] of tree.damage) {
    losses.add({
      code: "page-unreadable",
      message: `page ${page} of the edge tree cannot be used: ${message}`,
      file,
      page,
    });
  }
  return tree.entries;
}

/** Root by the header; 0 without edges. */
function headerEdgeRoot({ nodeDataOffset, edgeRoot }: ReferenceHeader): number {
  return nodeDataOffset === HIGHEST_OLD_OFFSET || edgeRoot === Infinity ? 0 : edgeRoot;
}

/** Root by the sidecar; undefined when there is none that can be read. */
function edgeMetaRoot({ losses, file }: ImportContext, path: string): number | undefined {
  try {
    const bytes = path === file ? undefined : readSidecar(path);
    return bytes === undefined ? undefined : readEdgeMeta(bytes).root;
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    losses.add({ code: "sidecar-damaged", message: error.message, file: path });
    return undefined;
  }
}
