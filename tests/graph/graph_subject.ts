/** What the tests of graphs with threads run on. */

import type { Graph } from "../../lib/graph/graph.ts";
import { type GraphOptions, openGraph } from "../../lib/graph/open_graph.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** The storage engines. */
export const BACKENDS = ["v3", "sqlite"] as const;

/** A graph in a folder of its own. */
export interface GraphWorld {
  readonly graph: Graph;
  readonly dir: TempDir;
  readonly path: string;
  readonly backend: "v3" | "sqlite";
}

/** Declares a test for each engine, on a new graph in a file. It does not wait for the disk. */
export function testGraph(
  name: string,
  body: (world: GraphWorld) => Promise<void>,
  options: GraphOptions & { readonly on?: "v3" | "sqlite" } = {},
): void {
  const { on, ...rest } = options;
  for (const backend of on === undefined ? BACKENDS : [on]) {
    test(`${backend}: ${name}`, async () => {
      using dir = tempDir();
      const path = dir.path("test.graph");
      await using graph = await openGraph(path, { backend, durability: "off", ...rest });
      await body({ graph, dir, path, backend });
    });
  }
}

/** Resolves in the next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
