/** The indexes in memory of a served database: as its writer tells of them, and as other threads search them. */

import type { ServedVectors } from "../backend/served_engine.ts";
import type { VectorNews } from "../backend/state_source.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { pin, returnPinSlot, takePinSlot, unpin } from "../snapshot/pin_table.ts";
import { AttachedVectors } from "../vector/attached_vectors.ts";
import { ServedVectorIndexes } from "../vector/served_vectors.ts";
import type { IndexHandle } from "../vector/vector_engine.ts";
import type { Connection } from "./connection.ts";
import { type HorizonHandle, VectorHorizon } from "./vector_horizon.ts";
import type { FoundIndex, VectorFinder, VectorsInMemory } from "./vector_memory.ts";
import { NO_VECTOR_TIME, readVectorTime } from "./vector_time.ts";

/** What other threads attach to, with the time since which its memory follows the file. */
export interface SqliteIndexHandle extends IndexHandle {
  /** `VectorHorizon.since` as it was then. */
  readonly since: number;
}

/** The indexes as the writer tells of them. */
export class ServedSqliteVectors implements ServedVectors {
  readonly #memory: VectorsInMemory;
  readonly #served: ServedVectorIndexes;

  constructor(memory: VectorsInMemory) {
    this.#memory = memory;
    this.#served = new ServedVectorIndexes(memory.residents);
  }

  load(number: number): void {
    this.#memory.load(number);
  }

  takeNews(): VectorNews | undefined {
    const news = this.#served.takeNews();
    if (news === undefined) return undefined;
    const { since } = this.#memory.horizon;
    return { ...news, added: (news.added as IndexHandle[]).map((handle): SqliteIndexHandle => ({ ...handle, since })) };
  }

  get hasWork(): boolean {
    return this.#memory.hasWork;
  }

  work(isEnough: () => boolean): void {
    this.#memory.work(isEnough);
  }
}

/** The indexes as one thread searches them that does not write. */
export class SharedVectors implements VectorFinder {
  readonly #attached = new AttachedVectors();
  readonly #horizon: VectorHorizon;
  readonly #pins: Int32Array<SharedArrayBuffer>;
  readonly #handles = new Map<number, SqliteIndexHandle>();
  /** Called for an index that was asked for and that this thread knows no memory of for the newest state. */
  onMissing: (index: number) => void = () => {};
  /** When `onMissing` was called last for an index: see `#ask`. */
  readonly #asked = new Map<number, number>();

  constructor(horizon: HorizonHandle) {
    this.#horizon = new VectorHorizon(horizon);
    this.#pins = horizon.pins as Int32Array<SharedArrayBuffer>;
  }

  /** What further threads attach to. */
  get handles(): readonly SqliteIndexHandle[] {
    return [...this.#handles.values()];
  }

  /** What threads attach to of an index, if this one knows that it is in memory and can be searched. */
  handleOf(number: number): SqliteIndexHandle | undefined {
    const handle = this.#handles.get(number);
    return handle !== undefined && handle.since >= this.#horizon.since ? handle : undefined;
  }

  /** Indexes that were put into memory. */
  add(handles: readonly SqliteIndexHandle[]): void {
    for (const handle of handles) {
      const known = this.#handles.get(handle.number);
      if (known !== undefined && known.since >= handle.since) continue;
      this.#attached.remove(handle.number);
      this.#attached.add([handle]);
      this.#handles.set(handle.number, handle);
    }
  }

  /** Takes note of what became of indexes. */
  note({ added, removed }: VectorNews): void {
    for (const number of removed) {
      this.#attached.remove(number);
      this.#handles.delete(number);
    }
    this.add(added as readonly SqliteIndexHandle[]);
  }

  find(index: StoredVectorIndex, connection: Connection): FoundIndex | undefined {
    const time = readVectorTime(connection);
    const { number } = index;
    const horizon = this.#horizon;
    const handle = this.#handles.get(number);
    // In this order: what is known after a new beginning is told after the beginning.
    const isCovered = horizon.covers(time);
    const { since } = horizon;
    if (handle === undefined || handle.since < since) this.#ask(number, -1 - since);
    // Maybe another program wrote, and the writer has not noticed.
    else if (time > horizon.known) this.#ask(number, time);
    else if (isCovered) {
      const search = this.#attached.find(index, time);
      return search && { search, time };
    }
    return undefined;
  }

  /** Has the writer look after an index, once for each reason: a time, or less than 0 for a beginning. */
  #ask(number: number, reason: number): void {
    if (this.#asked.get(number) === reason) return;
    this.#asked.set(number, reason);
    this.onMissing(number);
  }

  /** Keeps what a state sees in memory until the function that it returns is called. */
  pin(time: number): () => void {
    if (time === NO_VECTOR_TIME) return () => {};
    const slot = takePinSlot(this.#pins);
    pin(this.#pins, slot, time);
    return () => {
      unpin(this.#pins, slot);
      returnPinSlot(this.#pins, slot);
    };
  }

  /** Gives everything back. */
  release(): void {
    this.#handles.clear();
    this.#attached.release();
  }
}
