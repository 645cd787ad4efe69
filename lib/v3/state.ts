/** The state after one commit: roots and counts. Immutable. */

import type { TreeRoot } from "./pages.ts";
import { EMPTY_ROOT } from "./pages.ts";

/** The trees of a graph, by their place in `GraphState.roots`. */
export const TREE = {
  /** Node id → node record. */
  nodes: 0,
  /** Edge id → edge record. */
  edges: 1,
  /** (node, neighbour, edge id) → type, for edges that leave the node. */
  outgoing: 2,
  /** The same for edges that enter it. */
  incoming: 3,
  /** (string number × 2 + role, node id, 0): role 0 for the kind of the node, 1 for a label. */
  terms: 4,
  /** Name, kind and id of every node, in byte order. */
  names: 5,
  /** String number → text of a kind, type or label. */
  strings: 6,
  /** Text → string number. */
  texts: 7,
  /** Key → value record. */
  keyValues: 8,
  /** (expiry, key) of every key that expires. */
  expiries: 9,
  /** Name → vector index (`vector_index_record.ts`); the empty name → number of the next one. */
  vectorIndexes: 10,
  /** (index number, node id, part) → part of a vector (`vector_key.ts`). */
  vectors: 11,
  /** (index number, slot) → what an index in memory stores of itself. */
  vectorLinks: 12,
} as const;

/** Trees from here on may be missing in a catalog, which was written before there were vectors: they are empty. */
export const FIRST_LATER_TREE: number = TREE.vectorIndexes;

/** Names of the trees in the catalog, in the order of `TREE`. */
export const TREE_NAMES: readonly string[] = Object.keys(TREE);

/** What kind of tree each is. */
export const TREE_KINDS: readonly ("record" | "link" | "byte")[] = [
  "record",
  "record",
  "link",
  "link",
  "link",
  "byte",
  "record",
  "byte",
  "byte",
  "byte",
  "byte",
  "byte",
  "byte",
];

/** Roles in the tree of terms. */
export const KIND_ROLE = 0;
export const LABEL_ROLE = 1;

/** Which nodes have a string as their kind or label: the first part of a key in the tree of terms. */
export function termOf(stringNumber: number, role: typeof KIND_ROLE | typeof LABEL_ROLE): number {
  return stringNumber * 2 + role;
}

/** How much a state holds. */
export interface Counts {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Expired keys that no checkpoint has removed yet included. */
  readonly keyCount: number;
}

/** What one commit left. */
export interface GraphState extends Counts {
  readonly lsn: number;
  /** Time of the commit, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Number that the next new string gets. */
  readonly nextString: number;
  /** One root per tree. */
  readonly roots: readonly TreeRoot[];
  /** The catalog that was written last, maybe for an earlier commit; `catalogLsn` tells. */
  readonly catalog: TreeRoot;
  /** Commit whose roots the catalog holds. */
  readonly catalogLsn: number;
}

/** The state of a new database. */
export const EMPTY_STATE: GraphState = {
  lsn: 0,
  timeMs: 0,
  nodeCount: 0,
  edgeCount: 0,
  keyCount: 0,
  nextString: 1,
  roots: TREE_NAMES.map(() => EMPTY_ROOT),
  catalog: EMPTY_ROOT,
  catalogLsn: 0,
};
