/** The nodes that came over: position of each, and the ids of those whose own ids we cannot have. */

import type { ReferenceId } from "./report.ts";

/** Ids in ascending order; positions stand for nodes wherever edges are compared. */
export class NodeIds {
  #ids: Float64Array = new Float64Array(256);
  #count = 0;
  /** Ids outside 1 to 2^53 - 1 → the ids that they came over with. Few files have any. */
  readonly #renumbered = new Map<ReferenceId, number>();
  readonly #references = new Map<number, ReferenceId>();

  /** Number of nodes. */
  get count(): number {
    return this.#count;
  }

  /** Adds a node with a larger id than all before. */
  push(id: number): void {
    if (this.#count === this.#ids.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#count++] = id;
  }

  /** Adds a node with a new, larger id. */
  pushRenumbered(old: ReferenceId, id: number): void {
    this.push(id);
    this.#renumbered.set(old, id);
    this.#references.set(id, old);
  }

  /** Adds nodes anywhere. Positions change. */
  merge(ids: readonly number[]): void {
    for (const id of ids) this.push(id);
    this.#ids.subarray(0, this.#count).sort();
  }

  /** The id that a node came over with. */
  id(index: number): number {
    return this.#ids[index] as number;
  }

  /** The id that the file has of a node. */
  reference(index: number): ReferenceId {
    const id = this.id(index);
    return this.#references.get(id) ?? id;
  }

  /** Position of a node by the id that it came over with, or -1. Hot: where ids have no gaps, one comparison. */
  indexOf(id: number): number {
    const count = this.#count;
    if (count === 0) return -1;
    const ids = this.#ids;
    const guess = id - (ids[0] as number);
    if (guess >= 0 && guess < count && ids[guess] === id) return guess;
    const index = this.firstFrom(id);
    return index < count && ids[index] === id ? index : -1;
  }

  /** Position of the first node whose id is not smaller; `count` without one. */
  firstFrom(id: number): number {
    const ids = this.#ids;
    let first = 0;
    let end = this.#count;
    while (first < end) {
      const middle = (first + end) >>> 1;
      if ((ids[middle] as number) < id) first = middle + 1;
      else end = middle;
    }
    return first;
  }

  /** Position of a node by the id that the file has, or -1. */
  indexOfReference(id: ReferenceId): number {
    if (typeof id === "number" && id > 0) return this.indexOf(id);
    const renumbered = this.#renumbered.get(id);
    return renumbered === undefined ? -1 : this.indexOf(renumbered);
  }
}
