/** Stored links of vector indexes: those of the Rust program as they are, ours written and read back. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { openSession } from "../../lib/sqlite/backend.ts";
import type { Session } from "../../lib/sqlite/session.ts";
import { vectorChunks } from "../../lib/sqlite/vector_chunk.ts";
import { VectorSlots } from "../../lib/sqlite/vector_slots.ts";
import {
  readTopology,
  StoredTopology,
  type UnusableTopology,
  writeTopology,
} from "../../lib/sqlite/vector_topology.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { copyReference } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, type OpenOptions } from "./reference.ts";

function open(path: string, options: OpenOptions = {}): Session & Disposable {
  const session = openSession(path, { durability: "off", ...options });
  return Object.assign(session, { [Symbol.dispose]: () => session.close() });
}

function indexOf(session: Session, name: string) {
  const index = session.store("test").vectorIndex(name);
  if (index === undefined) throw new Error(`there is no index ${name}`);
  return index;
}

/** A slot for each vector of an index, by number. */
function slotsOf(session: Session, name: string): VectorSlots {
  const slots = new VectorSlots();
  for (const { vectorIds } of vectorChunks(session.connection("test"), indexOf(session, name))) {
    for (const id of vectorIds) slots.add(slots.size, id);
  }
  return slots;
}

function read(session: Session, name: string, slots: VectorSlots = slotsOf(session, name)) {
  return readTopology(session.connection("test"), indexOf(session, name), slots);
}

function usable(topology: StoredTopology | UnusableTopology): StoredTopology {
  assertInstanceOf(topology, StoredTopology);
  return topology;
}

/** Links of every slot by layer; null for a slot without. */
function linksOf(topology: StoredTopology, slots: number): (number[][] | null)[] {
  return Array.from(
    { length: slots },
    (_, slot) => topology.linksOf(slot)?.map((links) => [...links]) ?? null,
  );
}

/** A database with an index "e" in which nodes 1 to `count` have vectors, numbered 1 to `count`. */
function withVectors(folder: TempDir, count: number, options: OpenOptions = {}): Session & Disposable {
  const session = open(folder.path("a.db"), options);
  // No index in memory: it would store links of its own.
  session.vectors.sink = undefined;
  session.writeMany("test", (store) => {
    store.createVectorIndex({
      name: "e",
      dimension: 1,
      metric: "euclidean",
      m: 16,
      efConstruction: 200,
      efSearch: 64,
      storage: "f32",
      seed: 0,
      engine: "hnsw",
    });
    for (let id = 1; id <= count; id++) {
      const node = { kind: "N", name: String(id), filePath: null, labels: [], data: "{}" };
      store.setVector(indexOf(session, "e"), store.insertNode(node), Float32Array.of(id));
    }
  });
  return session;
}

function write(
  session: Session,
  slots: VectorSlots,
  links: readonly (readonly (readonly number[])[])[],
  entryPoints: readonly number[],
  changed: readonly number[] = links.map((_, slot) => slot),
): void {
  session.writeMany("test", ({ connection }) => {
    const linksOf = (slot: number) => (links[slot] ?? []).map((list) => Uint32Array.from(list));
    writeTopology(connection, indexOf(session, "e"), slots, changed, linksOf, entryPoints);
  });
}

for (const file of ["sqlite-3.2.5", "sqlite-3.9.0"]) {
  for (const driver of DRIVERS) {
    for (const readonly of [true, false]) {
      test(`links of ${file} by ${driver}${readonly ? ", read-only" : ""} are taken as they are stored`, () => {
        using folder = tempDir();
        const path = copyReference(file, folder);
        const stored = new Map<number, Map<number, number[]>>();
        {
          using raw = openRaw(copyReference(file, folder, "untouched.db"));
          for (const row of raw.table("hnsw_layers")) {
            const bytes = row["connections"] as Uint8Array;
            const view = new DataView(bytes.buffer, bytes.byteOffset);
            const lists = stored.get(Number(row["index_id"])) ?? new Map<number, number[]>();
            stored.set(Number(row["index_id"]), lists);
            const ids = Array.from(
              { length: bytes.length / 8 },
              (_, at) => Number(view.getBigUint64(8 * at, true)) + 1,
            );
            lists.set(Number(row["node_id"]) + 1, ids);
          }
        }
        using session = open(path, { driver, readonly });
        for (const [number, name] of ["euclid8", "cos8", "churn8"].entries()) {
          const slots = slotsOf(session, name);
          const topology = usable(read(session, name, slots));
          const lists = stored.get(number + 1) as Map<number, number[]>;
          assertEquals(topology.linkedSlots, name === "churn8" ? 6 : 20);
          assertEquals(topology.lostLinks, 0);
          for (let slot = 0; slot < slots.size; slot++) {
            const links = topology.linksOf(slot);
            assertEquals(links?.length, 1);
            assertEquals(
              Array.from(links?.[0] ?? [], (link) => slots.vectorIdOf(link)),
              lists.get(slots.vectorIdOf(slot)),
            );
          }
          assertEquals(topology.entryPoints, [0]);
          assertEquals(topology.longest, Math.max(...[...lists.values()].map((list) => list.length)));
        }
      });
    }
  }
}

test("links of the Rust program that cannot be right are not used, and check says why", () => {
  const damages: readonly (readonly [sql: string, reason: string])[] = [
    ["UPDATE hnsw_layers SET connections = x'6300000000000000' WHERE index_id = 1 AND node_id = 3", "links to vectors"],
    ["UPDATE hnsw_layers SET connections = x'00000000000000FF' WHERE index_id = 1 AND node_id = 3", "links to vectors"],
    ["DELETE FROM hnsw_vectors WHERE id = 4", "links of vector 4"],
    ["UPDATE hnsw_layers SET layer_level = 1 WHERE index_id = 1 AND node_id = 3", "layers"],
  ];
  for (const [sql, reason] of damages) {
    using folder = tempDir();
    const path = copyReference("sqlite-3.2.5", folder);
    {
      using raw = openRaw(path);
      raw.exec(sql);
    }
    using session = open(path);
    const topology = read(session, "euclid8");
    assert("reason" in topology && topology.reason.includes(reason), sql);
    assertInstanceOf(read(session, "cos8"), StoredTopology);
  }
});

test("a vector that has no list, and one whose list is cut, are read as far as they go", () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.2.5", folder);
  {
    using raw = openRaw(path);
    raw.exec("DELETE FROM hnsw_layers WHERE index_id = 1 AND node_id = 7");
    raw.exec("UPDATE hnsw_layers SET connections = x'0900000000000000080000' WHERE index_id = 1 AND node_id = 3");
    raw.exec(
      "DELETE FROM hnsw_entry_points; INSERT INTO hnsw_entry_points VALUES (1, 99, 0), (1, 8, 1), (1, 5, 2), (1, 3, 2)",
    );
  }
  using session = open(path);
  const topology = usable(read(session, "euclid8"));
  assertEquals([topology.linkedSlots, topology.linksOf(7)], [19, undefined]);
  assertEquals(topology.linksOf(3), [Uint32Array.of(9)]);
  assertEquals(topology.entryPoints, [2, 4], "in their order, those with links");
  assertEquals(usable(read(session, "cos8")).entryPoints, [0], "without any, the first one with links");
});

for (const driver of DRIVERS) {
  test(`links on all layers are written and read back, only changed ones, by ${driver}`, () => {
    using folder = tempDir();
    const links: number[][][] = [[[1, 2]], [[0], [2, 3], [3]], [[], [1]], [[0, 1, 2], [1], [1]], []];
    {
      using session = withVectors(folder, 5, { driver });
      write(session, slotsOf(session, "e"), links, [1, 3]);
    }
    using session = open(folder.path("a.db"), { driver });
    const slots = slotsOf(session, "e");
    const topology = usable(read(session, "e", slots));
    assertEquals(linksOf(topology, 5), [...links.slice(0, 4), null]);
    assertEquals([topology.entryPoints, topology.linkedSlots, topology.longest], [[1, 3], 4, 3]);
    const rowIds = () => {
      using raw = openRaw(folder.path("a.db"), { readonly: true });
      return raw.rows("SELECT id, node_id, hex(connections) FROM hnsw_layers ORDER BY node_id");
    };
    const before = rowIds();
    links[2] = [[4], [3, 1]];
    links[4] = [[2]];
    write(session, slots, links, [4], [2, 4]);
    assertEquals(linksOf(usable(read(session, "e", slots)), 5), links);
    assertEquals(usable(read(session, "e", slots)).entryPoints, [4]);
    const after = rowIds();
    assertEquals([after[0], after[1], after[3]], [before[0], before[1], before[3]]);
    assertEquals(after[2]?.[2], "0400000000000000");
    links[1] = [];
    write(session, slots, links, [4], [1]);
    assertEquals(linksOf(usable(read(session, "e", slots)), 5)[1], null);
  });
}

test("a deleted vector takes its lists along, and links to it are left out", () => {
  using folder = tempDir();
  using session = withVectors(folder, 4);
  write(session, slotsOf(session, "e"), [[[1, 2, 3], [2]], [[0]], [[0, 3], [0]], [[2]]], [0]);
  session.writeMany("test", (store) => {
    store.deleteNode(1);
    store.setVector(indexOf(session, "e"), 4, Float32Array.of(9));
  });
  const slots = slotsOf(session, "e");
  assertEquals([0, 1, 2].map((slot) => slots.vectorIdOf(slot)), [2, 3, 5]);
  const topology = usable(read(session, "e", slots));
  assertEquals(linksOf(topology, 3), [[[]], [[], []], null]);
  assertEquals([topology.lostLinks, topology.linkedSlots], [4, 2]);
  assertEquals(topology.entryPoints, [0], "another entry point, so that the Rust program finds something");
  slots.remove(1);
  write(session, slots, [[[1, 2]], [[0]], [[1, 0]]], [1, 2]);
  assertEquals(
    linksOf(usable(read(session, "e")), 3),
    [[[2]], [[], []], [[0]]],
    "slots without a vector are passed over",
  );
});

test("links that a transaction wrote go with its rollback", () => {
  using folder = tempDir();
  using session = withVectors(folder, 2);
  const slots = slotsOf(session, "e");
  try {
    session.transaction("test", () => {
      write(session, slots, [[[1]], [[0]]], [0]);
      assertEquals(usable(read(session, "e", slots)).linkedSlots, 2);
      throw new Error("stop");
    });
  } catch (error) {
    assertEquals((error as Error).message, "stop");
  }
  const topology = usable(read(session, "e", slots));
  assertEquals([topology.linkedSlots, topology.entryPoints], [0, []]);
});

test("lists of many vectors are read in several steps, in any order of slots", () => {
  using folder = tempDir();
  using session = withVectors(folder, 9000);
  const slots = new VectorSlots();
  for (let id = 9000; id > 0; id--) slots.add(9000 - id, id);
  const links = Array.from(
    { length: 9000 },
    (_, slot) => [Array.from({ length: slot % 4 }, (_, at) => (slot * 7 + at) % 9000)],
  );
  write(session, slots, links, [8999]);
  const topology = usable(read(session, "e", slots));
  assertEquals(linksOf(topology, 9000), links);
  assertEquals(topology.entryPoints, [8999]);
});

test("slots and numbers of vectors follow a map", () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2 ** 52 }));
  fc.assert(fc.property(fc.array(fc.record({ slot: fc.nat({ max: 30 }), id, removes: fc.boolean() })), (steps) => {
    const slots = new VectorSlots();
    const model = new Map<number, number>();
    for (const { slot, id, removes } of steps) {
      if (removes) {
        slots.remove(slot);
        model.delete(slot);
      } else if (!model.has(slot) && ![...model.values()].includes(id)) {
        slots.add(slot, id);
        model.set(slot, id);
      }
    }
    assertEquals(slots.size, model.size);
    for (let slot = 0; slot <= 30; slot++) assertEquals(slots.vectorIdOf(slot), model.get(slot) ?? 0);
    for (const { id } of steps) {
      assertEquals(slots.slotOf(id), [...model].find(([, taken]) => taken === id)?.[0] ?? -1);
    }
  }));
});
