/** Which links of an index in memory its rows lack, and writing them. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { SlotLinks } from "../vector/memory.ts";
import { ALIVE } from "../vector/memory.ts";
import type { ResidentIndex } from "../vector/resident_index.ts";
import type { Connection } from "./connection.ts";
import { readVectorId } from "./vector_rows.ts";
import type { VectorSlots } from "./vector_slots.ts";
import { clearTopology, writeTopology } from "./vector_topology.ts";

/**
 * Links are stored after so many changes, or after this part of all vectors has changed: what a crash costs to link anew. A new
 * vector changes the links of 20 to 30 others, of which fewer are written the more changes come together.
 */
const MIN_CHANGES = 1000;
const CHANGED_SHARE = 1 / 16;

/** Entry points that are stored; of a graph of one layer there are hundreds, which are chosen anew when it is loaded. */
const STORED_ENTRY_POINTS = 8;

const UNLINKED: SlotLinks = [];

/** The stored links of one index that is in memory. */
export class VectorLinks {
  readonly #index: StoredVectorIndex;
  readonly #resident: ResidentIndex;
  readonly #slots: VectorSlots;
  /** Slots of vectors that are newer than this are not in `#slots` yet, or under the number of an older vector. */
  #time: number;
  /** Whether the rows are useless. */
  #isUseless: boolean;
  #changes: number;
  /** Whether any of what is not stored is due to this program: others store links of what they write. */
  #isOurs: boolean;
  /** Slots that were dirty and are not written. */
  #unwritten: Uint32Array = new Uint32Array(0);
  #isWriting = false;
  /** What `confirm` makes of it. */
  #rest = this.#unwritten;

  /**
   * @param slots slots of the vectors that have stored links
   * @param time of the vectors that were loaded
   * @param isUseless whether stored links are to be removed
   */
  constructor(index: StoredVectorIndex, resident: ResidentIndex, slots: VectorSlots, time: number, isUseless: boolean) {
    this.#index = index;
    this.#resident = resident;
    this.#slots = slots;
    this.#time = time;
    this.#isUseless = isUseless;
    this.#changes = resident.report.pending;
    this.#isOurs = isUseless || resident.report.pending > 0;
  }

  /** Notes a change of a vector. */
  noteChange(): void {
    this.#changes++;
    this.#isOurs = true;
  }

  /** Whether so much has changed that links should be stored now. */
  get isDue(): boolean {
    return this.#isWriting || this.#changes >= Math.max(MIN_CHANGES, this.#resident.count * CHANGED_SHARE);
  }

  /** Waits for as many changes again. */
  postpone(): void {
    this.#changes = 0;
    this.#isWriting = false;
  }

  /** Whether rows lack anything that this program is to store. */
  get isDirty(): boolean {
    return this.#unwritten.length > 0 || (this.#isOurs && this.#resident.isDirty);
  }

  /** Takes what is dead out of the graph: links to it cannot be stored. */
  sweep(oldestPin: number, time: number): void {
    this.#resident.sweep(oldestPin, time);
  }

  /** Writes links of up to so many slots, in the running transaction; `confirm` follows when it is committed. */
  write(connection: Connection, limit: number, time: number): void {
    if (!this.#isWriting || limit === Infinity) this.#gather(connection, time);
    // From the end: most new vectors are there, and those without links are what a crash costs.
    const at = Math.max(0, this.#unwritten.length - limit);
    const slots = this.#unwritten.subarray(at);
    // They may have changed since they were gathered.
    this.#register(connection, slots);
    if (this.#isUseless) clearTopology(connection, this.#index);
    const { memory } = this.#resident;
    writeTopology(
      connection,
      this.#index,
      this.#slots,
      slots,
      (slot) => memory.slot(slot).state === "linked" ? memory.links(slot) : UNLINKED,
      this.#resident.entryPoints().subarray(0, STORED_ENTRY_POINTS),
    );
    this.#rest = this.#unwritten.subarray(0, at);
  }

  #gather(connection: Connection, time: number): void {
    const slots = new Set([...this.#unwritten, ...this.#resident.takeDirty()]);
    this.#unwritten = Uint32Array.from(slots).sort();
    this.#changes = 0;
    this.#isOurs = false;
    // Links lead to all of them.
    this.#register(connection, this.#unwritten);
    this.#time = time;
  }

  /** Finds the numbers of new vectors. */
  #register(connection: Connection, changed: Uint32Array): void {
    const { memory } = this.#resident;
    const slots = this.#slots;
    for (const slot of changed) {
      const { nodeId, birthLsn, deadLsn, state } = memory.slot(slot);
      const isGone = state === "free" || deadLsn !== ALIVE;
      if (!isGone && birthLsn <= this.#time && slots.vectorIdOf(slot) !== 0) continue;
      slots.remove(slot);
      if (isGone) continue;
      const vectorId = nodeId > 0 ? readVectorId(connection, this.#index, nodeId) : -nodeId;
      if (vectorId !== undefined) slots.add(slot, vectorId);
    }
  }

  /** What `write` wrote is committed. */
  confirm(): void {
    this.#unwritten = this.#rest;
    this.#isUseless = false;
    this.#isWriting = this.#unwritten.length > 0;
  }
}
