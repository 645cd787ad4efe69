/** What a transaction wrote, by key: the newest own state of each record, with savepoints and in key order. */

/**
 * Own states of records. Made for transactions of few records: memory is taken when something is written. A subclass keeps
 * what it derives from the states in `changed`, which hears of every change, also of those that a rollback makes.
 */
export abstract class OverlayRecords<K extends number | string, State> {
  #states: Map<K, State> | undefined;
  /** All keys in ascending order, from the first time on that somebody asked for them. */
  #sortedKeys: K[] | undefined;
  /** What the states were before the changes since the oldest open savepoint. */
  readonly #undoKeys: K[] = [];
  readonly #undoStates: (State | undefined)[] = [];
  #isUndoable = false;

  /** Hears of a change; undefined stands for the record as the held state has it. */
  protected abstract changed(key: K, before: State | undefined, after: State | undefined): void;

  /** Number of records with an own state. */
  get size(): number {
    return this.#states === undefined ? 0 : this.#states.size;
  }

  /** The own state of a record, or undefined. */
  state(key: K): State | undefined {
    return this.#states?.get(key);
  }

  /** All own states. */
  states(): Iterable<[K, State]> {
    return this.#states ?? [];
  }

  /** Gives a record an own state. */
  setState(key: K, state: State): void {
    this.#states ??= new Map();
    const before = this.#states.get(key);
    if (this.#isUndoable) {
      this.#undoKeys.push(key);
      this.#undoStates.push(before);
    }
    this.#states.set(key, state);
    if (before === undefined && this.#sortedKeys !== undefined) insertSorted(this.#sortedKeys, key);
    this.changed(key, before, state);
  }

  /** Keys of all own states, ascending. Not to be changed, and valid until the next change. */
  sortedKeys(): readonly K[] {
    // Ids come nearly sorted.
    this.#sortedKeys ??= this.#states === undefined ? [] : [...this.#states.keys()].sort(ascending);
    return this.#sortedKeys;
  }

  /** Begins a savepoint. */
  mark(): number {
    this.#isUndoable = true;
    return this.#undoKeys.length;
  }

  /** Takes back every change since a mark. */
  rollbackTo(mark: number): void {
    while (this.#undoKeys.length > mark) {
      const key = this.#undoKeys.pop() as K;
      const before = this.#undoStates.pop();
      const states = this.#states as Map<K, State>;
      const after = states.get(key);
      if (before === undefined) {
        states.delete(key);
        if (this.#sortedKeys !== undefined) removeSorted(this.#sortedKeys, key);
      } else states.set(key, before);
      this.changed(key, after, before);
    }
  }

  /** No savepoint is open any more: nothing needs to be taken back. */
  forgetMarks(): void {
    this.#isUndoable = false;
    this.#undoKeys.length = 0;
    this.#undoStates.length = 0;
  }
}

function ascending(one: number | string, other: number | string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Index of the first key that is not less than this one; with `isBehind` of the first that is greater. */
export function lowerBound<K extends number | string>(keys: readonly K[], key: K, isBehind: boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = keys[middle] as K;
    if (found < key || (isBehind && found === key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Inserts a key that is not there yet. O(1) behind the last one. */
export function insertSorted<K extends number | string>(keys: K[], key: K): void {
  const { length } = keys;
  if (length === 0 || (keys[length - 1] as K) < key) keys.push(key);
  else keys.splice(lowerBound(keys, key, false), 0, key);
}

/** Removes a key that is there. O(1) for the last one. */
export function removeSorted<K extends number | string>(keys: K[], key: K): void {
  if (keys[keys.length - 1] === key) keys.pop();
  else keys.splice(lowerBound(keys, key, false), 1);
}
