/** What the reading calls take: filters, directions, steps and patterns. */

import type { JsonValue } from "./json.ts";
import type { NodeId } from "./schema.ts";

/** Which edges of a node: those that leave it, those that enter it, or both. */
export type Direction = "out" | "in" | "both";

/** Which edges a traversal follows. */
export interface EdgeFilter<T extends string = string> {
  /** Default `out`. */
  readonly direction?: Direction | undefined;
  /** Only these types; an empty list lets nothing pass; default all. */
  readonly types?: readonly T[] | undefined;
}

/** How `neighbors` answers. */
export interface NeighborOptions<T extends string = string> extends EdgeFilter<T> {
  /** True (the default): each neighbour once. False: one entry per edge, a self-loop once. */
  readonly distinct?: boolean | undefined;
}

/** Which edges of a node `edgesOf` lists. */
export interface EdgesOfOptions<T extends string = string> extends EdgeFilter<T> {
  /** False leaves `data` out and is faster. */
  readonly data?: boolean | undefined;
}

/** How far and along which edges `bfs` goes. */
export interface BfsOptions<T extends string = string> extends EdgeFilter<T> {
  /** Largest distance from the start; default no limit. */
  readonly depth?: number | undefined;
}

/** Which nodes. All given conditions hold at once. */
export interface NodeFilter<K extends string = string> {
  /** Exactly this kind. */
  readonly kind?: K | undefined;
  /** Exactly this name. */
  readonly name?: string | undefined;
  /**
   * Names that match this pattern as a whole: `*` any text, `?` one character, `[abc]`, `[a-z]`, `[^a-z]` one character of
   * a set, `\` takes the next character as it is. Case-sensitive, by Unicode code points; the same on every backend. A `[`
   * without its `]` stands for itself, as does a `\` at the very end; a `]` that comes first and a `-` at either end belong to
   * the set.
   */
  readonly glob?: string | undefined;
  /** Nodes with this label; the kind counts as a label. */
  readonly label?: string | undefined;
}

/** A part of the nodes, in ascending ids. */
export interface NodePage<K extends string = string> extends NodeFilter<K> {
  /** Only ids above this one; default 0. */
  readonly after?: NodeId | undefined;
  /** At most this many; default all. */
  readonly limit?: number | undefined;
}

/** Which nodes `nodes` lists, and how. */
export interface NodesOptions<K extends string = string> extends NodePage<K> {
  /** False leaves `data` out and is faster. */
  readonly data?: boolean | undefined;
}

/** Which edges `edges` lists, and how. */
export interface EdgesOptions<T extends string = string> {
  /** Exactly this type. */
  readonly type?: T | undefined;
  /** Only ids above this one; default 0. */
  readonly after?: number | undefined;
  /** At most this many; default all. */
  readonly limit?: number | undefined;
  /** False leaves `data` out and is faster. */
  readonly data?: boolean | undefined;
}

/** One step of a chain query. */
export interface ChainStep<S extends { kind: string; type: string } = { kind: string; type: string }>
  extends EdgeFilter<S["type"]> {
  /** Only nodes of this kind are reached. */
  readonly kind?: S["kind"] | undefined;
}

/** What a node of a pattern must be. All given conditions hold at once. */
export interface NodePattern<K extends string = string> {
  /** Exactly this kind. */
  readonly kind?: K | undefined;
  /** Names that start with this text. */
  readonly namePrefix?: string | undefined;
  /** Top-level members of `data` and the values that they must equal (1 equals 1n). */
  readonly data?: { readonly [field: string]: JsonValue } | undefined;
}

/** A leg of a pattern: from the node before, along these edges, to such a node. */
export interface PatternLeg<K extends string = string, T extends string = string> extends EdgeFilter<T> {
  /** What the node at the end of the leg must be; default any. */
  readonly node?: NodePattern<K> | undefined;
}

/** A path-shaped pattern: a root and legs, each starting where the one before ended. */
export interface GraphPattern<K extends string = string, T extends string = string> {
  /** What the first node must be; default any. */
  readonly root?: NodePattern<K> | undefined;
  /** The legs, in order; none matches the root alone. */
  readonly legs?: readonly PatternLeg<K, T>[] | undefined;
}

/** Where to look for a pattern. */
export interface MatchOptions {
  /** Only matches whose first node is this one; default every node. */
  readonly start?: NodeId | undefined;
  /** At most this many matches; default all. */
  readonly limit?: number | undefined;
}
