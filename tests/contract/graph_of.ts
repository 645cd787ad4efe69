/** Small graphs from a text, and the whole content of a graph as one value. */

import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { KeyValueEntry } from "../../lib/backend/key_value.ts";
import type { EdgeId, EdgeRecord, NodeId, NodeRecord } from "../../lib/backend/schema.ts";

type NamesIn<T extends string> = T extends `${infer A}, ${infer B}` ? NamesIn<A> | NamesIn<B>
  : T extends `${infer From}-${string}>${infer To}` ? From | To
  : T;

type EdgesIn<T extends string> = T extends `${infer A}, ${infer B}` ? [...EdgesIn<A>, ...EdgesIn<B>]
  : T extends `${string}-${string}>${string}` ? [EdgeId]
  : [];

/** A graph that `graphOf` made. */
export interface SmallGraph<T extends string> {
  /** Node name → id; ids ascend in the order in which the text names the nodes. */
  readonly nodes: { readonly [N in NamesIn<T>]: NodeId };
  /** Ids of the edges in the order of the text. */
  readonly edges: EdgesIn<T>;
}

/**
 * Makes nodes of kind `Node` and edges of type `LINK` or of the type that stands in the arrow, in one transaction.
 *
 *   const { nodes: { a, b }, edges: [ab, ba] } = graphOf(db, "a->b, b-KNOWS->a, alone");
 */
export function graphOf<const T extends string>(graph: GraphTransaction, text: T): SmallGraph<T> {
  return graph.transaction((tx) => {
    const nodes = new Map<string, NodeId>();
    const edges: EdgeId[] = [];
    const nodeOf = (name: string): NodeId => {
      let id = nodes.get(name);
      if (id === undefined) nodes.set(name, id = tx.insertNode({ kind: "Node", name }));
      return id;
    };
    for (const part of text.split(", ")) {
      const arrow = /^(\w+)-(?:(\w+)-)?>(\w+)$/.exec(part);
      if (arrow === null) nodeOf(part);
      else edges.push(tx.insertEdge({ from: nodeOf(arrow[1]!), to: nodeOf(arrow[3]!), type: arrow[2] ?? "LINK" }));
    }
    return { nodes: Object.fromEntries(nodes), edges } as unknown as SmallGraph<T>;
  });
}

/** Everything that a graph holds. */
export interface Content {
  readonly nodes: readonly NodeRecord[];
  readonly edges: readonly EdgeRecord[];
  readonly keyValues: readonly KeyValueEntry[];
}

/** Reads everything that a graph holds. */
export function contentOf(graph: GraphReader): Content {
  return { nodes: [...graph.nodes()], edges: [...graph.edges()], keyValues: [...graph.kv.scan()] };
}

/** The names of these nodes, in this order. */
export function namesOf(graph: GraphReader, ids: Iterable<NodeId>): string[] {
  return Array.from(ids, (id) => graph.nodeName(id) ?? `no node ${id}`);
}
