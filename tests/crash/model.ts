/** A graph database as three maps and its tags: what the engine must hold. */

import type { JsonObject, JsonValue } from "../../lib/backend/json.ts";
import type { KeyValue, KeyValueEntry } from "../../lib/backend/key_value.ts";
import type { EdgeRecord, NodeRecord } from "../../lib/backend/schema.ts";
import type { FullContent } from "./content.ts";

/** What a patch says. */
export type Patch = Readonly<Record<string, JsonValue | undefined>>;

/** A vector of a node. */
export interface VectorOfNode {
  readonly index: string;
  readonly nodeId: number;
  readonly vector: readonly number[];
}

/** One state. Records are never changed in place, so that a copy of the maps is a copy of the state. */
export class GraphState {
  /** Id → node. */
  readonly nodes: Map<number, NodeRecord>;
  /** Id → edge. */
  readonly edges: Map<number, EdgeRecord>;
  /** Key → entry, expired ones too: time tells. */
  readonly keyValues: Map<string, KeyValueEntry>;
  /** Name of a vector index → the index: another object for one that was made again. */
  readonly vectorIndexes: Map<string, { readonly dimension: number }>;
  /** Index and node → vector. */
  readonly vectors: Map<string, VectorOfNode>;
  /** Tag → LSN that it names. */
  readonly tags: Map<string, number>;
  /** How many changes were made since the transaction began: without any, there is no commit. */
  changes = 0;
  /** How many of these were made to vector indexes: listeners are told of the commit alone. */
  silentChanges = 0;

  private constructor(of?: GraphState) {
    this.nodes = new Map(of?.nodes);
    this.edges = new Map(of?.edges);
    this.keyValues = new Map(of?.keyValues);
    this.vectorIndexes = new Map(of?.vectorIndexes);
    this.vectors = new Map(of?.vectors);
    this.tags = new Map(of?.tags);
  }

  /** The state of a new database. */
  static empty(): GraphState {
    return new GraphState();
  }

  /** A copy that can be changed, as the begin of a transaction. */
  begin(): GraphState {
    return new GraphState(this);
  }

  /** A copy that can be changed, as a savepoint in the same transaction. */
  savepoint(): GraphState {
    const copy = new GraphState(this);
    copy.changes = this.changes;
    copy.silentChanges = this.silentChanges;
    return copy;
  }

  /** Takes over what a savepoint's copy became. */
  adopt(inner: GraphState): void {
    for (const map of ["nodes", "edges", "keyValues", "vectorIndexes", "vectors"] as const) {
      this[map].clear();
      for (const [key, value] of inner[map]) (this[map] as Map<unknown, unknown>).set(key, value);
    }
    this.changes = inner.changes;
    this.silentChanges = inner.silentChanges;
  }

  /** Puts a node, new or changed. Labels are kept as the contract shows them. */
  putNode(node: NodeRecord): void {
    const { labels = [], filePath, ...rest } = node;
    const shown = [...new Set(labels)].filter((label) => label !== node.kind).sort();
    this.nodes.set(node.id, {
      ...rest,
      ...(filePath === undefined ? {} : { filePath }),
      ...(shown.length === 0 ? {} : { labels: shown }),
    });
    this.changes++;
  }

  /** Removes a node, its edges and its vectors. */
  deleteNode(id: number): void {
    for (const { id: edgeId, from, to } of this.edges.values()) if (from === id || to === id) this.deleteEdge(edgeId);
    for (const { index, nodeId } of this.vectors.values()) if (nodeId === id) this.deleteVector(index, id);
    this.nodes.delete(id);
    this.changes++;
  }

  /** Puts an edge, new or changed. */
  putEdge(edge: EdgeRecord): void {
    this.edges.set(edge.id, edge);
    this.changes++;
  }

  /** Removes an edge. */
  deleteEdge(id: number): void {
    this.edges.delete(id);
    this.changes++;
  }

  /** Makes a vector index. */
  createVectorIndex(name: string, dimension: number): void {
    this.vectorIndexes.set(name, { dimension });
    this.changes++;
    this.silentChanges++;
  }

  /** Removes a vector index and its vectors. */
  dropVectorIndex(name: string): void {
    this.vectorIndexes.delete(name);
    for (const [key, { index }] of this.vectors) if (index === name) this.vectors.delete(key);
    this.changes++;
    this.silentChanges++;
  }

  /** Gives a node a vector. */
  setVector(index: string, nodeId: number, vector: readonly number[]): void {
    this.vectors.set(`${index} ${nodeId}`, { index, nodeId, vector });
    this.changes++;
  }

  /** Takes a node's vector away; false when it has none. */
  deleteVector(index: string, nodeId: number): boolean {
    if (!this.vectors.delete(`${index} ${nodeId}`)) return false;
    this.changes++;
    return true;
  }

  /** Writes a key. */
  setKey(key: string, value: KeyValue, expiresAt: number | undefined): void {
    this.keyValues.set(key, expiresAt === undefined ? { key, value } : { key, value, expiresAt });
    this.changes++;
  }

  /** Removes a key; false when it is not there at this time. */
  deleteKey(key: string, nowMs: number): boolean {
    if (this.key(key, nowMs) === undefined) return false;
    this.keyValues.delete(key);
    this.changes++;
    return true;
  }

  /** The entry of a key at a time. */
  key(key: string, nowMs: number): KeyValueEntry | undefined {
    const entry = this.keyValues.get(key);
    return entry?.expiresAt === undefined || entry.expiresAt > nowMs ? entry : undefined;
  }

  /** Everything as it is seen at a time, in the orders of the contract. */
  content(nowMs: number): FullContent {
    return {
      nodes: [...this.nodes.values()].sort((a, b) => a.id - b.id),
      edges: [...this.edges.values()].sort((a, b) => a.id - b.id),
      keyValues: [...this.keyValues.values()]
        .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > nowMs)
        .sort((a, b) => a.key < b.key ? -1 : 1),
      vectorIndexes: [...this.vectorIndexes].sort(([a], [b]) => a < b ? -1 : 1).map(([key, { dimension }]) => ({
        key,
        dimension,
        count: [...this.vectors.values()].filter(({ index }) => index === key).length,
      })),
      vectors: [...this.vectors.values()]
        .sort((a, b) => a.index === b.index ? a.nodeId - b.nodeId : a.index < b.index ? -1 : 1)
        .map(({ index, nodeId, vector }) => ({ key: `${index} ${nodeId}`, vector })),
    };
  }
}

/** Whether data can be patched. */
export function isPatchable(data: JsonValue): data is JsonObject {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

/** Data with top-level keys replaced; undefined removes one. */
export function patched(data: JsonValue, patch: Patch): JsonObject {
  const entries = Object.entries({ ...data as JsonObject, ...patch }).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as JsonObject;
}
