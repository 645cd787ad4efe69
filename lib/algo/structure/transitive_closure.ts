/** Which nodes can reach which. */

import { UnsupportedError } from "../../backend/errors.ts";
import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineResult, NodeGroups, type TaskContext } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type ComponentGraph, componentGraph } from "./component_graph.ts";

/** Parameters of `transitiveClosure`. */
export interface TransitiveClosureParams {
  /** Only what these nodes can reach; default: all nodes. */
  readonly sources?: readonly NodeId[] | undefined;
  /** True: each node reaches itself. Default false: only nodes on a cycle do. */
  readonly reflexive?: boolean | undefined;
  /** Most memory of the result; default 1 GiB. */
  readonly maxBytes?: number | undefined;
}

/** What `transitiveClosure` takes. */
export const TRANSITIVE_CLOSURE_PARAMS: ParamSpecs<TransitiveClosureParams> = {
  sources: { kind: "nodes", doc: "only what these nodes can reach", optional: true },
  reflexive: { kind: "flag", doc: "whether each node reaches itself, also without a cycle", default: false },
  maxBytes: { kind: "integer", doc: "most memory of the result", default: 2 ** 30, min: 0, max: 2 ** 32 },
};

/** What another thread makes the same closure of. */
export interface TransitiveClosureHandle {
  /** The strongly connected components. */
  readonly components: NodeGroups["handle"];
  /** Row of each component, -1 when none was asked for. */
  readonly rowOf: Int32Array<SharedArrayBuffer>;
  /** A bit for each component that a row's component reaches, in words of 32. */
  readonly bits: Uint32Array<SharedArrayBuffer>;
  /** Words of a row. */
  readonly width: number;
}

/** Which nodes can reach which along at least one edge: a bit for each pair of strongly connected components, in shared memory. */
export class TransitiveClosure {
  /** The strongly connected components, whose nodes all reach the same. */
  readonly components: NodeGroups;
  /** What another thread makes the same closure of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: TransitiveClosureHandle;

  private constructor(handle: TransitiveClosureHandle) {
    this.handle = handle;
    this.components = NodeGroups.from(handle.components);
  }

  /** The closure that another thread sent the handle of. */
  static from(handle: TransitiveClosureHandle): TransitiveClosure {
    return new TransitiveClosure(handle);
  }

  /** Whether a node reaches another one; undefined when the first one is no source, or one is not in the projection. O(1). */
  reaches(from: NodeId, to: NodeId): boolean | undefined {
    const source = this.components.groupOf(from);
    const target = this.components.groupOf(to);
    if (source === undefined || target === undefined || this.handle.rowOf[source] === -1) return undefined;
    return this.#isSet(source, target);
  }

  /** Ids of the nodes that a node reaches, ascending; undefined when it is no source. O(n). */
  reachableFrom(from: NodeId): NodeId[] | undefined {
    const source = this.components.groupOf(from);
    if (source === undefined || this.handle.rowOf[source] === -1) return undefined;
    const { groups, nodeIds } = this.components;
    const reached: NodeId[] = [];
    for (let node = 0; node < groups.length; node++) {
      if (this.#isSet(source, groups[node] as number)) reached.push(nodeIds[node] as number);
    }
    return reached;
  }

  /** Number of pairs of a source and a node that it reaches. O(c^2) for c components. */
  get pairCount(): number {
    const { count, sizes } = this.components;
    let pairs = 0;
    for (let source = 0; source < count; source++) {
      if (this.handle.rowOf[source] === -1) continue;
      let reached = 0;
      for (let target = 0; target < count; target++) {
        if (this.#isSet(source, target)) reached += sizes[target] as number;
      }
      pairs += reached * (sizes[source] as number);
    }
    return pairs;
  }

  /** All pairs of a source and a node that it reaches, by the first one, then by the second one, ascending. */
  *pairs(): IterableIterator<[from: NodeId, to: NodeId]> {
    for (const from of this.components.nodeIds) {
      for (const to of this.reachableFrom(from) ?? []) yield [from, to];
    }
  }

  #isSet(source: number, target: number): boolean {
    const { rowOf, bits, width } = this.handle;
    const word = bits[(rowOf[source] as number) * width + (target >>> 5)] as number;
    return (word >>> (target & 31) & 1) === 1;
  }
}

defineResult("sqlitegraph:TransitiveClosure", TransitiveClosure);

/**
 * The transitive closure: which nodes can reach which along at least one edge. Parallel edges change nothing; a node reaches itself
 * when it lies on a cycle, which a self-loop is. In an undirected projection an edge leads both ways, so that each node with an edge
 * reaches itself. With `sources`, only the rows of these nodes (and of others in their strongly connected components) are made.
 * Progress counts rows.
 *
 * O(n + m + c l / 32) with c strongly connected components and l links between them, c^2 / 8 bytes. After Nuutila, Efficient transitive
 * closure computation in large digraphs, 1995: components first, then their rows against the topological order.
 *
 * @throws {UnsupportedError} when the result would be larger than `maxBytes`: give `sources`
 * @throws {NotFoundError} for sources that are not in the projection
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const closure = transitiveClosure(projectEdges({ from: [1, 2], to: [2, 3] }));
 * console.log([...closure.pairs()]); // [[1, 2], [1, 3], [2, 3]]
 * ```
 */
export const transitiveClosure: Algorithm<TransitiveClosureParams, TransitiveClosure> = defineForOneThread(
  import.meta.url,
  "transitiveClosure",
  (projection, params: TransitiveClosureParams, context) => {
    const { sources, reflexive, maxBytes } = checkParams<TransitiveClosureParams, "sources">(
      TRANSITIVE_CLOSURE_PARAMS,
      params,
      projection,
      "transitiveClosure",
    );
    const graph = componentGraph(projection.out, context);
    const components = NodeGroups.of(projection, graph.componentOf);
    const rowOf = rowsOf(projection, graph, sources);
    const rowCount = rowOf.reduce((count, row) => row === -1 ? count : count + 1, 0);
    const width = Math.ceil(graph.count / 32);
    const byteLength = 4 * width * rowCount;
    if (byteLength > maxBytes) throw tooLarge(byteLength, maxBytes);
    // Bits are numbered as the groups are.
    const groupOf = new Uint32Array(graph.count);
    const groupRows = new Int32Array(new SharedArrayBuffer(4 * graph.count));
    for (let component = 0; component < graph.count; component++) {
      const group = components.groups[graph.members[graph.starts[component] as number] as number] as number;
      groupOf[component] = group;
      groupRows[group] = rowOf[component] as number;
    }
    const bits = new Uint32Array(new SharedArrayBuffer(byteLength));
    context.total(rowCount);
    const rows: ClosureRows = { bits, width, rowOf, groupOf, hasLoop: loopsOf(projection, graph, reflexive) };
    if (sources === undefined) fillAll(graph, rows, context);
    else fillEach(graph, rows, context);
    return TransitiveClosure.from({ components: components.handle, rowOf: groupRows, bits, width });
  },
);

interface ClosureRows {
  readonly bits: Uint32Array;
  readonly width: number;
  /** Row of each component, or -1. */
  readonly rowOf: Int32Array;
  /** Bit of each component. */
  readonly groupOf: Uint32Array;
  /** 1 for components that reach themselves. */
  readonly hasLoop: Uint8Array;
}

function tooLarge(byteLength: number, maxBytes: number): UnsupportedError {
  return new UnsupportedError(
    `transitiveClosure: the result would take ${byteLength} bytes and maxBytes is ${maxBytes}; give sources, or a larger maxBytes`,
    { code: "result-too-large", value: byteLength },
  );
}

/** Gives the components of the sources rows, or all of them. */
function rowsOf(projection: Projection, graph: ComponentGraph, sources: readonly NodeId[] | undefined): Int32Array {
  const rowOf = new Int32Array(graph.count).fill(-1);
  if (sources === undefined) {
    for (let component = 0; component < graph.count; component++) rowOf[component] = component;
    return rowOf;
  }
  let count = 0;
  for (const source of sources) {
    const component = graph.componentOf[projection.indexOf(source)] as number;
    if (rowOf[component] === -1) rowOf[component] = count++;
  }
  return rowOf;
}

/** The components whose nodes reach themselves. */
function loopsOf({ out: { offsets, targets } }: Projection, graph: ComponentGraph, reflexive: boolean): Uint8Array {
  const hasLoop = new Uint8Array(graph.count);
  if (reflexive) return hasLoop.fill(1);
  for (let component = 0; component < graph.count; component++) {
    const start = graph.starts[component] as number;
    if ((graph.starts[component + 1] as number) - start > 1) {
      hasLoop[component] = 1;
      continue;
    }
    const node = graph.members[start] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) if (targets[at] === node) hasLoop[component] = 1;
  }
  return hasLoop;
}

/** Each row is its links and the rows of these, which are made before it. */
function fillAll({ order, offsets, targets }: ComponentGraph, rows: ClosureRows, context: TaskContext): void {
  const { bits, width, groupOf, hasLoop } = rows;
  let budget = 262_144;
  for (let at = order.length - 1; at >= 0; at--) {
    const component = order[at] as number;
    const row = component * width;
    const end = offsets[component + 1] as number;
    for (let link = offsets[component] as number; link < end; link++) {
      const target = targets[link] as number;
      const bit = groupOf[target] as number;
      const word = row + (bit >>> 5);
      const mask = 1 << (bit & 31);
      // Reached already: so is all that it reaches.
      if (((bits[word] as number) & mask) !== 0) continue;
      const other = target * width;
      for (let step = 0; step < width; step++) {
        bits[row + step] = (bits[row + step] as number) | (bits[other + step] as number);
      }
      bits[word] = (bits[word] as number) | mask;
      budget -= width;
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 262_144;
    }
    if (hasLoop[component] === 1) setBit(bits, row, groupOf[component] as number);
    if ((at & 1023) !== 0) continue;
    context.throwIfAborted();
    context.progress(Math.min(1024, order.length - at));
  }
}

/** Each row by a search of its own. */
function fillEach({ count, offsets, targets }: ComponentGraph, rows: ClosureRows, context: TaskContext): void {
  const { bits, width, rowOf, groupOf, hasLoop } = rows;
  const seenBy = new Int32Array(count).fill(-1);
  const stack = new Uint32Array(count);
  let budget = 16_384;
  for (let source = 0; source < count; source++) {
    if (rowOf[source] === -1) continue;
    const row = (rowOf[source] as number) * width;
    if (hasLoop[source] === 1) setBit(bits, row, groupOf[source] as number);
    stack[0] = source;
    for (let depth = 1; depth > 0;) {
      const component = stack[--depth] as number;
      const end = offsets[component + 1] as number;
      for (let link = offsets[component] as number; link < end; link++) {
        const target = targets[link] as number;
        if (seenBy[target] === source) continue;
        seenBy[target] = source;
        setBit(bits, row, groupOf[target] as number);
        stack[depth++] = target;
      }
      budget -= 1 + end - (offsets[component] as number);
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 16_384;
    }
    context.progress(1);
  }
}

function setBit(bits: Uint32Array, row: number, bit: number): void {
  const word = row + (bit >>> 5);
  bits[word] = (bits[word] as number) | 1 << (bit & 31);
}
