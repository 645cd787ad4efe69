/** The nodes of a transaction: those of the state that it holds, and what it did to them. */

import type { CheckedNode, CheckedNodeFilter, CheckedNodeUpdate } from "../backend/record_input.ts";
import type { NodeRecord } from "../backend/schema.ts";
import type { HeldState } from "../backend/state_source.ts";
import type { NodeShapeWanted, Page } from "../backend/store.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import { compareUtf8 } from "../backend/text_order.ts";
import { NO_DATA } from "./operation_code.ts";
import { mergePage } from "./overlay_page.ts";
import { insertSorted, lowerBound, OverlayRecords, removeSorted } from "./overlay_records.ts";
import type { ReadRecorder } from "./read_recorder.ts";

/** A node as the transaction left it. Never changed in place: savepoints go back to it. */
export interface OwnNode {
  /** Its kind in the held state; undefined for a node of the transaction. */
  readonly baseKind: string | undefined;
  /** Whether it is gone; the rest is as it was last. */
  readonly isDeleted: boolean;
  /** Its kind. */
  readonly kind: string;
  /** Its name. */
  readonly name: string;
  /** Its file path. */
  readonly filePath: string | null;
  /** Without the kind, each once, in byte order. */
  readonly labels: readonly string[];
  /** JSON text; undefined for that of the held state. */
  readonly data: string | undefined;
}

const NO_LABELS: readonly string[] = [];

/** Nodes as the transaction sees them. */
export class OverlayNodes extends OverlayRecords<number, OwnNode> {
  readonly #base: HeldState;
  readonly #reads: ReadRecorder;
  /** Nodes that the transaction added, less those that it deleted. */
  #added = 0;
  /** Ids of own states by name, ascending, from the first time on that somebody asked for a name. */
  #idsByName: Map<string, number[]> | undefined;

  constructor(base: HeldState, reads: ReadRecorder) {
    super();
    this.#base = base;
    this.#reads = reads;
  }

  protected override changed(id: number, before: OwnNode | undefined, after: OwnNode | undefined): void {
    this.#added += existence(after, before) - existence(before, after);
    if (this.#idsByName === undefined) return;
    const oldName = liveName(before);
    const newName = liveName(after);
    if (oldName === newName) return;
    if (oldName !== undefined) removeSorted(this.#idsByName.get(oldName) as number[], id);
    if (newName !== undefined) this.#addName(newName, id);
  }

  #addName(name: string, id: number): void {
    const index = this.#idsByName as Map<string, number[]>;
    const ids = index.get(name);
    if (ids === undefined) index.set(name, [id]);
    else insertSorted(ids, id);
  }

  /** Ids of the own nodes with a name, ascending. */
  #ownIdsByName(name: string): readonly number[] {
    if (this.#idsByName === undefined) {
      this.#idsByName = new Map();
      for (const [id, node] of this.states()) if (!node.isDeleted) this.#addName(node.name, id);
    }
    return this.#idsByName.get(name) ?? [];
  }

  /** Whether the transaction inserted the node: nobody else can know its id. */
  isNew(id: number): boolean {
    const own = this.state(id);
    return own !== undefined && own.baseKind === undefined;
  }

  /** Whether the node exists. */
  exists(id: number): boolean {
    const own = this.#readOwn(id);
    return own === undefined ? this.#base.store.nodeExists(id) : !own.isDeleted;
  }

  /** The own state of a node, told as a read where it came out of the held one. */
  #readOwn(id: number): OwnNode | undefined {
    const own = this.state(id);
    if (own === undefined || own.baseKind !== undefined) this.#reads.node(id);
    return own;
  }

  /** The node, or undefined. */
  read(id: number, withData: boolean): NodeRecord | undefined {
    const own = this.#readOwn(id);
    if (own === undefined) return this.#base.store.readNode(id, withData);
    return own.isDeleted ? undefined : this.record(id, own, withData);
  }

  /** What the user gets for an own state. */
  record(id: number, { kind, name, filePath, labels, data }: OwnNode, withData: boolean): NodeRecord {
    return {
      id,
      kind,
      name,
      ...(filePath === null ? undefined : { filePath }),
      ...(labels.length === 0 ? undefined : { labels: [...labels] }),
      ...(withData ? { data: this.#parsed(id, data) } : undefined),
    } as NodeRecord;
  }

  #parsed(id: number, data: string | undefined): unknown {
    const text = data ?? this.#baseData(id);
    return text === NO_DATA ? {} : parseStoredData(text, "node", id);
  }

  #baseData(id: number): string {
    return this.#base.store.nodeDataText(id) as string;
  }

  /** Kind of the node, or undefined. */
  kind(id: number): string | undefined {
    const own = this.#readOwn(id);
    if (own === undefined) return this.#base.store.nodeKind(id);
    return own.isDeleted ? undefined : own.kind;
  }

  /** Name of the node, or undefined. */
  name(id: number): string | undefined {
    const own = this.#readOwn(id);
    if (own === undefined) return this.#base.store.nodeName(id);
    return own.isDeleted ? undefined : own.name;
  }

  /** JSON text of the node's data, or undefined. */
  dataText(id: number): string | undefined {
    const own = this.#readOwn(id);
    if (own === undefined) return this.#base.store.nodeDataText(id);
    return own.isDeleted ? undefined : own.data ?? this.#baseData(id);
  }

  /** Number of nodes that pass the filter, where it takes no look at each. O(own nodes) for a kind. */
  count(filter: CheckedNodeFilter): number | undefined {
    const { kind, name, glob, label } = filter;
    if (name !== undefined || glob !== undefined || label !== undefined) return undefined;
    if (kind === undefined) this.#reads.allNodes();
    else this.#reads.kind(kind);
    let count = this.#base.store.countNodes(filter);
    if (count === undefined || kind === undefined) return count === undefined ? undefined : count + this.#added;
    for (const [, own] of this.states()) {
      if (!own.isDeleted && own.kind === kind) count++;
      if (own.baseKind === kind) count--;
    }
    return count;
  }

  /** The page of nodes after an id that pass the filter. */
  page<T>(filter: CheckedNodeFilter, wanted: NodeShapeWanted, after: number, size: number): Page<T, number> {
    this.#recordFilter(filter);
    const page = this.#base.store.nodePage<T>(filter, wanted, after, size);
    if (this.size === 0) return page;
    const { name, glob } = filter;
    const only = name ?? (glob?.isLiteral === true ? glob.prefix : undefined);
    const keys = only === undefined ? this.sortedKeys() : this.#ownIdsByName(only);
    const last = page.next ?? Infinity;
    const { items, cutAt } = mergePage<number, T>(page, (id) => id <= last, {
      keys,
      start: lowerBound(keys, after, true),
      keyOf: (item) => wanted === "id" ? item as number : (item as NodeRecord).id,
      isOwn: (id) => this.state(id) !== undefined,
      itemOf: (id) => this.#pageItem<T>(id, filter, wanted),
    }, size);
    return { items, next: cutAt ?? page.next };
  }

  #pageItem<T>(id: number, filter: CheckedNodeFilter, wanted: NodeShapeWanted): T | undefined {
    const own = this.state(id) as OwnNode;
    if (own.isDeleted || !passes(own, filter)) return undefined;
    return (wanted === "id" ? id : this.record(id, own, wanted === "record")) as T;
  }

  /** Tells the narrowest set that decides which nodes pass. */
  #recordFilter({ kind, name, glob, label }: CheckedNodeFilter): void {
    const reads = this.#reads;
    if (name !== undefined) reads.name(name);
    else if (glob?.isLiteral === true) reads.name(glob.prefix);
    else if (kind !== undefined) reads.kind(kind);
    else if (label !== undefined) {
      // A node has its kind as a label.
      reads.label(label);
      reads.kind(label);
    } else reads.allNodes();
  }

  /** Smallest id of a node with this kind and name, or undefined. */
  find(kind: string, name: string): number | undefined {
    const filter: CheckedNodeFilter = { kind, name, glob: undefined, label: undefined };
    for (let after = 0;;) {
      const { items, next } = this.page<number>(filter, "id", after, 1);
      if (items.length > 0 || next === undefined) return items[0];
      after = next;
    }
  }

  /** Inserts a node with an id that no node has. Hot. */
  insert(id: number, { kind, name, filePath, labels, data }: CheckedNode): void {
    this.setState(id, {
      baseKind: undefined,
      isDeleted: false,
      kind,
      name,
      filePath,
      labels: labels.length < 2 ? labels : [...labels].sort(compareUtf8),
      data,
    });
  }

  /** The state of an existing node, to be changed. */
  #existing(id: number): OwnNode {
    const own = this.state(id);
    if (own !== undefined) return own;
    const { kind, name, filePath, labels } = this.#base.store.readNode(id, false) as NodeRecord;
    return {
      baseKind: kind,
      isDeleted: false,
      kind,
      name,
      filePath: filePath ?? null,
      labels: labels ?? NO_LABELS,
      data: undefined,
    };
  }

  /** An existing node as it would be after an update. */
  updated(id: number, update: CheckedNodeUpdate): OwnNode {
    const old = this.#existing(id);
    const kind = update.kind ?? old.kind;
    return {
      baseKind: old.baseKind,
      isDeleted: false,
      kind,
      name: update.name ?? old.name,
      filePath: update.filePath === undefined ? old.filePath : update.filePath,
      labels: old.labels.includes(kind) ? old.labels.filter((label) => label !== kind) : old.labels,
      data: update.data ?? old.data,
    };
  }

  /** An existing node as it would be with a label, or without; undefined when it is like that already. */
  labelled(id: number, label: string, isAdded: boolean): OwnNode | undefined {
    const old = this.#existing(id);
    if (old.kind === label || old.labels.includes(label) === isAdded) return undefined;
    const labels = isAdded ? [...old.labels, label].sort(compareUtf8) : old.labels.filter((other) => other !== label);
    return { ...old, labels };
  }

  /** An existing node as it would be after its end. */
  deleted(id: number): OwnNode {
    return { ...this.#existing(id), isDeleted: true };
  }
}

/** 1 when a node exists in a state, else 0; what the held state has is known from the other, own one. */
function existence(state: OwnNode | undefined, other: OwnNode | undefined): number {
  if (state === undefined) return other?.baseKind === undefined ? 0 : 1;
  return state.isDeleted ? 0 : 1;
}

function liveName(state: OwnNode | undefined): string | undefined {
  return state === undefined || state.isDeleted ? undefined : state.name;
}

function passes(node: OwnNode, { kind, name, glob, label }: CheckedNodeFilter): boolean {
  return (kind === undefined || node.kind === kind) && (name === undefined || node.name === name) &&
    (label === undefined || node.kind === label || node.labels.includes(label)) &&
    (glob === undefined || glob.matches(node.name));
}
