/** What each page of a main file is, judged by its content and by what leads to it. */

import { IndexPage, TREE_PAGE_BYTES } from "./index_page.ts";
import { readUint64 } from "./header.ts";
import { NodePage } from "./node_page.ts";
import { FIRST_PAGE, PAGE_USE, type PageFile, pageOffset } from "./page_file.ts";
import type { TreeEntries } from "./tree_entries.ts";

/** Kinds of pages, in the order in which they are listed. */
const PAGE_KINDS: readonly ReferencePageKind[] = [
  "nodeTree",
  "edgeTree",
  "lostTree",
  "nodes",
  "payload",
  "edges",
  "packedEdges",
  "chainedEdges",
  "unreadable",
  "empty",
  "unknown",
];

/**
 * What a page is: of the node tree, of the edge tree, of no tree that is reached; of node records; data of nodes that is too long
 * for them; one list of edges; many short lists; a part of a long list; a page that something leads to, or that names itself, but
 * cannot be read; zeros; none of these.
 */
export type ReferencePageKind =
  | "nodeTree"
  | "edgeTree"
  | "lostTree"
  | "nodes"
  | "payload"
  | "edges"
  | "packedEdges"
  | "chainedEdges"
  | "unreadable"
  | "empty"
  | "unknown";

/** Pages of one kind. */
export interface PageKindCount {
  /** Which. */
  readonly kind: ReferencePageKind;
  /** How many. */
  readonly pages: number;
  /** Those of them to which no tree leads. */
  readonly unreached: number;
}

/** What the pages are. */
export interface PageCensus {
  /** Every kind, also those without pages. */
  readonly kinds: readonly PageKindCount[];
  /** Records of nodes on pages that the node tree leads to, without deleted ones. */
  readonly nodeRecords: number;
  /** Those on other pages. */
  readonly unreachedRecords: number;
  /** Records of deleted nodes. */
  readonly deletedRecords: number;
  /** Highest version of a list of edges on a page of its own; undefined when there is none. */
  readonly listVersion: number | undefined;
}

const PACKED = 0x5633_4550;
const CHAINED = 0x5633_4543;
const CHAIN_NEXT_AT = 8;
const MAX_LIST_VERSION = 3;
/** Parts of a list's head: node, direction, count, and (version 3) whether it is compressed. */
const LIST_NODE_AT = 1;
const LIST_DIRECTION_AT = 9;
const LIST_COUNT_AT = 10;
const LIST_COMPRESSED_AT = 14;

const KIND = Object.fromEntries(PAGE_KINDS.map((kind, index) => [kind, index])) as Record<ReferencePageKind, number>;

/** Marks of a page besides its kind. */
const REACHED = 0x80;
const KIND_MASK = 0x7f;

/**
 * Looks at every page once. Takes two bytes of memory for each.
 *
 * @param pages of a file whose two trees were read, so that their pages are marked
 * @param step called for every page
 */
export function takePageCensus(
  pages: PageFile,
  nodes: TreeEntries,
  edges: TreeEntries,
  step: (done: number, total: number) => void,
): PageCensus {
  const census = new Census(pages);
  census.markTargets(nodes, edges);
  for (let pageId = FIRST_PAGE; pageId <= pages.lastPage; pageId++) {
    census.look(pageId);
    step(pageId, pages.lastPage);
  }
  return census.result();
}

class Census {
  #nodeRecords = 0;
  #unreachedRecords = 0;
  #deletedRecords = 0;
  #listVersion: number | undefined;
  readonly #pages: PageFile;
  /** Kind and `REACHED` by page id. */
  readonly #found: Uint8Array;
  readonly #index = new IndexPage();
  readonly #node = new NodePage();

  constructor(pages: PageFile) {
    this.#pages = pages;
    this.#found = new Uint8Array(pages.lastPage + 1);
  }

  /** Marks the pages that the entries of both trees lead to. */
  markTargets(nodes: TreeEntries, edges: TreeEntries): void {
    const pages = this.#pages;
    for (let index = 0; index < nodes.count; index++) pages.mark(nodes.page[index] as number, PAGE_USE.nodes);
    const size = pages.edgePageSizes[0] as number;
    for (let index = 0; index < edges.count; index++) this.#markEdges(edges.page[index] as number, size);
  }

  /** Marks a page of edges, and those that follow it in a chain. */
  #markEdges(first: number, size: number): void {
    const pages = this.#pages;
    for (let pageId = first; pageId >= FIRST_PAGE && pageId !== Infinity;) {
      const offset = pageOffset(pageId, size);
      const start = (offset - pageOffset(1, size)) / TREE_PAGE_BYTES + 1;
      // Those that were marked before, also in this chain, have been followed.
      if (!pages.has(start) || pages.isUsed(start, PAGE_USE.packedEdges)) return;
      pages.mark(start, PAGE_USE.packedEdges);
      pages.markRange(offset, size, PAGE_USE.edges);
      const bytes = pages.source.read(offset, CHAIN_NEXT_AT + 8);
      if (bytes.length < CHAIN_NEXT_AT + 8) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      if (view.getUint32(0) !== CHAINED) return;
      pageId = readUint64(view, CHAIN_NEXT_AT);
    }
  }

  /** Finds out what a page is. Hot. */
  look(pageId: number): void {
    const bytes = this.#pages.read(pageId);
    this.#found[pageId] = bytes.length < CHAIN_NEXT_AT + 8 ? KIND.unknown : this.#kindOf(bytes, pageId);
  }

  #kindOf(bytes: Uint8Array, pageId: number): number {
    const pages = this.#pages;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const mark = view.getUint32(0);
    const isEdges = pages.isUsed(pageId, PAGE_USE.edges);
    if (mark === PACKED || mark === CHAINED) {
      return (mark === PACKED ? KIND.packedEdges : KIND.chainedEdges) | (isEdges ? REACHED : 0);
    }
    if (readUint64(view, 0) === pageId) return this.#kindOfNamed(bytes, pageId);
    if (isEdges) return this.#kindOfReachedList(bytes, pageId);
    if (pages.isUsed(pageId, PAGE_USE.nodeTree | PAGE_USE.edgeTree | PAGE_USE.nodes)) return KIND.unreadable | REACHED;
    if (isZero(bytes)) return KIND.empty;
    return isListHead(bytes, view) ? KIND.edges : KIND.unknown;
  }

  /** A page that begins with its own id. */
  #kindOfNamed(bytes: Uint8Array, pageId: number): number {
    const pages = this.#pages;
    if (this.#index.open(bytes, pageId) === undefined) {
      if (pages.isUsed(pageId, PAGE_USE.nodeTree)) return KIND.nodeTree | REACHED;
      return pages.isUsed(pageId, PAGE_USE.edgeTree) ? KIND.edgeTree | REACHED : KIND.lostTree;
    }
    const isReached = pages.isUsed(pageId, PAGE_USE.nodes);
    if (this.#node.open(bytes, pageId) === undefined) {
      this.#countRecords(isReached);
      return isReached ? KIND.nodes | REACHED : KIND.nodes;
    }
    return isReached || pages.isUsed(pageId, PAGE_USE.nodeTree | PAGE_USE.edgeTree)
      ? KIND.unreadable | REACHED
      : KIND.unreadable;
  }

  #countRecords(isReached: boolean): void {
    const node = this.#node;
    for (let index = 0; index < node.count; index++) {
      if (node.isDeleted[index] === 1) this.#deletedRecords++;
      else if (isReached) this.#nodeRecords++;
      else this.#unreachedRecords++;
      const offset = node.payloadAt[index] as number;
      if (node.isExternal[index] === 1 && offset < this.#pages.source.size) {
        this.#pages.markRange(offset, Math.max(1, node.length[index] as number), PAGE_USE.payload);
      }
    }
  }

  #kindOfReachedList(bytes: Uint8Array, pageId: number): number {
    const version = bytes[0] as number;
    // The second half of a page of 8192 bytes can begin with anything.
    if (!this.#pages.isUsed(pageId, PAGE_USE.packedEdges)) return KIND.edges | REACHED;
    if (version > MAX_LIST_VERSION) return KIND.unreadable | REACHED;
    this.#listVersion = Math.max(version, this.#listVersion ?? 0);
    return KIND.edges | REACHED;
  }

  result(): PageCensus {
    const pages = new Array<number>(PAGE_KINDS.length).fill(0);
    const reached = new Array<number>(PAGE_KINDS.length).fill(0);
    for (let pageId = FIRST_PAGE; pageId < this.#found.length; pageId++) {
      let found = this.#found[pageId] as number;
      // Long data of nodes can look like anything.
      if (found < REACHED && found >= KIND.edges && this.#pages.isUsed(pageId, PAGE_USE.payload)) {
        found = KIND.payload | REACHED;
      }
      const kind = found & KIND_MASK;
      (pages[kind] as number)++;
      if (found >= REACHED) (reached[kind] as number)++;
    }
    return {
      kinds: PAGE_KINDS.map((kind, index) => ({
        kind,
        pages: pages[index] as number,
        unreached: (pages[index] as number) - (reached[index] as number),
      })),
      nodeRecords: this.#nodeRecords,
      unreachedRecords: this.#unreachedRecords,
      deletedRecords: this.#deletedRecords,
      listVersion: this.#listVersion,
    };
  }
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Whether a page that nothing leads to begins like a list of edges that names its node. */
function isListHead(bytes: Uint8Array, view: DataView): boolean {
  const version = bytes[0] as number;
  if (version < 2 || version > MAX_LIST_VERSION || (bytes[LIST_DIRECTION_AT] as number) > 1) return false;
  const high = view.getInt32(LIST_NODE_AT);
  if (high < -0x20_0000 || high >= 0x20_0000 || view.getUint32(LIST_COUNT_AT) === 0) return false;
  return version < MAX_LIST_VERSION || bytes[LIST_COMPRESSED_AT] === 1;
}
