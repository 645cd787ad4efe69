/** A graph database as three maps: what every engine must behave like. Used by the property test. */

import type { Change } from "../../lib/backend/change.ts";
import type { JsonObject, JsonValue } from "../../lib/backend/json.ts";
import type { KeyValue, KeyValueEntry } from "../../lib/backend/key_value.ts";
import type { EdgeInput, EdgeRecord, EdgeUpdate, NodeInput, NodeRecord, NodeUpdate } from "../../lib/backend/schema.ts";
import type { Content } from "./graph_of.ts";

interface ModelNode {
  readonly kind: string;
  readonly name: string;
  readonly filePath: string | undefined;
  readonly labels: ReadonlySet<string>;
  readonly data: JsonValue;
}

interface ModelEdge {
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly data: JsonValue;
}

interface ModelValue {
  readonly value: KeyValue;
  readonly expiresAt: number | undefined;
}

/** A change as text: without LSN, comparable, sortable. */
export type ChangeText = string;

/** Text of a delivered change. */
export function changeText(change: Change): ChangeText {
  switch (change.type) {
    case "node":
      return `node ${change.operation} ${change.id}`;
    case "edge":
      return `edge ${change.operation} ${change.id} ${change.from}->${change.to}`;
    case "kv":
      return `kv ${change.operation} ${change.key}`;
    default:
      return `${change.type} ${change.counts.nodes} ${change.counts.edges} ${change.counts.keyValues}`;
  }
}

/** The whole state. Entries are never changed in place, so a copy of the maps is a copy of the state. */
export class GraphModel {
  #nodes = new Map<number, ModelNode>();
  #edges = new Map<number, ModelEdge>();
  #keyValues = new Map<string, ModelValue>();
  #changes: ChangeText[] = [];
  /** The time that expiries are judged by, in milliseconds. */
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The state as it is now; give it to `restore`. */
  save(): () => void {
    const saved = [
      new Map(this.#nodes),
      new Map(this.#edges),
      new Map(this.#keyValues),
      this.#changes.slice(),
    ] as const;
    return () => [this.#nodes, this.#edges, this.#keyValues, this.#changes] = [...saved];
  }

  /** The changes since the last commit, with the `commit` that they end in; nothing when there were none. */
  takeChanges(): ChangeText[] {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length === 0) return [];
    const count = (type: string) => changes.filter((change) => change.startsWith(type)).length;
    return [...changes.toSorted(), `commit ${count("node")} ${count("edge")} ${count("kv")}`];
  }

  hasNode(id: number): boolean {
    return this.#nodes.has(id);
  }

  hasEdge(id: number): boolean {
    return this.#edges.has(id);
  }

  /** Whether the record's data can be patched. */
  isPatchable(record: "node" | "edge", id: number): boolean {
    return isObject((record === "node" ? this.#nodes : this.#edges).get(id)!.data);
  }

  insertNode(id: number, { kind, name, filePath, labels = [], data = {} }: NodeInput): void {
    this.#putNode("insert", id, { kind, name, filePath, labels: new Set(labels), data });
  }

  /** Id of the node that a merge finds. */
  findNode(kind: string, name: string): number | undefined {
    return smallest([...this.#nodes].filter(([, node]) => node.kind === kind && node.name === name));
  }

  updateNode(id: number, { kind, name, filePath, data }: NodeUpdate): void {
    const old = this.#nodes.get(id)!;
    this.#putNode("update", id, {
      kind: kind ?? old.kind,
      name: name ?? old.name,
      filePath: filePath === undefined ? old.filePath : filePath ?? undefined,
      labels: old.labels,
      data: data === undefined ? old.data : data,
    });
  }

  patchNode(id: number, patch: Readonly<Record<string, JsonValue | undefined>>): void {
    const old = this.#nodes.get(id)!;
    this.#putNode("update", id, { ...old, data: patched(old.data, patch) });
  }

  deleteNode(id: number): void {
    for (const [edge, { from, to }] of this.#edges) if (from === id || to === id) this.deleteEdge(edge);
    this.#nodes.delete(id);
    this.#changes.push(`node delete ${id}`);
  }

  addLabel(id: number, label: string): boolean {
    const old = this.#nodes.get(id)!;
    if (old.kind === label || old.labels.has(label)) return false;
    this.#putNode("update", id, { ...old, labels: new Set([...old.labels, label]) });
    return true;
  }

  /** Undefined stands for the kind, which is refused. */
  removeLabel(id: number, label: string): boolean | undefined {
    const old = this.#nodes.get(id)!;
    if (old.kind === label) return undefined;
    if (!old.labels.has(label)) return false;
    this.#putNode("update", id, { ...old, labels: new Set([...old.labels].filter((other) => other !== label)) });
    return true;
  }

  insertEdge(id: number, { from, to, type, data = {} }: EdgeInput): void {
    this.#putEdge("insert", id, { from, to, type, data });
  }

  /** Id of the edge that a merge finds. */
  findEdge(from: number, to: number, type: string): number | undefined {
    return smallest([...this.#edges].filter(([, edge]) => edge.from === from && edge.to === to && edge.type === type));
  }

  updateEdge(id: number, { type, data }: EdgeUpdate): void {
    const old = this.#edges.get(id)!;
    this.#putEdge("update", id, { ...old, type: type ?? old.type, data: data === undefined ? old.data : data });
  }

  patchEdge(id: number, patch: Readonly<Record<string, JsonValue | undefined>>): void {
    const old = this.#edges.get(id)!;
    this.#putEdge("update", id, { ...old, data: patched(old.data, patch) });
  }

  deleteEdge(id: number): void {
    const { from, to } = this.#edges.get(id)!;
    this.#edges.delete(id);
    this.#changes.push(`edge delete ${id} ${from}->${to}`);
  }

  setKey(key: string, value: KeyValue, ttlSeconds: number | undefined): void {
    this.#changes.push(`kv ${this.#isLive(key) ? "update" : "insert"} ${key}`);
    const expiresAt = ttlSeconds === undefined ? undefined : this.#now() + ttlSeconds * 1_000;
    this.#keyValues.set(key, { value, expiresAt });
  }

  deleteKey(key: string): boolean {
    if (!this.#isLive(key)) return false;
    this.#keyValues.delete(key);
    this.#changes.push(`kv delete ${key}`);
    return true;
  }

  /** Removes the expired keys; returns how many. */
  expire(): number {
    const expired = [...this.#keyValues.keys()].filter((key) => !this.#isLive(key));
    for (const key of expired) {
      this.#keyValues.delete(key);
      this.#changes.push(`kv expire ${key}`);
    }
    return expired.length;
  }

  /** Everything, in the orders of the contract. */
  content(): Content {
    const nodes = [...this.#nodes].toSorted(([a], [b]) => a - b).map(([id, node]): NodeRecord => ({
      id,
      kind: node.kind,
      name: node.name,
      ...(node.filePath === undefined ? {} : { filePath: node.filePath }),
      ...(node.labels.size === 0 ? {} : { labels: [...node.labels].toSorted(compareCodePoints) }),
      data: node.data as JsonObject,
    }));
    const edges = [...this.#edges].toSorted(([a], [b]) => a - b)
      .map(([id, edge]): EdgeRecord => ({ id, ...edge, data: edge.data as JsonObject }));
    const keyValues = [...this.#keyValues].filter(([key]) => this.#isLive(key))
      .toSorted(([a], [b]) => compareCodePoints(a, b))
      .map(([key, { value, expiresAt }]): KeyValueEntry =>
        expiresAt === undefined ? { key, value } : { key, value, expiresAt }
      );
    return { nodes, edges, keyValues };
  }

  #isLive(key: string): boolean {
    const stored = this.#keyValues.get(key);
    return stored !== undefined && (stored.expiresAt === undefined || stored.expiresAt > this.#now());
  }

  #putNode(operation: "insert" | "update", id: number, node: ModelNode): void {
    this.#nodes.set(id, { ...node, labels: new Set([...node.labels].filter((label) => label !== node.kind)) });
    this.#changes.push(`node ${operation} ${id}`);
  }

  #putEdge(operation: "insert" | "update", id: number, edge: ModelEdge): void {
    this.#edges.set(id, edge);
    this.#changes.push(`edge ${operation} ${id} ${edge.from}->${edge.to}`);
  }
}

function smallest(entries: readonly (readonly [number, unknown])[]): number | undefined {
  return entries.length === 0 ? undefined : Math.min(...entries.map(([id]) => id));
}

function isObject(data: JsonValue): data is JsonObject {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function patched(data: JsonValue, patch: Readonly<Record<string, JsonValue | undefined>>): JsonValue {
  const entries = Object.entries({ ...data as JsonObject, ...patch }).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as JsonObject;
}

/** The order of UTF-8 bytes is the order of code points. */
function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  const at = left.findIndex((codePoint, index) => codePoint !== right[index]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? left[at]! - right[at]! : 1;
}
