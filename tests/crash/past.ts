/** Reads past commits, those that tags name and those that are kept, and compares them with what they were. */

import { equal } from "@std/assert";
import { contentOf } from "./content.ts";
import { difference, expect, expectEqual, Mismatch } from "./compare.ts";
import type { Engine } from "./engine.ts";
import type { Commit, History } from "./history.ts";
import type { GraphState } from "./model.ts";
import type { Rng } from "./rng.ts";

/** Reads all tagged commits and one of the kept ones; `keptCommits` of them must be there, 0 stands for no promise. */
export function expectPast(db: Engine, history: History, keptCommits: number, rng: Rng): void {
  for (const [tag, lsn] of history.state.tags) {
    expectCommit(db, { tag }, history.commit(lsn), `tag ${tag} at commit ${lsn}`);
  }
  // Commit 0 is the empty database, and 0 as a number of a snapshot means the current one.
  const kept = [...db.commits()].filter(({ lsn }) => lsn > 0);
  expect(kept.every((commit, at) => at === 0 || commit.lsn > (kept[at - 1]?.lsn ?? 0)), "commits() does not ascend");
  if (keptCommits === 0 || kept.length === 0) return;
  const { lsn, timeMs, nodes, edges } = rng.pick(kept);
  const commit = history.commit(lsn);
  expectCommit(db, { lsn }, commit, `kept commit ${lsn}`);
  if (commit !== undefined) {
    const { state } = commit;
    expectEqual({ nodes, edges }, { nodes: state.nodes.size, edges: state.edges.size }, `counts of commit ${lsn}`);
    if (commit.latestMs === undefined) expectEqual(timeMs, commit.timeMs, `time of commit ${lsn}`);
  }
  const wanted = history.commits.slice(1).slice(-keptCommits).filter((commit) => commit.lsn !== 0);
  // A crash may have kept the commits of a checkpoint (expired keys, moved pages) from being told.
  const isMissing = (wantedLsn: number): boolean =>
    !kept.some(({ lsn }) => lsn === wantedLsn) && kept.filter(({ lsn }) => lsn > wantedLsn).length < keptCommits;
  const missing = wanted.find((commit) => commit.lsn !== undefined && isMissing(commit.lsn));
  expect(missing === undefined, `commit ${missing?.lsn} is not kept, only ${kept.map(({ lsn }) => lsn).join(" ")}`);
  const there = wanted.filter((commit) => kept.some(({ lsn }) => lsn === commit.lsn));
  if (commit !== undefined && there.length > 0) expectDiff(db, commit, rng.pick(there));
}

function expectCommit(
  db: Engine,
  at: { tag: string } | { lsn: number },
  commit: Commit | undefined,
  what: string,
): void {
  if (commit === undefined) return;
  const { timeMs, latestMs = timeMs, state } = commit;
  using snapshot = db.snapshot(at);
  const content = contentOf(snapshot);
  const differences = [timeMs, latestMs].map((time) => difference(content, state.content(time)));
  if (!differences.includes(undefined)) throw new Mismatch(`${what}: ${differences[0]}`);
}

function expectDiff(db: Engine, from: Commit, to: Commit): void {
  if (from.lsn === undefined || to.lsn === undefined) return;
  const what = `diff of ${from.lsn} and ${to.lsn}`;
  const told = new Map<string, string>();
  const isSameIndex = (name: string): boolean =>
    from.state.vectorIndexes.get(name) === to.state.vectorIndexes.get(name);
  const vectorsOf = (state: GraphState): Map<string, unknown> =>
    new Map([...state.vectors].filter(([, { index }]) => isSameIndex(index)));
  for (const entry of db.diff(from.lsn, to.lsn)) {
    if (entry.type === "node" || entry.type === "edge") told.set(`${entry.type} ${entry.id}`, entry.operation);
    // An index that was made again has other vectors, also where they are the same.
    else if (entry.type === "vector" && isSameIndex(entry.index)) {
      told.set(`vector ${entry.index} ${entry.nodeId}`, entry.operation);
    }
  }
  const maps: readonly (readonly [string, ReadonlyMap<unknown, unknown>, ReadonlyMap<unknown, unknown>])[] = [
    ["node", from.state.nodes, to.state.nodes],
    ["edge", from.state.edges, to.state.edges],
    ["vector", vectorsOf(from.state), vectorsOf(to.state)],
  ];
  for (const [type, before, after] of maps) {
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const operation = told.get(`${type} ${id}`);
      told.delete(`${type} ${id}`);
      const [old, now] = [before.get(id), after.get(id)];
      // A record that was written again as it was may be told or not.
      if (old !== undefined && now !== undefined && equal(old, now)) continue;
      const expected = old === undefined ? "insert" : now === undefined ? "delete" : "update";
      expectEqual(operation, expected, `${what}: ${type} ${id}`);
    }
  }
  expectEqual([...told.keys()], [], `${what}: records that neither has`);
}
