/** Logical time of threads. */

/**
 * For each thread the number of its events that are known: Mattern, Virtual Time and Global States of Distributed Systems, 1989
 * (and Fidge 1988). Threads that are not named count 0.
 */
export class VectorClock {
  readonly #counts: Map<string, number>;

  /** A clock with these counts. */
  constructor(counts: Readonly<Record<string, number>> = {}) {
    this.#counts = new Map(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  /** Events of a thread that are known. */
  get(thread: string): number {
    return this.#counts.get(thread) ?? 0;
  }

  /** Counts another event of a thread. */
  increment(thread: string): void {
    this.#counts.set(thread, this.get(thread) + 1);
  }

  /** Takes over what another clock knows: of each thread the larger count. */
  merge(other: VectorClock): void {
    for (const [thread, count] of other.#counts) if (count > this.get(thread)) this.#counts.set(thread, count);
  }

  /** Whether this clock is before another one: no count is larger, and one is smaller. O(threads). */
  happensBefore(other: VectorClock): boolean {
    for (const [thread, count] of this.#counts) if (count > other.get(thread)) return false;
    for (const [thread, count] of other.#counts) if (count > this.get(thread)) return true;
    return false;
  }

  /** Whether neither clock is before the other one. Equal clocks are concurrent: nothing orders them. */
  isConcurrent(other: VectorClock): boolean {
    return !this.happensBefore(other) && !other.happensBefore(this);
  }

  /** The counts that are not 0, by thread in the order of their names. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
