/** What an index in memory is told, and the records that it stores at checkpoints. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Database } from "../../lib/v3/database.ts";
import type { OpenRequest } from "../../lib/v3/open_database.ts";
import type { V3WriteStore } from "../../lib/v3/write_store.ts";
import { checkOptions } from "../../lib/v3/options.ts";
import { eachLinkRecord, readLinkRecord, type VectorLinkWriter } from "../../lib/v3/vector_links.ts";
import type { VectorCommit, VectorSink } from "../../lib/v3/vector_sink.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { test } from "../support/test.ts";

const PATH = "/data.graph";
const DEFINITION = {
  name: "v",
  dimension: 1,
  metric: "euclidean",
  m: 16,
  efConstruction: 200,
  efSearch: 64,
  storage: "f32",
  seed: 0,
  engine: "hnsw",
} as const;

function disk(): FaultFileSystem {
  return new FaultFileSystem(new SimulatedDisk(), new Rng(1));
}

function open(fileSystem: FaultFileSystem): Database {
  const request: OpenRequest = checkOptions(PATH, { fileSystem });
  return Database.open(request);
}

/** Writes what it is told, and stores what it is given. */
class NotingSink implements VectorSink {
  readonly told: string[] = [];
  /** Thrown by the next `prepare`. */
  refusal: Error | undefined;
  links: ((links: VectorLinkWriter) => void) | undefined;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    database.engine("test").vectorSink = this;
  }

  prepare(commits: readonly VectorCommit[]): void {
    this.told.push(`prepare ${commits.map(textOf).join("; ")}`);
    if (this.refusal !== undefined) throw this.refusal;
  }

  abandon(): void {
    this.told.push("abandon");
  }

  apply(commits: readonly VectorCommit[]): void {
    // The state of before is still the newest one.
    assert(this.#database.engine("test").state.lsn < commits[0]!.lsn);
    this.told.push(`apply ${commits.map(({ lsn }) => lsn)}`);
  }

  get hasUnwrittenLinks(): boolean {
    return this.links !== undefined;
  }

  writeLinks(links: VectorLinkWriter): void {
    this.links?.(links);
  }

  linksWritten(lsn: number): void {
    this.told.push(`links ${lsn}`);
    this.links = undefined;
  }
}

function textOf({ lsn, changes, created, dropped }: VectorCommit): string {
  const vectors = changes.map(({ index, nodeId, vector }) => `${index}/${nodeId}=${vector ?? "none"}`);
  const made = created.map(({ number, definition }) => `+${number}${definition.name}`);
  return [lsn, ...made, ...dropped.map((number) => `-${number}`), ...vectors].join(" ");
}

function write(database: Database, run: (store: V3WriteStore) => void): void {
  database.session.writeMany("test", (store) => run(store as V3WriteStore));
}

const insertNode = (store: V3WriteStore): number =>
  store.insertNode({ kind: "N", name: "n", filePath: null, labels: [], data: "{}" });

function setVector(store: V3WriteStore, nodeId: number, value: number): void {
  store.setVector(store.vectorIndex("v")!, nodeId, Float32Array.of(value));
}

test("an index in memory is told of each commit before it is published, without what was rolled back", () => {
  const database = open(disk());
  const sink = new NotingSink(database);
  const { session } = database;
  write(database, (store) => {
    store.createVectorIndex(DEFINITION);
    setVector(store, insertNode(store), 7);
    assertThrows(
      () =>
        write(database, (inner) => {
          setVector(inner, 1, 8);
          inner.createVectorIndex({ ...DEFINITION, name: "w" });
          throw new Error("inner");
        }),
      Error,
      "inner",
    );
    setVector(store, insertNode(store), 9);
  });
  write(database, insertNode);
  session.transactionGroup([
    (access) => access.write("test", (store) => setVector(store as V3WriteStore, 3, 1)),
    (access) => access.write("test", (store) => setVector(store as V3WriteStore, 3, NaN)) ?? thrower(),
    (access) => access.write("test", (store) => store.deleteNode(1)),
  ]);
  write(database, (store) => store.dropVectorIndex(store.vectorIndex("v")!));
  assertEquals(sink.told, [
    "prepare 1 +1v 1/1=7 1/2=9",
    "apply 1",
    "prepare 3 1/3=1; 4 1/1=none",
    "apply 3,4",
    "prepare 5 -1",
    "apply 5",
  ]);
  database.close();
});

function thrower(): never {
  throw new Error("rolled back");
}

test("an index in memory without room keeps a commit from being made, and one that was not made durable is abandoned", () => {
  const files = disk();
  const database = open(files);
  write(database, (store) => store.createVectorIndex(DEFINITION));
  write(database, insertNode);
  const sink = new NotingSink(database);
  sink.refusal = new Error("no room");
  assertThrows(() => write(database, (store) => setVector(store, 1, 1)), Error, "no room");
  sink.refusal = undefined;
  const { lsn } = database.engine("test").state;
  files.inject({ calls: ["write"], error: "ENOSPC", times: 1 });
  assertThrows(() => write(database, (store) => setVector(store, 1, 2)), Error, "ENOSPC");
  assertEquals(database.engine("test").state.lsn, lsn);
  write(database, (store) => setVector(store, 1, 3));
  assertEquals(sink.told, ["prepare 3 1/1=1", "prepare 3 1/1=2", "abandon", "prepare 3 1/1=3", "apply 3"]);
  database.close();
});

function linksOf(database: Database, index: number, from = 0): Record<number, number[]> {
  const found: Record<number, number[]> = {};
  const { vectorLinks } = database.engine("test").trees;
  eachLinkRecord(vectorLinks, index, from, (slot, record) => {
    found[slot] = [...record];
    return true;
  });
  return found;
}

test("link records are stored by checkpoints and by closing, and after a crash they are those of the last time", () => {
  let files = disk();
  let database = open(files);
  let sink = new NotingSink(database);
  write(database, (store) => store.createVectorIndex(DEFINITION));
  write(database, (store) => store.createVectorIndex({ ...DEFINITION, name: "w" }));
  sink.links = (links) => {
    for (const slot of [5, 0, 3, 300, 70_000]) links.put(1, slot, Uint8Array.of(slot % 256, 1));
    links.put(2, 3, new Uint8Array(900).fill(2));
  };
  database.maintenance("test").checkpoint();
  const stored = { 0: [0, 1], 3: [3, 1], 5: [5, 1], 300: [44, 1], 70000: [112, 1] };
  assertEquals(linksOf(database, 1), stored);
  assertEquals(Object.keys(linksOf(database, 1, 4)), ["5", "300", "70000"]);
  assertEquals([...readLinkRecord(database.engine("test").trees.vectorLinks, 2, 3)!], Array(900).fill(2));
  assertEquals(sink.told.at(-1), "links 3");
  write(database, insertNode);
  files = files.afterKill();
  database = open(files);
  assertEquals(linksOf(database, 1), stored);
  assertEquals(database.engine("test").state.lsn, 4);
  sink = new NotingSink(database);
  sink.links = (links) => {
    links.put(1, 0, Uint8Array.of(9));
    assert(links.delete(1, 3));
    links.deleteFrom(1, 300);
  };
  database.close();
  assertEquals(sink.told.length, 1);
  database = open(files);
  assertEquals(linksOf(database, 1), { 0: [9], 5: [5, 1] });
  write(database, (store) => store.dropVectorIndex(store.vectorIndex("v")!));
  assertEquals(linksOf(database, 1), {});
  assertEquals(Object.keys(linksOf(database, 2)), ["3"]);
  database.close();
});
