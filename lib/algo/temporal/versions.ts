/** Histories: the states of a graph, one after the other. */

import type { CommitInfo, LongCallOptions } from "../../backend/care.ts";
import { InvalidArgumentError } from "../../backend/errors.ts";
import { checkObject, show } from "../../backend/validate.ts";
import { handleOf, type Projection, type ProjectOptions } from "../../projection/mod.ts";
import { callHere } from "../../task/direct_call.ts";
import type { TaskContext } from "../define.ts";
import { invalid } from "../params.ts";

/** A state of a graph. */
export interface ProjectedVersion {
  /** Its number, such as the LSN of a commit. */
  readonly version: number;
  /** The graph then. */
  readonly projection: Projection;
}

/** A state that can be projected. */
export interface ProjectedState extends Disposable {
  /** Projects it, or a part of it. */
  project(options?: ProjectOptions): Projection;
}

/** What has kept commits: a database, or a graph with threads. */
export interface VersionSource {
  /** A past state. */
  snapshot(at: { readonly lsn: number }): ProjectedState;
}

/**
 * The states of some commits, each projected when it is read: only one is in memory at a time.
 *
 * @param commits which, oldest first: `db.commits()`, `await graph.commits()`, or some of them
 * @param project which part of each state
 * @throws {NotRetainedError} from the iterator, for a commit that is not kept any more
 *
 * @example
 * ```ts ignore
 * const { lineages } = cycleLineage(projectVersions(db, db.commits(), { types: ["IMPORTS"] }));
 * ```
 */
export function* projectVersions(
  source: VersionSource,
  commits: Iterable<Pick<CommitInfo, "lsn">>,
  project?: ProjectOptions,
): IterableIterator<ProjectedVersion> {
  for (const { lsn } of commits) {
    using snapshot = source.snapshot({ lsn });
    yield { version: lsn, projection: snapshot.project(project) };
  }
}

/** Runs through a history. Progress counts nodes of all versions. @throws {InvalidArgumentError} unless versions ascend */
export function readHistory<R>(
  call: string,
  options: LongCallOptions,
  versions: Iterable<ProjectedVersion>,
  start: (context: TaskContext) => HistoryReader<R>,
): R {
  return callHere(call, { signal: options.signal, onProgress: options.onProgress }, (context) => {
    const reader = start(context);
    if (typeof versions?.[Symbol.iterator] !== "function") {
      throw invalid(call, "versions", versions, `is ${show(versions)}; give an array or an iterator of versions`);
    }
    let last: number | undefined;
    for (const { version, projection } of versions) {
      context.throwIfAborted();
      if (!Number.isFinite(version) || last !== undefined && version <= last) throw unordered(call, version, last);
      last = version;
      handleOf(projection, call);
      reader.read(version, projection);
      context.progress(projection.nodeCount);
    }
    return reader.end();
  });
}

/** What sees the versions of a history in their order. */
export interface HistoryReader<R> {
  /** Sees one more. */
  read(version: number, projection: Projection): void;
  /** What was found out. */
  end(): R;
}

/** Options of a call that are all known. @throws {InvalidArgumentError} for others */
export function checkHistoryOptions<O extends object>(options: O, known: readonly string[], call: string): O {
  const all = ["signal", "onProgress", ...known];
  for (const [field, value] of Object.entries(checkObject(options, call, "options"))) {
    if (!all.includes(field)) throw invalid(call, field, value, `is no option; there are ${all.join(", ")}`);
  }
  return options;
}

function unordered(call: string, version: number, last: number | undefined): InvalidArgumentError {
  return new InvalidArgumentError(
    `${call}: version ${show(version)} comes after ${show(last)}; give numbers that ascend`,
    { code: "invalid-versions", field: "versions", value: version },
  );
}
