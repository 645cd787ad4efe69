/** Edges of a file as records: from the lists of both ends, repaired from each other and from the sidecars. */

import { EdgeBag } from "./edge_bag.ts";
import { EdgeCluster } from "./edge_cluster.ts";
import { DEFAULT_WEIGHT } from "./edge_data.ts";
import { edgeNumber, targetOf } from "./edge_number.ts";
import { type EdgeItem, EdgeOutput } from "./edge_output.ts";
import { EdgeRows } from "./edge_rows.ts";
import { EdgeSums } from "./edge_sums.ts";
import { EdgeTree } from "./edge_tree.ts";
import { isOurId } from "./id64.ts";
import type { ImportContext } from "./import_context.ts";
import { type LoggedEdges, nameLoggedEdges } from "./logged_edges.ts";
import { LostEnds } from "./lost_ends.ts";
import type { NodeIds } from "./node_ids.ts";
import { OrphanEdges } from "./orphan_edges.ts";
import type { PropertyRows } from "./property_rows.ts";
import type { ReferenceId } from "./report.ts";
import type { StrayLists } from "./stray_lists.ts";
import { TypeTable } from "./type_table.ts";

/** How often each edge of a source was found, by `edgeNumber`. */
type EdgeCounts = Map<number, number>;

/** Stands for the type of an edge whose record was overwritten. */
const UNKNOWN_TYPE = -1;

/** The edges of one file. */
export class EdgeImport {
  /** Edges that no tree reaches and that came over. */
  salvagedCount = 0;
  readonly #context: ImportContext;
  readonly #ids: NodeIds;
  readonly #properties: PropertyRows;
  readonly #logged: LoggedEdges;
  readonly #types = new TypeTable();
  readonly #list: EdgeCluster;
  readonly #tree: EdgeTree;
  readonly #rows: EdgeRows;
  readonly #output: EdgeOutput;
  readonly #lostEnds: LostEnds;
  readonly #orphans: OrphanEdges;
  readonly #sums: EdgeSums;
  /** 1: the source's own list is in the sums. */
  readonly #isSubtracted: Uint8Array;
  readonly #bag = new EdgeBag();
  /** Sources before this one have been dealt with. */
  #done = 0;
  #hasMirrors = false;
  #hasIncomingWithLostEnds = false;

  constructor(
    context: ImportContext,
    ids: NodeIds,
    strays: StrayLists,
    properties: PropertyRows,
    logged: LoggedEdges,
  ) {
    this.#context = context;
    this.#ids = ids;
    this.#properties = properties;
    this.#logged = logged;
    this.#list = new EdgeCluster(this.#types);
    this.#tree = new EdgeTree(context, ids, this.#types, strays.entries);
    this.#rows = new EdgeRows(properties, ids);
    this.#output = new EdgeOutput(context, ids, this.#types, this.#rows, logged);
    this.#lostEnds = new LostEnds(context, ids, this.#types);
    this.#orphans = new OrphanEdges(context, ids, this.#types, this.#tree, strays);
    this.#sums = new EdgeSums(ids.count);
    this.#isSubtracted = new Uint8Array(ids.count);
  }

  /** Edges that came over. */
  get count(): number {
    return this.#output.count;
  }

  /** Whether there are pages of 3.9.0. */
  get hasPackedLists(): boolean {
    return this.#tree.lists.hasPacked;
  }

  /** Highest version of a list at the start of a page; undefined without any. */
  get plainListVersion(): number | undefined {
    return this.#tree.lists.plainVersion;
  }

  /** The edges, by source, then as in the source's list. */
  *records(): Generator<EdgeItem, undefined, undefined> {
    const tree = this.#tree;
    this.#surveyIncoming();
    this.#orphans.collect(this.#bag);
    this.#bag.sort(0);
    const foreign: number[] = [];
    for (let position = 0; position < tree.firstIncoming; position++) {
      this.#context.steps.step("edges", position, tree.firstIncoming);
      const node = tree.node(position);
      if (isOurId(node)) yield* this.#edgesOf(position, node);
      else foreign.push(position);
    }
    // The order of their keys is not that of the ids that they came over with.
    const indexAt = (position: number): number => this.#ids.indexOfReference(tree.node(position));
    foreign.sort((one, other) => indexAt(one) - indexAt(other));
    for (const position of foreign) yield* this.#edgesOf(position, tree.node(position));
    yield* this.#mirroredBefore(this.#ids.count);
    this.#nameLostEnds();
    this.#rows.finish();
    yield* this.#unmatchedRows();
    nameLoggedEdges(this.#logged, this.#output, this.#lostEnds);
    this.#reportCount();
  }

  /** Sums up the edges in the lists of their targets, by source. */
  #surveyIncoming(): void {
    const tree = this.#tree;
    const list = this.#list;
    const sums = this.#sums;
    for (let position = tree.firstIncoming; position < tree.count; position++) {
      this.#context.steps.step("compare", position, tree.count);
      if (!tree.open(list, position)) continue;
      const own = this.#ids.indexOfReference(tree.node(position));
      if (own < 0) this.#hasIncomingWithLostEnds = true;
      for (let index = 0; own >= 0 && index < list.idCount; index++) {
        const from = tree.neighbor(list, index);
        if (from < 0) this.#hasIncomingWithLostEnds = true;
        else if (index < list.count) sums.add(from, own, list.types[index] as number);
        else sums.disagree(from);
      }
    }
  }

  /** Takes the edges of a source's own list, which is open, away from its sums. */
  #subtract(source: number): void {
    const list = this.#list;
    this.#isSubtracted[source] = 1;
    for (let index = 0; index < list.count; index++) {
      const to = this.#tree.neighbor(list, index);
      if (to >= 0) this.#sums.subtract(source, to, list.types[index] as number);
    }
  }

  /**
   * Takes the edges of sources, from one on, whose own lists do not agree with those of the other ends. Called when the first
   * such source is met: in a sound file never.
   */
  #collectMirrors(first: number): void {
    if (this.#hasMirrors) return;
    this.#hasMirrors = true;
    const tree = this.#tree;
    const list = this.#list;
    for (let position = 0; position < tree.firstIncoming; position++) {
      const own = this.#ids.indexOfReference(tree.node(position));
      if (own < first || this.#isSubtracted[own] === 1) continue;
      if (tree.open(list, position)) this.#subtract(own);
    }
    for (let position = tree.firstIncoming; position < tree.count; position++) {
      const own = this.#ids.indexOfReference(tree.node(position));
      if (own < 0 || !tree.open(list, position)) continue;
      for (let index = 0; index < list.idCount; index++) {
        const from = tree.neighbor(list, index);
        if (from < first || this.#sums.agrees(from)) continue;
        const isTyped = index < list.count;
        const type = isTyped ? list.types[index] as number : UNKNOWN_TYPE;
        this.#bag.add(from, own, type, isTyped ? list.weights[index] as number : DEFAULT_WEIGHT, EdgeBag.MIRROR);
      }
    }
    this.#bag.sort(first);
  }

  /** The edges of sources before a position, from where this was asked for last, that have no list of their own. */
  *#mirroredBefore(end: number): Generator<EdgeItem, undefined, undefined> {
    for (; this.#done < end; this.#done++) {
      const source = this.#done;
      if (!this.#sums.agrees(source)) this.#collectMirrors(source);
      if (this.#bag.nextSource() !== source) continue;
      this.#rows.begin(this.#ids.reference(source));
      yield* this.#furtherEdges(source, new Map(), new Map(), undefined);
    }
  }

  /** The edges of one source. */
  *#edgesOf(position: number, node: ReferenceId): Generator<EdgeItem, undefined, undefined> {
    const source = this.#ids.indexOfReference(node);
    if (source >= 0) yield* this.#mirroredBefore(source);
    else if (isOurId(node)) yield* this.#mirroredBefore(this.#ids.firstFrom(node));
    this.#rows.begin(node);
    const tree = this.#tree;
    const list = this.#list;
    const isUsed = tree.open(list, position);
    if (source < 0) {
      if (isUsed) this.#lostEnds.outgoing(list, node);
      return;
    }
    this.#done = source + 1;
    if (isUsed && this.#isSubtracted[source] === 0) this.#subtract(source);
    if (!this.#sums.agrees(source)) {
      this.#collectMirrors(source);
      tree.open(list, position);
    }
    const count = isUsed ? list.count : 0;
    const idCount = isUsed ? list.idCount : 0;
    const isDetailed = idCount > count || this.#bag.nextSource() === source;
    const merged: EdgeCounts | undefined = isDetailed ? new Map() : undefined;
    let hasLostEnds = false;
    for (let index = 0; index < count; index++) {
      const to = tree.neighbor(list, index);
      if (to < 0) {
        hasLostEnds = true;
        continue;
      }
      const type = list.types[index] as number;
      if (merged !== undefined) increase(merged, edgeNumber(to, type));
      yield this.#output.edge(source, to, type, list.weights[index] as number);
    }
    if (hasLostEnds || idCount > count) this.#lostEnds.outgoing(list, node);
    if (merged === undefined) return;
    const totals = new Map<number, number>();
    for (let index = count; index < idCount; index++) increase(totals, tree.neighbor(list, index));
    totals.delete(-1);
    addTyped(totals, merged);
    yield* this.#furtherEdges(source, merged, totals, tree.page(position));
  }

  /**
   * The edges of a source that the lists of the other ends and lists out of reach have beyond its own.
   *
   * @param merged edges that came over from its own list
   * @param totals edges that its own list has, by target, where it has some whose type was overwritten
   */
  *#furtherEdges(
    source: number,
    merged: EdgeCounts,
    totals: Map<number, number>,
    page: number | undefined,
  ): Generator<EdgeItem, undefined, undefined> {
    const found: { readonly to: number; readonly type: number; readonly weight: number; readonly origin: number }[] =
      [];
    this.#bag.take(source, (to, type, weight, origin) => found.push({ to, type, weight, origin }));
    let seen: EdgeCounts = new Map();
    const unknown = new Map<number, number>();
    const mirrored: EdgeCounts = new Map();
    let last = -1;
    for (const { to, type, weight, origin } of found) {
      if (origin !== last) seen = origin === EdgeBag.MIRROR ? mirrored : new Map();
      last = origin;
      if (type === UNKNOWN_TYPE) {
        increase(unknown, to);
        continue;
      }
      const key = edgeNumber(to, type);
      const times = increase(seen, key);
      if (times <= (merged.get(key) ?? 0)) continue;
      merged.set(key, times);
      if (origin === EdgeBag.MIRROR) yield this.#output.edge(source, to, type, weight);
      else if (this.#context.salvage) {
        this.salvagedCount++;
        yield this.#output.edge(source, to, type, weight);
      } else this.#nameOrphan(source, to, type, origin);
    }
    addTyped(unknown, mirrored);
    for (const [to, total] of unknown) totals.set(to, Math.max(total, totals.get(to) ?? 0));
    if (totals.size > 0) this.#nameUntyped(source, merged, totals, page);
  }

  /** Names the edges of which both ends' lists lost the type. */
  #nameUntyped(source: number, merged: EdgeCounts, totals: Map<number, number>, page: number | undefined): void {
    for (const [key, times] of merged) {
      const to = targetOf(key);
      const total = totals.get(to);
      if (total !== undefined) totals.set(to, total - times);
    }
    const from = this.#ids.reference(source);
    for (const [target, left] of totals) {
      const to = this.#ids.reference(target);
      const message = `the type of an edge ${from} -> ${to} was overwritten, and the edge is lost`;
      for (let time = 0; time < left; time++) this.#output.lose("cluster-cut", message, { from, to }, { page });
    }
  }

  #nameOrphan(source: number, target: number, type: number, origin: number): void {
    const { pageId, offset } = this.#orphans.list(origin);
    const edge = { from: this.#ids.reference(source), to: this.#ids.reference(target), type: this.#types.text(type) };
    this.#output.lose(
      "cluster-orphaned",
      `page ${pageId} has an edge ${edge.from} -> ${edge.to} in a list that the tree does not reach; salvage brings it back`,
      edge,
      { page: pageId, offset },
    );
  }

  #nameLostEnds(): void {
    const tree = this.#tree;
    for (let position = tree.firstIncoming; this.#hasIncomingWithLostEnds && position < tree.count; position++) {
      if (tree.open(this.#list, position)) this.#lostEnds.incoming(this.#list, tree.node(position));
    }
    this.#orphans.nameLostEnds(this.#lostEnds);
    this.#output.namedLosses += this.#lostEnds.count;
  }

  /** Edges that only the property sidecar has: they come over as long as the header counts more than the file has. */
  *#unmatchedRows(): Generator<EdgeItem, undefined, undefined> {
    const output = this.#output;
    const place = { file: this.#properties.path };
    for (const { from, to, type, data } of this.#rows.unmatched) {
      const source = this.#ids.indexOfReference(from);
      const target = this.#ids.indexOfReference(to);
      if (source < 0 || target < 0) {
        if (this.#lostEnds.has(from, to, type ?? "")) continue;
        output.lose(
          "edge-end-missing",
          `an end of the edge ${from} -> ${to} does not exist`,
          { from, to, type },
          place,
        );
      } else if (output.missing > 0 && type !== undefined) {
        yield output.item(source, target, type, data, DEFAULT_WEIGHT);
      } else {
        this.#context.losses.add({
          code: "edge-only-in-properties",
          message: `only the property sidecar has the edge ${from} -> ${to}: it may be of an earlier database`,
          edge: { from, to, type },
          ...place,
        });
      }
    }
  }

  #reportCount(): void {
    const { header, losses, file } = this.#context;
    const count = this.#output.missing;
    if (!(count > 0)) return;
    const stated = header.edgeCount === Infinity ? "more than 2^53" : `${header.edgeCount}`;
    losses.add({
      code: "edge-count",
      message: `${stated} edges were inserted, by the header's count; ${this.count} came over`,
      file,
      offset: 24,
      ...(count === Infinity ? {} : { count }),
    });
  }
}

function increase(counts: Map<number, number>, key: number): number {
  const times = (counts.get(key) ?? 0) + 1;
  counts.set(key, times);
  return times;
}

/** Adds the edges with a type to the totals of targets that have some without. */
function addTyped(totals: Map<number, number>, typed: EdgeCounts): void {
  if (totals.size === 0) return;
  for (const [key, times] of typed) {
    const to = targetOf(key);
    const total = totals.get(to);
    if (total !== undefined) totals.set(to, total + times);
  }
}
