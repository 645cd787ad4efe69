/** Files with random graphs that several measures share: made once, in a process of their own, and removed at the end. */

import { copyFileSync } from "node:fs";
import { V3Backend } from "../lib/v3/mod.ts";
import { peakMemoryMb } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { newPath, removeFiles, sizeOf } from "./v3_files.ts";
import { insertRandomGraph, type RandomGraph } from "./v3_random_graph.ts";

/** What making a file took. */
export interface Loaded {
  /** Time of open, load, commit and close. */
  readonly ms: number;
  readonly peakMb: number;
}

/** A closed database. */
export interface GraphFile extends Loaded {
  readonly path: string;
  readonly bytes: number;
}

/** Loads a graph in one transaction. */
export function loadGraph({ path, graph }: { readonly path: string; readonly graph: RandomGraph }): Loaded {
  const start = performance.now();
  const db = V3Backend.open(path);
  insertRandomGraph(db, graph);
  db.close();
  return { ms: performance.now() - start, peakMb: peakMemoryMb() };
}

/** The files of one run of the suite. */
export class GraphFiles implements Disposable {
  readonly #files = new Map<string, Promise<GraphFile>>();
  readonly #paths: string[] = [];

  /** The file with a graph, which nobody may change. */
  async of(graph: RandomGraph): Promise<GraphFile> {
    const key = JSON.stringify(graph);
    const file = this.#files.get(key) ?? this.make(graph);
    this.#files.set(key, file);
    return await file;
  }

  /** A new file with a graph. */
  async make(graph: RandomGraph): Promise<GraphFile> {
    const path = this.newPath();
    const loaded = await apart(import.meta.url, loadGraph, { path, graph });
    return { ...loaded, path, bytes: sizeOf(path) };
  }

  /** Path of a copy that may be changed. */
  async copyOf(graph: RandomGraph): Promise<string> {
    const { path } = await this.of(graph);
    const copy = this.newPath();
    copyFileSync(path, copy);
    return copy;
  }

  /** A path that no file has; what is made there is removed with the others. */
  newPath(): string {
    const path = newPath();
    this.#paths.push(path);
    return path;
  }

  /** Removes all of them. */
  [Symbol.dispose](): void {
    for (const path of this.#paths.splice(0)) removeFiles(path);
  }
}
