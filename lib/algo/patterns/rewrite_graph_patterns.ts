/** Replaces parts of a graph that look like a pattern. */

import type { GraphTransaction } from "../../backend/graph_backend.ts";
import type { AnySchema, EdgeId, NodeId, Schema } from "../../backend/schema.ts";
import { checkCount, checkObject, show } from "../../backend/validate.ts";
import { callHere } from "../../task/direct_call.ts";
import type { LongCallOptions } from "../../backend/care.ts";
import type { TaskContext } from "../define.ts";
import { invalid } from "../params.ts";
import { assignEdges } from "./assign_edges.ts";
import { startSearch } from "./find_subgraphs.ts";
import { searchReader } from "./layered_graph.ts";
import {
  type CheckedRule,
  checkRule,
  type OfMatch,
  type RewriteMatch,
  type RewriteNode,
  type RewriteRule,
} from "./rewrite_rule.ts";

/** How to rewrite. */
export interface RewriteOptions extends LongCallOptions {
  /** Most matches that are replaced; default: no limit. */
  readonly limit?: number | undefined;
  /** How often to search again after something was replaced; default 1: only the graph as it is in the beginning is searched. */
  readonly rounds?: number | undefined;
  /**
   * What becomes of edges of a deleted node that the rule does not name. `refuse` (the default): the match is left as it is, so nothing
   * is lost unseen (the gluing condition of double pushouts). `delete`: they go as well (single pushout).
   */
  readonly dangling?: "refuse" | "delete" | undefined;
  /** As in `findSubgraphPatterns`. */
  readonly induced?: boolean | undefined;
  /** As in `findSubgraphPatterns`: whether of symmetric matches one is replaced. Default true. */
  readonly unique?: boolean | undefined;
  /** As in `findSubgraphPatterns`. */
  readonly types?: readonly string[] | undefined;
}

/** A match that was left as it is. */
export interface SkippedMatch {
  /** Its nodes by name. */
  readonly nodes: Readonly<Record<string, NodeId>>;
  /**
   * `conflict`: an earlier match changed or deleted something of it. `dangling`: a node to be deleted has other edges.
   * `where`: the rule's condition refused it. `edges`: there are fewer edges than the rule needs.
   */
  readonly reason: "conflict" | "dangling" | "where" | "edges";
}

/** What was done. */
export interface RewriteResult {
  /** Number of matches that were replaced. */
  readonly applied: number;
  /** Matches that were not, in the order in which they were found; of the last round. */
  readonly skipped: readonly SkippedMatch[];
  /** Number of searches. */
  readonly rounds: number;
  /** Whether a search would find nothing to replace any more, as far as is known: the last one replaced nothing. */
  readonly isStable: boolean;
  /** New nodes, in the order of insertion. */
  readonly insertedNodes: readonly NodeId[];
  /** New edges. */
  readonly insertedEdges: readonly EdgeId[];
  /** Nodes of which something was replaced, each once, ascending. */
  readonly updatedNodes: readonly NodeId[];
  /** Nodes that were deleted. */
  readonly deletedNodes: readonly NodeId[];
  /** Edges that were deleted, also with their nodes. */
  readonly deletedEdges: readonly EdgeId[];
}

/**
 * Finds the matches of a rule and puts what the rule says in their places: in one transaction, all of it or nothing. Types, data and
 * all edges that the rule does not name stay as they are; of several edges that fit, those with the smallest ids are taken.
 *
 * A round searches the graph as it is, then replaces match after match in the order of the search, unless an earlier one changed
 * or deleted a node of it, took the edges that it needs or, with `induced`, added an edge to one of its nodes. With more rounds it
 * searches again until nothing is replaced: a rule that adds what it finds goes on as long as `rounds` lets it.
 *
 * Progress counts candidates of the searches. Time is that of `findSubgraphPatterns`, and O(degree · log n) for each node of a match.
 * Ehrig, Pfender, Schneider, Graph-grammars: an algebraic approach, 1973 (double pushouts, with injective matches).
 *
 * @param db a database, or a transaction of a database or of a graph with threads
 * @throws {InvalidArgumentError} for bad rules and options
 *
 * @example
 * ```ts ignore
 * const { applied, insertedEdges } = rewriteGraphPatterns(db, rule);
 * await graph.transaction((tx) => rewriteGraphPatterns(tx, rule, { rounds: 10 }));
 * ```
 */
export function rewriteGraphPatterns<S extends Schema = AnySchema>(
  db: GraphTransaction<S>,
  rule: RewriteRule,
  options: RewriteOptions = {},
): RewriteResult {
  const checked = checkRule(rule, CALL);
  const settings = checkOptions(options);
  const { signal, onProgress } = options;
  // Rules are not typed: a schema makes no difference.
  const untyped = db as unknown as GraphTransaction;
  return callHere(
    CALL,
    { signal, onProgress },
    (context) => untyped.transaction((tx) => new Rewriting(tx, checked, settings, context).run()),
  );
}

const CALL = "rewriteGraphPatterns";

interface Settings {
  readonly limit: number;
  readonly rounds: number;
  readonly isDanglingDeleted: boolean;
  readonly isInduced: boolean;
  readonly isUnique: boolean;
  readonly types: readonly string[] | undefined;
}

function checkOptions(options: RewriteOptions): Settings {
  const known = ["limit", "rounds", "dangling", "induced", "unique", "types", "signal", "onProgress"];
  for (const [field, value] of Object.entries(checkObject(options, CALL, "options"))) {
    if (!known.includes(field)) throw invalid(CALL, field, value, `is no option; there are ${known.join(", ")}`);
  }
  const { limit, rounds, dangling = "refuse", induced = false, unique = true, types } = options;
  if (dangling !== "refuse" && dangling !== "delete") {
    throw invalid(CALL, "dangling", dangling, `is ${show(dangling)}; give "refuse" or "delete"`);
  }
  for (const [field, value] of Object.entries({ induced, unique })) {
    if (typeof value !== "boolean") throw invalid(CALL, field, value, `is ${show(value)}; give true or false`);
  }
  if (types !== undefined && !Array.isArray(types)) {
    throw invalid(CALL, "types", types, `is ${show(types)}; give an array of types`);
  }
  return {
    limit: checkCount(limit, Infinity, CALL, "limit"),
    rounds: checkCount(rounds, 1, CALL, "rounds"),
    isDanglingDeleted: dangling === "delete",
    isInduced: induced,
    isUnique: unique,
    types,
  };
}

/** One call. */
class Rewriting {
  readonly #tx: GraphTransaction;
  readonly #rule: CheckedRule;
  readonly #settings: Settings;
  readonly #context: TaskContext;
  readonly #insertedNodes: NodeId[] = [];
  readonly #insertedEdges: EdgeId[] = [];
  readonly #updatedNodes = new Set<NodeId>();
  readonly #deletedNodes: NodeId[] = [];
  readonly #deletedEdges: EdgeId[] = [];
  /** Of this round: nodes that were changed or deleted, nodes that got edges, pairs of nodes that lost some. */
  #changed = new Set<NodeId>();
  #joined = new Set<NodeId>();
  #parted = new Set<string>();
  #applied = 0;

  constructor(tx: GraphTransaction, rule: CheckedRule, settings: Settings, context: TaskContext) {
    this.#tx = tx;
    this.#rule = rule;
    this.#settings = settings;
    this.#context = context;
  }

  run(): RewriteResult {
    let skipped: SkippedMatch[] = [];
    let rounds = 0;
    let isStable = false;
    while (rounds < this.#settings.rounds && !isStable && this.#applied < this.#settings.limit) {
      const before = this.#applied;
      skipped = this.#round();
      rounds++;
      isStable = this.#applied === before;
    }
    return {
      applied: this.#applied,
      skipped,
      rounds,
      isStable,
      insertedNodes: this.#insertedNodes,
      insertedEdges: this.#insertedEdges,
      updatedNodes: [...this.#updatedNodes].sort((a, b) => a - b),
      deletedNodes: this.#deletedNodes,
      deletedEdges: this.#deletedEdges,
    };
  }

  /** Searches once and replaces what it can. */
  #round(): SkippedMatch[] {
    const { isInduced, isUnique, types, limit } = this.#settings;
    const { pattern } = this.#rule;
    const search = searchReader(this.#tx, pattern, isInduced, types, CALL, this.#context);
    const matching = startSearch(search, isUnique, (units) => {
      this.#context.progress(units);
      this.#context.throwIfAborted();
    });
    const skipped: SkippedMatch[] = [];
    this.#changed = new Set();
    this.#joined = new Set();
    this.#parted = new Set();
    // The search reads projections, which do not see what is replaced meanwhile.
    while (this.#applied < limit && matching.next()) {
      const ids = Array.from(matching.found, (node) => search.graph.nodeIds[node] as number);
      const nodes = Object.fromEntries(pattern.names.map((name, place) => [name, ids[place] as number]));
      const reason = this.#replace(nodes, ids);
      if (reason === undefined) this.#applied++;
      else skipped.push({ nodes, reason });
    }
    matching.end();
    return skipped;
  }

  /** Replaces a match, unless there is a reason not to. */
  #replace(nodes: Readonly<Record<string, NodeId>>, ids: readonly NodeId[]): SkippedMatch["reason"] | undefined {
    const { isInduced, isDanglingDeleted } = this.#settings;
    const tx = this.#tx;
    const { edges, deleted, where } = this.#rule;
    if (ids.some((id) => this.#changed.has(id) || isInduced && this.#joined.has(id))) return "conflict";
    const found = assignEdges(tx, edges, nodes, this.#settings.types);
    if (found === undefined) {
      const isParted = edges.some(({ from, to }) =>
        this.#parted.has(pairOf(nodes[from] as number, nodes[to] as number))
      );
      return isParted ? "conflict" : "edges";
    }
    const named = edges.flatMap(({ name }, at) => name === undefined ? [] : [[name, found[at] as number] as const]);
    const match: RewriteMatch = { nodes, edges: Object.fromEntries(named) };
    if (where !== undefined && !where(match)) return "where";
    const gone = new Set(found.filter((_, at) => edges[at]?.isKept === false));
    const dangling = deleted.flatMap((name) =>
      tx.edgesOf(nodes[name] as number, { direction: "both", data: false }).map(({ id }) => id)
    ).filter((id) => !gone.has(id));
    if (dangling.length > 0 && !isDanglingDeleted) return "dangling";
    for (const id of new Set([...gone, ...dangling])) {
      const edge = tx.getEdge(id, { data: false });
      if (edge !== undefined) this.#parted.add(pairOf(edge.from, edge.to));
      tx.deleteEdge(id);
      this.#deletedEdges.push(id);
    }
    for (const name of deleted) {
      const id = nodes[name] as number;
      tx.deleteNode(id);
      this.#deletedNodes.push(id);
      this.#changed.add(id);
    }
    this.#insert(match);
    return undefined;
  }

  /** Changes nodes that stay, and adds new nodes and edges. */
  #insert(match: RewriteMatch): void {
    const tx = this.#tx;
    const { kept, inserted, newEdges } = this.#rule;
    const nodes: Record<string, NodeId> = { ...match.nodes };
    for (const [name, change] of kept) {
      if (!isChange(change)) continue;
      const id = nodes[name] as number;
      const { kind, name: newName, data, labels } = change;
      tx.updateNode(id, { kind, name: ofMatch(newName, match), data: ofMatch(data, match) });
      for (const label of labels ?? []) tx.addLabel(id, label);
      this.#updatedNodes.add(id);
      this.#changed.add(id);
    }
    for (const [name, { kind, name: newName, data, labels }] of inserted) {
      const id = tx.insertNode({ kind, name: ofMatch(newName, match) ?? "", data: ofMatch(data, match) ?? {}, labels });
      nodes[name] = id;
      this.#insertedNodes.push(id);
    }
    for (const { from, to, type, data } of newEdges) {
      const ends = { from: nodes[from] as number, to: nodes[to] as number };
      this.#insertedEdges.push(tx.insertEdge({ ...ends, type, data: ofMatch(data, match) ?? {} }));
      this.#joined.add(ends.from);
      this.#joined.add(ends.to);
    }
  }
}

function pairOf(one: NodeId, other: NodeId): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function isChange({ kind, name, data, labels }: RewriteNode): boolean {
  return kind !== undefined || name !== undefined || data !== undefined || labels !== undefined;
}

function ofMatch<T>(value: OfMatch<T> | undefined, match: RewriteMatch): T | undefined {
  return typeof value === "function" ? (value as (match: RewriteMatch) => T)(match) : value;
}
