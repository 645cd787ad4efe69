/** Random graphs, and what a projection of them must hold, by brute force. */

import fc from "fast-check";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { Adjacency, Projection, ProjectOptions } from "../../lib/backend/projection.ts";

/** A graph to be made: nodes by place, of which some are deleted again. */
export interface GraphPlan {
  readonly nodes: readonly { readonly kind: string; readonly label: string | undefined; readonly isDeleted: boolean }[];
  readonly edges: readonly {
    readonly from: number;
    readonly to: number;
    readonly type: string;
    readonly weight: number | undefined;
  }[];
}

const KINDS = ["A", "B", "C"];
const TYPES = ["R", "S"];

/** Small graphs with parallel edges, self-loops and gaps between ids. */
export const graphPlans: fc.Arbitrary<GraphPlan> = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc.record({
    nodes: fc.array(
      fc.record({
        kind: fc.constantFrom(...KINDS),
        label: fc.constantFrom(undefined, "A", "red"),
        isDeleted: fc.boolean(),
      }),
      { minLength: size, maxLength: size },
    ),
    edges: fc.array(
      fc.record({
        from: fc.nat(size - 1),
        to: fc.nat(size - 1),
        type: fc.constantFrom(...TYPES),
        weight: fc.constantFrom(undefined, 0, 1.5, -2),
      }),
      { maxLength: 40 },
    ),
  })
);

/** Options of all kinds; kinds and types may be unknown. */
export const projectOptions: fc.Arbitrary<ProjectOptions> = fc.record({
  types: fc.constantFrom(undefined, [], ["R"], ["S", "R", "R"], ["none"], ["none", "S"]),
  kinds: fc.constantFrom(undefined, undefined, [], ["A"], ["B", "A"], ["none", "C"]),
  labels: fc.constantFrom(undefined, undefined, undefined, ["red"], ["A", "red"]),
  direction: fc.constantFrom(undefined, "out" as const, "in" as const, "both" as const),
  weight: fc.constantFrom(undefined, { field: "weight", default: 7 }),
  edgeIds: fc.boolean(),
  simple: fc.boolean(),
});

/** Makes a graph in an empty database. */
export function makeGraph(db: GraphBackend, { nodes, edges }: GraphPlan): void {
  const ids = db.insertNodes(nodes.map(({ kind, label }, at) => ({
    kind,
    name: `n${at}`,
    ...(label === undefined ? {} : { labels: [label] }),
  })));
  db.insertEdges(edges.map(({ from, to, type, weight }) => ({
    from: ids[from] as number,
    to: ids[to] as number,
    type,
    data: weight === undefined ? { weight: "heavy" } : { weight },
  })));
  nodes.forEach(({ isDeleted }, at) => {
    if (isDeleted) db.deleteNode(ids[at] as number);
  });
}

/** A link by ids. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly edge: number | undefined;
  readonly weight: number | undefined;
}

/** A projection by ids: comparable whatever its arrays look like. */
export interface Flat {
  readonly nodes: readonly number[];
  readonly edgeCount: number;
  readonly out: readonly Link[];
  readonly in: readonly Link[];
}

/** What a projection holds. */
export function flat(projection: Projection): Flat {
  return {
    nodes: Array.from({ length: projection.nodeCount }, (_, index) => projection.nodeId(index)),
    edgeCount: projection.edgeCount,
    out: links(projection, projection.out),
    in: links(projection, projection.in),
  };
}

function links(projection: Projection, { offsets, targets, edgeIds, weights }: Adjacency): Link[] {
  const all: Link[] = [];
  for (let index = 0; index < projection.nodeCount; index++) {
    for (let at = offsets[index] as number; at < (offsets[index + 1] as number); at++) {
      all.push({
        from: projection.nodeId(index),
        to: projection.nodeId(targets[at] as number),
        edge: edgeIds?.[at],
        weight: weights?.[at],
      });
    }
  }
  return all;
}

interface FullLink {
  readonly from: number;
  readonly to: number;
  readonly edge: number;
  readonly weight: number;
}

/** What a projection must hold, from the records of the database. */
export function expected(db: GraphBackend, options: ProjectOptions): Flat {
  const nodes = [...db.nodes()].filter(({ kind, labels = [] }) =>
    (options.kinds?.includes(kind) ?? true) &&
    (options.labels === undefined || options.labels.some((label) => label === kind || labels.includes(label)))
  ).map((node) => node.id).filter((id) => options.where?.(id) ?? true);
  const isUndirected = options.undirected === true || options.direction === "both";
  let out: FullLink[] = [];
  const edges = new Set<number>();
  for (const { id, from, to, type, data } of db.edges()) {
    if (!nodes.includes(from) || !nodes.includes(to) || !(options.types?.includes(type) ?? true)) continue;
    const weight = typeof data["weight"] === "number" ? data["weight"] : options.weight?.default ?? NaN;
    if (options.direction !== "in") out.push({ from, to, edge: id, weight });
    if (options.direction === "in" || (isUndirected && from !== to)) out.push({ from: to, to: from, edge: id, weight });
  }
  out.sort(byEnds);
  if (options.simple === true) {
    out = out.filter(({ from, to }, at) => from !== to && !(out[at - 1]?.from === from && out[at - 1]?.to === to));
  }
  for (const { edge } of out) edges.add(edge);
  const turned = isUndirected ? out : out.map((link) => ({ ...link, from: link.to, to: link.from })).sort(byEnds);
  const shown = ({ from, to, edge, weight }: FullLink): Link => ({
    from,
    to,
    edge: options.edgeIds === true ? edge : undefined,
    weight: options.weight === undefined ? undefined : weight,
  });
  return { nodes, edgeCount: edges.size, out: out.map(shown), in: turned.map(shown) };
}

function byEnds(a: FullLink, b: FullLink): number {
  return a.from - b.from || a.to - b.to || a.edge - b.edge;
}
