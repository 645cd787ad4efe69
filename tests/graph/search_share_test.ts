/** How queries are shared out among threads: each is taken once, and the state is held as long as anybody may read it. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CorruptionError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import { GraphVectorSearch, type LoadVectors } from "../../lib/graph/graph_vectors.ts";
import { searchWork, SharedSearch } from "../../lib/graph/search_memory.ts";
import { TaskRunner } from "../../lib/graph/task_runner.ts";
import { test } from "../support/test.ts";
import { Warnings } from "../support/warnings.ts";

const SEARCH = { k: 3, ef: 0, maxDistance: Infinity, isExact: false, allowed: undefined, signal: undefined };

test("every query is taken by one thread, and answers come in the order of the queries", () => {
  for (const count of [1, 2, 17, 100, 1_000]) {
    const queries = Array.from({ length: count }, (_, at) => Float32Array.of(at, -at));
    const work = searchWork("e", queries, SEARCH, 3, 2);
    const threads = [new SharedSearch(work), new SharedSearch(work), new SharedSearch(work)];
    const taken: number[] = [];
    for (let turn = 0, idle = 0; idle < 10; turn++) {
      const thread = threads[turn % 3] as SharedSearch;
      const [first, end] = thread.take();
      if (first === end) idle++;
      for (let at = first; at < end; at++) {
        taken.push(at);
        assertEquals(thread.query(at), Float32Array.of(at, -at));
        thread.answer(at, [{ nodeId: at + 1, distance: -0.5 }, { nodeId: 0, distance: at, vectorId: 7 }].slice(at % 3));
      }
    }
    assertEquals(taken, queries.map((_, at) => at));
    assertEquals(
      new SharedSearch(work).answers(),
      queries.map((_, at) =>
        [{ nodeId: at + 1, distance: -0.5 }, { nodeId: 0, distance: at, vectorId: 7 }].slice(at % 3)
      ),
    );
  }
});

/** A state with an index of ten vectors. */
function stateWithIndex(): HeldState {
  const state = {
    ...{ lsn: 1, timeMs: 0, isPast: false, isReleased: false },
    store: {
      vectorIndex: (name: string) => ({ definition: { name, dimension: 1, engine: "hnsw" }, number: 1, count: 10 }),
      searchVectors: () => [{ nodeId: 1, distance: 0 }],
    },
    release: () => void (state.isReleased = true),
    share: () => Promise.resolve("shared"),
  };
  return state as unknown as HeldState;
}

/** A search over one state, and the threads' side of its jobs. */
class Sharing {
  readonly state: HeldState = stateWithIndex();
  readonly jobs: PromiseWithResolvers<unknown>[] = [];
  readonly search: GraphVectorSearch;

  constructor(threads: number, load: LoadVectors = () => Promise.resolve()) {
    const run = () => {
      this.jobs.push(Promise.withResolvers<unknown>());
      return (this.jobs.at(-1) as PromiseWithResolvers<unknown>).promise;
    };
    const pool = { size: threads, run, close: () => Promise.resolve() };
    const runner = new TaskRunner(undefined, { threads, open: () => Promise.resolve(pool) });
    this.search = new GraphVectorSearch(() => this.state, runner, load, "a.graph");
  }

  /** Waits for so many jobs. */
  async begun(count: number): Promise<void> {
    while (this.jobs.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const ANSWER = { value: undefined };

test("without room for the index searches compare what is stored, and one warning says so", async () => {
  using warnings = new Warnings();
  let tries = 0;
  const { search, state } = new Sharing(1, () => {
    tries++;
    return Promise.reject(new UnsupportedError("no room", { code: "vector-memory-refused" }));
  });
  for (let turn = 0; turn < 70; turn++) {
    assertEquals(await search.search("e", [1], {}, "search"), [{ nodeId: 1, distance: 0 }]);
  }
  assertEquals([tries, warnings.codes], [2, ["vector-memory"]]);
  await assertRejects(() => search.link("e", {}), UnsupportedError, "no room");
  assert(state.isReleased);
  const damaged = new Sharing(1, () => Promise.reject(new CorruptionError("damaged", { code: "corrupt-vector" })));
  await assertRejects(() => damaged.search.search("e", [1], {}, "search"), CorruptionError, "damaged");
});

test("a search that was ended holds its state until its threads have ended", async () => {
  const sharing = new Sharing(2);
  const control = new AbortController();
  const reason = new Error("enough");
  const { signal } = control;
  const running = assertRejects(() => sharing.search.search("e", [[1], [2], [3]], { signal }, "search"));
  await sharing.begun(2);
  control.abort(reason);
  assertStrictEquals(await running, reason);
  sharing.jobs[0]?.resolve(ANSWER);
  await sharing.begun(2);
  assertEquals(sharing.state.isReleased, false);
  sharing.jobs[1]?.resolve(ANSWER);
  while (!sharing.state.isReleased) await Promise.resolve();
});

test("when a thread finds nothing left, those that have not begun need not begin", async () => {
  const sharing = new Sharing(2);
  // Both searches want both threads of one pool: the second search gets one when the first gives one back.
  const first = sharing.search.search("e", [[1], [2], [3]], {}, "search");
  await sharing.begun(2);
  const second = sharing.search.search("e", [[1], [2], [3]], {}, "search");
  sharing.jobs[0]?.resolve(ANSWER);
  await sharing.begun(3);
  sharing.jobs[2]?.resolve(ANSWER);
  assertEquals(await second, [[], [], []]);
  assertEquals(sharing.jobs.length, 3);
  sharing.jobs[1]?.resolve(ANSWER);
  assertEquals(await first, [[], [], []]);
});

test("the first failure of a thread is what the search throws", async () => {
  const sharing = new Sharing(3);
  const running = assertRejects(() => sharing.search.search("e", [[1], [2], [3]], {}, "search"), RangeError, "first");
  await sharing.begun(3);
  sharing.jobs[1]?.reject(new RangeError("first"));
  await Promise.resolve();
  for (const job of sharing.jobs) job.reject(new Error("cancelled"));
  await running;
  assert(sharing.state.isReleased);
});
