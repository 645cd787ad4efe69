/** The calls of a graph, besides transactions, as the engine's thread answers them. */

import type { Difference, LongCallOptions, Progress } from "../backend/care.ts";
import { UnsupportedError } from "../backend/errors.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import type { ServedEngine } from "../backend/served_engine.ts";
import type { CompactOptions, V3Database } from "../v3/mod.ts";
import type { EngineCalls, FromEngine, ToEngine } from "./engine_protocol.ts";
import { encodeError } from "./error_codec.ts";

/** Differences in one answer. */
const DIFF_PAGE = 1024;

/** Reports of one phase come no closer than this. */
const PROGRESS_MS = 20;

/** A call as it arrives. */
export type CallMessage = ToEngine & { readonly kind: "call" };

/** Runs calls, one after the other. */
export class EngineCommands {
  readonly #engine: ServedEngine;
  readonly #diffs = new Map<number, Iterator<Difference>>();
  readonly #observe: (isObserved: boolean) => void;
  #lastDiff = 0;

  constructor(engine: ServedEngine, observe: (isObserved: boolean) => void) {
    this.#engine = engine;
    this.#observe = observe;
  }

  /** Runs a call; `post` sends what is to arrive before its answer. */
  run({ id, name, args, cancel, wantsProgress }: CallMessage, post: (message: FromEngine) => void): FromEngine {
    const control = new AbortController();
    const throttle = new ProgressThrottle();
    const onProgress = (progress: Progress): void => {
      if (wantsProgress && throttle.isDue(progress)) post({ kind: "progress", id, progress });
      if (cancel !== undefined && Atomics.load(cancel, 0) !== 0) control.abort();
    };
    if (cancel !== undefined && Atomics.load(cancel, 0) !== 0) return { kind: "aborted", id };
    try {
      const calls = this.#calls({ onProgress, signal: control.signal });
      const value = (calls[name] as (...args: readonly unknown[]) => unknown)(...args);
      return { kind: "answer", id, value };
    } catch (error) {
      if (control.signal.aborted && error === control.signal.reason) return { kind: "aborted", id };
      return { kind: "failed", id, error: encodeError(error) };
    }
  }

  #calls(long: LongCallOptions): EngineCalls {
    const engine = this.#engine;
    const { backend } = engine;
    return {
      flush: () => backend.flush(),
      checkpoint: () => backend.checkpoint(),
      backup: (folder) => backend.backup(folder, long),
      exportSnapshot: (path) => backend.exportSnapshot(path, long),
      importSnapshot: (path, options) => backend.importSnapshot(path, { ...options, ...long }),
      compact: (toPath, options) =>
        requireV3(backend).compact(toPath, { ...options, ...long } satisfies CompactOptions),
      stats: () => backend.stats(),
      check: () => backend.check(long),
      tag: (name) => backend.tag(name),
      untag: (name) => backend.untag(name),
      tags: () => backend.tags(),
      commits: () => [...backend.commits()],
      beginDiff: (fromLsn, toLsn) => {
        this.#diffs.set(++this.#lastDiff, backend.diff(fromLsn, toLsn));
        return this.#lastDiff;
      },
      nextDiff: (diff) => this.#nextDiff(diff),
      endDiff: (diff) => {
        this.#diffs.get(diff)?.return?.();
        this.#diffs.delete(diff);
      },
      loadVectorIndex: (index) => engine.vectors.load(index),
      observe: (isObserved) => this.#observe(isObserved),
      close: () => engine.close(),
    };
  }

  #nextDiff(diff: number): Difference[] {
    const iterator = this.#diffs.get(diff);
    const page: Difference[] = [];
    if (iterator === undefined) return page;
    while (page.length < DIFF_PAGE) {
      const step = iterator.next();
      if (step.done === true) {
        this.#diffs.delete(diff);
        break;
      }
      page.push(step.value);
    }
    return page;
  }
}

function requireV3(backend: GraphBackend): V3Database {
  if (backend.backend === "v3") return backend as V3Database;
  throw new UnsupportedError(
    "compact: a SQLite database has no such call; use VACUUM INTO of SQLite, or a V3 database",
    {
      code: "no-compact",
    },
  );
}

/** Lets the first report of each phase pass, its last one, and some between. */
class ProgressThrottle {
  #phase: string | undefined;
  #at = -Infinity;

  isDue({ phase, done, total }: Progress): boolean {
    const now = performance.now();
    if (phase === this.#phase && done !== total && now - this.#at < PROGRESS_MS) return false;
    this.#phase = phase;
    this.#at = now;
    return true;
  }
}
