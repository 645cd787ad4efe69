/** Rules that replace parts of graphs. */

import type { JsonValue } from "../../backend/json.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";
import { checkObject, show } from "../../backend/validate.ts";
import { invalid } from "../params.ts";
import { type CheckedSubgraphPattern, checkSubgraphPattern, type SubgraphEdge, type SubgraphNode } from "./pattern.ts";

/** A match, for what a rule works out from it. */
export interface RewriteMatch {
  /** Nodes by name. */
  readonly nodes: Readonly<Record<string, NodeId>>;
  /** Edges of the pattern that have a name. */
  readonly edges: Readonly<Record<string, EdgeId>>;
}

/** A value, or how it comes from a match. */
export type OfMatch<T> = T | ((match: RewriteMatch) => T);

/** An edge to find. */
export interface RewriteFindEdge extends SubgraphEdge {
  /** Its name, by which `replace` can keep it. */
  readonly name?: string | undefined;
}

/** A node of what is there afterwards. For a node that was found: what is to be replaced of it. For a new one: what it is made of. */
export interface RewriteNode {
  /** Kind; a new node needs one. */
  readonly kind?: string | undefined;
  /** Name; of a new node by default empty. */
  readonly name?: OfMatch<string> | undefined;
  /** Data, as a whole; of a new node by default `{}`. */
  readonly data?: OfMatch<JsonValue> | undefined;
  /** Labels of a new node; labels that a node which was found gets besides its own. */
  readonly labels?: readonly string[] | undefined;
}

/** An edge of what is there afterwards: one that was found, or a new one. */
export type RewriteEdge =
  | {
    /** Name of the edge that stays. */
    readonly keep: string;
  }
  | {
    /** Name of the node that it leaves. */
    readonly from: string;
    /** Name of the node that it enters. */
    readonly to: string;
    /** Type. */
    readonly type: string;
    /** Data; default `{}`. */
    readonly data?: OfMatch<JsonValue> | undefined;
  };

/**
 * What to find, and what to put in its place. Nodes that both have by name stay, with all their other edges; nodes and edges that only
 * `find` has are deleted; those that only `replace` has are new.
 *
 * @example
 * ```ts ignore
 * // A friend of a friend is a friend.
 * const rule: RewriteRule = {
 *   find: {
 *     nodes: { a: { kind: "Person" }, b: { kind: "Person" }, c: { kind: "Person" } },
 *     edges: [{ name: "ab", from: "a", to: "b", type: "KNOWS" }, { name: "bc", from: "b", to: "c", type: "KNOWS" }],
 *   },
 *   replace: {
 *     nodes: { a: {}, b: {}, c: {} },
 *     edges: [{ keep: "ab" }, { keep: "bc" }, { from: "a", to: "c", type: "KNOWS", data: { through: "rule" } }],
 *   },
 * };
 * ```
 */
export interface RewriteRule {
  /** What to find. */
  readonly find: {
    /** Nodes by name. */
    readonly nodes: Readonly<Record<string, SubgraphNode>>;
    /** Edges: each is another edge of the graph. */
    readonly edges: readonly RewriteFindEdge[];
  };
  /** What is there afterwards. */
  readonly replace: {
    /** Nodes by name. */
    readonly nodes: Readonly<Record<string, RewriteNode>>;
    /** Edges. */
    readonly edges: readonly RewriteEdge[];
  };
  /** A further condition on matches; default none. */
  readonly where?: ((match: RewriteMatch) => boolean) | undefined;
}

/** An edge to find. */
export interface FoundEdge {
  /** Its name, if it has one. */
  readonly name: string | undefined;
  /** Name of the node that it leaves, or that either end is. */
  readonly from: string;
  /** Name of the other one. */
  readonly to: string;
  /** Types of which it has one; undefined: any. */
  readonly types: readonly string[] | undefined;
  /** Which way it leads. */
  readonly direction: "out" | "in" | "both";
  /** Whether it stays. */
  readonly isKept: boolean;
}

/** A rule that passed all checks. */
export interface CheckedRule {
  /** What to find. */
  readonly pattern: CheckedSubgraphPattern;
  /** All edges to find, also equal ones. */
  readonly edges: readonly FoundEdge[];
  /** Nodes that stay, with what is to be replaced of them. */
  readonly kept: readonly (readonly [name: string, change: RewriteNode])[];
  /** Nodes that are deleted. */
  readonly deleted: readonly string[];
  /** New nodes. */
  readonly inserted: readonly (readonly [name: string, node: RewriteNode & { readonly kind: string }])[];
  /** New edges. */
  readonly newEdges: readonly Exclude<RewriteEdge, { readonly keep: string }>[];
  /** The further condition. */
  readonly where: ((match: RewriteMatch) => boolean) | undefined;
}

/** A rule with its parts told apart. @throws {InvalidArgumentError} when it is none */
export function checkRule(rule: unknown, call: string): CheckedRule {
  const { find, replace, where } = checkObject(rule, call, "rule") as unknown as RewriteRule;
  const { edges = [] } = checkObject(find, call, "rule.find") as { edges?: readonly RewriteFindEdge[] };
  if (!Array.isArray(edges)) throw invalid(call, "rule.find.edges", edges, `is ${show(edges)}; give an array`);
  const unnamed = edges.map((edge, at) => {
    const { name: _, ...rest } = checkObject(edge, call, `rule.find.edges[${at}]`);
    return rest;
  });
  const pattern = checkSubgraphPattern({ ...find, edges: unnamed }, call, "rule.find");
  const { nodes, edges: after = [] } = checkObject(replace, call, "rule.replace");
  const results = Object.entries(checkObject(nodes, call, "rule.replace.nodes"));
  if (!Array.isArray(after)) throw invalid(call, "rule.replace.edges", after, `is ${show(after)}; give an array`);
  const names = edgeNames(edges as readonly RewriteFindEdge[], call);
  const resultNames = results.map(([name]) => name);
  const keptEdges = new Set<string>();
  const newEdges: Exclude<RewriteEdge, { readonly keep: string }>[] = [];
  for (const [at, edge] of (after as unknown[]).entries()) {
    const given = checkObject(edge, call, `rule.replace.edges[${at}]`);
    if ("keep" in given) {
      keptEdges.add(checkName(given["keep"], names, call, `rule.replace.edges[${at}].keep`));
      continue;
    }
    for (const end of ["from", "to"]) checkName(given[end], resultNames, call, `rule.replace.edges[${at}].${end}`);
    newEdges.push(given as unknown as Exclude<RewriteEdge, { readonly keep: string }>);
  }
  if (where !== undefined && typeof where !== "function") {
    throw invalid(call, "rule.where", where, `is ${show(where)}; give a function from a match to true or false`);
  }
  const checked: CheckedRule = {
    pattern,
    edges: (edges as readonly RewriteFindEdge[]).map(({ name, from, to, type, direction = "out" }) => ({
      name,
      from,
      to,
      types: type === undefined ? undefined : typeof type === "string" ? [type] : type,
      direction,
      isKept: name !== undefined && keptEdges.has(name),
    })),
    kept: results.filter(([name]) => pattern.names.includes(name)).map(([name, node]) => {
      return [name, checkObject(node, call, `rule.replace.nodes.${name}`) as RewriteNode];
    }),
    deleted: pattern.names.filter((name) => !resultNames.includes(name)),
    inserted: results.filter(([name]) => !pattern.names.includes(name)).map(([name, node]) => {
      const { kind, ...rest } = checkObject(node, call, `rule.replace.nodes.${name}`) as RewriteNode;
      if (kind === undefined) {
        throw invalid(call, `rule.replace.nodes.${name}.kind`, kind, "is missing; a new node needs one");
      }
      return [name, { ...rest, kind }];
    }),
    newEdges,
    where,
  };
  checkKept(checked, call);
  return checked;
}

function edgeNames(edges: readonly RewriteFindEdge[], call: string): string[] {
  const names = edges.flatMap(({ name }) => name === undefined ? [] : [name]);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid(call, "rule.find.edges", twice, `has two edges with the name ${show(twice)}`);
  return names;
}

function checkName(name: unknown, known: readonly string[], call: string, field: string): string {
  if (known.includes(name as string)) return name as string;
  throw invalid(call, field, name, `is ${show(name)}; there are ${known.length === 0 ? "none" : known.join(", ")}`);
}

/** An edge cannot stay when one of its ends goes. */
function checkKept({ edges, deleted }: CheckedRule, call: string): void {
  for (const { name, from, to, isKept } of edges) {
    const gone = [from, to].find((end) => deleted.includes(end));
    if (isKept && gone !== undefined) {
      throw invalid(call, "rule.replace.edges", name, `keeps ${show(name)}, but its end ${show(gone)} is deleted`);
    }
  }
}
