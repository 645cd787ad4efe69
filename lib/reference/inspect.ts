/** Looks at a database of the reference without importing it: header, pages, trees and sidecars. */

import type { LongCallOptions } from "../backend/care.ts";
import { FileBytes } from "./byte_source.ts";
import { HEADER_BYTES, readHeader, type ReferenceHeader } from "./header.ts";
import { IndexPage, TREE_PAGE_BYTES } from "./index_page.ts";
import { type PageCensus, takePageCensus } from "./inspect_pages.ts";
import { inspectSidecar, type SidecarInspection } from "./inspect_sidecars.ts";
import { deduceVersion } from "./inspect_version.ts";
import { FIRST_PAGE, PAGE_USE, PageFile } from "./page_file.ts";
import { findSidecars } from "./sidecar_paths.ts";
import { readTree, type TreeEntries } from "./tree_entries.ts";

/** A field of the header. */
export interface HeaderField {
  /** Name. */
  readonly name: string;
  /** Byte offset in the file. */
  readonly offset: number;
  /** What it holds; Infinity for a number beyond 2^53. */
  readonly value: number;
  /** What that says. */
  readonly meaning: string;
}

/** Something wrong with a page. */
export interface PageProblem {
  /** The page. */
  readonly page: number;
  /** What is wrong. */
  readonly message: string;
}

/** One of the two trees. */
export interface TreeInspection {
  /** Page id of the root; 0: there is no tree. */
  readonly root: number;
  /** Levels below and with the root, as far as its left edge can be read. */
  readonly height: number;
  /** Pages. */
  readonly pages: number;
  /** Entries of all leaves that were reached. */
  readonly entries: number;
  /** What is wrong, at most `MAX_TREE_PROBLEMS`. */
  readonly problems: readonly PageProblem[];
  /** Number of all problems. */
  readonly problemCount: number;
}

/** What `inspectReference` found. */
export interface ReferenceInspection {
  /** The main file. */
  readonly path: string;
  /** Its size. */
  readonly sizeBytes: number;
  /** Versions of the reference that can have written it, for example `3.0.0 to 3.2.5`. */
  readonly version: string;
  /** The header's fields in the order of the file. */
  readonly header: readonly HeaderField[];
  /** What is wrong with the header. */
  readonly headerProblems: readonly string[];
  /** Tree from node ids to pages. */
  readonly nodeTree: TreeInspection;
  /** Tree from nodes and directions to the pages of their edges. */
  readonly edgeTree: TreeInspection;
  /** Where the root of the edge tree was taken from. */
  readonly edgeRootFrom: "sidecar" | "header" | "nowhere";
  /** Pages of 4096 bytes, from page 2 on; the last one may be cut. */
  readonly pageCount: number;
  /** What the pages are. */
  readonly census: PageCensus;
  /** The sidecars that are there. */
  readonly sidecars: readonly SidecarInspection[];
}

/** Most problems that are listed of one tree. */
export const MAX_TREE_PROBLEMS = 100;

const FIRST_NODE_DATA_OFFSET = 112;
const MAX_HEIGHT = 10;
/** Pages between two reports of progress. */
const REPORTED_PAGES = 4096;

/**
 * Looks at a database. Nothing is changed. Takes memory in proportion to the numbers of nodes (12 bytes) and pages (2 bytes), not
 * to their content.
 *
 * @param path the main file; sidecars are looked for beside it
 * @throws {NotFoundError} when there is no file
 * @throws {CorruptionError} when it does not begin like a main file
 * @throws {UnsupportedError} for another version of the format
 * @throws {IoError} when it cannot be read
 */
export function inspectReference(path: string, { onProgress, signal }: LongCallOptions = {}): ReferenceInspection {
  using source = new FileBytes(path);
  const header = readHeader(source.read(0, HEADER_BYTES).slice());
  const pages = new PageFile(source, header);
  const sidecars = findSidecars(path).map((sidecar) => inspectSidecar(sidecar, header.nodeCount));
  const edgeMeta = sidecars.find(({ kind, state }) => kind === "edgeMeta" && state === "good");
  const storedRoot = header.nodeDataOffset === FIRST_NODE_DATA_OFFSET || header.edgeRoot === Infinity
    ? 0
    : header.edgeRoot;
  const edgeRoot = edgeMeta === undefined ? storedRoot : edgeMeta.content["root"] as number;
  const nodeTree = new InspectedTree(pages, header.nodeRoot, PAGE_USE.nodeTree);
  const edgeTree = new InspectedTree(pages, edgeRoot, PAGE_USE.edgeTree);
  const census = takePageCensus(pages, nodeTree.entries, edgeTree.entries, (done, total) => {
    if (done % REPORTED_PAGES !== 0) return;
    onProgress?.({ phase: "inspect", done, total });
    signal?.throwIfAborted();
  });
  const contentOf = (kind: SidecarInspection["kind"]) => sidecars.find((sidecar) => sidecar.kind === kind)?.content;
  const packedPages = census.kinds.filter(({ kind }) => kind === "packedEdges" || kind === "chainedEdges");
  return {
    path,
    sizeBytes: source.size,
    version: deduceVersion({
      header,
      hasNameIndex: contentOf("nameIndex") !== undefined,
      hasEdgeMeta: edgeMeta !== undefined,
      checkpointFormat: contentOf("checkpoint")?.["format"] as number | undefined,
      hasPropertyTables: contentOf("properties")?.["hasTables"] as boolean | undefined,
      hasPackedEdges: packedPages.some((count) => count.pages > 0),
      listVersion: census.listVersion,
    }),
    header: fieldsOf(header),
    headerProblems: header.problems.map(({ message }) => message),
    nodeTree: nodeTree.result(),
    edgeTree: edgeTree.result(),
    edgeRootFrom: edgeMeta !== undefined ? "sidecar" : storedRoot > 0 ? "header" : "nowhere",
    pageCount: Math.max(0, pages.lastPage - FIRST_PAGE + 1),
    census,
    sidecars,
  };
}

/** A tree that is read, with its problems. */
class InspectedTree {
  readonly entries: TreeEntries;
  readonly #pages: PageFile;
  readonly #root: number;
  readonly #use: number;
  readonly #problems: PageProblem[] = [];
  #problemCount = 0;

  constructor(pages: PageFile, root: number, use: number) {
    this.#pages = pages;
    this.#root = root;
    this.#use = use;
    this.entries = readTree(pages, root, use, (page, message) => {
      this.#problemCount++;
      if (this.#problems.length < MAX_TREE_PROBLEMS) this.#problems.push({ page, message });
    });
  }

  result(): TreeInspection {
    let pageCount = 0;
    for (let pageId = FIRST_PAGE; pageId <= this.#pages.lastPage; pageId++) {
      if (this.#pages.isUsed(pageId, this.#use)) pageCount++;
    }
    return {
      root: this.#root,
      height: this.#height(),
      pages: pageCount,
      entries: this.entries.count,
      problems: this.#problems,
      problemCount: this.#problemCount,
    };
  }

  #height(): number {
    const page = new IndexPage();
    let height = 0;
    for (let pageId = this.#root; this.#pages.has(pageId) && height < MAX_HEIGHT; pageId = page.values[0] as number) {
      if (page.open(this.#pages.read(pageId), pageId) !== undefined) break;
      height++;
      if (page.isLeaf) break;
    }
    return height;
  }
}

function fieldsOf(header: ReferenceHeader): HeaderField[] {
  const field = (name: string, offset: number, value: number, meaning: string): HeaderField => {
    return { name, offset, value, meaning };
  };
  const isFirst = header.nodeDataOffset === FIRST_NODE_DATA_OFFSET;
  return [
    field("version", 8, header.version, "version of the format"),
    field("flags", 12, header.flags, "framed records, atomic commit and B+Tree index: 7"),
    field("nodeCount", 16, header.nodeCount, "nodes, as counted; wrong after deletions of nodes that did not exist"),
    field("edgeCount", 24, header.edgeCount, "insertions of edges so far"),
    field("schemaVersion", 32, header.schemaVersion, "always 1"),
    field("edgeTreeHeight", 36, header.edgeTreeHeight, "height of the edge tree; 0 unless 3.9.0 wrote edges"),
    field(
      "nodeDataOffset",
      40,
      header.nodeDataOffset,
      isFirst ? "made by 2.0.8 or before" : "made by 2.0.9 or later",
    ),
    field("edgeRoot", 48, header.edgeRoot, isFirst ? "without meaning" : "root page of the edge tree; 0: no edges"),
    field("nodeRoot", 80, header.nodeRoot, "root page of the node tree; 0: no nodes"),
    field("totalPages", 96, header.totalPages, "next page as of the last flush; 0 up to 2.4.0"),
    field("pageSize", 104, header.pageSize, `pages of edges; all others have ${TREE_PAGE_BYTES} bytes`),
    field("nodeTreeHeight", 108, header.nodeTreeHeight, "height of the node tree"),
  ];
}
