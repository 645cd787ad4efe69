/**
 * The contract, with everything that is read outside of a transaction read as another thread would: from shared memory, through
 * a state that the writer published.
 */

import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import type { GraphBackend, Snapshot } from "../../lib/backend/graph_backend.ts";
import type { SnapshotAt } from "../../lib/backend/care.ts";
import type { StateSource } from "../../lib/backend/state_source.ts";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import { attachV3 } from "../../lib/v3/shared_source.ts";
import { edgeContract } from "./edge.ts";
import { globContract } from "./glob.ts";
import { historyContract } from "./history.ts";
import { keyValueContract } from "./key_value.ts";
import { labelContract } from "./label.ts";
import { nodeContract } from "./node.ts";
import { patternContract } from "./pattern.ts";
import { propertyContract } from "./property.ts";
import { snapshotContract } from "./snapshot.ts";
import type { OpenOptions, Subject } from "./subject.ts";
import { traversalContract } from "./traversal.ts";
import { filesFor } from "./unsynced_files.ts";
import { valueContract } from "./value.ts";
import { vectorContract } from "./vector.ts";

/** Little enough that pages leave the cache in the larger tests. */
const CACHE_BYTES = 2 * 1024 * 1024;

/** Reads that give no iterator. */
const READS: ReadonlySet<string | symbol> = new Set([
  "getNode",
  "requireNode",
  "nodeName",
  "nodeKind",
  "hasNode",
  "countNodes",
  "getEdge",
  "requireEdge",
  "hasEdge",
  "countEdges",
  "edgesOf",
  "edgesBetween",
  "neighbors",
  "degree",
  "bfs",
  "kHop",
  "shortestPath",
  "chain",
  "matchPattern",
  "vectorIndexes",
  "getVector",
  "searchVectors",
]);

type Call = (...args: unknown[]) => unknown;

/** A database whose reads go through the shared memory while no transaction runs. */
function sharedBackend(path: string, options: OpenOptions): GraphBackend {
  const cacheBytes = path === ":memory:" ? 16 * CACHE_BYTES : CACHE_BYTES;
  const served = serveV3(path, { cacheBytes, ...filesFor(options), ...options });
  const { backend } = served;
  const source: StateSource = attachV3(served.handle);
  const now = options.clock ?? Date.now;
  let depth = 0;
  const snapshot = (at?: SnapshotAt): Snapshot => {
    if (depth > 0) throw new UnsupportedError("snapshot: not inside a transaction", { code: "in-transaction" });
    const held = source.hold(at, "snapshot");
    return new CheckedSnapshot(held, held.isPast ? held.timeMs : now()) as unknown as Snapshot;
  };
  const calls: Readonly<Record<string, Call>> = {
    snapshot: (at) => snapshot(at as SnapshotAt | undefined),
    transaction(run) {
      depth++;
      try {
        return (backend as unknown as Record<string, Call>)["transaction"]!(run);
      } finally {
        depth--;
      }
    },
    close() {
      backend.close();
      served.close();
      source.close();
    },
  };
  return new Proxy(backend, {
    get(target, name) {
      const call = calls[name === Symbol.dispose ? "close" : String(name)];
      if (call !== undefined) return call;
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== "function") return own;
      if (!READS.has(name) || depth > 0 || target.closed) return own.bind(target);
      return (...args: unknown[]) => {
        using taken = snapshot();
        return (taken as unknown as Record<string | symbol, Call>)[name]!(...args);
      };
    },
  });
}

for (const inMemory of [false, true]) {
  const subject: Subject = {
    name: inMemory ? "v3 in shared memory" : "v3 through shared memory",
    backend: "v3",
    history: true,
    inMemory,
    isVariant: inMemory,
    open: (path, options = {}) =>
      (options.readonly === true
        ? V3Backend.open(path, { cacheBytes: CACHE_BYTES, ...options })
        : sharedBackend(path, options)) as never,
    synchronize: (writer, reader) => {
      writer.checkpoint();
      (reader as unknown as V3Backend).refresh();
    },
  };
  nodeContract(subject);
  labelContract(subject);
  globContract(subject);
  edgeContract(subject);
  traversalContract(subject);
  patternContract(subject);
  keyValueContract(subject);
  snapshotContract(subject);
  historyContract(subject);
  valueContract(subject);
  vectorContract(subject);
  propertyContract(subject);
}
