/** Reads of one published state from shared memory: each call is repeated until nothing changed under it. */

import type { LinkBatch, LinkPosition } from "../backend/links.ts";
import type { Direction } from "../backend/query.ts";
import type { CheckedNodeFilter } from "../backend/record_input.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { KeyPosition, NodeShapeWanted, Page, StoredEntry, StoredValue } from "../backend/store.ts";
import type { StoredVector } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import { StaleRead } from "./pages.ts";
import { V3ReadStore } from "./read_store.ts";
import { refuseOrRestart, repeatRead, type SharedPages } from "./shared_pages.ts";
import type { VectorFinder } from "../vector/vector_engine.ts";
import type { GraphState } from "./state.ts";
import { StringTable, type StringTrees } from "./string_table.ts";
import { type ReadTrees, readTrees } from "./trees.ts";
import type { DistancePart } from "./vector_reader.ts";

/** The texts of kinds, types and labels as one thread knows them; all its states share them. */
export class SharedStrings {
  /** The table. */
  readonly table: StringTable;
  readonly #trees = new CurrentTrees();

  constructor(pages: SharedPages) {
    this.table = new StringTable(pages, this.#trees);
  }

  /** Texts that are not known yet are read from these trees. Hot. */
  readFrom(trees: ReadTrees): void {
    this.#trees.trees = trees;
  }
}

class CurrentTrees implements StringTrees {
  trees: ReadTrees | undefined;

  get strings(): StringTrees["strings"] {
    return (this.trees as ReadTrees).strings;
  }

  get texts(): StringTrees["texts"] {
    return (this.trees as ReadTrees).texts;
  }
}

/** Reads of one state. The hot calls spell the loop out that `#repeat` has for the others. */
export class SharedReadStore extends V3ReadStore {
  readonly #pages: SharedPages;
  readonly #strings: SharedStrings;

  constructor(pages: SharedPages, strings: SharedStrings, state: GraphState, vectors: VectorFinder | undefined) {
    const { lsn } = state;
    super({ pages, trees: readTrees(pages, state.roots), strings: strings.table, counts: state, vectors }, () => lsn);
    this.#pages = pages;
    this.#strings = strings;
  }

  /** Begins a call. One within another one ends the addresses of the outer one, which are checked here. */
  #begin(): void {
    if (!this.#pages.isSettled()) throw new StaleRead();
    this.#strings.readFrom(this.trees);
  }

  #again(error: unknown, attempt: number): void {
    refuseOrRestart(this.#pages, error, attempt);
  }

  #repeat<R>(read: () => R): R {
    this.#begin();
    return repeatRead(this.#pages, read);
  }

  override readNode(id: number, withData: boolean): NodeRecord | undefined {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.readNode(id, withData);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override nodeExists(id: number): boolean {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.nodeExists(id);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override nodeKind(id: number): string | undefined {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.nodeKind(id);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override nodeName(id: number): string | undefined {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.nodeName(id);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override readEdge(id: number, withData: boolean): EdgeRecord | undefined {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.readEdge(id, withData);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override neighbors(
    id: number,
    direction: Direction,
    types: readonly string[] | undefined,
    distinct: boolean,
  ): number[] {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.neighbors(id, direction, types, distinct);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override readValue(key: Uint8Array, now: number): StoredValue | undefined {
    this.#begin();
    for (let attempt = 1;; attempt++) {
      let failure: unknown;
      try {
        const result = super.readValue(key, now);
        if (this.#pages.isSettled()) return result;
      } catch (error) {
        failure = error;
      }
      this.#again(failure, attempt);
    }
  }

  override nodeDataText(id: number): string | undefined {
    return this.#repeat(() => super.nodeDataText(id));
  }

  override countNodes(filter: CheckedNodeFilter): number | undefined {
    return this.#repeat(() => super.countNodes(filter));
  }

  override nodePage<T>(
    filter: CheckedNodeFilter,
    wanted: NodeShapeWanted,
    after: number,
    size: number,
  ): Page<T, number> {
    return this.#repeat(() => super.nodePage<T>(filter, wanted, after, size));
  }

  override edgeExists(id: number): boolean {
    return this.#repeat(() => super.edgeExists(id));
  }

  override edgeDataText(id: number): string | undefined {
    return this.#repeat(() => super.edgeDataText(id));
  }

  override countEdges(type: string | undefined): number {
    return this.#repeat(() => super.countEdges(type));
  }

  override edgePage(
    type: string | undefined,
    withData: boolean,
    after: number,
    size: number,
  ): Page<EdgeRecord, number> {
    return this.#repeat(() => super.edgePage(type, withData, after, size));
  }

  override edgesOf(
    id: number,
    direction: Direction,
    types: readonly string[] | undefined,
    withData: boolean,
  ): EdgeRecord[] {
    return this.#repeat(() => super.edgesOf(id, direction, types, withData));
  }

  override edgesBetween(
    from: number,
    to: number,
    direction: Direction,
    types: readonly string[] | undefined,
  ): EdgeRecord[] {
    return this.#repeat(() => super.edgesBetween(from, to, direction, types));
  }

  override degree(id: number, direction: Direction, types: readonly string[] | undefined): number {
    return this.#repeat(() => super.degree(id, direction, types));
  }

  override linkPage(
    direction: "out" | "in",
    types: readonly string[] | undefined,
    from: LinkPosition,
    untilNode: number,
    withEdges: boolean,
    batch: LinkBatch,
  ): LinkPosition | undefined {
    return this.#repeat(() => super.linkPage(direction, types, from, untilNode, withEdges, batch));
  }

  override findEdge(from: number, to: number, type: string): number | undefined {
    return this.#repeat(() => super.findEdge(from, to, type));
  }

  override keyExists(key: Uint8Array, now: number): boolean {
    return this.#repeat(() => super.keyExists(key, now));
  }

  override valuePage(
    prefix: Uint8Array,
    after: KeyPosition,
    now: number,
    size: number,
  ): Page<StoredEntry, KeyPosition> {
    return this.#repeat(() => super.valuePage(prefix, after, now, size));
  }

  override countValues(now: number): number {
    return this.#repeat(() => super.countValues(now));
  }

  override vectorIndexes(): readonly StoredVectorIndex[] {
    return this.#repeat(() => super.vectorIndexes());
  }

  override vectorIndex(name: string): StoredVectorIndex | undefined {
    return this.#repeat(() => super.vectorIndex(name));
  }

  override readVector(index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
    return this.#repeat(() => super.readVector(index, nodeId));
  }

  override vectorPage<T extends number | StoredVector>(
    index: StoredVectorIndex,
    wanted: VectorShapeWanted,
    after: number,
    size: number,
  ): Page<T, number> {
    return this.#repeat(() => super.vectorPage<T>(index, wanted, after, size));
  }

  override compareVectors(
    index: StoredVectorIndex,
    search: CheckedVectorSearch,
    after: number,
    part: DistancePart,
  ): void {
    this.#repeat(() => super.compareVectors(index, search, after, part));
  }
}
