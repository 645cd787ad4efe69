/** The property sidecar during an import: once it turns out to be damaged, that is noted and it has no rows any more. */

import { GraphError } from "../backend/errors.ts";
import type { LossLog } from "./loss_log.ts";
import {
  type EdgeProperties,
  type NodeProperties,
  type NodeState,
  openPropertySidecar,
  type PropertySidecar,
} from "./property_sidecar.ts";
import type { ReferenceId } from "./report.ts";

/** Rows as far as they can be read. Declare it with `using`. */
export class PropertyRows implements Disposable {
  /** The sidecar, for messages. */
  readonly path: string;
  readonly #losses: LossLog;
  #sidecar: PropertySidecar | undefined;

  /** @param path the sidecar, which need not exist */
  constructor(path: string, losses: LossLog) {
    this.path = path;
    this.#losses = losses;
    this.#attempt(() => this.#sidecar = openPropertySidecar(path));
  }

  /** Whether there are tables. */
  get hasRows(): boolean {
    return this.#sidecar?.hasTables === true;
  }

  /** Ids of the rows of nodes and what became of them, ascending. */
  nodeStates(): Generator<NodeState, undefined, undefined> {
    return this.#rows((sidecar) => sidecar.nodeStates());
  }

  /** The rows of edges, many at a time, ascending by source, target, and the type's bytes. */
  edgePages(): Generator<readonly EdgeProperties[], undefined, undefined> {
    return this.#rows((sidecar) => sidecar.edgePages());
  }

  /** The row of a node. */
  node(id: ReferenceId): NodeProperties | undefined {
    return this.#attempt(() => this.#sidecar?.node(id));
  }

  *#rows<T>(select: (sidecar: PropertySidecar) => IterableIterator<T>): Generator<T, undefined, undefined> {
    const rows = this.#attempt(() => this.#sidecar === undefined ? undefined : select(this.#sidecar));
    if (rows === undefined) return;
    while (true) {
      const next = this.#attempt(() => rows.next());
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  }

  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      this.#losses.add({
        code: "sidecar-damaged",
        message: `properties cannot be read: ${error.message}`,
        file: this.path,
      });
      this.close();
      return undefined;
    }
  }

  /** Gives the copy up. */
  close(): void {
    const sidecar = this.#sidecar;
    this.#sidecar = undefined;
    sidecar?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
