/** Random work on a database and on the model: both must agree after every step. A failure prints its seed and the shrunk case. */

import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphTransaction, Snapshot } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import type { NodeRecord } from "../../lib/backend/schema.ts";
import { test } from "../support/test.ts";
import { type Content, contentOf } from "./graph_of.ts";
import { type ChangeText, changeText, GraphModel } from "./model.ts";
import { runsOn, type Subject, World } from "./subject.ts";
import { DIRECTIONS, TraversalModel } from "./traversal_model.ts";

type Patch = Readonly<Record<string, JsonValue | undefined>>;

/** One step. `pick`, `from` and `to` choose among all ids that were ever given, so that missing records occur. */
type Action =
  | { readonly do: "insertNode" | "mergeNode"; readonly node: NodeShape }
  | { readonly do: "insertNodes"; readonly nodes: readonly NodeShape[]; readonly isBroken: boolean }
  | { readonly do: "updateNode"; readonly pick: number; readonly update: Partial<Omit<NodeShape, "labels">> }
  | { readonly do: "patchNode" | "patchEdge"; readonly pick: number; readonly patch: Patch }
  | { readonly do: "deleteNode" | "deleteEdge"; readonly pick: number }
  | { readonly do: "addLabel" | "removeLabel"; readonly pick: number; readonly label: string }
  | {
    readonly do: "insertEdge" | "mergeEdge";
    readonly from: number;
    readonly to: number;
    readonly type: string;
    readonly data: JsonValue;
  }
  | {
    readonly do: "updateEdge";
    readonly pick: number;
    readonly update: { readonly type?: string; readonly data?: JsonValue };
  }
  | { readonly do: "set"; readonly key: string; readonly value: KeyValue; readonly ttlSeconds: number | undefined }
  | { readonly do: "delete"; readonly key: string }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "transaction"; readonly actions: readonly Action[]; readonly fails: boolean }
  | { readonly do: "iterate" | "snapshot" | "checkpoint" | "query" | "reopen" };

interface NodeShape {
  readonly kind: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly data: JsonValue;
}

// Few different values, so that they meet: kinds are labels, too, and their order by UTF-8 is not that by UTF-16.
const TERMS = ["A", "B", "é", "\uff5e", "😀"] as const;
const term = fc.constantFrom(...TERMS);
const name = fc.constantFrom("", "a", "b", "ab");
const data = fc.constantFrom<JsonValue>(
  {},
  { a: 1 },
  { a: -0, b: [null] },
  { b: 2n ** 64n },
  { b: 2 ** 60 },
  null,
  [1],
  "text",
);
const node = fc.record({ kind: term, name, labels: fc.array(term, { maxLength: 3 }), data });
const pick = fc.nat({ max: 30 });
const patch: fc.Arbitrary<Patch> = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.constantFrom<JsonValue | undefined>(undefined, null, 5, [2n ** 70n]),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
);
const key = fc.constantFrom("", "k", "k1", "é", "\uff5e", "😀");
const value = fc.constantFrom<KeyValue>(
  null,
  1,
  -0,
  1.5,
  2n ** 60n,
  "text",
  [1, { a: -0 }],
  new Uint8Array([0, 255]),
  NaN,
);

const simple: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Action> }[] = [
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("insertNode" as const, "mergeNode" as const), node }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("insertNodes" as const),
      nodes: fc.array(node, { maxLength: 4 }),
      isBroken: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("updateNode" as const),
      pick,
      update: fc.oneof(fc.record({ kind: term }), fc.record({ name, data }), fc.record({ kind: term, name, data })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("patchNode" as const, "patchEdge" as const), pick, patch }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("deleteNode" as const, "deleteEdge" as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("addLabel" as const, "removeLabel" as const), pick, label: term }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("insertEdge" as const, "mergeEdge" as const),
      from: pick,
      to: pick,
      type: term,
      data,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("updateEdge" as const),
      pick,
      update: fc.oneof(fc.record({ type: term }), fc.record({ data }), fc.record({ type: term, data })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      key,
      value,
      ttlSeconds: fc.constantFrom(undefined, undefined, 0, 1, 5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 999, 1_000, 4_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("iterate" as const, "query" as const) }) },
];

const outside: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Action> }[] = [
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("snapshot" as const, "checkpoint" as const, "reopen" as const) }),
  },
];

const { transaction } = fc.letrec<{ transaction: Action }>((tie) => ({
  transaction: fc.record({
    do: fc.constant("transaction" as const),
    actions: fc.array(
      fc.oneof({ maxDepth: 3 }, ...simple, { weight: 8, arbitrary: tie("transaction") }),
      { maxLength: 8 },
    ),
    fails: fc.boolean(),
  }),
}));

const actions = fc.array(fc.oneof(...simple, ...outside, { weight: 8, arbitrary: transaction }), { maxLength: 40 });

class Rollback extends Error {}

/** A database, the model, and what was begun and has to be looked at again. */
class Run {
  readonly #subject: Subject;
  readonly #world: World;
  readonly #model: GraphModel;
  readonly #nodeIds: number[] = [];
  readonly #edgeIds: number[] = [];
  readonly #snapshots: { readonly snapshot: Snapshot; readonly expected: Content }[] = [];
  #iterators: { readonly iterator: IterableIterator<NodeRecord>; readonly expected: readonly NodeRecord[] }[] = [];
  #told: ChangeText[] = [];
  #depth = 0;

  constructor(subject: Subject, world: World) {
    this.#subject = subject;
    this.#world = world;
    this.#model = new GraphModel(() => world.nowMs);
    this.#listen();
  }

  /** Does one step outside of transactions and compares everything. */
  step(action: Action): void {
    const { lsn } = this.#world.db;
    this.#apply(action, this.#world.db);
    const expected = this.#model.takeChanges();
    const { db } = this.#world;
    assertEquals(this.#sortedChanges(), expected, "changes told");
    if (action.do !== "reopen") assertEquals(db.lsn, lsn + (expected.length > 0 ? 1 : 0), "lsn");
    assertEquals(contentOf(db), this.#model.content());
    for (const { snapshot, expected } of this.#snapshots) assertEquals(contentOf(snapshot), expected);
  }

  /** Ends what was begun. */
  finish(): void {
    this.#finishIterators();
    for (const { snapshot } of this.#snapshots) snapshot.release();
    this.#world.verify();
  }

  #apply(action: Action, tx: GraphTransaction): void {
    const model = this.#model;
    switch (action.do) {
      case "insertNode":
        return model.insertNode(this.#newNode(tx.insertNode(action.node)), action.node);
      case "mergeNode": {
        const found = model.findNode(action.node.kind, action.node.name);
        const { id, created } = tx.mergeNode(action.node);
        assertEquals(created, found === undefined);
        if (found === undefined) return model.insertNode(this.#newNode(id), action.node);
        return assertEquals(id, found);
      }
      case "insertNodes": {
        if (action.isBroken) {
          assertThrows(() => tx.insertNodes([...action.nodes, { kind: "", name: "" }]), InvalidArgumentError);
          return;
        }
        const ids = tx.insertNodes(action.nodes);
        return ids.forEach((id, at) => model.insertNode(this.#newNode(id), action.nodes[at]!));
      }
      case "updateNode":
        return this.#onNode(
          action.pick,
          (id) => tx.updateNode(id, action.update),
          (id) => model.updateNode(id, action.update),
        );
      case "patchNode":
        return this.#onNode(action.pick, (id) => tx.patchNode(id, action.patch), (id, call) => {
          if (model.isPatchable("node", id)) return model.patchNode(id, action.patch);
          assertThrows(call, InvalidArgumentError);
          return REFUSED;
        });
      case "deleteNode":
        return this.#onNode(action.pick, (id) => tx.deleteNode(id), (id) => model.deleteNode(id));
      case "addLabel":
        return this.#onNode(
          action.pick,
          (id) => tx.addLabel(id, action.label),
          (id) => model.addLabel(id, action.label),
        );
      case "removeLabel":
        return this.#onNode(action.pick, (id) => tx.removeLabel(id, action.label), (id, call) => {
          const removed = model.removeLabel(id, action.label);
          if (removed !== undefined) return removed;
          assertThrows(call, InvalidArgumentError);
          return REFUSED;
        });
      case "insertEdge":
      case "mergeEdge": {
        const edge = { ...action, from: choose(this.#nodeIds, action.from), to: choose(this.#nodeIds, action.to) };
        if (!model.hasNode(edge.from) || !model.hasNode(edge.to)) {
          assertThrows(() => tx[action.do](edge), NotFoundError);
          return;
        }
        const found = action.do === "mergeEdge" ? model.findEdge(edge.from, edge.to, edge.type) : undefined;
        const id = action.do === "mergeEdge" ? tx.mergeEdge(edge).id : tx.insertEdge(edge);
        if (found === undefined) return model.insertEdge(this.#newEdge(id), edge);
        return assertEquals(id, found);
      }
      case "updateEdge":
        return this.#onEdge(
          action.pick,
          (id) => tx.updateEdge(id, action.update),
          (id) => model.updateEdge(id, action.update),
        );
      case "patchEdge":
        return this.#onEdge(action.pick, (id) => tx.patchEdge(id, action.patch), (id, call) => {
          if (model.isPatchable("edge", id)) return model.patchEdge(id, action.patch);
          assertThrows(call, InvalidArgumentError);
          return REFUSED;
        });
      case "deleteEdge":
        return this.#onEdge(action.pick, (id) => tx.deleteEdge(id), (id) => model.deleteEdge(id));
      case "set":
        tx.kv.set(action.key, action.value, { ttlSeconds: action.ttlSeconds });
        return model.setKey(action.key, action.value, action.ttlSeconds);
      case "delete":
        return assertEquals(tx.kv.delete(action.key), model.deleteKey(action.key));
      case "wait":
        this.#world.nowMs += action.ms;
        return;
      case "transaction":
        return this.#transaction(action.actions, action.fails, tx);
      case "iterate":
        return this.#iterate();
      case "query":
        return assertQueries(tx, model.content());
      case "snapshot":
        if (this.#snapshots.length === 3) this.#snapshots.shift()!.snapshot.release();
        this.#snapshots.push({ snapshot: this.#world.db.snapshot(), expected: this.#model.content() });
        return;
      case "checkpoint":
        return assertEquals(this.#world.db.checkpoint().expiredKeys, model.expire());
      case "reopen":
        return this.#reopen();
    }
  }

  #transaction(inner: readonly Action[], fails: boolean, outer: GraphTransaction): void {
    const restore = this.#model.save();
    const run = () =>
      outer.transaction((tx) => {
        this.#depth++;
        try {
          for (const action of inner) this.#apply(action, tx);
        } finally {
          this.#depth--;
        }
        assertEquals(contentOf(tx), this.#model.content(), "inside");
        if (fails) throw new Rollback();
      });
    if (!fails) return run();
    assertThrows(run, Rollback);
    restore();
    if (this.#depth > 0) assertEquals(contentOf(outer), this.#model.content(), "after the rollback");
  }

  #onNode(at: number, call: (id: number) => unknown, expect: Expectation): void {
    const id = choose(this.#nodeIds, at);
    this.#onRecord(id, this.#model.hasNode(id), call, expect);
  }

  #onEdge(at: number, call: (id: number) => unknown, expect: Expectation): void {
    const id = choose(this.#edgeIds, at);
    this.#onRecord(id, this.#model.hasEdge(id), call, expect);
  }

  #onRecord(id: number, exists: boolean, call: (id: number) => unknown, expect: Expectation): void {
    if (!exists) {
      assertThrows(() => call(id), NotFoundError);
      return;
    }
    const expected = expect(id, () => call(id));
    if (expected === REFUSED) return;
    const result = call(id);
    if (typeof expected === "boolean") assertStrictEquals(result, expected);
    else if (result !== undefined) {
      const { nodes, edges } = this.#model.content();
      assertEquals(
        result,
        [...nodes, ...edges].find((record) =>
          record.id === id && ("kind" in record) === ("kind" in (result as object))
        ),
      );
    }
  }

  #iterate(): void {
    this.#finishIterators();
    const iterator = this.#world.db.nodes();
    const expected = this.#model.content().nodes;
    const first = iterator.next();
    assertEquals(first.done ? undefined : first.value, expected[0]);
    this.#iterators.push({ iterator, expected: expected.slice(1) });
  }

  #finishIterators(): void {
    for (const { iterator, expected } of this.#iterators) assertEquals([...iterator], expected, "an iterator");
    this.#iterators = [];
  }

  #reopen(): void {
    if (this.#subject.inMemory) return;
    this.#finishIterators();
    const { lsn } = this.#world.db;
    this.#snapshots.length = 0;
    assert(this.#world.reopen({ durability: "off" }).lsn >= lsn);
    this.#listen();
  }

  #listen(): void {
    this.#world.db.subscribe({}, (change) => void this.#told.push(changeText(change)));
  }

  /** What was told since the last look, the single changes sorted: the model does not know the order of a cascade. */
  #sortedChanges(): ChangeText[] {
    const told = this.#told;
    this.#told = [];
    if (told.length > 0) assert(told.at(-1)!.startsWith("commit"), `${told}`);
    return [...told.slice(0, -1).toSorted(), ...told.slice(-1)];
  }

  #newNode(id: number): number {
    assertFalse(this.#nodeIds.includes(id), `node id ${id} was given before`);
    this.#nodeIds.push(id);
    return id;
  }

  #newEdge(id: number): number {
    assertFalse(this.#edgeIds.includes(id), `edge id ${id} was given before`);
    this.#edgeIds.push(id);
    return id;
  }
}

const REFUSED = Symbol("refused");

/** Changes the model and says what the call must return; `REFUSED` when the call was made and refused. */
type Expectation = (id: number, call: () => unknown) => boolean | void | typeof REFUSED;

function choose(ids: readonly number[], at: number): number {
  return ids.length === 0 ? 1 : ids[at % ids.length]!;
}

/** Asks through every index what the whole content must answer. */
function assertQueries(graph: GraphReader, { nodes, edges, keyValues }: Content): void {
  assertEquals([graph.countNodes(), graph.countEdges(), graph.kv.count()], [
    nodes.length,
    edges.length,
    keyValues.length,
  ]);
  const ids = (test: (node: NodeRecord) => boolean) => nodes.filter(test).map((node) => node.id);
  for (const text of TERMS) {
    assertEquals([...graph.nodeIds({ kind: text })], ids((node) => node.kind === text));
    assertEquals(
      [...graph.nodeIds({ label: text })],
      ids((node) => node.kind === text || node.labels?.includes(text) === true),
    );
    assertEquals([...graph.edges({ type: text })], edges.filter((edge) => edge.type === text));
  }
  assertEquals([...graph.nodeIds({ name: "a" })], ids((node) => node.name === "a"));
  assertEquals([...graph.nodeIds({ glob: "a*" })], ids((node) => node.name.startsWith("a")));
  const model = new TraversalModel(nodes, edges);
  for (const { id } of nodes) {
    for (const direction of DIRECTIONS) {
      assertEquals(graph.neighbors(id, { direction }), model.neighbors(id, { direction }));
      assertEquals(
        graph.edgesOf(id, { direction, types: ["A", "é"] }),
        model.edgesOf(id, { direction, types: ["A", "é"] }),
      );
    }
  }
}

function runAll(subject: Subject, steps: readonly Action[]): void {
  using world = new World(subject, { durability: "off" });
  const run = new Run(subject, world);
  for (const action of steps) run.step(action);
  run.finish();
}

/** Declares the property test. */
export function propertyContract(subject: Subject): void {
  test(`${subject.name}: random work leaves the database as it leaves the model`, () => {
    fc.assert(fc.property(actions, (steps) => runAll(subject, steps)), { numRuns: runsOn(subject, 30) });
  });
}
