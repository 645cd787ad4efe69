/** Turns of transactions that met conflicts: those that fail again and again run one after the other, so each gets through. */

/**
 * When nobody's turn has ended for so long, the next one has its turn as well: the function of a transaction may wait for
 * another transaction, which must not wait for that one's turn to end.
 */
const STALL_MS = 100;

/** A place in the line of transactions that run again. */
export interface RetryTurn {
  /** Resolves when it is this transaction's turn. */
  readonly ready: Promise<void>;
  /** Gives the turn, or the place in the line, up. To be called once, whatever happened. */
  end(): void;
}

/** The line. */
export class RetryTurns {
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  #active = 0;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;

  /** Stands in line. */
  take(): RetryTurn {
    const place = Promise.withResolvers<void>();
    this.#waiting.push(place);
    if (this.#active === 0) this.#admit();
    else this.#stallTimer ??= setTimeout(() => this.#admit(), STALL_MS);
    return { ready: place.promise, end: () => this.#end(place) };
  }

  #admit(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#active++;
    next.resolve();
    if (this.#waiting.length > 0) this.#stallTimer = setTimeout(() => this.#admit(), STALL_MS);
  }

  #end(place: PromiseWithResolvers<void>): void {
    const at = this.#waiting.indexOf(place);
    if (at >= 0) this.#waiting.splice(at, 1);
    else if (--this.#active > 0) return;
    if (this.#active === 0 || this.#waiting.length === 0) this.#admit();
  }
}
