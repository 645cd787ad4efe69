/** Bytes that change while no program looks: every answer must be right or an error that says so, never a wrong one. */

import { equal } from "@std/assert";
import { CorruptionError } from "../../lib/backend/errors.ts";
import type { FullContent } from "./content.ts";
import { difference, expect, expectEqual, Mismatch } from "./compare.ts";
import type { Engine } from "./engine.ts";
import { FaultFileSystem } from "./fault_file_system.ts";
import type { History } from "./history.ts";
import type { GraphState } from "./model.ts";
import type { Rng } from "./rng.ts";
import type { SimulatedDisk } from "./simulated_disk.ts";
import { BLOCK_SIZE, SECTOR_SIZE, type SimulatedFile } from "./simulated_file.ts";

/** What to damage. */
export interface DamageOptions {
  /** A disk on which nobody has the database open. */
  readonly disk: SimulatedDisk;
  /** The same disk some time ago. */
  readonly olderDisk: SimulatedDisk;
  /** The database on it. */
  readonly path: string;
  readonly open: (files: FaultFileSystem, isReadonly: boolean) => Engine;
  readonly history: History;
  readonly nowMs: number;
  readonly rng: Rng;
  /** Whether there is a log, which is damaged as well. */
  readonly isLogIncluded: boolean;
}

const DAMAGES = 8;

/** Damages copies of the disk, one after the other. Returns how many damages were found, and how many no answer showed. */
export function damageFiles(options: DamageOptions): { found: number; harmless: number } {
  const { disk, path, rng } = options;
  const counts = { found: 0, harmless: 0 };
  for (let done = 0; done < DAMAGES; done++) {
    const copy = disk.copy();
    const paths = [path, path, path, `${path}.v3checkpoint`, ...(options.isLogIncluded ? [`${path}.v3wal`] : [])];
    const target = rng.pick(paths.filter((candidate) => disk.files().includes(candidate)));
    const older = options.olderDisk.files().includes(target) ? options.olderDisk.file(target) : undefined;
    const what = `${target} with ${damage(copy.file(target), older, rng)}`;
    const isFound = openDamaged(options, new FaultFileSystem(copy, rng.fork()), target, what);
    counts[isFound ? "found" : "harmless"]++;
  }
  return counts;
}

/** Changes something in a file; says what. */
function damage(file: SimulatedFile, older: SimulatedFile | undefined, rng: Rng): string {
  const lastBlock = Math.max(0, Math.ceil(file.sizeBytes / BLOCK_SIZE) - 1);
  // The first two blocks of a database are its header, whose copies must stand in for each other.
  const block = (rng.chance(0.1) ? rng.between(0, Math.min(1, lastBlock)) : rng.between(0, lastBlock)) * BLOCK_SIZE;
  const changed = older === undefined ? [] : changedBlocks(file, older);
  switch (rng.weighted({ bit: 6, zeroes: 1, noise: 1, moved: 2, stale: changed.length > 0 ? 3 : 0, cut: 1 })) {
    case "bit": {
      const at = Math.min(file.sizeBytes - 1, block + rng.between(0, BLOCK_SIZE - 1));
      const byte = new Uint8Array(1);
      file.read(byte, at);
      const bit = rng.between(0, 7);
      overwrite(file, Uint8Array.of((byte[0] as number) ^ (1 << bit)), at);
      return `bit ${bit} of byte ${at} flipped`;
    }
    case "zeroes":
    case "noise": {
      const at = block + rng.between(0, BLOCK_SIZE / SECTOR_SIZE - 1) * SECTOR_SIZE;
      const isNoise = rng.chance(0.5);
      const bytes = Uint8Array.from({ length: SECTOR_SIZE }, () => isNoise ? rng.between(0, 255) : 0);
      overwrite(file, bytes.subarray(0, Math.max(0, file.sizeBytes - at)), at);
      return `${isNoise ? "noise in" : "zeroes in"} the sector at ${at}`;
    }
    case "moved": {
      const from = rng.between(0, Math.max(0, Math.floor(file.sizeBytes / BLOCK_SIZE) - 1)) * BLOCK_SIZE;
      const bytes = new Uint8Array(BLOCK_SIZE);
      const length = file.read(bytes, from);
      overwrite(file, bytes.subarray(0, Math.min(length, Math.max(0, file.sizeBytes - block))), block);
      return `the block at ${from} written to ${block} too`;
    }
    case "stale": {
      const at = rng.pick(changed);
      overwrite(file, blockAt(older as SimulatedFile, at), at);
      return `the block at ${at} as it was some time ago`;
    }
    case "cut": {
      file.truncate(block, 0);
      file.sync();
      return `its end from ${block} cut off`;
    }
  }
}

/** Positions of whole blocks that both have, with different content. */
function changedBlocks(file: SimulatedFile, older: SimulatedFile): number[] {
  const positions: number[] = [];
  for (let at = 0; at + BLOCK_SIZE <= Math.min(file.sizeBytes, older.sizeBytes); at += BLOCK_SIZE) {
    if (!equal(blockAt(file, at), blockAt(older, at))) positions.push(at);
  }
  return positions;
}

function blockAt(file: SimulatedFile, position: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_SIZE);
  return bytes.subarray(0, file.read(bytes, position));
}

function overwrite(file: SimulatedFile, bytes: Uint8Array, position: number): void {
  file.write(bytes, position, 0);
  file.sync();
}

/** Whether anything reported the damage. */
function openDamaged(options: DamageOptions, files: FaultFileSystem, target: string, what: string): boolean {
  const { history, nowMs, rng } = options;
  let db: Engine;
  try {
    db = options.open(files, rng.chance(0.3));
  } catch (error) {
    if (error instanceof CorruptionError) return true;
    throw new Mismatch(`${what}: open threw no CorruptionError`, { cause: error });
  }
  const reader = new DamagedReader(db);
  const possible = target.endsWith(".v3wal") ? history.statesAfterLogDamage() : [history.state];
  const state = possible.find((state) => reader.agrees(state, nowMs));
  if (state === undefined) {
    throw new Mismatch(`${what}: a wrong answer instead of an error: ${reader.difference}`);
  }
  const isFound = reader.errors > 0;
  const isReported = checkReports(db);
  expect(!isFound || isReported, `${what}: an answer is a CorruptionError, but check() finds no error`);
  try {
    db.close();
  } catch (error) {
    if (!isFound && !isReported) throw error;
  }
  return isFound || isReported;
}

function checkReports(db: Engine): boolean {
  try {
    return db.check().findings.length > 0;
  } catch (error) {
    if (error instanceof CorruptionError) return true;
    throw error;
  }
}

/** Reads everything in many ways and counts the calls that say that bytes are damaged. */
class DamagedReader {
  errors = 0;
  difference = "";
  readonly #db: Engine;

  constructor(db: Engine) {
    this.#db = db;
  }

  /** Whether every answer is that of the state, or an error. */
  agrees(state: GraphState, nowMs: number): boolean {
    this.errors = 0;
    try {
      this.#compare(state.content(nowMs));
      return true;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      this.difference ||= error.message;
      return false;
    }
  }

  #compare(content: FullContent): void {
    const db = this.#db;
    const { nodes, edges, keyValues } = content;
    this.#ask(() => difference({ ...content, nodes: [...db.nodes()] }, content), undefined, "nodes()");
    this.#ask(() => difference({ ...content, edges: [...db.edges()] }, content), undefined, "edges()");
    this.#ask(() => difference({ ...content, keyValues: [...db.kv.scan()] }, content), undefined, "kv.scan()");
    this.#compareVectors(content);
    for (const node of nodes) {
      const { id, kind } = node;
      this.#ask(() => db.getNode(id), node, `getNode(${id})`);
      this.#ask(() => db.nodeKind(id), kind, `nodeKind(${id})`);
      const leaving = edges.filter(({ from }) => from === id).map(({ id }) => id).sort(ascending);
      const entering = edges.filter(({ to }) => to === id).map(({ id }) => id).sort(ascending);
      this.#ask(() => db.edgesOf(id).map(({ id }) => id).sort(ascending), leaving, `edgesOf(${id})`);
      this.#ask(() => db.degree(id, { direction: "in" }), entering.length, `degree(${id})`);
    }
    for (const edge of edges) this.#ask(() => db.getEdge(edge.id), edge, `getEdge(${edge.id})`);
    for (const entry of keyValues) this.#ask(() => db.kv.entry(entry.key), entry, `entry(${entry.key})`);
    for (const kind of new Set(nodes.map(({ kind }) => kind))) {
      const expected = nodes.filter((node) => node.kind === kind).map(({ id }) => id);
      this.#ask(() => [...db.nodeIds({ kind })], expected, `nodeIds of kind ${kind}`);
    }
    this.#ask(
      () => [db.countNodes(), db.countEdges(), db.kv.count()],
      [nodes.length, edges.length, keyValues.length],
      "counts",
    );
    const missing = Math.max(0, ...nodes.map(({ id }) => id)) + 1;
    this.#ask(() => db.hasNode(missing), false, `hasNode(${missing})`);
  }

  #compareVectors({ vectorIndexes, vectors }: FullContent): void {
    const db = this.#db;
    this.#ask(
      () => db.vectorIndexes().map(({ name, dimension, count }) => ({ key: name, dimension, count })),
      vectorIndexes,
      "vectorIndexes()",
    );
    for (const { key, vector } of vectors) {
      const [index, node] = key.split(" ") as [string, string];
      this.#ask(() => [...db.getVector(index, Number(node)) ?? []], vector, `getVector(${key})`);
      this.#ask(
        () => db.searchVectors(index, vector, { k: 1, exact: true })[0]?.distance,
        0,
        `searchVectors(${index})`,
      );
    }
  }

  #ask(read: () => unknown, expected: unknown, what: string): void {
    let found: unknown;
    try {
      found = read();
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw new Mismatch(`${what} threw no CorruptionError`, { cause: error });
      this.errors++;
      return;
    }
    expectEqual(found, expected, what);
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
