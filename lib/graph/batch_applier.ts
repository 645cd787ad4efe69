/** Applies the operations of a transaction to the database, and lists what they change. */

import { ConflictError } from "../backend/errors.ts";
import type { CheckedEdge, CheckedEdgeUpdate, CheckedNode, CheckedNodeUpdate } from "../backend/record_input.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { WriteStore } from "../backend/store.ts";
import type { CheckedValue } from "../backend/value_input.ts";
import type { VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { ALL_EDGES, edgeKey, edgeTypeKey, labelKey, nameKey } from "./conflict_key.ts";
import { KeyList, MAX_LISTED_KEYS } from "./key_list.ts";
import type { OperationHandler } from "./operation_log.ts";
import { addEdgeKeys, addNodeKeys, addValueKeys, addVectorIndexKeys, addVectorKeys } from "./written_keys.ts";

/** Code of the error of a transaction that conflicts with one that was committed before it. */
export const TRANSACTION_CONFLICT = "transaction-conflict";

/** A node with more edges than this is deleted without a list of them: each has at least two keys of its own. */
const MAX_LISTED_EDGES: number = MAX_LISTED_KEYS / 2;

/**
 * Applies operations in order.
 *
 * Every method throws `ConflictError` with the code `TRANSACTION_CONFLICT` when what the operation needs is gone.
 */
export class BatchApplier implements OperationHandler {
  /** Keys of everything whose reading gives another answer now. */
  readonly written: KeyList = new KeyList();
  readonly #target: ImportTarget;
  readonly #store: WriteStore;
  readonly #now: number;

  /** @param now time of the writes, in milliseconds since 1970 */
  constructor(target: ImportTarget, now: number) {
    this.#target = target;
    this.#store = target.store;
    this.#now = now;
  }

  insertNode(id: number, { kind, name, filePath, labels, data }: CheckedNode): void {
    const row = { id, kind, name, filePath: filePath ?? undefined, labels, dataText: data };
    if (!this.#target.restoreNode(row)) throw conflict(`the id ${id} of its new node was taken`);
    addNodeKeys(this.written, id, kind, name, labels);
  }

  updateNode(id: number, update: CheckedNodeUpdate): void {
    const { written } = this;
    this.#wroteStoredNode(this.#requireNode(id));
    if (update.kind !== undefined) written.add(labelKey(update.kind));
    if (update.name !== undefined) written.add(nameKey(update.name));
    this.#store.updateNode(id, update);
  }

  deleteNode(id: number): void {
    const { written } = this;
    const store = this.#store;
    const node = this.#requireNode(id);
    const degree = store.degree(id, "both", undefined);
    if (degree > MAX_LISTED_EDGES) written.addEverything();
    else if (degree > 0) {
      const edges = store.edgesOf(id, "both", undefined, false);
      for (let at = 0; at < edges.length; at++) {
        const { id: edge, from, to, type } = edges[at] as EdgeRecord;
        addEdgeKeys(written, edge, from, to, type);
      }
    }
    for (const index of store.vectorIndexes()) {
      if (store.readVector(index, id) !== undefined) addVectorKeys(written, index.definition.name, id);
    }
    store.deleteNode(id);
    this.#wroteStoredNode(node);
  }

  addLabel(id: number, label: string): void {
    const node = this.#requireNode(id);
    if (!this.#store.addLabel(id, label)) return;
    this.#wroteStoredNode(node);
    this.written.add(labelKey(label));
  }

  removeLabel(id: number, label: string): void {
    const node = this.#requireNode(id);
    if (this.#store.removeLabel(id, label)) this.#wroteStoredNode(node);
  }

  insertEdge(id: number, { from, to, type, data }: CheckedEdge): void {
    const store = this.#store;
    if (!store.nodeExists(from)) throw conflict(`node ${from}, which its new edge leaves, was deleted`);
    if (!store.nodeExists(to)) throw conflict(`node ${to}, which its new edge enters, was deleted`);
    if (!this.#target.restoreEdge({ id, type, from, to, dataText: data })) {
      throw conflict(`the id ${id} of its new edge was taken`);
    }
    addEdgeKeys(this.written, id, from, to, type);
  }

  updateEdge(id: number, update: CheckedEdgeUpdate): void {
    const { written } = this;
    const { from, to, type } = this.#requireEdge(id);
    if (update.type === undefined || update.type === type) {
      // Which edges a node has, and of which types, stays.
      written.add(edgeKey(id));
      written.add(edgeTypeKey(type));
      written.add(ALL_EDGES);
    } else {
      addEdgeKeys(this.written, id, from, to, type);
      written.add(edgeTypeKey(update.type));
    }
    this.#store.updateEdge(id, update);
  }

  deleteEdge(id: number): void {
    const { from, to, type } = this.#requireEdge(id);
    this.#store.deleteEdge(id);
    addEdgeKeys(this.written, id, from, to, type);
  }

  setValue(key: Uint8Array, value: CheckedValue, expiresAt: number | undefined): void {
    this.#store.setValue(key, value, this.#now, expiresAt);
    addValueKeys(this.written, key);
  }

  deleteValue(key: Uint8Array): void {
    // A key that has expired by now is as good as deleted.
    if (this.#store.deleteValue(key, this.#now)) addValueKeys(this.written, key);
  }

  createVectorIndex(definition: VectorIndexDefinition): void {
    const { name } = definition;
    if (this.#store.vectorIndex(name) !== undefined) throw conflict(`vector index ${JSON.stringify(name)} was made`);
    this.#store.createVectorIndex(definition);
    addVectorIndexKeys(this.written, name);
  }

  dropVectorIndex(name: string): void {
    this.#store.dropVectorIndex(this.#requireVectorIndex(name));
    addVectorIndexKeys(this.written, name);
  }

  setVector(index: string, nodeId: number, vector: Float32Array): void {
    const store = this.#store;
    const stored = this.#requireVectorIndex(index);
    if (stored.definition.dimension !== vector.length) {
      throw conflict(`vector index ${JSON.stringify(index)} was made anew with another dimension`);
    }
    if (!store.nodeExists(nodeId)) throw conflict(`node ${nodeId}, which its new vector belongs to, was deleted`);
    store.setVector(stored, nodeId, vector);
    addVectorKeys(this.written, index, nodeId);
  }

  deleteVector(index: string, nodeId: number): void {
    if (this.#store.deleteVector(this.#requireVectorIndex(index), nodeId)) {
      addVectorKeys(this.written, index, nodeId);
    }
  }

  #requireVectorIndex(name: string): StoredVectorIndex {
    const index = this.#store.vectorIndex(name);
    if (index === undefined) throw conflict(`vector index ${JSON.stringify(name)}, which it changes, was dropped`);
    return index;
  }

  #requireNode(id: number): NodeRecord {
    const node = this.#store.readNode(id, false);
    if (node === undefined) throw conflict(`node ${id}, which it changes, was deleted`);
    return node;
  }

  #requireEdge(id: number): EdgeRecord {
    const edge = this.#store.readEdge(id, false);
    if (edge === undefined) throw conflict(`edge ${id}, which it changes, was deleted`);
    return edge;
  }

  #wroteStoredNode({ id, kind, name, labels }: NodeRecord): void {
    addNodeKeys(this.written, id, kind, name, labels ?? NO_LABELS);
  }
}

const NO_LABELS: readonly string[] = [];

function conflict(what: string): ConflictError {
  return new ConflictError(`transaction: ${what} by a concurrent commit; run it again`, { code: TRANSACTION_CONFLICT });
}
