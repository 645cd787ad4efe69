/** Random work inside a transaction, done on the engine and on the model; what every call returns must be what the model says. */

import { ConflictError, GraphError, InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { EdgeRecord, NodeRecord } from "../../lib/backend/schema.ts";
import { expect, expectEqual, Mismatch } from "./compare.ts";
import type { History } from "./history.ts";
import type { Material } from "./material.ts";
import { type GraphState, isPatchable, patched } from "./model.ts";
import type { Rng } from "./rng.ts";

/** Thrown to roll back; the engine must hand the same object on. */
export class Rollback extends Error {
  override readonly name = "Rollback";
}

const MAX_DEPTH = 3;
const TTL_SECONDS = [0, 1, 5, 60] as const;

/** Together more than the 8 MiB above which a transaction does not go through the log. */
const HUGE_PARTS = 5;
const HUGE_PART_BYTES = 2 * 1024 * 1024;

/** How often each kind of call occurs. */
const CALLS = {
  insertNode: 6,
  insertNodes: 2,
  mergeNode: 2,
  updateNode: 4,
  patchNode: 4,
  deleteNode: 3,
  addLabel: 3,
  removeLabel: 2,
  insertEdge: 7,
  insertEdges: 2,
  mergeEdge: 2,
  updateEdge: 2,
  patchEdge: 2,
  deleteEdge: 3,
  set: 6,
  delete: 3,
  createVectorIndex: 1,
  dropVectorIndex: 0.2,
  setVector: 6,
  deleteVector: 1,
  look: 4,
  refused: 2,
  savepoint: 3,
};

/** Calls that change a record or key that is there, whose result is known before: they can also be made outside. */
export const SINGLE_CALLS = ["updateNode", "patchNode", "deleteNode", "deleteEdge", "set", "setVector"] as const;

/** Does the work. */
export class TransactionWork {
  readonly #rng: Rng;
  readonly #material: Material;
  readonly #history: History;
  readonly #now: () => number;

  constructor(rng: Rng, material: Material, history: History, now: () => number) {
    this.#rng = rng;
    this.#material = material;
    this.#history = history;
    this.#now = now;
  }

  /** Makes so many calls. */
  run(tx: GraphTransaction, state: GraphState, calls: number, depth = 1): void {
    for (let done = 0; done < calls; done++) this.#call(this.#rng.weighted(CALLS), tx, state, depth);
  }

  /** Makes one call that gives no new id; false when there is nothing that it could change. */
  single(tx: GraphTransaction, state: GraphState): boolean {
    const { changes } = state;
    this.#call(this.#rng.pick(SINGLE_CALLS), tx, state, MAX_DEPTH);
    return state.changes > changes;
  }

  /** Makes many nodes and edges at once. */
  load(tx: GraphTransaction, state: GraphState, count: number): void {
    this.#insertNodes(tx, state, count);
    this.#insertEdges(tx, state, count);
  }

  /** Writes more than fits into the log, under few keys, and some small things. */
  loadHuge(tx: GraphTransaction, state: GraphState): void {
    for (let part = 0; part < HUGE_PARTS; part++) {
      const value = this.#material.bytes(HUGE_PART_BYTES);
      state.setKey(`huge ${part}`, value, undefined);
      tx.kv.set(`huge ${part}`, value);
      this.run(tx, state, 3);
    }
  }

  #call(call: keyof typeof CALLS, tx: GraphTransaction, state: GraphState, depth: number): void {
    const rng = this.#rng;
    const material = this.#material;
    switch (call) {
      case "insertNode": {
        const input = material.node();
        return this.#newNode(state, { ...input, id: tx.insertNode(input) } as NodeRecord);
      }
      case "insertNodes":
        return this.#insertNodes(tx, state, rng.skewed(1, 12));
      case "mergeNode": {
        const input = material.node();
        const known = smallest(state.nodes.values(), (node) => node.kind === input.kind && node.name === input.name);
        const { id, created } = tx.mergeNode(input);
        expectEqual(created, known === undefined, "mergeNode: created");
        if (known !== undefined) return expectEqual(id, known, "mergeNode: id");
        return this.#newNode(state, { ...input, id } as NodeRecord);
      }
      case "updateNode":
        return this.#onNode(state, (node) => {
          const update = {
            ...(rng.chance(0.5) ? { kind: material.kind() } : { name: material.name() }),
            ...(rng.chance(0.5) ? { data: material.data() } : {}),
            ...(rng.chance(0.2) ? { filePath: rng.chance(0.5) ? null : "moved.ts" } : {}),
          };
          const { filePath, ...rest } = update;
          const { filePath: oldPath, ...old } = node;
          const path = filePath === undefined ? oldPath : filePath ?? undefined;
          state.putNode({ ...old, ...rest, ...(path === undefined ? {} : { filePath: path }) } as NodeRecord);
          expectEqual(tx.updateNode(node.id, update), state.nodes.get(node.id), "updateNode");
        });
      case "patchNode":
        return this.#onNode(state, (node) => {
          const patch = material.patch();
          if (!isPatchable(node.data)) return expectThrown(() => tx.patchNode(node.id, patch), InvalidArgumentError);
          state.putNode({ ...node, data: patched(node.data, patch) } as NodeRecord);
          expectEqual(tx.patchNode(node.id, patch), state.nodes.get(node.id), "patchNode");
        });
      case "deleteNode":
        return this.#onNode(state, ({ id }) => {
          state.deleteNode(id);
          tx.deleteNode(id);
        });
      case "addLabel":
        return this.#onNode(state, (node) => {
          const label = material.label();
          const isNew = node.kind !== label && node.labels?.includes(label) !== true;
          if (isNew) state.putNode({ ...node, labels: [...node.labels ?? [], label] });
          expectEqual(tx.addLabel(node.id, label), isNew, "addLabel");
        });
      case "removeLabel":
        return this.#onNode(state, (node) => {
          const label = material.label();
          if (node.kind === label) return expectThrown(() => tx.removeLabel(node.id, label), InvalidArgumentError);
          const labels = node.labels?.filter((other) => other !== label) ?? [];
          const isThere = labels.length < (node.labels?.length ?? 0);
          if (isThere) state.putNode({ ...node, labels });
          expectEqual(tx.removeLabel(node.id, label), isThere, "removeLabel");
        });
      case "insertEdge":
        return this.#insertEdges(tx, state, 1);
      case "insertEdges":
        return this.#insertEdges(tx, state, rng.skewed(2, 20));
      case "mergeEdge":
        return this.#onNode(state, ({ id: from }) => {
          const input = { from, to: from, type: material.type(), data: material.data() };
          const known = smallest(
            state.edges.values(),
            (edge) => edge.from === from && edge.to === from && edge.type === input.type,
          );
          const { id, created } = tx.mergeEdge(input);
          expectEqual(created, known === undefined, "mergeEdge: created");
          if (known !== undefined) return expectEqual(id, known, "mergeEdge: id");
          this.#newEdge(state, { ...input, id } as EdgeRecord);
        });
      case "updateEdge":
        return this.#onEdge(state, (edge) => {
          const update = rng.chance(0.5) ? { type: material.type() } : { data: material.data() };
          state.putEdge({ ...edge, ...update } as EdgeRecord);
          expectEqual(tx.updateEdge(edge.id, update), state.edges.get(edge.id), "updateEdge");
        });
      case "patchEdge":
        return this.#onEdge(state, (edge) => {
          const patch = material.patch();
          if (!isPatchable(edge.data)) return expectThrown(() => tx.patchEdge(edge.id, patch), InvalidArgumentError);
          state.putEdge({ ...edge, data: patched(edge.data, patch) } as EdgeRecord);
          expectEqual(tx.patchEdge(edge.id, patch), state.edges.get(edge.id), "patchEdge");
        });
      case "deleteEdge":
        return this.#onEdge(state, ({ id }) => {
          state.deleteEdge(id);
          tx.deleteEdge(id);
        });
      case "set": {
        const key = material.key();
        const value = material.value();
        const ttlSeconds = rng.chance(0.3) ? rng.pick(TTL_SECONDS) : undefined;
        state.setKey(key, value, ttlSeconds === undefined ? undefined : this.#now() + ttlSeconds * 1_000);
        return tx.kv.set(key, value, { ttlSeconds });
      }
      case "delete": {
        const key = material.key();
        return expectEqual(tx.kv.delete(key), state.deleteKey(key, this.#now()), "kv.delete");
      }
      case "createVectorIndex": {
        const [name, dimension] = material.vectorIndex();
        if (state.vectorIndexes.has(name)) {
          return expectThrown(() => tx.createVectorIndex(name, { dimension }), ConflictError);
        }
        state.createVectorIndex(name, dimension);
        return void tx.createVectorIndex(name, { dimension, metric: "euclidean" });
      }
      case "dropVectorIndex": {
        const [name] = material.vectorIndex();
        const isThere = state.vectorIndexes.has(name);
        if (isThere) state.dropVectorIndex(name);
        return expectEqual(tx.dropVectorIndex(name), isThere, "dropVectorIndex");
      }
      case "setVector":
        return this.#onIndex(state, (name, dimension) => {
          this.#onNode(state, ({ id }) => {
            const vector = material.vector(dimension);
            state.setVector(name, id, vector);
            tx.setVector(name, id, vector);
          });
        });
      case "deleteVector":
        return this.#onIndex(state, (name) => {
          this.#onNode(state, ({ id }) => {
            expectEqual(tx.deleteVector(name, id), state.deleteVector(name, id), "deleteVector");
          });
        });
      case "look":
        return this.#look(tx, state);
      case "refused":
        return this.#refused(tx, state);
      case "savepoint":
        return depth < MAX_DEPTH ? this.#savepoint(tx, state, depth) : undefined;
    }
  }

  #savepoint(outer: GraphTransaction, state: GraphState, depth: number): void {
    const inner = state.savepoint();
    const rollback = this.#rng.chance(0.4) ? new Rollback() : undefined;
    const calls = this.#rng.skewed(1, 8);
    try {
      outer.transaction((tx) => {
        this.run(tx, inner, calls, depth + 1);
        if (rollback !== undefined) throw rollback;
      });
    } catch (error) {
      if (error !== rollback) throw error;
      return;
    }
    expect(rollback === undefined, "a savepoint whose function threw returned");
    state.adopt(inner);
  }

  /** Reads something that the transaction may have written. */
  #look(tx: GraphTransaction, state: GraphState): void {
    const key = this.#material.key();
    expectEqual(tx.kv.entry(key), state.key(key, this.#now()), "kv.entry inside");
    this.#onNode(state, (node) => {
      expectEqual(tx.getNode(node.id), node, "getNode inside");
      const expected = [...state.edges.values()].filter(({ from }) => from === node.id).map(({ id }) => id);
      expectEqual(tx.edgesOf(node.id).map(({ id }) => id).sort(ascending), expected.sort(ascending), "edgesOf inside");
    });
    this.#onEdge(state, (edge) => expectEqual(tx.getEdge(edge.id), edge, "getEdge inside"));
    this.#onIndex(state, (name) => {
      const { count } = tx.vectorIndex(name).info;
      const nodes = [...state.vectors.values()].filter(({ index }) => index === name).map(({ nodeId }) => nodeId);
      expectEqual(count, nodes.length, "number of vectors inside");
      const found = Array.from(tx.vectorIndex(name).vectors(), ({ nodeId }) => nodeId);
      expectEqual(found, nodes.sort(ascending), "vectors inside");
    });
  }

  /** Calls that must throw and change nothing. */
  #refused(tx: GraphTransaction, state: GraphState): void {
    const missing = Math.max(0, ...state.nodes.keys()) + 1_000_000;
    switch (this.#rng.weighted({ missing: 1, edge: 1, nodes: 2 })) {
      case "missing":
        return expectThrown(() => tx.deleteNode(missing), NotFoundError);
      case "edge":
        return expectThrown(() => tx.insertEdge({ from: missing, to: missing, type: "NONE" }), NotFoundError);
      case "nodes":
        return expectThrown(
          () => tx.insertNodes([this.#material.node(), { kind: "", name: "" }]),
          InvalidArgumentError,
        );
    }
  }

  #insertNodes(tx: GraphTransaction, state: GraphState, count: number): void {
    const inputs = Array.from({ length: count }, () => this.#material.node());
    tx.insertNodes(inputs).forEach((id, at) => this.#newNode(state, { ...inputs[at], id } as NodeRecord));
  }

  #insertEdges(tx: GraphTransaction, state: GraphState, count: number): void {
    if (state.nodes.size === 0) return;
    const ids = [...state.nodes.keys()];
    const hub = this.#rng.pick(ids);
    const inputs = Array.from({ length: count }, () => {
      const from = this.#rng.chance(0.5) ? hub : this.#rng.pick(ids);
      return { from, to: this.#rng.pick(ids), type: this.#material.type(), data: this.#material.data() };
    });
    const given = count === 1 ? inputs.map((input) => tx.insertEdge(input)) : tx.insertEdges(inputs);
    given.forEach((id, at) => this.#newEdge(state, { ...inputs[at], id } as EdgeRecord));
  }

  #newNode(state: GraphState, node: NodeRecord): void {
    this.#expectNew("node", node.id, state.nodes.has(node.id));
    state.putNode(node);
  }

  #newEdge(state: GraphState, edge: EdgeRecord): void {
    this.#expectNew("edge", edge.id, state.edges.has(edge.id));
    state.putEdge(edge);
  }

  #expectNew(record: "node" | "edge", id: number, isThere: boolean): void {
    expect(!isThere && this.#history.isNewId(record, id), `${record} id ${id} was given before`);
  }

  #onNode(state: GraphState, run: (node: NodeRecord) => void): void {
    if (state.nodes.size > 0) run(this.#rng.pick([...state.nodes.values()]));
  }

  #onIndex(state: GraphState, run: (name: string, dimension: number) => void): void {
    if (state.vectorIndexes.size === 0) return;
    const [name, { dimension }] = this.#rng.pick([...state.vectorIndexes]);
    run(name, dimension);
  }

  #onEdge(state: GraphState, run: (edge: EdgeRecord) => void): void {
    if (state.edges.size > 0) run(this.#rng.pick([...state.edges.values()]));
  }
}

/** Another error than the expected one (a simulated one of the files) goes on to whoever waits for it. */
function expectThrown(call: () => unknown, ErrorClass: typeof GraphError): void {
  try {
    call();
  } catch (error) {
    if (error instanceof ErrorClass) return;
    throw error;
  }
  throw new Mismatch(`no ${ErrorClass.name} was thrown`);
}

function smallest<T extends { readonly id: number }>(
  records: Iterable<T>,
  isWanted: (record: T) => boolean,
): number | undefined {
  let found: number | undefined;
  for (const record of records) if (isWanted(record) && (found === undefined || record.id < found)) found = record.id;
  return found;
}

function ascending(a: number, b: number): number {
  return a - b;
}
