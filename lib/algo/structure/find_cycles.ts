/** All cycles, up to a limit. */

import { type Algorithm, copied, filled, type TaskContext, touched } from "../define.ts";
import { type NodeLists, NodeListsBuilder } from "../node_lists.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { IndexSet } from "./index_set.ts";
import type { Watch } from "./rows.ts";
import { type StrongPart, strongParts, waysHome, withoutFirst } from "./strong_parts.ts";

/** Parameters of `findCycles`. */
export interface FindCyclesParams {
  /** Most cycles to find; default 1,000. */
  readonly maxCycles?: number | undefined;
  /** Most nodes of a cycle; default any number. */
  readonly maxLength?: number | undefined;
}

/** What `findCycles` takes. */
export const FIND_CYCLES_PARAMS: ParamSpecs<FindCyclesParams> = {
  maxCycles: { kind: "integer", doc: "most cycles to find", default: 1_000, min: 1 },
  maxLength: { kind: "integer", doc: "most nodes of a cycle", min: 1, optional: true },
};

/** Cycles that were found. */
export interface FoundCycles {
  /** Nodes of each cycle in its order, each once, from the smallest id on. */
  readonly cycles: NodeLists;
  /** Whether there are more cycles than these, within the same length. */
  readonly isCut: boolean;
}

/**
 * Cycles of a directed graph that pass no node twice, each once, in ascending order of their first nodes, then of their second
 * ones, and so on; each begins with its smallest id. A self-loop is a cycle of one node. Parallel edges make no more cycles.
 * Progress counts nodes.
 *
 * Without `maxLength` O((n + m)(c + 1)) for c cycles: Johnson, Finding all the elementary circuits of a directed graph, 1975,
 * without recursion. With it, a search that turns back where the way home is too long; its time depends on that length
 * exponentially.
 *
 * @throws {InvalidArgumentError} for an undirected projection (`cycleBasis` takes those), and for bad parameters
 *
 * @example
 * ```ts ignore
 * const { cycles } = findCycles(projectEdges({ from: [1, 2, 2], to: [2, 1, 2] }));
 * console.log([...cycles]); // [[1, 2], [2]]
 * ```
 */
export const findCycles: Algorithm<FindCyclesParams, FoundCycles> = defineForOneThread(
  import.meta.url,
  "findCycles",
  (projection, params: FindCyclesParams, context) => {
    const { maxCycles, maxLength } = checkParams<FindCyclesParams, "maxLength">(
      FIND_CYCLES_PARAMS,
      params,
      projection,
      "findCycles",
    );
    requireDirected(projection, "findCycles");
    const found = new NodeListsBuilder(projection.nodeIds);
    // Each search takes the part with the smallest first node, so that cycles come in order.
    const firsts = new IndexSet(projection.nodeCount);
    const waiting = new Map<number, StrongPart>();
    const add = (part: StrongPart): void => {
      const first = part.nodes[0] as number;
      firsts.add(first);
      waiting.set(first, part);
    };
    // Progress counts the nodes of the whole graph only.
    const quiet: Watch = { throwIfAborted: () => context.throwIfAborted(), progress() {}, total() {} };
    strongParts(projection.out, undefined, context).forEach(add);
    for (let first = firsts.takeSmallest(); first >= 0; first = firsts.takeSmallest()) {
      const part = waiting.get(first) as StrongPart;
      waiting.delete(first);
      if (!searchFirst(part, found, maxCycles, maxLength, context)) {
        return { cycles: found.build(), isCut: true };
      }
      const rest = withoutFirst(part, context);
      strongParts(rest, rest.nodes, quiet).forEach(add);
    }
    return { cycles: found.build(), isCut: false };
  },
);

/** Finds the cycles through the first node of a part; false when there are more than the limit allows. */
function searchFirst(
  part: StrongPart,
  found: NodeListsBuilder,
  maxCycles: number,
  maxLength: number | undefined,
  context: TaskContext,
): boolean {
  const { nodes, offsets, targets } = part;
  const ways = maxLength === undefined ? undefined : waysHome(part, context).lengths;
  const longest = maxLength ?? Infinity;
  const blocks = new Blocks(nodes.length, targets.length, context);
  const path = new Uint32Array(nodes.length);
  const cursors = new Uint32Array(nodes.length);
  // Whether the search from each node of the path came home.
  const isClosed = new Uint8Array(nodes.length);
  let depth = 0;
  let budget = 16_384;
  blocks.block(0);
  while (depth >= 0) {
    const node = path[depth] as number;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let at = start + (cursors[depth] as number);
    let next = 0;
    for (; at < end && next === 0; at++) {
      const target = targets[at] as number;
      if (at > start && target === targets[at - 1]) continue;
      if (target === 0) {
        if (found.count === maxCycles) return false;
        isClosed[depth] = 1;
        budget -= depth;
        for (let step = 0; step <= depth; step++) found.push(nodes[path[step] as number] as number);
        found.endList();
      } else if (blocks.isBlocked[target] === 0) {
        if (ways === undefined || depth + 1 + (ways[target] as number) <= longest) next = target;
      }
    }
    budget -= 2 + end - start;
    if (budget <= 0) {
      context.throwIfAborted();
      budget = 16_384;
    }
    if (next > 0) {
      cursors[depth] = at - start;
      depth++;
      path[depth] = next;
      cursors[depth] = 0;
      isClosed[depth] = 0;
      blocks.block(next);
      continue;
    }
    if (isClosed[depth] === 1 || ways !== undefined) blocks.unblock(node);
    else blocks.blockUntilNext(node, offsets, targets);
    if (isClosed[depth] === 1 && depth > 0) isClosed[depth - 1] = 1;
    depth--;
  }
  return true;
}

/** The nodes that a search need not enter: those on its path, and those from which it found no way home past the path. */
class Blocks {
  /** 1 for blocked nodes. */
  readonly isBlocked: Uint8Array;
  /** For each node, the first entry of the list of those that become free with it. */
  readonly #first: Int32Array;
  /** 1 for links whose source is in the list of their target. */
  readonly #isListed: Uint8Array;
  /** Source of the link of each entry. */
  #waiters: Int32Array = new Int32Array(64);
  /** The link of each entry. */
  #links: Int32Array = new Int32Array(64);
  /** The entry behind each one in its list, -1 at its end; of unused entries the next unused one. */
  #next: Int32Array = new Int32Array(64);
  #length = 0;
  #unused = -1;
  readonly #stack: number[] = [];
  readonly #context: TaskContext;

  constructor(nodeCount: number, linkCount: number, context: TaskContext) {
    this.#context = context;
    this.isBlocked = new Uint8Array(nodeCount);
    this.#first = filled(new Int32Array(nodeCount), -1);
    this.#isListed = touched(new Uint8Array(linkCount));
  }

  block(node: number): void {
    this.isBlocked[node] = 1;
  }

  /** Keeps a node blocked until one that it links to becomes free. */
  blockUntilNext(node: number, offsets: Uint32Array, targets: Uint32Array): void {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let link = start; link < end; link++) {
      if (link > start && targets[link] === targets[link - 1] || this.#isListed[link] === 1) continue;
      const entry = this.#newEntry();
      const target = targets[link] as number;
      this.#isListed[link] = 1;
      this.#waiters[entry] = node;
      this.#links[entry] = link;
      this.#next[entry] = this.#first[target] as number;
      this.#first[target] = entry;
    }
  }

  #newEntry(): number {
    const unused = this.#unused;
    if (unused !== -1) {
      this.#unused = this.#next[unused] as number;
      return unused;
    }
    if (this.#length === this.#waiters.length) {
      this.#waiters = grown(this.#waiters);
      this.#links = grown(this.#links);
      this.#next = grown(this.#next);
    }
    return this.#length++;
  }

  /** Frees a node and those that wait for it. */
  unblock(node: number): void {
    const stack = this.#stack;
    let freed = 0;
    stack.push(node);
    for (let free = stack.pop(); free !== undefined; free = stack.pop()) {
      if (this.isBlocked[free] === 0) continue;
      this.isBlocked[free] = 0;
      let entry = this.#first[free] as number;
      this.#first[free] = -1;
      while (entry !== -1) {
        stack.push(this.#waiters[entry] as number);
        this.#isListed[this.#links[entry] as number] = 0;
        const next = this.#next[entry] as number;
        this.#next[entry] = this.#unused;
        this.#unused = entry;
        entry = next;
        freed++;
      }
      if (freed < 65_536) continue;
      this.#context.throwIfAborted();
      freed = 0;
    }
  }
}

function grown(array: Int32Array): Int32Array {
  return copied(array, new Int32Array(2 * array.length));
}
