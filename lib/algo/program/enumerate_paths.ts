/** The ways that control flow can take. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, lookUp } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { hopsToExits, usefulNodes } from "./path_pruning.ts";
import { marked } from "./taint.ts";

/** Parameters of `enumeratePaths`. */
export interface EnumeratePathsParams {
  /** The node at which all paths begin. */
  readonly entry: NodeId;
  /** The nodes at which paths end; default: those that no edge leaves. */
  readonly exits?: ArrayLike<NodeId> | undefined;
  /** The nodes at which paths end in an error; default none. */
  readonly errors?: ArrayLike<NodeId> | undefined;
  /** Most edges of a path; default 100. */
  readonly maxLength?: number | undefined;
  /** Most paths that are listed; default 10,000. */
  readonly maxPaths?: number | undefined;
  /** How often a path may visit a node: 1, the default, lists simple paths, 2 each loop taken up to once more. */
  readonly maxVisits?: number | undefined;
  /** Most links that are looked at before the search is cut; default 10 million. */
  readonly maxSteps?: number | undefined;
  /** True: paths that cannot go on, but are at no exit, are listed as well; default false. */
  readonly includeIncomplete?: boolean | undefined;
  /** What keeps the search out of dead ends; it never drops a path: see `enumeratePaths`. Default `dominance`. */
  readonly prune?: "dominance" | "reachability" | "none" | undefined;
}

/** Its parameters. */
export const ENUMERATE_PATHS_PARAMS: ParamSpecs<EnumeratePathsParams> = {
  entry: { kind: "node", doc: "node at which all paths begin" },
  exits: { kind: "nodes", optional: true, doc: "nodes at which paths end; without them those that no edge leaves" },
  errors: { kind: "nodes", optional: true, doc: "nodes at which paths end in an error" },
  maxLength: { kind: "integer", default: 100, min: 0, max: 1_000_000, doc: "most edges of a path" },
  maxPaths: { kind: "integer", default: 10_000, min: 1, max: 10_000_000, doc: "most paths that are listed" },
  maxVisits: { kind: "integer", default: 1, min: 1, max: 255, doc: "how often a path may visit a node" },
  maxSteps: { kind: "integer", default: 10_000_000, min: 1, doc: "most links that are looked at" },
  includeIncomplete: { kind: "flag", default: false, doc: "list paths that end at no exit as well" },
  prune: {
    kind: "choice",
    options: ["dominance", "reachability", "none"],
    default: "dominance",
    doc: "what keeps the search out of dead ends",
  },
};

/**
 * Where a path ends: at an exit, at an error node, at another node that no edge leaves, where all that follows was visited too
 * often already, or because it would be longer than `maxLength`.
 */
export type PathEnding = "exit" | "error" | "dead-end" | "loop" | "length";

/** A path. */
export interface EnumeratedPath {
  /** Its nodes, from the entry on. */
  readonly nodeIds: NodeId[];
  /** Where it ends. */
  readonly ending: PathEnding;
}

/** What was found. */
export interface EnumeratedPaths {
  /** The paths, in the order of a search that takes the smallest id first: compared node by node. */
  readonly paths: EnumeratedPath[];
  /** Most edges of a listed path; 0 when there is none. */
  readonly longest: number;
  /** Whether there are no other paths. */
  readonly isComplete: boolean;
  /** The limits that cut the search: `length` may have done so, for a longer path need not exist. */
  readonly cutBy: ("length" | "paths" | "steps")[];
  /** Number of nodes that pruning left out. */
  readonly prunedNodes: number;
}

/**
 * Lists paths from an entry to exits. A path ends at the first exit or error node that it comes to. Each sequence of nodes is
 * listed once, however many parallel edges there are; a self-loop is taken only when nodes may be visited again.
 *
 * `prune: "reachability"` keeps out of nodes that do not lead to an exit. `prune: "dominance"` also keeps simple paths out of
 * nodes that can only be entered and left through one and the same node. Neither drops a path; with `includeIncomplete` nothing
 * is pruned. The number of paths can be exponential: the search ends at the first limit that it meets, and says which.
 *
 * Progress counts links that are looked at. O(maxSteps + paths · maxLength), and O(m log n) to prune. Depth-first search;
 * dominators: Georgiadis 2005.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const diamond = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4] });
 * const { paths } = enumeratePaths(diamond, { entry: 1 });
 * console.log(paths.map((path) => path.nodeIds)); // [[1, 2, 4], [1, 3, 4]]
 * ```
 */
export const enumeratePaths: Algorithm<EnumeratePathsParams, EnumeratedPaths> = defineForOneThread(
  import.meta.url,
  "enumeratePaths",
  (projection, params: EnumeratePathsParams, context) => {
    const checked = checkParams<EnumeratePathsParams, "exits" | "errors">(
      ENUMERATE_PATHS_PARAMS,
      params,
      projection,
      "enumeratePaths",
    );
    const { entry, exits, errors, maxVisits, includeIncomplete, prune } = checked;
    const pace = new Pace(context);
    const isError = marked(projection, errors);
    const isExit = exits === undefined ? sinksOf(projection) : marked(projection, exits);
    for (let node = 0; node < isExit.length; node++) if (isError[node] === 1) isExit[node] = 0;
    const isEnd = new Uint8Array(projection.nodeCount);
    for (let node = 0; node < isEnd.length; node++) isEnd[node] = (isExit[node] as number) | (isError[node] as number);
    lookUp();
    const root = projection.indexOf(entry);
    const how = includeIncomplete ? "none" : prune === "dominance" && maxVisits > 1 ? "reachability" : prune;
    const useful = usefulNodes(projection, root, isEnd, how, pace);
    const search = new PathSearch(projection, isExit, isError, useful, checked, pace);
    const hops = how === "none" ? undefined : hopsToExits(projection, isEnd, pace);
    search.run(root, hops);
    pace.end();
    let prunedNodes = 0;
    for (const flag of useful) if (flag === 0) prunedNodes++;
    return search.result(prunedNodes);
  },
);

/** Nodes that no edge leaves. */
function sinksOf({ nodeCount, out: { offsets } }: Projection): Uint8Array {
  const isSink = new Uint8Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) if (offsets[node] === offsets[node + 1]) isSink[node] = 1;
  return isSink;
}

interface SearchLimits {
  readonly maxLength: number;
  readonly maxPaths: number;
  readonly maxVisits: number;
  readonly maxSteps: number;
  readonly includeIncomplete: boolean;
}

class PathSearch {
  readonly #projection: Projection;
  readonly #isExit: Uint8Array;
  readonly #isError: Uint8Array;
  readonly #useful: Uint8Array;
  readonly #limits: SearchLimits;
  readonly #pace: Pace;
  readonly #paths: EnumeratedPath[] = [];
  readonly #cutBy = new Set<"length" | "paths" | "steps">();
  #longest = 0;

  constructor(
    projection: Projection,
    isExit: Uint8Array,
    isError: Uint8Array,
    useful: Uint8Array,
    limits: SearchLimits,
    pace: Pace,
  ) {
    this.#projection = projection;
    this.#isExit = isExit;
    this.#isError = isError;
    this.#useful = useful;
    this.#limits = limits;
    this.#pace = pace;
  }

  /** Searches from a node; `hops` is the number of links from each node to the nearest end, where that is known. */
  run(root: number, hops: Int32Array | undefined): void {
    const { out: { offsets, targets }, nodeCount } = this.#projection;
    const { maxLength, maxVisits, maxSteps, includeIncomplete } = this.#limits;
    const useful = this.#useful;
    if (useful[root] === 0) return;
    const longest = Math.min(maxLength, nodeCount * maxVisits);
    const path = new Uint32Array(longest + 1);
    const cursors = new Uint32Array(longest + 1);
    // Whether the path went on from each of its nodes.
    const wentOn = new Uint8Array(longest + 1);
    const visits = new Uint8Array(nodeCount);
    let steps = 0;
    let depth = 0;
    path[0] = root;
    visits[root] = 1;
    cursors[0] = offsets[root] as number;
    if (this.#isEnd(root)) {
      this.#add(path, 0, this.#endingOf(root));
      return;
    }
    while (depth >= 0) {
      const node = path[depth] as number;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      const first = cursors[depth] as number;
      let at = first;
      let next = -1;
      for (; at < end && next < 0; at++) {
        const target = targets[at] as number;
        // Parallel links lie side by side.
        if (at > start && targets[at - 1] === target) continue;
        if (useful[target] === 0 || (visits[target] as number) >= maxVisits) continue;
        if (depth + 1 + (hops === undefined ? 0 : hops[target] as number) > maxLength) {
          this.#cutBy.add("length");
          if (!includeIncomplete) continue;
          // Nothing that follows is shorter.
          wentOn[depth] = 1;
          if (!this.#add(path, depth, "length")) return;
          at = end;
          break;
        }
        next = target;
      }
      cursors[depth] = at;
      this.#pace.step(at - first, 1);
      steps += at - first + 1;
      if (steps > maxSteps) {
        this.#cutBy.add("steps");
        return;
      }
      if (next < 0) {
        if (includeIncomplete && wentOn[depth] === 0) {
          if (!this.#add(path, depth, start === end ? "dead-end" : "loop")) return;
        }
        visits[node] = (visits[node] as number) - 1;
        depth--;
        continue;
      }
      wentOn[depth] = 1;
      path[depth + 1] = next;
      if (this.#isEnd(next)) {
        if (!this.#add(path, depth + 1, this.#endingOf(next))) return;
        continue;
      }
      depth++;
      visits[next] = (visits[next] as number) + 1;
      cursors[depth] = offsets[next] as number;
      wentOn[depth] = 0;
    }
  }

  result(prunedNodes: number): EnumeratedPaths {
    return {
      paths: this.#paths,
      longest: this.#longest,
      isComplete: this.#cutBy.size === 0,
      cutBy: [...this.#cutBy].sort(),
      prunedNodes,
    };
  }

  #isEnd(node: number): boolean {
    return this.#isExit[node] === 1 || this.#isError[node] === 1;
  }

  #endingOf(node: number): PathEnding {
    return this.#isError[node] === 1 ? "error" : "exit";
  }

  /** Adds a path, unless there are enough. */
  #add(path: Uint32Array, length: number, ending: PathEnding): boolean {
    if (this.#paths.length === this.#limits.maxPaths) {
      this.#cutBy.add("paths");
      return false;
    }
    const nodeIds: NodeId[] = [];
    for (let at = 0; at <= length; at++) nodeIds.push(this.#projection.nodeIds[path[at] as number] as number);
    this.#pace.step(0, length);
    this.#paths.push({ nodeIds, ending });
    this.#longest = Math.max(this.#longest, length);
    return true;
  }
}
