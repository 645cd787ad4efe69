/** A projection over shared memory. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { Adjacency, Projection } from "../backend/projection.ts";
import { show } from "../backend/validate.ts";
import { type AdjacencyHandle, adjacencyOf } from "./adjacency.ts";
import { lookUp } from "./current_run.ts";
import { NodeIndex, type NodeIndexHandle } from "./node_index.ts";
import { defineResult } from "./results/result_class.ts";
import { fillReverse } from "./reverse.ts";

/**
 * The projection that another thread sent the handle of.
 *
 * @throws {InvalidArgumentError} when it is no handle of a projection
 */
export function projectionFrom(handle: unknown): Projection {
  const { format } = (handle ?? {}) as Partial<ProjectionHandle>;
  if (format === FORMAT) return new SharedProjection(handle as ProjectionHandle);
  throw new InvalidArgumentError(`projectionFrom: ${show(handle)} is no handle of a projection; send \`handle\``, {
    code: "invalid-projection",
    field: "handle",
    value: handle,
  });
}

/** What tells a handle from other objects. */
const FORMAT = "sqlitegraph-projection-1";

/** States of the reverse links. */
const MISSING = 0;
const MAKING = 1;
const MADE = 2;

/** How long a thread waits for another one that makes the reverse links, before it makes them itself. */
const MAX_WAIT_MS = 5_000;
/** It looks up so often meanwhile. */
const WAIT_MS = 10;

/** A projection as it is sent to other threads. */
export interface ProjectionHandle {
  /** Tells it from other objects. */
  readonly format: typeof FORMAT;
  /** Its nodes. */
  readonly nodes: NodeIndexHandle;
  /** Number of edges. */
  readonly edgeCount: number;
  /** Whether each edge is in both rows. */
  readonly isUndirected: boolean;
  /** Links by the node that they leave. */
  readonly out: AdjacencyHandle;
  /** Links by the node that they enter, and a word that tells whether they were made; undefined when they are the same. */
  readonly reverse: { readonly links: AdjacencyHandle; readonly state: SharedArrayBuffer } | undefined;
}

/** The parts of a new projection. */
export type ProjectionParts = Omit<ProjectionHandle, "format">;

/** The projection over filled memory. */
export function projectionOf(parts: ProjectionParts): Projection {
  return new SharedProjection({ format: FORMAT, ...parts });
}

/** Memory of a projection, with all that is made on demand. */
export function bytesOf({ nodes, out, reverse }: ProjectionHandle): number {
  const links = Object.values(out).reduce((sum, buffer) => sum + (buffer?.byteLength ?? 0), 0);
  return nodes.ids.byteLength + (nodes.ranks?.byteLength ?? 0) + links * (reverse === undefined ? 1 : 2);
}

/** What a projection of ours is made of. @throws {InvalidArgumentError} when it is none */
export function handleOf(projection: Projection, call: string): ProjectionHandle {
  if (projection instanceof SharedProjection) return projection.handle;
  throw new InvalidArgumentError(
    `${call}: ${show(projection)} is no projection; make one with snapshot.project, projectEdges or projectionFrom`,
    { code: "invalid-projection", field: "projection", value: projection },
  );
}

class SharedProjection implements Projection {
  readonly nodeCount: number;
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  readonly edgeCount: number;
  readonly isUndirected: boolean;
  readonly hasWeights: boolean;
  readonly out: Adjacency;
  readonly handle: ProjectionHandle;
  readonly #nodes: NodeIndex;
  #in: Adjacency | undefined;

  constructor(handle: ProjectionHandle) {
    this.handle = handle;
    this.#nodes = new NodeIndex(handle.nodes);
    this.nodeCount = this.#nodes.count;
    this.nodeIds = this.#nodes.ids;
    this.edgeCount = handle.edgeCount;
    this.isUndirected = handle.isUndirected;
    this.out = adjacencyOf(handle.out);
    this.hasWeights = this.out.weights !== undefined;
  }

  /** The projection that another thread sent the handle of. */
  static from(handle: ProjectionHandle): Projection {
    return new SharedProjection(handle);
  }

  get in(): Adjacency {
    return this.#in ??= this.#reverse();
  }

  #reverse(): Adjacency {
    const { reverse } = this.handle;
    if (reverse === undefined) return this.out;
    const links = adjacencyOf(reverse.links);
    const state = new Int32Array(reverse.state);
    // Another thread may have ended meanwhile: nobody waits for ever, and two that write at once write the same.
    let found = Atomics.compareExchange(state, 0, MISSING, MAKING);
    for (let waited = 0; found === MAKING && waited < MAX_WAIT_MS; waited += WAIT_MS) {
      Atomics.wait(state, 0, MAKING, WAIT_MS);
      lookUp();
      // A run that is cancelled leaves them to the next thread.
      found = Atomics.compareExchange(state, 0, MISSING, MAKING);
    }
    if (found === MADE) return links;
    let next = MISSING;
    try {
      fillReverse(this.out, links);
      next = MADE;
    } finally {
      // What another thread has made stays.
      Atomics.compareExchange(state, 0, MAKING, next);
      Atomics.notify(state, 0);
    }
    return links;
  }

  nodeId(index: number): number {
    if (index >= 0 && index < this.nodeCount && Number.isInteger(index)) return this.#nodes.idOf(index);
    throw new InvalidArgumentError(
      `nodeId: index is ${show(index)}; dense indexes are integers from 0 to ${this.nodeCount - 1}`,
      { code: "invalid-index", field: "index", value: index },
    );
  }

  indexOf(nodeId: number): number {
    return this.#nodes.indexOf(nodeId);
  }
}

// So algorithms may return projections.
defineResult("sqlitegraph:Projection", SharedProjection);
