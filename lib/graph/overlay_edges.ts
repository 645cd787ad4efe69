/** The edges of a transaction: those of the state that it holds, and what it did to them. */

import type { Direction } from "../backend/query.ts";
import type { CheckedEdge, CheckedEdgeUpdate } from "../backend/record_input.ts";
import type { EdgeRecord } from "../backend/schema.ts";
import type { HeldState } from "../backend/state_source.ts";
import type { Page } from "../backend/store.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import { NO_DATA } from "./operation_code.ts";
import type { OverlayNodes } from "./overlay_nodes.ts";
import { mergePage } from "./overlay_page.ts";
import { lowerBound, OverlayRecords } from "./overlay_records.ts";
import type { ReadRecorder } from "./read_recorder.ts";

/** An edge as the transaction left it. Never changed in place: savepoints go back to it. */
export interface OwnEdge {
  /** Its type in the held state; undefined for an edge of the transaction. */
  readonly baseType: string | undefined;
  /** Whether it is gone; the rest is as it was last. */
  readonly isDeleted: boolean;
  /** Node that it leaves. */
  readonly from: number;
  /** Node that it enters. */
  readonly to: number;
  /** Its type. */
  readonly type: string;
  /** JSON text; undefined for that of the held state. */
  readonly data: string | undefined;
}

type Types = readonly string[] | undefined;

const NO_IDS: readonly number[] = [];

/** Edges as the transaction sees them. */
export class OverlayEdges extends OverlayRecords<number, OwnEdge> {
  readonly #base: HeldState;
  readonly #nodes: OverlayNodes;
  readonly #reads: ReadRecorder;
  /** Edges that the transaction added, less those that it deleted. */
  #added = 0;
  /** Ids of new edges by the node that they leave, in the order in which they came; some may be deleted again. */
  #outgoing: Map<number, number[]> | undefined;
  /** The same by the node that they enter. */
  #incoming: Map<number, number[]> | undefined;
  /** Ends of edges of the held state that have an own state, or had one: what the held state says of their edges is not all. */
  #changedEnds: Set<number> | undefined;

  constructor(base: HeldState, nodes: OverlayNodes, reads: ReadRecorder) {
    super();
    this.#base = base;
    this.#nodes = nodes;
    this.#reads = reads;
  }

  protected override changed(id: number, before: OwnEdge | undefined, after: OwnEdge | undefined): void {
    this.#added += existence(after, before) - existence(before, after);
    if (before !== undefined && after !== undefined) return;
    const { baseType, from, to } = (after ?? before) as OwnEdge;
    if (baseType !== undefined) {
      this.#changedEnds ??= new Set();
      this.#changedEnds.add(from).add(to);
    } else if (before === undefined) {
      addLink(this.#outgoing ??= new Map(), from, id);
      addLink(this.#incoming ??= new Map(), to, id);
    } else {
      // The newest change is taken back first: the edge is the last one of both lists.
      this.#outgoing?.get(from)?.pop();
      this.#incoming?.get(to)?.pop();
    }
  }

  /** Whether the transaction inserted the edge: nobody else can know its id. */
  isNew(id: number): boolean {
    const own = this.state(id);
    return own !== undefined && own.baseType === undefined;
  }

  /** The own state of an edge, told as a read where it came out of the held one. */
  #readOwn(id: number): OwnEdge | undefined {
    const own = this.state(id);
    if (own === undefined || own.baseType !== undefined) this.#reads.edge(id);
    return own;
  }

  /** Whether the edge exists. */
  exists(id: number): boolean {
    const own = this.#readOwn(id);
    return own === undefined ? this.#base.store.edgeExists(id) : !own.isDeleted;
  }

  /** The edge, or undefined. */
  read(id: number, withData: boolean): EdgeRecord | undefined {
    const own = this.#readOwn(id);
    if (own === undefined) return this.#base.store.readEdge(id, withData);
    return own.isDeleted ? undefined : this.record(id, own, withData);
  }

  /** What the user gets for an own state. */
  record(id: number, { from, to, type, data }: OwnEdge, withData: boolean): EdgeRecord {
    if (!withData) return { id, from, to, type } as EdgeRecord;
    const text = data ?? this.#base.store.edgeDataText(id) as string;
    const parsed = text === NO_DATA ? {} : parseStoredData(text, "edge", id);
    return { id, from, to, type, data: parsed as EdgeRecord["data"] };
  }

  /** JSON text of the edge's data, or undefined. */
  dataText(id: number): string | undefined {
    const own = this.#readOwn(id);
    if (own === undefined) return this.#base.store.edgeDataText(id);
    return own.isDeleted ? undefined : own.data ?? this.#base.store.edgeDataText(id);
  }

  /** Number of edges, or of those of one type. O(own edges) for a type. */
  count(type: string | undefined): number {
    this.#recordType(type);
    let count = this.#base.store.countEdges(type);
    if (type === undefined) return count + this.#added;
    for (const [, own] of this.states()) {
      if (!own.isDeleted && own.type === type) count++;
      if (own.baseType === type) count--;
    }
    return count;
  }

  #recordType(type: string | undefined): void {
    if (type === undefined) this.#reads.allEdges();
    else this.#reads.edgeType(type);
  }

  /** The page of edges (of one type) after an id. */
  page(type: string | undefined, withData: boolean, after: number, size: number): Page<EdgeRecord, number> {
    this.#recordType(type);
    const page = this.#base.store.edgePage(type, withData, after, size);
    if (this.size === 0) return page;
    const keys = this.sortedKeys();
    const last = page.next ?? Infinity;
    const { items, cutAt } = mergePage<number, EdgeRecord>(page, (id) => id <= last, {
      keys,
      start: lowerBound(keys, after, true),
      keyOf: (edge) => edge.id,
      isOwn: (id) => this.state(id) !== undefined,
      itemOf: (id) => {
        const own = this.state(id) as OwnEdge;
        if (own.isDeleted || (type !== undefined && own.type !== type)) return undefined;
        return this.record(id, own, withData);
      },
    }, size);
    return { items, next: cutAt ?? page.next };
  }

  /** Tells that somebody looks at the edges of a node of the held state. */
  #recordAdjacency(id: number, direction: Direction): void {
    if (direction !== "in") this.#reads.adjacency(id, "out");
    if (direction !== "out") this.#reads.adjacency(id, "in");
  }

  /** Edges of a node, by neighbour id, then edge id; a self-loop once. */
  of(id: number, direction: Direction, types: Types, withData: boolean): EdgeRecord[] {
    if (types?.length === 0) return [];
    const edges = this.#baseEdgesOf(id, direction, types, withData);
    const own = this.#newEdgesOf(id, direction, types);
    if (own.length === 0) return edges;
    for (let at = 0; at < own.length; at++) {
      const edge = own[at] as number;
      edges.push(this.record(edge, this.state(edge) as OwnEdge, withData));
    }
    return edges.sort((one, other) => neighborOf(one, id) - neighborOf(other, id) || one.id - other.id);
  }

  /** The edges of a node that the held state has, as the transaction left them. */
  #baseEdgesOf(id: number, direction: Direction, types: Types, withData: boolean): EdgeRecord[] {
    if (this.#nodes.isNew(id)) return [];
    this.#recordAdjacency(id, direction);
    const { store } = this.#base;
    const edges = this.#changedEnds?.has(id) === true
      ? this.#overlaid(store.edgesOf(id, direction, undefined, withData), types, withData)
      : store.edgesOf(id, direction, types, withData);
    if (withData) this.#recordEach(edges);
    return edges;
  }

  /** Edges of the held state as the transaction left them, without those that it deleted or that have another type. */
  #overlaid(edges: readonly EdgeRecord[], types: Types, withData: boolean): EdgeRecord[] {
    const overlaid: EdgeRecord[] = [];
    for (let at = 0; at < edges.length; at++) {
      const edge = edges[at] as EdgeRecord;
      const own = this.state(edge.id);
      if (own?.isDeleted === true || (types !== undefined && !types.includes((own ?? edge).type))) continue;
      overlaid.push(own === undefined ? edge : this.record(edge.id, own, withData));
    }
    return overlaid;
  }

  /** Tells that the content of edges was read. */
  #recordEach(edges: readonly EdgeRecord[]): void {
    for (let at = 0; at < edges.length; at++) this.#reads.edge((edges[at] as EdgeRecord).id);
  }

  /** Ids of the transaction's own edges of a node, a self-loop once, in no order. */
  #newEdgesOf(id: number, direction: Direction, types: Types): number[] {
    const ids: number[] = [];
    if (direction !== "in") this.#collect(this.#outgoing?.get(id), types, 0, ids);
    if (direction !== "out") this.#collect(this.#incoming?.get(id), types, direction === "both" ? id : 0, ids);
    return ids;
  }

  /** Appends the edges that exist and pass, but for those that leave `skip`. */
  #collect(links: readonly number[] | undefined, types: Types, skip: number, ids: number[]): void {
    if (links === undefined) return;
    for (let at = 0; at < links.length; at++) {
      const own = this.state(links[at] as number) as OwnEdge;
      if (own.isDeleted || own.from === skip || (types !== undefined && !types.includes(own.type))) continue;
      ids.push(links[at] as number);
    }
  }

  /** Edges between two nodes (`both`: either way), in ascending ids, with `data`. */
  between(from: number, to: number, direction: Direction, types: Types): EdgeRecord[] {
    if (types?.length === 0) return [];
    const edges: EdgeRecord[] = [];
    if (!this.#nodes.isNew(from) && !this.#nodes.isNew(to)) {
      if (direction !== "in") this.#reads.adjacency(from, "out");
      if (direction !== "out") this.#reads.adjacency(to, "out");
      const { store } = this.#base;
      const isChanged = this.#changedEnds?.has(from) === true && this.#changedEnds.has(to);
      const found = isChanged
        ? this.#overlaid(store.edgesBetween(from, to, direction, undefined), types, true)
        : store.edgesBetween(from, to, direction, types);
      this.#recordEach(found);
      for (let at = 0; at < found.length; at++) edges.push(found[at] as EdgeRecord);
    }
    const count = edges.length;
    if (direction !== "in") this.#newBetween(from, to, types, edges);
    if (direction === "in" || (direction === "both" && from !== to)) this.#newBetween(to, from, types, edges);
    return edges.length === count ? edges : edges.sort((one, other) => one.id - other.id);
  }

  #newBetween(from: number, to: number, types: Types, edges: EdgeRecord[]): void {
    const links = this.#linksBetween(from, to);
    for (let at = 0; at < links.length; at++) {
      const id = links[at] as number;
      const own = this.state(id) as OwnEdge;
      if (own.isDeleted || own.from !== from || own.to !== to) continue;
      if (types === undefined || types.includes(own.type)) edges.push(this.record(id, own, true));
    }
  }

  /** Ids of new edges, among them all between two nodes: the shorter of two lists, since one node may have very many edges. */
  #linksBetween(from: number, to: number): readonly number[] {
    const outgoing = this.#outgoing?.get(from) ?? NO_IDS;
    const incoming = this.#incoming?.get(to) ?? NO_IDS;
    return outgoing.length < incoming.length ? outgoing : incoming;
  }

  /** Smallest id of an edge with these ends and this type, or undefined. */
  find(from: number, to: number, type: string): number | undefined {
    return this.between(from, to, "out", [type])[0]?.id;
  }

  /** Ids at the other end of a node's edges, ascending: one per edge (a self-loop once), or each once. */
  neighbors(id: number, direction: Direction, types: Types, distinct: boolean): number[] {
    if (types?.length === 0) return [];
    if (this.#changedEnds?.has(id) === true) {
      const ids = this.of(id, direction, types, false).map((edge) => neighborOf(edge, id));
      return distinct ? withoutRepeats(ids) : ids;
    }
    let ids: number[] = [];
    if (!this.#nodes.isNew(id)) {
      this.#recordAdjacency(id, direction);
      ids = this.#base.store.neighbors(id, direction, types, distinct);
    }
    const own = this.#newEdgesOf(id, direction, types);
    if (own.length === 0) return ids;
    for (let at = 0; at < own.length; at++) ids.push(neighborOf(this.state(own[at] as number) as OwnEdge, id));
    ids.sort((one, other) => one - other);
    return distinct ? withoutRepeats(ids) : ids;
  }

  /** Number of edges of a node; `both` is out plus in. */
  degree(id: number, direction: Direction, types: Types): number {
    if (direction === "both") return this.degree(id, "out", types) + this.degree(id, "in", types);
    if (types?.length === 0) return 0;
    if (this.#changedEnds?.has(id) === true) return this.of(id, direction, types, false).length;
    const own = this.#newEdgesOf(id, direction, types).length;
    if (this.#nodes.isNew(id)) return own;
    this.#recordAdjacency(id, direction);
    return own + this.#base.store.degree(id, direction, types);
  }

  /** Inserts an edge with an id that no edge has, between existing nodes. Hot. */
  insert(id: number, { from, to, type, data }: CheckedEdge): void {
    this.setState(id, { baseType: undefined, isDeleted: false, from, to, type, data });
  }

  /** The state of an existing edge, to be changed. */
  #existing(id: number): OwnEdge {
    const own = this.state(id);
    if (own !== undefined) return own;
    return stateOf(this.#base.store.readEdge(id, false) as EdgeRecord);
  }

  /** An existing edge as it would be after an update. */
  updated(id: number, update: CheckedEdgeUpdate): OwnEdge {
    const old = this.#existing(id);
    return { ...old, type: update.type ?? old.type, data: update.data ?? old.data };
  }

  /** An existing edge as it would be after its end. */
  deleted(id: number): OwnEdge {
    return { ...this.#existing(id), isDeleted: true };
  }

  /** Deletes all edges of a node. Tells no reads: the thread that commits finds the edges itself. */
  deleteAllOf(id: number): void {
    const edges = this.#nodes.isNew(id) ? [] : this.#base.store.edgesOf(id, "both", undefined, false);
    const own = this.#newEdgesOf(id, "both", undefined);
    for (let at = 0; at < edges.length; at++) {
      const edge = edges[at] as EdgeRecord;
      const state = this.state(edge.id) ?? stateOf(edge);
      if (!state.isDeleted) this.setState(edge.id, { ...state, isDeleted: true });
    }
    for (let at = 0; at < own.length; at++) this.setState(own[at] as number, this.deleted(own[at] as number));
  }
}

function stateOf({ from, to, type }: EdgeRecord): OwnEdge {
  return { baseType: type, isDeleted: false, from, to, type, data: undefined };
}

/** 1 when an edge exists in a state, else 0; what the held state has is known from the other, own one. */
function existence(state: OwnEdge | undefined, other: OwnEdge | undefined): number {
  if (state === undefined) return other?.baseType === undefined ? 0 : 1;
  return state.isDeleted ? 0 : 1;
}

function addLink(links: Map<number, number[]>, node: number, edge: number): void {
  const known = links.get(node);
  if (known === undefined) links.set(node, [edge]);
  else known.push(edge);
}

function neighborOf({ from, to }: { readonly from: number; readonly to: number }, id: number): number {
  return from === id ? to : from;
}

/** Sorted ids, each once. */
function withoutRepeats(ids: number[]): number[] {
  let count = 0;
  for (let at = 0; at < ids.length; at++) if (at === 0 || ids[at] !== ids[count - 1]) ids[count++] = ids[at] as number;
  ids.length = count;
  return ids;
}
