import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type KeptCommit, KeptCommits } from "../../lib/v3/kept_commits.ts";
import { test } from "../support/test.ts";

const origin = (lsn: number) => ({ lsn, timeMs: lsn, nodeCount: 0, edgeCount: 0 });

test("a page is free as soon as no kept commit lies in its life, and not before", () => {
  const step = fc.oneof(
    fc.record({ free: fc.nat() }),
    fc.constant("commit" as const),
    fc.constant("pin" as const),
    fc.record({ drop: fc.nat() }),
  );
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
    const reclaimed = new Set<number>();
    const kept = new KeptCommits((pageId) => {
      assert(!reclaimed.has(pageId), `page ${pageId} was reclaimed twice`);
      reclaimed.add(pageId);
    });
    const pinned = new Map<number, KeptCommit>();
    const lives: { readonly page: number; readonly birth: number; death: number }[] = [];
    let lsn = 1;
    for (const now of steps) {
      if (now === "commit") {
        lsn++;
        lives.push({ page: lives.length + 1, birth: lsn, death: Infinity });
      } else if (now === "pin") {
        if (pinned.has(lsn)) continue;
        const commit = kept.keep(origin(lsn));
        commit.pins++;
        pinned.set(lsn, commit);
      } else if ("free" in now) {
        const alive = lives.filter((life) => life.death === Infinity);
        const life = alive[now.free % Math.max(1, alive.length)];
        if (life === undefined) continue;
        // A page dies by the next commit: the present one may still reach it.
        life.death = ++lsn;
        kept.onFreed(life.page, life.birth);
      } else {
        const lsns = [...pinned.keys()];
        const dropped = lsns[now.drop % Math.max(1, lsns.length)];
        if (dropped === undefined) continue;
        const commit = pinned.get(dropped) as KeptCommit;
        pinned.delete(dropped);
        commit.pins--;
        kept.dropUnneeded(commit);
      }
      for (const { page, birth, death } of lives) {
        const isNeeded = death === Infinity || [...pinned.keys()].some((at) => birth <= at && at < death);
        assertEquals(reclaimed.has(page), !isNeeded, `page ${page} [${birth}, ${death}) with ${[...pinned.keys()]}`);
      }
    }
  }));
});

test("a guarded commit stays as long as its guard", () => {
  const kept = new KeptCommits(() => {});
  const guarded = kept.keep(origin(1));
  const guard = kept.keep(origin(2));
  guard.isRead = true;
  kept.guard(guard, guarded);
  kept.dropUnneeded(guarded);
  assertEquals(kept.all.map(({ lsn }) => lsn), [1, 2]);
  guard.isRead = false;
  kept.dropUnneeded(guard);
  assertEquals(kept.all, []);
});

test("the retention lets its oldest commits go first", () => {
  const kept = new KeptCommits(() => {});
  for (let lsn = 1; lsn <= 5; lsn++) kept.retain(kept.keep(origin(lsn)));
  kept.releaseOldest();
  kept.releaseOldest();
  assertEquals([kept.retainedCount, kept.oldestRetained?.lsn, kept.all.length], [3, 3, 3]);
});
