/** The runtime's own SQLite without anything of ours: edges in one table with an index on both ends. */

import process from "node:process";
import { KIND, type RandomGraph, TYPE } from "./v3_random_graph.ts";
import { randomNumbers } from "./v3_random.ts";

/** The part of both drivers that is needed. */
interface HandDatabase {
  exec(sql: string): void;
  prepare(sql: string): { run(...parameters: unknown[]): unknown };
  close(): void;
}

function openByHand(path: string): HandDatabase {
  const [module, name] = "Bun" in globalThis ? ["bun:sqlite", "Database"] : ["node:sqlite", "DatabaseSync"];
  const driver = process.getBuiltinModule(module as "node:sqlite") as unknown as Record<
    string,
    new (path: string) => HandDatabase
  >;
  const Driver = driver[name as string] as new (path: string) => HandDatabase;
  return new Driver(path);
}

/** Inserts nodes and edges as `insertRandomGraph` does, in one transaction; returns the milliseconds from open to close. */
export function loadByHand({ path, graph }: { readonly path: string; readonly graph: RandomGraph }): number {
  const start = performance.now();
  const database = openByHand(path);
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY;
    CREATE TABLE nodes (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE edges (id INTEGER PRIMARY KEY, from_id INTEGER NOT NULL, to_id INTEGER NOT NULL, type TEXT NOT NULL);
    CREATE INDEX edges_from ON edges (from_id);
    CREATE INDEX edges_to ON edges (to_id);
  `);
  const next = randomNumbers(1);
  const node = database.prepare("INSERT INTO nodes (kind, name) VALUES (?, ?)");
  const edge = database.prepare("INSERT INTO edges (from_id, to_id, type) VALUES (?, ?, ?)");
  database.exec("BEGIN IMMEDIATE");
  for (let id = 1; id <= graph.nodes; id++) node.run(KIND, `n${id}`);
  for (let index = 0; index < graph.edges; index++) edge.run(1 + next(graph.nodes), 1 + next(graph.nodes), TYPE);
  database.exec("COMMIT");
  database.close();
  return performance.now() - start;
}
