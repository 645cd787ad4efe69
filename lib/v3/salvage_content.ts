/** What a damaged file still holds: the trees of its newest state as far as they can be read, and leaves found by themselves. */

import { readCatalog } from "./catalog.ts";
import { PageCopies } from "./check_copies.ts";
import { PageSet } from "./check_page_set.ts";
import { readFreeList } from "./free_list.ts";
import { FreePages } from "./free_pages.ts";
import { LinkCursor } from "./link_tree.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { findLeaves, type FoundLeaves } from "./salvage_find.ts";
import { reasonOf } from "./salvage_losses.ts";
import { type FoundLeaf, isWithin, newestPieces, type Range } from "./salvage_range.ts";
import { BYTE_SHAPE, eachCell, eachRecord, RECORD_SHAPE, type TreeShape } from "./salvage_shape.ts";
import type { SalvageSource } from "./salvage_source.ts";
import { fetchTyped, type TreePart, treeParts } from "./salvage_walk.ts";
import { EMPTY_STATE, type GraphState, TREE } from "./state.ts";

/** Trees whose records are copied. The others follow from these. */
type SourceTree = "nodes" | "edges" | "strings" | ByteSource;

/** Byte trees that are copied. */
type ByteSource = "texts" | "keyValues" | "vectorIndexes" | "vectors";

/** Trees whose leaves look like those of the copied ones, or that are needed to know which leaves are in use. */
const RECORD_TREES = [TREE.nodes, TREE.edges, TREE.strings] as const;
const BYTE_TREES = [
  TREE.names,
  TREE.texts,
  TREE.keyValues,
  TREE.expiries,
  TREE.vectorIndexes,
  TREE.vectors,
  TREE.vectorLinks,
] as const;
const COPIED_TREES: readonly number[] = [
  TREE.nodes,
  TREE.edges,
  TREE.strings,
  TREE.texts,
  TREE.keyValues,
  TREE.vectorIndexes,
  TREE.vectors,
];

/** Told of a range that cannot be read. */
export type OnLost<K> = (range: Range<K>) => void;

/** Takes one entry of a byte leaf, which lies at a position in a copy of its page. */
export type CellVisitor = (pages: Pages, cell: number) => void;

/** Takes one record, which lies at a position in a copy of its page. */
export type RecordVisitor = (id: number, bytes: Uint8Array, at: number, end: number) => void;

/** Content of a damaged file. */
export class SalvageContent {
  readonly #source: SalvageSource;
  /** The state that its trees show; undefined when only leaves are left. */
  readonly state: GraphState | undefined;
  /** Youngest commit that the file tells of. */
  readonly lsn: number;
  /** Leaves that were found by themselves, when that was necessary. */
  readonly #found: FoundLeaves | undefined;
  /** Pages that the state's trees name. */
  readonly #reached: PageSet;

  /** Finds out what there is. */
  constructor(source: SalvageSource) {
    this.#source = source;
    const { header, logHeader } = source;
    this.#reached = new PageSet(source.pageCount);
    const lastLsn = header?.lsn ?? logHeader?.baseLsn ?? Infinity;
    const excluded = new PageSet(source.pageCount);
    let state = header === undefined ? undefined : this.#stateOf(header.catalog);
    let found: FoundLeaves | undefined;
    if (state === undefined) {
      this.#exclude(excluded);
      found = findLeaves(source, lastLsn, excluded);
      if (header === undefined) state = this.#foundState(found);
      if (state === undefined) this.#noteLostCatalog();
    }
    if (state !== undefined && !this.#markReached(state) && found === undefined) {
      this.#exclude(excluded);
      found = findLeaves(source, lastLsn, excluded);
    }
    this.state = state;
    this.#found = found;
    for (const pageId of found?.damaged ?? []) {
      // What is wrong with those that a tree names is noted when they are read.
      if (this.#reached.has(pageId)) continue;
      source.losses.add(
        "page",
        `page ${pageId}`,
        "it is damaged; what it held, if anything that is needed, is not known",
      );
    }
    this.lsn = header?.lsn ?? state?.lsn ?? Math.max(found?.youngest ?? 0, logHeader?.baseLsn ?? 0);
  }

  #stateOf(catalog: TreeRoot): GraphState | undefined {
    if (catalog.pageId === 0) return EMPTY_STATE;
    try {
      return readCatalog(this.#source.pages, catalog);
    } catch (error) {
      this.#source.losses.caught("catalog", `page ${catalog.pageId}`, error);
      return undefined;
    }
  }

  #noteLostCatalog(): void {
    const { losses, header } = this.#source;
    losses.add(
      "catalog",
      "the roots of all trees",
      header === undefined
        ? "records were taken from pages that were found by themselves: some may be older than the newest commit, and some that were deleted may have come back"
        : "records were taken from pages that were found by themselves and that are in use",
    );
  }

  /**
   * Without a header: the state that a catalog shows, if no page is younger. A catalog of an earlier commit is not believed:
   * the leaves have newer versions of what it shows.
   */
  #foundState({ catalog, youngest }: FoundLeaves): GraphState | undefined {
    const { pages } = this.#source;
    const states: GraphState[] = [];
    for (const { pageId, bornAt } of catalog) {
      if (bornAt !== youngest) continue;
      try {
        const state = readCatalog(pages, { pageId, birth: bornAt >>> 0, level: 0 });
        if (state.lsn === youngest) states.push(state);
      } catch (error) {
        reasonOf(error);
      }
    }
    return states.find(({ roots }) => roots.every((root) => this.#isThere(root))) ?? states[0];
  }

  #isThere({ pageId, birth }: TreeRoot): boolean {
    if (pageId === 0) return true;
    try {
      this.#source.pages.fetch(pageId, birth);
      return true;
    } catch (error) {
      reasonOf(error);
      return false;
    }
  }

  /** Notes what the state's trees name. Returns whether every branch of the copied ones can be read. */
  #markReached({ roots }: GraphState): boolean {
    const { header } = this.#source;
    let areWhole = true;
    const mark = <K>(shape: TreeShape<K>, root: TreeRoot, isCopied: boolean): void => {
      for (const { problem } of this.#parts(shape, root, this.#reached)) {
        if (problem !== undefined && isCopied) areWhole = false;
      }
    };
    for (const tree of RECORD_TREES) mark(RECORD_SHAPE, roots[tree] as TreeRoot, true);
    for (const tree of BYTE_TREES) mark(BYTE_SHAPE, roots[tree] as TreeRoot, COPIED_TREES.includes(tree));
    if (header !== undefined) {
      mark(RECORD_SHAPE, header.history, false);
      mark(BYTE_SHAPE, header.tags, false);
    }
    return areWhole;
  }

  #parts<K>(shape: TreeShape<K>, root: TreeRoot, reached: PageSet): Generator<TreePart<K>> {
    return treeParts(this.#source.pages, shape, root, reached, this.#source.pageCount);
  }

  /** Collects the pages that the header says are free, or needed by earlier commits only. */
  #exclude(excluded: PageSet): void {
    const { header, pages, pageCount } = this.#source;
    if (header === undefined) return;
    const attempt = (what: string, read: () => void): void => {
      try {
        read();
      } catch (error) {
        this.#source.losses.caught(
          "history",
          what,
          error,
          "; pages that were found by themselves may be older than the newest commit",
        );
      }
    };
    attempt("list of free pages", () => {
      const { freeListPage: pageId, freeListBirth: birth, freeListBytes: sizeBytes } = header;
      const free = new FreePages(header.pageCount);
      readFreeList(pages, { pageId, birth, sizeBytes }, free);
      free.eachRun((first, length) => {
        for (let page = first; page < Math.min(first + length, pageCount + 1); page++) excluded.add(page);
      });
    });
    attempt("list of dead pages", () => {
      const cursor = new LinkCursor(pages, header.dead);
      while (cursor.nextRun()) {
        for (let at = cursor.start; at < cursor.end; at++) if (cursor.c(at) <= pageCount) excluded.add(cursor.c(at));
      }
    });
  }

  /** Reads the records of a tree, ascending. */
  records(tree: "nodes" | "edges" | "strings", visit: RecordVisitor): void {
    const copies = new PageCopies(this.#source.pages, 1);
    this.#leaves<number>(tree, RECORD_SHAPE, this.#found?.[tree] ?? [], (address, isWanted) => {
      copies.copy(0, address);
      let count = 0;
      eachRecord(copies, 0, (id, at, end) => {
        if (!isWanted(id)) return;
        count++;
        visit(id, copies.bytes, at, end);
      });
      return count;
    }, () => {});
  }

  /**
   * Reads the entries of a byte tree, ascending.
   *
   * @param keyOf reads the key of a cell; undefined when it cannot be read, which it notes itself
   */
  cells(
    tree: ByteSource,
    keyOf: (pages: Pages, cell: number) => Uint8Array | undefined,
    visit: (key: Uint8Array, pages: Pages, cell: number) => void,
    onLost: OnLost<Uint8Array>,
  ): void {
    const copies = new PageCopies(this.#source.pages, 1);
    this.#leaves<Uint8Array>(tree, BYTE_SHAPE, this.#found?.[tree] ?? [], (address, isWanted) => {
      copies.copy(0, address);
      let count = 0;
      eachCell(copies, 0, (cell) => {
        const key = keyOf(copies, cell);
        if (key === undefined || !isWanted(key)) return;
        count++;
        visit(key, copies, cell);
      });
      return count;
    }, onLost);
  }

  /**
   * Goes through the leaves of a tree.
   *
   * @param read reads a leaf at an address in the source's pages, without what is not wanted; returns how much it read
   */
  #leaves<K>(
    tree: SourceTree,
    shape: TreeShape<K>,
    found: readonly FoundLeaf<K>[],
    read: (address: number, isWanted: (key: K) => boolean) => number,
    onLost: OnLost<K>,
  ): void {
    const { pages, pageCount } = this.#source;
    const readPieces = (range: Range<K>, leaves: readonly FoundLeaf<K>[]): number => {
      let count = 0;
      for (const { leaf, ...piece } of newestPieces(leaves, shape.compare)) {
        const isWanted = (key: K): boolean =>
          isWithin(key, piece, shape.compare) && isWithin(key, range, shape.compare);
        try {
          count += read(pages.fetch(leaf.pageId, leaf.bornAt >>> 0), isWanted);
        } catch (error) {
          this.#source.losses.caught("page", `page ${leaf.pageId} (${tree})`, error);
        }
      }
      return count;
    };
    if (this.state === undefined) {
      readPieces({ from: undefined, to: undefined }, found);
      return;
    }
    const lone = found.filter(({ pageId }) => !this.#reached.has(pageId));
    const root = this.state.roots[TREE[tree]] as TreeRoot;
    for (const part of this.#parts(shape, root, new PageSet(pageCount))) {
      let problem = part.problem;
      if (problem === undefined) {
        try {
          read(fetchTyped(pages, part, shape.leafType), () => true);
          continue;
        } catch (error) {
          problem = reasonOf(error);
        }
      }
      const count = part.level === 0 ? 0 : readPieces(part, lone);
      const place = `page ${part.pageId} (${tree}${showRange(part, shape)})`;
      const rest = count === 0 ? "" : `; below it ${count} entries were found by themselves`;
      this.#source.losses.add("page", place, `${problem}${rest}`);
      onLost(part);
    }
  }
}

function showRange<K>({ from, to }: Range<K>, shape: TreeShape<K>): string {
  const low = from === undefined ? "" : ` from ${shape.show(from.key)}`;
  const high = to === undefined ? "" : ` to below ${shape.show(to.key)}`;
  return `${low}${high}`;
}
