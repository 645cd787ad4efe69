/** The contract of traversals: neighbours, degree, breadth-first search, k-hop, shortest path and chains. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { MAX_STEPS } from "../../lib/backend/limits.ts";
import type { EdgeFilter } from "../../lib/backend/query.ts";
import { graphOf, namesOf } from "./graph_of.ts";
import { assertRefused } from "./refusal.ts";
import { graphTest, runsOn, type Subject } from "./subject.ts";
import { DIRECTIONS, TraversalModel } from "./traversal_model.ts";

/** Declares the tests of traversals. */
export function traversalContract(subject: Subject): void {
  neighborContract(subject);
  searchContract(subject);
  chainContract(subject);
  refusalContract(subject);
  modelContract(subject);
}

function neighborContract(subject: Subject): void {
  graphTest(subject, "neighbours ascend, each once or once per edge, a self-loop once", (db) => {
    const { nodes: { a, b, c, d } } = graphOf(db, "a->c, a->b, a-X->b, b->a, a->a, c->b, d");
    assert(a < c && c < b);
    assertEquals(db.neighbors(a), [a, c, b]);
    assertEquals(db.neighbors(a, { distinct: true, direction: "out" }), [a, c, b]);
    assertEquals(db.neighbors(a, { distinct: false }), [a, c, b, b]);
    assertEquals(db.neighbors(a, { direction: "in", distinct: false }), [a, b]);
    assertEquals(db.neighbors(a, { direction: "both", distinct: false }), [a, c, b, b, b]);
    assertEquals(db.neighbors(a, { direction: "both" }), [a, c, b]);
    assertEquals(db.neighbors(a, { types: ["X"] }), [b]);
    assertEquals(db.neighbors(a, { types: ["X", "LINK"], distinct: false }), [a, c, b, b]);
    assertEquals(db.neighbors(a, { types: [] }), []);
    assertEquals(db.neighbors(a, { types: ["x", "NONE"] }), []);
    assertEquals(db.neighbors(b, { direction: "in" }), [a, c]);
    assertEquals(db.neighbors(d, { direction: "both" }), []);
  });

  graphTest(subject, "degree counts edges; both is out plus in, so a self-loop counts twice there", (db) => {
    const { nodes: { a, b, c } } = graphOf(db, "a->b, a->b, a-X->b, b->a, a->a, c");
    const degrees = (id: number, types?: string[]) =>
      DIRECTIONS.map((direction) => db.degree(id, { direction, types }));
    assertEquals(degrees(a), [4, 2, 6]);
    assertEquals(degrees(b), [1, 3, 4]);
    assertEquals(degrees(c), [0, 0, 0]);
    assertEquals(degrees(a, ["X"]), [1, 0, 1]);
    assertEquals(degrees(a, ["X", "LINK"]), [4, 2, 6]);
    assertEquals(degrees(a, []), [0, 0, 0]);
    assertEquals(db.degree(a), 4);
  });

  graphTest(subject, "a node with thousands of edges answers in order", (db) => {
    const hub = db.insertNode({ kind: "Hub", name: "hub" });
    const leaves = db.insertNodes(Array.from({ length: 3_000 }, (_, n) => ({ kind: "Leaf", name: `${n}` })));
    db.insertEdges(leaves.toReversed().map((to, n) => ({ from: hub, to, type: n % 2 ? "A" : "B" })));
    assertEquals(db.neighbors(hub), leaves);
    assertEquals([db.degree(hub), db.degree(hub, { types: ["A"] })], [3_000, 1_500]);
    assertEquals(db.edgesOf(hub, { data: false }).map((edge) => edge.to), leaves);
    assertEquals(db.kHop(leaves[0]!, 2, { direction: "both" }), [hub, ...leaves.slice(1)]);
  });
}

function searchContract(subject: Subject): void {
  graphTest(subject, "bfs lists the start, then by distance in the order of discovery", (db) => {
    // a's neighbours are b and c; c, found second, leads to d, which has a smaller id than e, found through b.
    const { nodes } = graphOf(db, "a, b, c, d, e, f, a->c, a->b, b->e, c->d, d->f, e->f, f->a");
    const names = (options?: Parameters<typeof db.bfs>[1]) => namesOf(db, db.bfs(nodes.a, options));
    assertEquals(names(), ["a", "b", "c", "e", "d", "f"]);
    assertEquals(names({ depth: 0 }), ["a"]);
    assertEquals(names({ depth: 1 }), ["a", "b", "c"]);
    assertEquals(names({ depth: 2 }), ["a", "b", "c", "e", "d"]);
    assertEquals(names({ depth: 99 }), ["a", "b", "c", "e", "d", "f"]);
    assertEquals(names({ depth: 1, direction: "in" }), ["a", "f"]);
    assertEquals(names({ depth: 1, direction: "both" }), ["a", "b", "c", "f"]);
    assertEquals(names({ types: ["NONE"] }), ["a"]);
    assertEquals(names({ types: [] }), [], "where no edge may pass there is no search");
  });

  graphTest(subject, "kHop lists by distance, then id, without the start", (db) => {
    const { nodes } = graphOf(db, "a, b, c, d, e, f, a->c, a->b, b->e, c->d, d->f, e->f, f->a, a->a");
    const names = (depth: number, filter?: EdgeFilter) => namesOf(db, db.kHop(nodes.a, depth, filter));
    assertEquals(names(0), []);
    assertEquals(names(1), ["b", "c"]);
    assertEquals(names(2), ["b", "c", "d", "e"]);
    assertEquals(names(3), ["b", "c", "d", "e", "f"]);
    assertEquals(names(99), ["b", "c", "d", "e", "f"]);
    assertEquals(names(2, { direction: "in" }), ["f", "d", "e"]);
    assertEquals(names(1, { direction: "both" }), ["b", "c", "f"]);
    assertEquals(names(5, { types: [] }), []);
    assertEquals(names(5, { types: ["NONE"] }), []);
  });

  graphTest(subject, "shortestPath has the fewest edges and both ends, and prefers small ids", (db) => {
    const { nodes: { a, b, c, d, e } } = graphOf(db, "a, b, c, d, e, a->c, a->b, c->d, b->d, a-LONG->d, e->a");
    assertEquals(db.shortestPath(a, d), [a, d]);
    assertEquals(db.shortestPath(a, d, { types: ["LINK"] }), [a, b, d]);
    assertEquals(db.shortestPath(d, a, { types: ["LINK"], direction: "in" }), [d, b, a]);
    assertEquals(db.shortestPath(e, d), [e, a, d]);
    assertStrictEquals(db.shortestPath(d, a), undefined);
    assertEquals(db.shortestPath(b, c, { direction: "both" }), [b, a, c]);
    assertEquals(db.shortestPath(a, a), [a]);
    assertEquals(db.shortestPath(a, a, { types: [] }), [a]);
    assertStrictEquals(db.shortestPath(a, d, { types: [] }), undefined);
    assertStrictEquals(db.shortestPath(a, d, { types: ["NONE"] }), undefined);
  });

  graphTest(subject, "long paths are found", (db) => {
    const ids = db.insertNodes(Array.from({ length: 3_000 }, (_, n) => ({ kind: "N", name: `${n}` })));
    db.insertEdges(ids.slice(1).map((to, n) => ({ from: ids[n]!, to, type: "NEXT" })));
    const [first, last] = [ids[0]!, ids.at(-1)!];
    assertEquals(db.shortestPath(first, last), ids);
    assertEquals(db.bfs(first), ids);
    assertEquals(db.kHop(last, 2_999, { direction: "in" }), ids.slice(0, -1).toReversed());
  });
}

function chainContract(subject: Subject): void {
  graphTest(subject, "chain follows its steps and gives distinct ids, ascending", (db) => {
    const { nodes: { a, b, c, d } } = graphOf(db, "a, b, c, d, a-X->c, a-X->b, b-Y->d, c-Y->d, d-Z->d, b-Y->a, d-X->a");
    db.updateNode(d, { kind: "End" });
    assertEquals(db.chain(a, []), [a]);
    assertEquals(db.chain(a, [{}]), [b, c]);
    assertEquals(db.chain(a, [{ types: ["X"] }, { types: ["Y"] }]), [a, d]);
    assertEquals(db.chain(a, [{ types: ["X"] }, { types: ["Y"], kind: "End" }]), [d]);
    assertEquals(db.chain(a, [{ kind: "Node" }, { kind: "Node" }]), [a]);
    assertEquals(db.chain(a, [{ types: ["X"] }, { types: ["X"], direction: "in" }]), [a]);
    assertEquals(db.chain(d, [{ direction: "in", types: ["Y", "Z"] }]), [b, c, d]);
    assertEquals(db.chain(d, [{ direction: "both" }]), [a, b, c, d]);
    assertEquals(db.chain(d, Array.from({ length: 20 }, () => ({ types: ["Z"] }))), [d]);
    assertEquals(db.chain(a, [{ types: [] }]), []);
    assertEquals(db.chain(a, [{ kind: "Nothing" }, {}]), []);
  });

  graphTest(subject, "chain takes 1,000 steps and refuses one more", (db) => {
    const { nodes: { a } } = graphOf(db, "a->b, b->a");
    const steps = (length: number) => Array.from({ length }, () => ({}));
    assertEquals(db.chain(a, steps(MAX_STEPS)), [a]);
    assertRefused(db, InvalidArgumentError, () => db.chain(a, steps(MAX_STEPS + 1)), "steps", `${MAX_STEPS}`);
  });
}

function refusalContract(subject: Subject): void {
  graphTest(subject, "a traversal from or to a missing node is NotFoundError", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a->b");
    db.deleteNode(b);
    const calls: ((id: number) => unknown)[] = [
      (id) => db.neighbors(id),
      (id) => db.neighbors(id, { types: [] }),
      (id) => db.degree(id),
      (id) => db.degree(id, { types: [] }),
      (id) => db.edgesOf(id),
      (id) => db.edgesOf(id, { data: false, types: [] }),
      (id) => db.bfs(id),
      (id) => db.bfs(id, { depth: 0 }),
      (id) => db.bfs(id, { types: [] }),
      (id) => db.kHop(id, 2),
      (id) => db.kHop(id, 0),
      (id) => db.kHop(id, 2, { types: [] }),
      (id) => db.shortestPath(id, a),
      (id) => db.shortestPath(a, id),
      (id) => db.shortestPath(id, id),
      (id) => db.shortestPath(a, id, { types: [] }),
      (id) => db.chain(id, []),
      (id) => db.chain(id, [{ types: [] }]),
      (id) => db.matchPattern({}, { start: id }),
      (id) => db.matchPattern({ root: { kind: "None" } }, { start: id, limit: 0 }),
    ];
    for (const call of calls) {
      assertRefused(db, NotFoundError, () => call(b), `${b}`);
      assertRefused(db, NotFoundError, () => call(4_711), "4711");
    }
  });
}

/** Every call with every direction, list of types and depth, from every node, against the model. */
export function assertTraversals(graph: GraphReader, model: TraversalModel): void {
  const typeLists = [undefined, [], ["A"], ["B", "C"], ["C", "A", "B", "A"], ["NONE"]];
  const nodeIds = model.nodes.map((node) => node.id);
  for (const direction of DIRECTIONS) {
    for (const types of typeLists) {
      const filter = { direction, types };
      for (const id of nodeIds) {
        const about = `${JSON.stringify(filter)} from ${id}`;
        assertEquals(graph.edgesOf(id, filter), model.edgesOf(id, filter), `edgesOf ${about}`);
        assertEquals(graph.neighbors(id, filter), model.neighbors(id, filter), `neighbors ${about}`);
        const perEdge = { ...filter, distinct: false };
        assertEquals(graph.neighbors(id, perEdge), model.neighbors(id, perEdge), `neighbors per edge ${about}`);
        assertEquals(graph.degree(id, filter), model.degree(id, filter), `degree ${about}`);
        for (const depth of [0, 1, 2, undefined]) {
          assertEquals(
            graph.bfs(id, { ...filter, depth }),
            model.bfs(id, { ...filter, depth }),
            `bfs ${depth} ${about}`,
          );
          assertEquals(
            graph.kHop(id, depth ?? 99, filter),
            model.kHop(id, depth ?? 99, filter),
            `kHop ${depth} ${about}`,
          );
        }
        for (const to of nodeIds) {
          assertEquals(
            graph.shortestPath(id, to, filter),
            model.shortestPath(id, to, filter),
            `path to ${to} ${about}`,
          );
          assertEquals(
            graph.edgesBetween(id, to, filter),
            model.edgesBetween(id, to, filter),
            `between ${to} ${about}`,
          );
        }
        for (const kind of [undefined, "K", "L"]) {
          const steps = [{ ...filter, kind }, { direction: "both" as const, types }, filter];
          assertEquals(graph.chain(id, steps), model.chain(id, steps), `chain ${kind} ${about}`);
        }
      }
    }
  }
}

const RANDOM_GRAPH = fc.record({
  kinds: fc.array(fc.constantFrom("K", "L"), { minLength: 1, maxLength: 6 }),
  edges: fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.constantFrom("A", "B", "C")), { maxLength: 14 }),
});

function buildGraph(
  db: GraphBackend,
  { kinds, edges }: { kinds: string[]; edges: [number, number, string][] },
): TraversalModel {
  db.transaction((tx) => {
    for (const id of tx.nodeIds()) tx.deleteNode(id);
    const ids = tx.insertNodes(kinds.map((kind, n) => ({ kind, name: `${n}` })));
    const end = (n: number) => ids[n % ids.length]!;
    tx.insertEdges(edges.map(([from, to, type], n) => ({ from: end(from), to: end(to), type, data: { n } })));
  });
  return new TraversalModel([...db.nodes()], [...db.edges()]);
}

function modelContract(subject: Subject): void {
  graphTest(subject, "on random multigraphs every traversal answers as the model does", (db) => {
    fc.assert(
      fc.property(RANDOM_GRAPH, (shape) => assertTraversals(db, buildGraph(db, shape))),
      { numRuns: runsOn(subject, 12) },
    );
  }, { durability: "off" });

  graphTest(subject, "inside a transaction and in a snapshot traversals answer the same way", (db) => {
    fc.assert(
      fc.property(RANDOM_GRAPH, (shape) => {
        const model = buildGraph(db, shape);
        {
          using snapshot = db.snapshot();
          for (const id of db.nodeIds()) db.deleteNode(id);
          assertTraversals(snapshot, model);
        }
        db.transaction(() => assertTraversals(db, buildGraph(db, shape)));
      }),
      { numRuns: 3 },
    );
  }, { durability: "off" });
}
