/** Reads of one connection: the tables as the contract's records. */

import type { LinkBatch, LinkPosition } from "../backend/links.ts";
import type { Direction } from "../backend/query.ts";
import type { CheckedNodeFilter } from "../backend/record_input.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { KeyPosition, NodeShapeWanted, Page, ReadStore, StoredEntry, StoredValue } from "../backend/store.ts";
import type { StoredVector, VectorIndexStats, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import { storedStats } from "../vector/stored_stats.ts";
import { readLsn } from "./commit_counter.ts";
import type { Connection } from "./connection.ts";
import {
  countEdges,
  edgeExists,
  readDegree,
  readEdge,
  readEdgeDataText,
  readEdgePage,
  readEdgesBetween,
  readEdgesOf,
  readNeighbors,
} from "./edge_rows.ts";
import { readLinkPage } from "./link_rows.ts";
import { countValues, keyExists, readValue, readValuePage } from "./kv_rows.ts";
import {
  countNodes,
  nodeExists,
  readNode,
  readNodeDataText,
  readNodeKind,
  readNodeName,
  readNodePage,
} from "./node_rows.ts";
import type { FoundIndex, VectorFinder } from "./vector_memory.ts";
import { readMemoryVector, readVector, readVectorIndex, readVectorIndexes, readVectorPage } from "./vector_rows.ts";
import { searchStored } from "./vector_search.ts";

/** The reads of a connection. */
export class SqliteReadStore implements ReadStore {
  /** The connection. */
  readonly connection: Connection;
  readonly #vectors: VectorFinder | undefined;

  /** @param vectors finds indexes in memory */
  constructor(connection: Connection, vectors?: VectorFinder) {
    this.connection = connection;
    this.#vectors = vectors;
  }

  get lsn(): number {
    return readLsn(this.connection);
  }

  readNode(id: number, withData: boolean): NodeRecord | undefined {
    return readNode(this.connection, id, withData);
  }

  nodeExists(id: number): boolean {
    return nodeExists(this.connection, id);
  }

  nodeKind(id: number): string | undefined {
    return readNodeKind(this.connection, id);
  }

  nodeName(id: number): string | undefined {
    return readNodeName(this.connection, id);
  }

  nodeDataText(id: number): string | undefined {
    return readNodeDataText(this.connection, id);
  }

  countNodes(filter: CheckedNodeFilter): number | undefined {
    return countNodes(this.connection, filter);
  }

  nodePage<T>(filter: CheckedNodeFilter, wanted: NodeShapeWanted, after: number, size: number): Page<T, number> {
    return readNodePage<T>(this.connection, filter, wanted, after, size);
  }

  readEdge(id: number, withData: boolean): EdgeRecord | undefined {
    return readEdge(this.connection, id, withData);
  }

  edgeExists(id: number): boolean {
    return edgeExists(this.connection, id);
  }

  edgeDataText(id: number): string | undefined {
    return readEdgeDataText(this.connection, id);
  }

  countEdges(type: string | undefined): number {
    return countEdges(this.connection, type);
  }

  edgePage(type: string | undefined, withData: boolean, after: number, size: number): Page<EdgeRecord, number> {
    return readEdgePage(this.connection, type, withData, after, size);
  }

  edgesOf(id: number, direction: Direction, types: readonly string[] | undefined, withData: boolean): EdgeRecord[] {
    return readEdgesOf(this.connection, id, direction, types, withData);
  }

  edgesBetween(from: number, to: number, direction: Direction, types: readonly string[] | undefined): EdgeRecord[] {
    return readEdgesBetween(this.connection, from, to, direction, types);
  }

  neighbors(id: number, direction: Direction, types: readonly string[] | undefined, distinct: boolean): number[] {
    return readNeighbors(this.connection, id, direction, types, distinct);
  }

  degree(id: number, direction: Direction, types: readonly string[] | undefined): number {
    return readDegree(this.connection, id, direction, types);
  }

  linkPage(
    direction: "out" | "in",
    types: readonly string[] | undefined,
    from: LinkPosition,
    untilNode: number,
    _withEdges: boolean,
    batch: LinkBatch,
  ): LinkPosition | undefined {
    return readLinkPage(this.connection, direction, types, from, untilNode, batch);
  }

  readValue(key: Uint8Array, now: number): StoredValue | undefined {
    return readValue(this.connection, key, now);
  }

  keyExists(key: Uint8Array, now: number): boolean {
    return keyExists(this.connection, key, now);
  }

  valuePage(prefix: Uint8Array, after: KeyPosition, now: number, size: number): Page<StoredEntry, KeyPosition> {
    return readValuePage(this.connection, prefix, after, now, size);
  }

  countValues(now: number): number {
    return countValues(this.connection, now);
  }

  vectorIndexes(): StoredVectorIndex[] {
    return readVectorIndexes(this.connection);
  }

  vectorIndex(name: string): StoredVectorIndex | undefined {
    return readVectorIndex(this.connection, name);
  }

  readVector(index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
    return readVector(this.connection, index, nodeId);
  }

  vectorPage<T extends number | StoredVector>(
    index: StoredVectorIndex,
    wanted: VectorShapeWanted,
    after: number,
    size: number,
  ): Page<T, number> {
    return readVectorPage<T>(this.connection, index, wanted, after, size);
  }

  searchVectors(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[] {
    const found = this.findVectors(index, true);
    if (found === undefined) return searchStored(this.connection, index, search);
    return found.search.search(search, found.time, (id) => readMemoryVector(this.connection, index, id));
  }

  /** The index in memory, if that knows this state. */
  protected findVectors(index: StoredVectorIndex, isOneSearch: boolean): FoundIndex | undefined {
    return this.#vectors?.find(index, this.connection, isOneSearch);
  }

  vectorStats(index: StoredVectorIndex): VectorIndexStats {
    const found = this.findVectors(index, false);
    if (found === undefined) return storedStats(index);
    return { ...index.definition, count: index.count, ...found.search.stats() };
  }
}
