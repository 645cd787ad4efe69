/** Patterns of subgraphs: what to look for. */

import type { Direction, NodeFilter } from "../../backend/query.ts";
import type { NodeId } from "../../backend/schema.ts";
import { checkNodeFilter } from "../../backend/record_input.ts";
import { checkDirection, checkId, checkLookup, checkObject, show } from "../../backend/validate.ts";
import { invalid } from "../params.ts";

/** What a node of a pattern must be. All given conditions hold at once. */
export interface SubgraphNode extends NodeFilter {
  /** One of these nodes; default any. */
  readonly nodeIds?: readonly NodeId[] | undefined;
}

/** An edge of a pattern: a condition that at least one edge of the graph must fulfil. */
export interface SubgraphEdge {
  /** Name of the pattern's node that it leaves. */
  readonly from: string;
  /** Name of the pattern's node that it enters; may be the same one, for a self-loop. */
  readonly to: string;
  /** Its type, or several of which it has one; default any. */
  readonly type?: string | readonly string[] | undefined;
  /** `in` turns it round, `both` takes an edge either way; default `out`. */
  readonly direction?: Direction | undefined;
}

/**
 * A small graph to look for. Different nodes of it are different nodes of the graph. Parallel edges of the graph count as one,
 * and equal edges of the pattern as well.
 *
 * @example
 * ```ts ignore
 * const pattern: SubgraphPattern = {
 *   nodes: { author: { kind: "Person" }, friend: { kind: "Person" }, book: { kind: "Book" } },
 *   edges: [
 *     { from: "author", to: "book", type: "WROTE" },
 *     { from: "friend", to: "book", type: "READ" },
 *     { from: "author", to: "friend", type: "KNOWS", direction: "both" },
 *   ],
 * };
 * ```
 */
export interface SubgraphPattern {
  /** The nodes by name, in the order in which matches list them; `{}` is any node. */
  readonly nodes: Readonly<Record<string, SubgraphNode>>;
  /** The edges. */
  readonly edges: readonly SubgraphEdge[];
}

/** Most nodes of a pattern. */
export const MAX_PATTERN_NODES = 64;

/** A pattern that passed all checks. */
export interface CheckedSubgraphPattern {
  /** Names of the nodes. */
  readonly names: readonly string[];
  /** What they must be; equal texts are equal conditions. */
  readonly conditions: readonly NodeCondition[];
  /** The edges, each once. */
  readonly edges: readonly EdgeCondition[];
}

/** What a node must be. */
export interface NodeCondition {
  /** Filter of the node; undefined lets all pass. */
  readonly filter: NodeFilter | undefined;
  /** Ids that pass, each once and ascending; undefined lets all pass. */
  readonly nodeIds: readonly NodeId[] | undefined;
  /** Equal texts are equal conditions. */
  readonly key: string;
}

/** What an edge must be. */
export interface EdgeCondition {
  /** Place of the node that it leaves. */
  readonly from: number;
  /** Place of the node that it enters. */
  readonly to: number;
  /** Types of which it has one, each once and sorted; undefined: any. */
  readonly types: readonly string[] | undefined;
  /** Whether it may lead the other way. */
  readonly isEitherWay: boolean;
}

/** A pattern with its defaults filled in. @throws {InvalidArgumentError} when it is none */
export function checkSubgraphPattern(pattern: unknown, call: string, field = "pattern"): CheckedSubgraphPattern {
  const { nodes, edges = [] } = checkObject(pattern, call, field);
  const given = checkObject(nodes, call, `${field}.nodes`);
  const names = Object.keys(given);
  if (names.length === 0 || names.length > MAX_PATTERN_NODES) {
    throw invalid(call, `${field}.nodes`, nodes, `has ${names.length} nodes; give 1 to ${MAX_PATTERN_NODES}`);
  }
  if (!Array.isArray(edges)) throw invalid(call, `${field}.edges`, edges, `is ${show(edges)}; give an array`);
  const checked = new Map<string, EdgeCondition>();
  for (const [at, edge] of edges.entries()) {
    const condition = checkEdge(edge, names, call, `${field}.edges[${at}]`);
    checked.set(JSON.stringify(condition), condition);
  }
  return {
    names,
    conditions: names.map((name) => checkNode(given[name], call, `${field}.nodes.${name}`)),
    edges: [...checked.values()],
  };
}

function checkNode(node: unknown, call: string, field: string): NodeCondition {
  const given = checkObject(node, call, field);
  for (const member of Object.keys(given)) {
    if (["kind", "name", "glob", "label", "nodeIds"].includes(member)) continue;
    throw invalid(
      call,
      `${field}.${member}`,
      given[member],
      "is no condition; there are kind, name, glob, label, nodeIds",
    );
  }
  const { nodeIds, ...rest } = given as SubgraphNode;
  checkNodeFilter(rest, call);
  const filter = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined).sort());
  const isFree = Object.keys(filter).length === 0;
  let ids: number[] | undefined;
  if (nodeIds !== undefined) {
    if (!Array.isArray(nodeIds)) throw invalid(call, `${field}.nodeIds`, nodeIds, `is ${show(nodeIds)}; give an array`);
    ids = [...new Set(nodeIds.map((id, at) => checkId(id, call, `${field}.nodeIds[${at}]`)))].sort((a, b) => a - b);
  }
  return { filter: isFree ? undefined : filter, nodeIds: ids, key: JSON.stringify([filter, ids ?? null]) };
}

function checkEdge(edge: unknown, names: readonly string[], call: string, field: string): EdgeCondition {
  const given = checkObject(edge, call, field);
  for (const member of Object.keys(given)) {
    if (["from", "to", "type", "direction"].includes(member)) continue;
    throw invalid(call, `${field}.${member}`, given[member], "is no condition; there are from, to, type, direction");
  }
  const direction = checkDirection(given["direction"], call);
  const from = checkEnd(given["from"], names, call, `${field}.from`);
  const to = checkEnd(given["to"], names, call, `${field}.to`);
  const isTurned = direction === "in" || direction === "both" && to < from;
  return {
    from: isTurned ? to : from,
    to: isTurned ? from : to,
    types: checkTypes(given["type"], call, `${field}.type`),
    isEitherWay: direction === "both" && from !== to,
  };
}

function checkEnd(name: unknown, names: readonly string[], call: string, field: string): number {
  const place = names.indexOf(name as string);
  if (place >= 0) return place;
  throw invalid(call, field, name, `is ${show(name)}; the pattern's nodes are ${names.join(", ")}`);
}

function checkTypes(type: unknown, call: string, field: string): string[] | undefined {
  if (type === undefined) return undefined;
  const types = Array.isArray(type) ? type : [type];
  if (types.length === 0) throw invalid(call, field, type, "is empty; give a type or leave it out");
  return [...new Set(types.map((one) => checkLookup(one, call, field)))].sort();
}
