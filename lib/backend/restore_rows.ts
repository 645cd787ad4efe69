/** Restores rows with the ids that they bring, for `importSnapshot` and `importRecords`. */

import type { WriteAccess } from "./access.ts";
import type { ImportOptions } from "./care.ts";
import { ConflictError, InvalidArgumentError } from "./errors.ts";
import type { EdgeRow, KeyValueRow, NodeRow, PropertyRow, VectorRow } from "./snapshot_row.ts";
import type { WriteStore } from "./store.ts";
import { checkValue } from "./value_input.ts";
import { checkVector, type VectorIndexDefinition } from "./vector_input.ts";
import type { StoredVectorIndex } from "./vector_store.ts";

/** What an import asks of an engine besides the usual writes, all in the running transaction. Changes are noted as usual. */
export interface ImportTarget {
  /** The usual writes. */
  readonly store: WriteStore;
  /** Number of nodes, edges and keys (also expired ones). */
  contents(): { readonly nodes: number; readonly edges: number; readonly keys: number };
  /** Removes everything, vector indexes too; deletions are noted of edges, then nodes, then keys that have not expired. */
  clear(): void;
  /** Inserts a node with its id; false, and no change, when the id is taken. Labels may repeat, or be the kind. Hot. */
  restoreNode(node: NodeRow): boolean;
  /** Inserts an edge between existing nodes with its id; false, and no change, when the id is taken. Hot. */
  restoreEdge(edge: EdgeRow): boolean;
  /** Inserts a property of an existing node. @throws {UnsupportedError} where there are no such things */
  restoreProperty(property: PropertyRow): void;
  /**
   * Inserts a vector that belongs to no node, with its number and metadata; false, and no change, when the number is taken.
   *
   * @throws {UnsupportedError} where every vector belongs to a node
   */
  restoreForeignVector(index: StoredVectorIndex, row: VectorRow): boolean;
  /** Raises the smallest ids that new records may get to these (or leaves them, where they are larger). */
  raiseNextIds(nextNodeId: number, nextEdgeId: number): void;
}

/** An import that is about to run. */
export interface Restoring {
  /** Name of the call, for error messages. */
  readonly call: string;
  /** The database, for error messages. */
  readonly name: string;
  /** What a place counts: lines or records. */
  readonly unit: "line" | "record";
  /** Code of the errors about rows. */
  readonly code: string;
  /** Makes the target, once the transaction runs. */
  readonly begin: () => ImportTarget;
}

/** Runs an import in one transaction, into a database that is empty or gets emptied first. */
export function restoreRows<R>(
  access: WriteAccess,
  restoring: Restoring,
  options: ImportOptions,
  run: (restorer: RowRestorer) => R,
): R {
  const { call, name, begin } = restoring;
  access.store(call);
  options.signal?.throwIfAborted();
  return access.writeMany(call, () => {
    const target = begin();
    const { nodes, edges, keys } = target.contents();
    const indexes = target.store.vectorIndexes().length;
    if (nodes > 0 || keys > 0 || edges > 0 || indexes > 0) {
      if (options.replace !== true) {
        const vectorIndexes = indexes === 0 ? "" : `, ${indexes} vector indexes`;
        throw new ConflictError(
          `${call}: ${name} holds ${nodes} nodes and ${keys} keys${vectorIndexes}; import into a new database, or set { replace: true }`,
          { code: "not-empty" },
        );
      }
      target.clear();
    }
    return run(new RowRestorer(target, restoring, access.now()));
  });
}

/** Writes rows and counts them. Places are those of the rows, for error messages. */
export class RowRestorer {
  nodes = 0;
  edges = 0;
  keyValues = 0;
  properties = 0;
  vectorIndexes = 0;
  vectors = 0;
  /** When the import runs, in milliseconds since 1970. */
  readonly now: number;
  readonly #target: ImportTarget;
  readonly #restoring: Restoring;
  /** Largest node of each index so far: vectors behind it need not be looked for. */
  readonly #lastNode = new Map<string, number>();

  constructor(target: ImportTarget, restoring: Restoring, now: number) {
    this.#target = target;
    this.#restoring = restoring;
    this.now = now;
  }

  /** Writes a node. */
  node(row: NodeRow, place: number): void {
    if (!this.#target.restoreNode(row)) throw this.#duplicate("node", row.id, place);
    this.nodes++;
  }

  /** Writes an edge, whose ends exist. */
  edge(row: EdgeRow, place: number): void {
    this.#requireNode("from", row.from, place);
    this.#requireNode("to", row.to, place);
    if (!this.#target.restoreEdge(row)) throw this.#duplicate("edge", row.id, place);
    this.edges++;
  }

  /** Writes a key-value. */
  keyValue({ key, value, expiresAt }: KeyValueRow): void {
    this.#target.store.setValue(key, checkValue(value), this.now, expiresAt);
    this.keyValues++;
  }

  /** Writes a property of a node that exists. */
  property(row: PropertyRow, place: number): void {
    this.#requireNode("node", row.node, place);
    this.#target.restoreProperty(row);
    this.properties++;
  }

  /** Makes a vector index. */
  vectorIndex(definition: VectorIndexDefinition, place: number): void {
    const { store } = this.#target;
    const { name } = definition;
    if (store.vectorIndex(name) !== undefined) {
      throw this.#bad(place, `repeats vector index ${JSON.stringify(name)}`, "name", name);
    }
    store.createVectorIndex(definition);
    this.#lastNode.set(name, 0);
    this.vectorIndexes++;
  }

  /** Writes a vector, whose index and node exist. */
  vector(row: VectorRow, place: number): void {
    const { store } = this.#target;
    const { call, unit } = this.#restoring;
    const index = store.vectorIndex(row.index);
    if (index === undefined) {
      throw this.#bad(
        place,
        `names vector index ${JSON.stringify(row.index)} (field "index"), which no earlier ${unit} holds`,
        "index",
        row.index,
      );
    }
    if (row.vectorId !== undefined) {
      if (!this.#target.restoreForeignVector(index, row)) throw this.#duplicate("vector", row.vectorId, place);
    } else {
      const vector = checkVector(row.vector, index.definition, `${call}: ${unit} ${place}`, "vector");
      const { nodeId } = row;
      this.#requireNode("node", nodeId, place);
      const last = this.#lastNode.get(row.index) ?? 0;
      if (nodeId > last) this.#lastNode.set(row.index, nodeId);
      else if (store.readVector(index, nodeId) !== undefined) {
        throw this.#duplicate("the vector of node", nodeId, place);
      }
      store.setVector(index, nodeId, vector);
    }
    this.vectors++;
  }

  /** Keeps ids from being given again. */
  raiseNextIds(nextNodeId: number, nextEdgeId: number): void {
    this.#target.raiseNextIds(nextNodeId, nextEdgeId);
  }

  #requireNode(field: string, id: number, place: number): void {
    if (this.#target.store.nodeExists(id)) return;
    const { unit } = this.#restoring;
    throw this.#bad(place, `names node ${id} (field "${field}"), which no earlier ${unit} holds`, field, id);
  }

  #duplicate(what: string, id: number, place: number): InvalidArgumentError {
    return this.#bad(place, `repeats the id of ${what} ${id}`, "id", id);
  }

  #bad(place: number, problem: string, field: string, value: unknown): InvalidArgumentError {
    const { call, unit, code } = this.#restoring;
    return new InvalidArgumentError(`${call}: ${unit} ${place} ${problem}; nothing was imported`, {
      code,
      field,
      value,
    });
  }
}
