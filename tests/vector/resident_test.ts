/** Indexes in memory follow what an engine commits, stores and loads again. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { VectorMatch, VectorMetric } from "../../lib/backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../../lib/backend/vector_input.ts";
import type { StoredVectorIndex } from "../../lib/backend/vector_store.ts";
import { distanceBy } from "../../lib/vector/distance.ts";
import { Nearest } from "../../lib/vector/nearest.ts";
import { ResidentIndex, type StoredIndex } from "../../lib/vector/resident_index.ts";
import { type ResidentHost, ResidentVectors } from "../../lib/vector/resident_vectors.ts";
import { createVectorMemory } from "../../lib/vector/shared_vectors.ts";
import { NodeIdSet } from "../../lib/backend/node_id_set.ts";
import { test } from "../support/test.ts";

interface StoredRow {
  readonly birthLsn: number;
  readonly vector: Float32Array;
}

/** What an engine does: vectors by node, links by slot, commits one after the other. */
class FakeEngine implements ResidentHost {
  readonly stored: StoredVectorIndex;
  readonly vectors = new Map<number, StoredRow>();
  readonly links = new Map<number, { readonly nodeId: number; readonly stamp: number; readonly bytes: Uint8Array }>();
  lsn = 1;
  pin: number | undefined;
  resident: ResidentVectors;

  constructor(metric: VectorMetric, dimension: number) {
    const definition: VectorIndexDefinition = {
      name: "e",
      dimension,
      metric,
      m: 4,
      efConstruction: 20,
      efSearch: 200,
      storage: "f32",
      seed: 1,
      engine: "hnsw",
    };
    this.stored = { definition, number: 7, count: 0 };
    this.resident = new ResidentVectors(this, this.lsn);
  }

  oldestPin(): number {
    return this.pin ?? this.lsn;
  }

  newestLsn(): number {
    return this.lsn;
  }

  index(): StoredVectorIndex {
    return this.stored;
  }

  open({ definition }: StoredVectorIndex, lsn: number): ResidentIndex {
    return new ResidentIndex(definition, createVectorMemory({ ...definition, capacity: 4096 }), this.#stored(), lsn);
  }

  create(index: StoredVectorIndex, lsn: number): ResidentIndex {
    return this.open(index, lsn);
  }

  #stored(): StoredIndex {
    return {
      eachLinks: (visit) => {
        for (const [slot, { nodeId, stamp, bytes }] of this.links) visit(slot, nodeId, stamp, bytes, 0, bytes.length);
      },
      eachVector: (visit) => {
        for (const [nodeId, { birthLsn, vector }] of this.vectors) {
          visit(nodeId, birthLsn, birthLsn, new Uint8Array(vector.buffer), 0);
        }
      },
      entryPoints: [],
      entrySamples: 0,
    };
  }

  commit(changes: readonly (readonly [nodeId: number, vector: readonly number[] | undefined])[]): void {
    const lsn = this.lsn + 1;
    const all = changes.map(([nodeId, vector]) => ({ index: 7, nodeId, vector: vector && Float32Array.from(vector) }));
    const commits = [{ lsn, changes: all, created: [], dropped: [] }];
    this.resident.prepare(commits);
    for (const { nodeId, vector } of all) {
      if (vector === undefined) this.vectors.delete(nodeId);
      else this.vectors.set(nodeId, { birthLsn: lsn, vector });
    }
    this.resident.apply(commits);
    this.lsn = lsn;
    this.resident.workAfterCommit(all.length);
  }

  /** Stores links as a checkpoint does. */
  storeLinks(): void {
    for (const [, index] of this.resident.loaded()) {
      (index as ResidentIndex).sweep(this.oldestPin(), this.lsn);
      const { memory } = index as ResidentIndex;
      for (const slot of (index as ResidentIndex).takeDirty()) {
        const { state, nodeId, birthLsn, level } = memory.slot(slot);
        if (state !== "linked") this.links.delete(slot);
        else {
          const bytes = new Uint8Array(memory.maxLinkBytes(level));
          const end = memory.writeLinks(slot, bytes, 0);
          this.links.set(slot, { nodeId, stamp: birthLsn, bytes: bytes.subarray(0, end) });
        }
      }
    }
  }

  /** Forgets what is in memory. */
  reopen(): void {
    this.resident.close();
    this.resident = new ResidentVectors(this, this.lsn);
  }

  search(query: readonly number[], options: Partial<CheckedVectorSearch> = {}, lsn: number = this.lsn): VectorMatch[] {
    const search: CheckedVectorSearch = {
      query: Float32Array.from(query),
      k: 5,
      ef: 0,
      maxDistance: Infinity,
      isExact: false,
      allowed: undefined,
      signal: undefined,
      ...options,
    };
    return this.resident.load(this.stored).search(search, lsn, () => {
      throw new Error("not asked for f32");
    });
  }

  expected(query: readonly number[], allowed?: NodeIdSet): VectorMatch[] {
    const nearest = new Nearest(5, Infinity);
    const distance = distanceBy(this.stored.definition.metric);
    for (const [nodeId, { vector }] of this.vectors) {
      if (allowed?.has(nodeId) !== false) {
        nearest.offer({ nodeId, distance: distance(Float32Array.from(query), vector) });
      }
    }
    return nearest.sorted();
  }
}

/** Equal distances in the same order; which of several equally far nodes is found may differ by rounding. */
function assertSame(found: readonly VectorMatch[], expected: readonly VectorMatch[]): void {
  assertEquals(found.length, expected.length);
  found.forEach(({ distance }, at) => assertAlmostEquals(distance, expected[at]?.distance as number, 1e-4));
}

const number = fc.integer({ min: -20, max: 20 }).map((n) => n / 4);
const vector = fc.array(number, { minLength: 3, maxLength: 3 }).filter((numbers) => numbers.some((n) => n !== 0));
const changes = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.option(vector, { nil: undefined, freq: 3 })), {
  minLength: 1,
  maxLength: 30,
});

test("an index in memory follows commits, checkpoints and crashes", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("commit" as const), changes }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("storeLinks" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("search" as const), query: vector }) },
  );
  fc.assert(
    fc.property(
      fc.constantFrom<VectorMetric>("cosine", "euclidean", "dot", "manhattan"),
      fc.array(step, { maxLength: 25 }),
      (metric, steps) => {
        const engine = new FakeEngine(metric, 3);
        for (const action of steps) {
          if (action.do === "commit") engine.commit([...new Map(action.changes)]);
          else if (action.do === "storeLinks") engine.storeLinks();
          else if (action.do === "reopen") engine.reopen();
          else {
            assertSame(engine.search(action.query), engine.expected(action.query));
            const odd = NodeIdSet.of([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]);
            assertSame(engine.search(action.query, { allowed: odd }), engine.expected(action.query, odd));
          }
        }
        engine.reopen();
        assertSame(engine.search([1, 2, 3]), engine.expected([1, 2, 3]));
        assertEquals((engine.resident.find(7, engine.lsn) as ResidentIndex).count, engine.vectors.size);
        engine.resident.close();
      },
    ),
    { numRuns: 60 },
  );
});

test("a search at a past commit returns what was there then", () => {
  const engine = new FakeEngine("euclidean", 1);
  engine.search([0]);
  engine.commit([[1, [1]], [2, [2]]]);
  const then = engine.lsn;
  engine.pin = then;
  engine.commit([[1, [9]], [2, undefined], [3, [3]]]);
  for (let round = 0; round < 40; round++) engine.commit([[4, [round]]]);
  assertEquals(engine.search([0], {}, then), [{ nodeId: 1, distance: 1 }, { nodeId: 2, distance: 2 }]);
  engine.pin = undefined;
  (engine.resident.find(7, engine.lsn) as ResidentIndex).sweep(engine.lsn, engine.lsn);
  assertEquals(engine.search([0]).map(({ nodeId }) => nodeId), [3, 1, 4]);
});

test("loading tells what it met", () => {
  const engine = new FakeEngine("euclidean", 2);
  engine.search([0, 0]);
  engine.commit(Array.from({ length: 50 }, (_, at) => [at + 1, [at, -at]] as const));
  engine.storeLinks();
  engine.commit([[1, undefined], [2, [5, 5]], [60, [6, 6]]]);
  engine.reopen();
  const index = engine.resident.load(engine.stored) as ResidentIndex;
  assertEquals(index.report, { linked: 48, pending: 2, stale: 2 });
  assertEquals(index.memory.stats().pending, 0);
  engine.resident.close();
});
