/** The write half of the contract over the primitives of any engine: what a database and a transaction share. */

import type { WriteAccess } from "./access.ts";
import { CheckedKeyValueStore } from "./checked_key_value_store.ts";
import { CheckedReader } from "./checked_reader.ts";
import { CheckedVectorIndex, CheckedVectorWriter } from "./checked_vectors.ts";
import { InvalidArgumentError } from "./errors.ts";
import type { MergeResult } from "./graph_backend.ts";
import { patchJsonText } from "./json.ts";
import { edgeNotFound, nodeNotFound } from "./not_found.ts";
import { type CheckedEdge, checkEdge, checkEdgeUpdate, checkNode, checkNodeUpdate } from "./record_input.ts";
import type { EdgeInput, EdgeRecord, EdgeUpdate, NodeInput, NodeRecord, NodeUpdate } from "./schema.ts";
import type { ReadStore } from "./store.ts";
import { checkId, checkLookup, checkPatch, checkTerm } from "./validate.ts";
import type { NodeVector, VectorIndex, VectorIndexInfo, VectorIndexOptions, VectorInput } from "./vector.ts";

/** Reads and writes of one access: the database itself, or a running transaction. */
export class CheckedWriter extends CheckedReader {
  /** Where it writes. */
  protected override readonly access: WriteAccess;
  /** The key-value store. */
  readonly kv: CheckedKeyValueStore;
  #vectors: CheckedVectorWriter | undefined;

  constructor(access: WriteAccess) {
    super(access);
    this.access = access;
    this.kv = new CheckedKeyValueStore(access);
  }

  transaction<R>(run: (tx: CheckedWriter) => R): R {
    if (typeof run !== "function") {
      throw new InvalidArgumentError("transaction: run is no function; give what is to be done", {
        code: "invalid-argument",
        field: "run",
        value: run,
      });
    }
    return this.access.transaction("transaction", (access) => run(new CheckedWriter(access)));
  }

  insertNode(node: NodeInput): number {
    const checked = checkNode(node, "insertNode");
    return this.access.write("insertNode", (store) => store.insertNode(checked));
  }

  insertNodes(nodes: Iterable<NodeInput>): number[] {
    requireIterable(nodes, "insertNodes", "nodes");
    return this.access.writeMany("insertNodes", (store) => {
      const ids: number[] = [];
      for (const node of nodes) ids.push(store.insertNode(checkNode(node, "insertNodes")));
      return ids;
    });
  }

  mergeNode(node: NodeInput): MergeResult {
    const checked = checkNode(node, "mergeNode");
    return this.access.write("mergeNode", (store) => {
      const id = store.findNode(checked.kind, checked.name);
      return id === undefined ? { id: store.insertNode(checked), created: true } : { id, created: false };
    });
  }

  updateNode(id: number, update: NodeUpdate): NodeRecord {
    const call = "updateNode";
    checkId(id, call, "id");
    const checked = checkNodeUpdate(update, call);
    const { kind, name, filePath, data } = checked;
    const isEmpty = kind === undefined && name === undefined && filePath === undefined && data === undefined;
    return this.access.write(call, (store) => {
      if (!store.nodeExists(id)) throw nodeNotFound(call, id, "id");
      return isEmpty ? store.readNode(id, true) as NodeRecord : store.updateNode(id, checked);
    });
  }

  patchNode(id: number, patch: Readonly<Record<string, unknown>>): NodeRecord {
    const call = "patchNode";
    checkId(id, call, "id");
    checkPatch(patch, call);
    return this.access.write(call, (store) => {
      const stored = store.nodeDataText(id);
      if (stored === undefined) throw nodeNotFound(call, id, "id");
      const data = patchJsonText(stored, patch, `${call}: patch`);
      if (data === undefined) throw notPatchable(call, "node", id, "updateNode");
      return store.updateNode(id, { kind: undefined, name: undefined, filePath: undefined, data });
    });
  }

  deleteNode(id: number): void {
    checkId(id, "deleteNode", "id");
    this.access.writeMany("deleteNode", (store) => {
      if (!store.deleteNode(id)) throw nodeNotFound("deleteNode", id, "id");
    });
  }

  addLabel(id: number, label: string): boolean {
    checkId(id, "addLabel", "id");
    checkTerm(label, "addLabel", "label");
    return this.access.write("addLabel", (store) => {
      if (!store.nodeExists(id)) throw nodeNotFound("addLabel", id, "id");
      return store.addLabel(id, label);
    });
  }

  removeLabel(id: number, label: string): boolean {
    checkId(id, "removeLabel", "id");
    checkLookup(label, "removeLabel", "label");
    return this.access.write("removeLabel", (store) => {
      const kind = store.nodeKind(id);
      if (kind === undefined) throw nodeNotFound("removeLabel", id, "id");
      if (kind === label) {
        throw new InvalidArgumentError(
          `removeLabel: label ${
            JSON.stringify(label)
          } is the kind of node ${id}, which cannot be removed; change it with updateNode`,
          { code: "label-is-kind", field: "label", value: label },
        );
      }
      return store.removeLabel(id, label);
    });
  }

  insertEdge(edge: EdgeInput): number {
    const checked = checkEdge(edge, "insertEdge");
    return this.access.write("insertEdge", (store) => {
      requireEnds(store, checked, "insertEdge");
      return store.insertEdge(checked);
    });
  }

  insertEdges(edges: Iterable<EdgeInput>): number[] {
    requireIterable(edges, "insertEdges", "edges");
    return this.access.writeMany("insertEdges", (store) => {
      const ids: number[] = [];
      for (const edge of edges) {
        const checked = checkEdge(edge, "insertEdges");
        requireEnds(store, checked, "insertEdges");
        ids.push(store.insertEdge(checked));
      }
      return ids;
    });
  }

  mergeEdge(edge: EdgeInput): MergeResult {
    const checked = checkEdge(edge, "mergeEdge");
    return this.access.write("mergeEdge", (store) => {
      requireEnds(store, checked, "mergeEdge");
      const id = store.findEdge(checked.from, checked.to, checked.type);
      return id === undefined ? { id: store.insertEdge(checked), created: true } : { id, created: false };
    });
  }

  updateEdge(id: number, update: EdgeUpdate): EdgeRecord {
    const call = "updateEdge";
    checkId(id, call, "id");
    const checked = checkEdgeUpdate(update, call);
    const isEmpty = checked.type === undefined && checked.data === undefined;
    return this.access.write(call, (store) => {
      if (!store.edgeExists(id)) throw edgeNotFound(call, id);
      return isEmpty ? store.readEdge(id, true) as EdgeRecord : store.updateEdge(id, checked);
    });
  }

  patchEdge(id: number, patch: Readonly<Record<string, unknown>>): EdgeRecord {
    const call = "patchEdge";
    checkId(id, call, "id");
    checkPatch(patch, call);
    return this.access.write(call, (store) => {
      const stored = store.edgeDataText(id);
      if (stored === undefined) throw edgeNotFound(call, id);
      const data = patchJsonText(stored, patch, `${call}: patch`);
      if (data === undefined) throw notPatchable(call, "edge", id, "updateEdge");
      return store.updateEdge(id, { type: undefined, data });
    });
  }

  deleteEdge(id: number): void {
    checkId(id, "deleteEdge", "id");
    this.access.write("deleteEdge", (store) => {
      if (!store.deleteEdge(id)) throw edgeNotFound("deleteEdge", id);
    });
  }

  /** Reads and writes of vectors. */
  protected override get vectors(): CheckedVectorWriter {
    return this.#vectors ??= new CheckedVectorWriter(this.access);
  }

  override vectorIndex(name: string): VectorIndex {
    return new CheckedVectorIndex(this.vectors.existing(name, "vectorIndex"), this.vectors);
  }

  createVectorIndex(name: string, options: VectorIndexOptions): VectorIndexInfo {
    return this.vectors.create(name, options);
  }

  dropVectorIndex(name: string): boolean {
    return this.vectors.drop(name);
  }

  setVector(name: string, nodeId: number, vector: VectorInput): void {
    this.vectors.set(name, nodeId, vector, "setVector");
  }

  setVectors(name: string, vectors: Iterable<NodeVector>): number {
    return this.vectors.setMany(name, vectors, "setVectors");
  }

  deleteVector(name: string, nodeId: number): boolean {
    return this.vectors.delete(name, nodeId, "deleteVector");
  }
}

function requireIterable(rows: unknown, call: string, field: string): void {
  if (typeof rows === "object" && rows !== null && Symbol.iterator in rows) return;
  throw new InvalidArgumentError(`${call}: ${field} is no iterable; give an array or a generator`, {
    code: "invalid-argument",
    field,
    value: rows,
  });
}

function requireEnds(store: ReadStore, edge: CheckedEdge, call: string): void {
  if (!store.nodeExists(edge.from)) throw nodeNotFound(call, edge.from, "from");
  if (!store.nodeExists(edge.to)) throw nodeNotFound(call, edge.to, "to");
}

function notPatchable(call: string, what: string, id: number, instead: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: data of ${what} ${id} is no object; replace it with ${instead}`, {
    code: "data-not-an-object",
    field: "id",
    value: id,
  });
}
