/** Finding past commits, listing and comparing them. */

import type { CommitInfo, Difference, SnapshotAt } from "../backend/care.ts";
import type { NotRetainedError } from "../backend/errors.ts";
import type { Database } from "./database.ts";
import { diffStates } from "./diff.ts";
import type { Engine } from "./engine.ts";
import type { KeptCommit } from "./kept_commits.ts";
import { checkAt, invalidAt, noSuchTag, notKept } from "./past_state.ts";
import { PinnedView } from "./session.ts";

/** Whether the roots of a commit can be found. */
function isReadable(engine: Engine, commit: KeptCommit): boolean {
  return commit.lsn === engine.state.lsn || commit.state !== undefined || commit.catalog !== undefined;
}

/** Whether a commit is one that the user asked to keep, or the newest. */
function isListed(engine: Engine, commit: KeptCommit): boolean {
  return commit.lsn === engine.state.lsn || commit.tags > 0 || commit.isRetained;
}

/** Whether somebody has asked for a commit to stay: it may also be there because the file still shows it. */
function isAskedFor(commit: KeptCommit): boolean {
  return commit.pins > 0 || commit.tags > 0 || commit.isRetained;
}

/** The commits that can be read, oldest first. */
function readable(engine: Engine): KeptCommit[] {
  return engine.kept.all.filter((commit) => isAskedFor(commit) && isReadable(engine, commit));
}

/**
 * The kept commit that somebody asks for.
 *
 * @throws {NotRetainedError} when it is not kept
 */
export function findCommit(database: Database, at: SnapshotAt, call: string): KeptCommit | undefined {
  const engine = database.engine(call);
  const { lsn, timeMs, tag } = checkAt(at, call);
  if (tag !== undefined) {
    const named = database.tags.get(tag);
    if (named === undefined) throw noSuchTag(tag, [...database.tags.keys()], call);
    return commitAt(engine, named, call);
  }
  if (timeMs !== undefined) return commitBefore(engine, timeMs, call);
  return lsn === 0 ? undefined : commitAt(engine, lsn, call);
}

function commitAt(engine: Engine, lsn: number, call: string): KeptCommit | undefined {
  if (lsn === engine.state.lsn) return undefined;
  const commit = engine.kept.get(lsn);
  if (commit !== undefined && isAskedFor(commit) && isReadable(engine, commit)) return commit;
  throw notRetained(engine, call, `commit ${lsn}`, lsn);
}

function commitBefore(engine: Engine, timeMs: number, call: string): KeptCommit | undefined {
  if (engine.state.timeMs <= timeMs) return undefined;
  const commit = readable(engine).findLast((kept) => kept.timeMs <= timeMs);
  if (commit !== undefined) return commit;
  throw notRetained(engine, call, `a state at ${new Date(timeMs).toISOString()}`, timeMs);
}

function notRetained(engine: Engine, call: string, what: string, value: number): NotRetainedError {
  return notKept(call, what, value, readable(engine)[0]?.lsn ?? engine.state.lsn, engine.state.lsn);
}

/** The kept commits, oldest first, the newest included. */
export function commitInfos(database: Database): IterableIterator<CommitInfo> {
  const engine = database.engine("commits");
  const { lsn, timeMs, nodeCount, edgeCount } = engine.state;
  const infos = engine.kept.all
    .filter((commit) => isListed(engine, commit) && commit.lsn !== lsn)
    .map((commit) => ({
      lsn: commit.lsn,
      timeMs: commit.timeMs,
      nodes: commit.nodeCount,
      edges: commit.edgeCount,
    }));
  infos.push({ lsn, timeMs, nodes: nodeCount, edges: edgeCount });
  return infos.values();
}

/** What differs between two kept commits. */
export function difference(database: Database, fromLsn: number, toLsn: number): IterableIterator<Difference> {
  const { session } = database;
  const engine = session.engine("diff");
  session.refuseInTransaction("diff");
  const views = [fromLsn, toLsn].map((lsn, index) => {
    if (typeof lsn !== "number" || !Number.isSafeInteger(lsn) || lsn < 0) {
      throw invalidAt("diff", index === 0 ? "fromLsn" : "toLsn", lsn, "the number of a kept commit");
    }
    return lsn === 0 ? undefined : commitAt(engine, lsn, "diff");
  }).map((commit) => session.view("diff", commit) as PinnedView);
  const iterator = differences(engine, views as [PinnedView, PinnedView]);
  // A generator that was never begun has no end that would release them.
  for (const view of views) session.releaseWithHolder(iterator, view);
  return iterator;
}

function* differences(engine: Engine, views: readonly [PinnedView, PinnedView]): Generator<Difference> {
  try {
    for (const change of diffStates(engine.pager, views[0].state, views[1].state)) {
      yield change;
      // Throws once the database is closed.
      views[0].requireHeld();
    }
  } finally {
    for (const view of views) view.release();
  }
}
