/** The contract of the pattern search: paths of nodes that match a root and its legs. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import { MAX_STEPS } from "../../lib/backend/limits.ts";
import type { GraphPattern, NodePattern } from "../../lib/backend/query.ts";
import { graphOf } from "./graph_of.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { graphTest, runsOn, type Subject } from "./subject.ts";
import { TraversalModel } from "./traversal_model.ts";

/** Declares the tests of patterns. */
export function patternContract(subject: Subject): void {
  graphTest(subject, "a pattern gives one id per position, in lexicographic order, each sequence once", (db) => {
    const { nodes: { a, b, c } } = graphOf(db, "a, b, c, a->c, a->b, a->b, b->c, c->a, c->c");
    assertEquals(db.matchPattern({}), [[a], [b], [c]]);
    assertEquals(db.matchPattern({ legs: [] }), [[a], [b], [c]]);
    assertEquals(db.matchPattern({ legs: [{}] }), [[a, b], [a, c], [b, c], [c, a], [c, c]]);
    assertEquals(db.matchPattern({ legs: [{}, { direction: "in" }] }).length, 11);
    assertEquals(db.matchPattern({ legs: [{}, {}] }, { start: b }), [[b, c, a], [b, c, c]]);
    assertEquals(db.matchPattern({ legs: [{ direction: "both" }] }, { start: b }), [[b, a], [b, c]]);
  });

  graphTest(subject, "limit cuts the matches and start fixes the first node", (db) => {
    const { nodes: { a, b, c } } = graphOf(db, "a, b, c, a->b, a->c, b->c, c->a");
    const pattern = { legs: [{}] };
    const all = db.matchPattern(pattern);
    for (const limit of [0, 1, 2, 3, 4, 99]) assertEquals(db.matchPattern(pattern, { limit }), all.slice(0, limit));
    assertEquals(db.matchPattern(pattern, { start: a, limit: 1 }), [[a, b]]);
    assertEquals(db.matchPattern({}, { start: c }), [[c]]);
    assertEquals(db.matchPattern({ root: { namePrefix: "a" } }, { start: b }), []);
  });

  graphTest(subject, "nodes of a pattern are constrained by kind, name prefix and data", (db) => {
    const [ada, adam, bob, paris] = db.insertNodes([
      { kind: "Person", name: "Ada", data: { born: 1815, tags: ["x", { y: 1 }], none: null } },
      { kind: "Person", name: "Adam", data: { born: 1815n, tags: [] } },
      { kind: "Person", name: "Bob", data: [1815] },
      { kind: "City", name: "Adana", data: { born: "1815", "": 0 } },
    ]) as [number, number, number, number];
    db.addLabel(bob, "City");
    const CASES: readonly (readonly [NodePattern, readonly number[]])[] = [
      [{}, [ada, adam, bob, paris]],
      [{ kind: "Person" }, [ada, adam, bob]],
      [{ kind: "City" }, [paris]],
      [{ kind: "person" }, []],
      [{ namePrefix: "" }, [ada, adam, bob, paris]],
      [{ namePrefix: "Ada" }, [ada, adam, paris]],
      [{ namePrefix: "Adam" }, [adam]],
      [{ namePrefix: "ada" }, []],
      [{ namePrefix: "A*" }, []],
      [{ namePrefix: "%" }, []],
      [{ kind: "Person", namePrefix: "Ada" }, [ada, adam]],
      [{ data: { born: 1815 } }, [ada, adam]],
      [{ data: { born: 1815n } }, [ada, adam]],
      [{ data: { born: 1815.5 } }, []],
      [{ data: { born: "1815" } }, [paris]],
      [{ data: { born: 1815, tags: [] } }, [adam]],
      [{ data: { tags: ["x", { y: 1 }] } }, [ada]],
      [{ data: { tags: ["x", { y: 1n }] } }, [ada]],
      [{ data: { tags: ["x", { y: 2 }] } }, []],
      [{ data: { tags: ["x"] } }, []],
      [{ data: { none: null } }, [ada]],
      [{ data: { missing: null } }, []],
      [{ data: { "": 0 } }, [paris]],
      [{ data: { "0": 1815 } }, []],
      [{ data: { toString: 1 } }, []],
      [{ kind: "Person", namePrefix: "A", data: { none: null } }, [ada]],
      [{ kind: undefined, namePrefix: undefined, data: undefined }, [ada, adam, bob, paris]],
    ];
    for (const [root, expected] of CASES) {
      const about = Object.keys(root).join();
      assertEquals(db.matchPattern({ root }), expected.map((id) => [id]), about);
      for (const id of [ada, adam, bob, paris]) {
        assertEquals(db.matchPattern({ root }, { start: id }), expected.includes(id) ? [[id]] : [], about);
      }
    }
    for (const to of [ada, adam, bob, paris]) db.insertEdge({ from: ada, to, type: "T" });
    for (const [node, expected] of CASES) {
      assertEquals(
        db.matchPattern({ root: { namePrefix: "Ada", kind: "Person", data: { none: null } }, legs: [{ node }] }),
        expected.map((id) => [ada, id]),
      );
    }
  });

  graphTest(subject, "a constraint of numbers is exact beyond 2^53", (db) => {
    const big = 2n ** 53n + 1n;
    const id = db.insertNode({ kind: "N", name: "n", data: { big } });
    assertEquals(db.matchPattern({ root: { data: { big } } }), [[id]]);
    assertEquals(db.matchPattern({ root: { data: { big: big - 1n } } }), []);
    assertEquals(db.matchPattern({ root: { data: { big: 2 ** 53 } } }), []);
  });

  graphTest(subject, "legs follow direction and types, and what passes is constrained", (db) => {
    const { nodes: { a, b, c, d } } = graphOf(db, "a, b, c, d, a-X->b, b-Y->c, c-X->b, b-X->d, d-Y->a");
    db.updateNode(c, { kind: "Other" });
    assertEquals(db.matchPattern({ legs: [{ types: ["X"] }, { types: ["Y"] }] }), [[a, b, c], [b, d, a], [c, b, c]]);
    assertEquals(db.matchPattern({ legs: [{ types: ["X"] }, { types: ["X"], direction: "in" }] }), [
      [a, b, a],
      [a, b, c],
      [b, d, b],
      [c, b, a],
      [c, b, c],
    ]);
    assertEquals(db.matchPattern({ legs: [{ node: { kind: "Other" } }] }), [[b, c]]);
    assertEquals(db.matchPattern({ root: { kind: "Other" }, legs: [{ direction: "in", node: { namePrefix: "b" } }] }), [
      [c, b],
    ]);
    assertEquals(db.matchPattern({ legs: [{ types: [] }] }), []);
    assertEquals(db.matchPattern({ legs: [{ types: ["NONE"] }, {}] }), []);
  });

  graphTest(subject, "a pattern takes 1,000 legs and refuses one more", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a->b, b->a");
    const legs = (length: number) => Array.from({ length }, () => ({}));
    const expected = Array.from({ length: MAX_STEPS + 1 }, (_, n) => n % 2 ? b : a);
    assertEquals(db.matchPattern({ legs: legs(MAX_STEPS) }, { start: a }), [expected]);
    assertRefused(
      db,
      InvalidArgumentError,
      () => db.matchPattern({ legs: legs(MAX_STEPS + 1) }),
      "legs",
      `${MAX_STEPS}`,
    );
  });

  graphTest(subject, "a pattern that could match nothing sensible is refused", (db) => {
    graphOf(db, "a->b");
    const bad: unknown[] = [
      null,
      "a->b",
      { root: 5 },
      { root: { kind: 5 } },
      { root: { namePrefix: 5 } },
      { root: { data: 5 } },
      { root: { data: { x: NaN } } },
      { root: { data: { x: undefined } } },
      { legs: {} },
      { legs: [5] },
      { legs: [{ types: "X" }] },
      { legs: [{ types: [5] }] },
      { legs: [{ direction: "sideways" }] },
      { legs: [{ node: { kind: 5 } }] },
    ];
    for (const pattern of bad) assertRefused(db, InvalidArgumentError, () => db.matchPattern(untyped(pattern)));
  });

  graphTest(subject, "on random multigraphs patterns match as in the model", (db) => {
    const node = fc.option(
      fc.record({
        kind: fc.constantFrom("K", "L"),
        namePrefix: fc.constantFrom("", "a", "ab"),
        data: fc.record({ n: fc.constantFrom<JsonValue>(0, 1, 1n) }),
      }, { requiredKeys: [] }),
      { nil: undefined, freq: 2 },
    );
    const leg = fc.record({
      direction: fc.constantFrom("out", "in", "both"),
      types: fc.uniqueArray(fc.constantFrom("A", "B")),
      node,
    }, { requiredKeys: ["direction"] });
    const pattern = fc.record({ root: node, legs: fc.array(leg, { maxLength: 3 }) });
    const nodes = fc.array(
      fc.record({
        kind: fc.constantFrom("K", "L"),
        name: fc.constantFrom("", "a", "ab", "b"),
        data: fc.constantFrom<JsonValue>({ n: 0 }, { n: 1 }, {}, null, [1]),
      }),
      { minLength: 1, maxLength: 6 },
    );
    const edges = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("A", "B")), { maxLength: 12 });
    fc.assert(
      fc.property(nodes, edges, fc.array(pattern, { minLength: 5, maxLength: 10 }), (inputs, links, patterns) => {
        db.transaction((tx) => {
          for (const id of tx.nodeIds()) tx.deleteNode(id);
          const ids = tx.insertNodes(inputs);
          const end = (n: number) => ids[n % ids.length]!;
          tx.insertEdges(links.map(([from, to, type]) => ({ from: end(from), to: end(to), type })));
        });
        const model = new TraversalModel([...db.nodes()], [...db.edges()]);
        for (const one of patterns as GraphPattern[]) {
          const expected = model.matchPattern(one);
          assertEquals(db.matchPattern(one), expected);
          assertEquals(db.matchPattern(one, { limit: 2 }), expected.slice(0, 2));
          const start = model.nodes.at(-1)!.id;
          assertEquals(db.matchPattern(one, { start }), model.matchPattern(one, start));
        }
      }),
      { numRuns: runsOn(subject, 40) },
    );
  }, { durability: "off" });
}
