/**
 * Calls from any thread to the one that holds the library, through shared memory: who asks sleeps until the answer is there.
 *
 *   caller                                                    library's thread
 *   write the place; place = ASKED; wake += 1; notify   ->    Atomics.wait on wake; read the place
 *   Atomics.wait on the place                           <-    write the place; place = IDLE; notify
 *
 *   words (i32)   0 wake   1 state of the thread   2 length of the text of what kept it from starting   3 requests begun
 *                 4 + n  state of place n
 *   places        32 of them: 8 numbers (f64), then the body (node ids as f64, vectors as f32, or text)
 *
 * Every thread has a place of its own. So one that ends while it waits for an answer keeps nobody else waiting.
 *
 * @module
 */

import { ClosedError, GraphError, UnsupportedError } from "../../backend/errors.ts";

/** The memory that all threads see. */
export interface HnswlibMemory {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly places: SharedArrayBuffer;
}

const WAKE = 0;
const STATE = 1;
const TEXT_LENGTH = 2;
const BEGUN = 3;
const FIRST_PLACE = 4;

const STARTING = 0;
const RUNNING = 1;
const ENDED = 2;
/** Also written by the thread's first lines, which import nothing. */
const NOT_STARTED = 3;

const FREE = 0;
const IDLE = 1;
const ASKED = 2;

/** Threads that can ask at once. */
const PLACES = 32;
const NUMBER_COUNT = 8;
const HEAD_BYTES = NUMBER_COUNT * Float64Array.BYTES_PER_ELEMENT;

/** Room for three vectors of the largest dimension, or 8,192 node ids. */
export const BODY_BYTES: number = 64 * 1024;
const PLACE_BYTES = HEAD_BYTES + BODY_BYTES;

/** How long a caller sleeps before it looks whether the thread still works. */
const LOOK_MS = 1_000;
/**
 * No request takes so long. A thread that begins none for this time is gone: Bun ends it together with the one that started it,
 * and nothing in shared memory tells.
 */
const GONE_MS = 20_000;

/** What is asked. */
export const OPERATION = { apply: 1, reserve: 2, filter: 3, search: 4, more: 5, stats: 6, leave: 7, close: 8 } as const;

/** How a request ended. */
export const STATUS = { done: 0, stale: 1, unknownFilter: 2, failed: 3 } as const;

/** Makes the memory of an index. */
export function hnswlibMemory(): HnswlibMemory {
  return {
    words: new Int32Array(new SharedArrayBuffer((FIRST_PLACE + PLACES) * Int32Array.BYTES_PER_ELEMENT)),
    places: new SharedArrayBuffer(PLACES * PLACE_BYTES),
  };
}

/** Where a request and its answer lie. */
export class Place {
  /** Its number. */
  readonly number: number;
  /** The operation, or the status of the answer, and its arguments. */
  readonly numbers: Float64Array;
  /** The body as node ids. */
  readonly ids: Float64Array;
  /** The body as bytes. */
  readonly bytes: Uint8Array;
  readonly #memory: HnswlibMemory;

  /** A view of a place, on either side. */
  constructor(memory: HnswlibMemory, number: number) {
    const at = number * PLACE_BYTES;
    this.number = number;
    this.#memory = memory;
    this.numbers = new Float64Array(memory.places, at, NUMBER_COUNT);
    this.ids = new Float64Array(memory.places, at + HEAD_BYTES, BODY_BYTES / Float64Array.BYTES_PER_ELEMENT);
    this.bytes = new Uint8Array(memory.places, at + HEAD_BYTES, BODY_BYTES);
  }

  /** The body from the place of some id on, as numbers of vectors. */
  floats(firstId: number, count: number): Float32Array {
    const at = this.number * PLACE_BYTES + HEAD_BYTES + firstId * Float64Array.BYTES_PER_ELEMENT;
    return new Float32Array(this.#memory.places, at, count);
  }

  /** Puts text into the body, as far as there is room, and tells its length. */
  putText(text: string): void {
    const bytes = new TextEncoder().encode(text).subarray(0, BODY_BYTES);
    this.bytes.set(bytes);
    this.numbers[1] = bytes.length;
  }

  /** The text that was put. */
  getText(): string {
    return textOf(this.bytes, this.numbers[1] as number);
  }
}

/** Decoders take no shared memory. */
function textOf(bytes: Uint8Array, length: number): string {
  return new TextDecoder().decode(bytes.slice(0, length));
}

/** A thread that asks. */
export class CallerPlace extends Place {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  /** Whether a request was given up: its answer may still come, so the place cannot be used again. */
  #isGivenUp = false;

  private constructor(memory: HnswlibMemory, number: number) {
    super(memory, number);
    this.#words = memory.words;
    this.#at = FIRST_PLACE + number;
  }

  /** Takes a free place. @throws {UnsupportedError} when there is none */
  static take(memory: HnswlibMemory): CallerPlace {
    for (let number = 0; number < PLACES; number++) {
      if (Atomics.compareExchange(memory.words, FIRST_PLACE + number, FREE, IDLE) === FREE) {
        return new CallerPlace(memory, number);
      }
    }
    throw new UnsupportedError(
      `${PLACES} threads use this vector index already; close the snapshots of some, or choose the engine hnsw`,
      { code: "too-many-vector-readers", value: PLACES },
    );
  }

  /**
   * Asks what lies in the place, and blocks this thread until it is answered.
   *
   * @returns the status
   * @throws {ClosedError} when the index was closed
   * @throws {GraphError} `engine-hnswlib-failed` when the library failed, or its thread is gone
   */
  ask(operation: number): number {
    const words = this.#words;
    const at = this.#at;
    if (this.#isGivenUp) throw noAnswer();
    this.numbers[0] = operation;
    Atomics.store(words, at, ASKED);
    Atomics.add(words, WAKE, 1);
    Atomics.notify(words, WAKE);
    let begun = Atomics.load(words, BEGUN);
    let since = performance.now();
    while (Atomics.load(words, at) === ASKED) {
      if (Atomics.load(words, STATE) === ENDED && Atomics.load(words, at) === ASKED) throw indexClosed();
      if (Atomics.wait(words, at, ASKED, LOOK_MS) !== "timed-out") continue;
      const newest = Atomics.load(words, BEGUN);
      if (newest !== begun) [begun, since] = [newest, performance.now()];
      else if (performance.now() - since > GONE_MS) {
        this.#isGivenUp = true;
        throw noAnswer();
      }
    }
    const status = this.numbers[0];
    if (status === STATUS.failed) throw failed(this.getText());
    return status;
  }

  /** Gives the place back. */
  free(): void {
    if (!this.#isGivenUp) Atomics.store(this.#words, this.#at, FREE);
  }
}

function indexClosed(): ClosedError {
  return new ClosedError("the vector index is closed; open the database again", { code: "closed" });
}

function noAnswer(): GraphError {
  return failed("its thread does not answer");
}

function failed(text: string): GraphError {
  return new GraphError(
    `the library of the engine hnswlib failed: ${text}; open the database again, or make the index with the engine hnsw`,
    { code: "engine-hnswlib-failed" },
  );
}

/**
 * Blocks this thread until the library's is ready.
 *
 * @throws {UnsupportedError} `engine-hnswlib-unavailable` when it could not start
 */
export function waitForStart({ words, places }: HnswlibMemory, timeoutMs: number): void {
  const result = Atomics.wait(words, STATE, STARTING, timeoutMs);
  const state = Atomics.load(words, STATE);
  if (state === RUNNING) return;
  const reason = result === "timed-out"
    ? `it did not within ${timeoutMs / 1000} seconds`
    : textOf(new Uint8Array(places), Atomics.load(words, TEXT_LENGTH));
  throw new UnsupportedError(
    `the thread of the engine hnswlib could not start: ${reason}; make the index with the engine hnsw`,
    { code: "engine-hnswlib-unavailable" },
  );
}

/**
 * First lines of the thread, which import its entry: JavaScript that may run before any module is loaded, and that tells what
 * went wrong in the only place where a sleeping thread looks.
 */
export const REPORT_FAILURE: string = `({ words, places }, error) => {
  const text = new TextEncoder().encode(String(error?.message ?? error)).subarray(0, ${BODY_BYTES});
  new Uint8Array(places).set(text);
  Atomics.store(words, ${TEXT_LENGTH}, text.length);
  if (Atomics.compareExchange(words, ${STATE}, ${STARTING}, ${NOT_STARTED}) === ${STARTING}) Atomics.notify(words, ${STATE});
}`;

/**
 * The library's side: answers until it is told to end. The thread does nothing else.
 *
 * @param answer changes the request in the place into the answer and returns its status; what it throws is told to the caller
 */
export function answerCalls(
  { words, places }: HnswlibMemory,
  answer: (place: Place, operation: number) => number,
): void {
  const all = Array.from({ length: PLACES }, (_, number) => new Place({ words, places }, number));
  Atomics.store(words, STATE, RUNNING);
  Atomics.notify(words, STATE);
  try {
    for (;;) {
      const seen = Atomics.load(words, WAKE);
      let hasAnswered = false;
      for (const place of all) {
        const at = FIRST_PLACE + place.number;
        if (Atomics.load(words, at) !== ASKED) continue;
        Atomics.add(words, BEGUN, 1);
        const operation = place.numbers[0] as number;
        try {
          place.numbers[0] = answer(place, operation);
        } catch (error) {
          place.putText(error instanceof Error ? error.message : String(error));
          place.numbers[0] = STATUS.failed;
        }
        Atomics.store(words, at, IDLE);
        Atomics.notify(words, at);
        if (operation === OPERATION.close) return;
        hasAnswered = true;
      }
      if (!hasAnswered) Atomics.wait(words, WAKE, seen);
    }
  } finally {
    Atomics.store(words, STATE, ENDED);
    for (const { number } of all) Atomics.notify(words, FIRST_PLACE + number);
  }
}
