/** What a graph keeps of the projections that its runs read. */

import { assertEquals, assertRejects } from "@std/assert";
import { ProjectionCache } from "../../lib/graph/projection_cache.ts";
import { bytesOf, projectEdges, type ProjectionHandle } from "../../lib/projection/mod.ts";
import { test } from "../support/test.ts";

/** A projection of a chain; all of one length are equally large. */
function chain(length = 3): ProjectionHandle {
  const from = Array.from({ length }, (_, at) => at + 1);
  return projectEdges({ from, to: from.map((id) => id + 1) }).handle as ProjectionHandle;
}

const SIZE = bytesOf(chain());
const NEVER = new AbortController().signal;

/** A cache that says which keys it made. */
function watched(maxBytes: number) {
  const cache = new ProjectionCache(maxBytes);
  const made: string[] = [];
  const get = (key: string, length?: number) =>
    cache.get(key, NEVER, () => {
      made.push(key);
      return Promise.resolve(chain(length));
    });
  return { cache, made, get };
}

test("the least recently used projections are dropped when the memory is full", async () => {
  const { made, get } = watched(2 * SIZE);
  const a = await get("a");
  await get("b");
  assertEquals(await get("a"), a);
  await get("c");
  assertEquals(made, ["a", "b", "c"]);
  assertEquals(await get("a"), a);
  await get("b");
  assertEquals(made, ["a", "b", "c", "b"]);
});

test("a projection that is larger than the memory is made, not kept, and costs no other one its place", async () => {
  const { made, get } = watched(2 * SIZE);
  await get("a");
  const large = await get("large", 100);
  assertEquals(bytesOf(large) > 2 * SIZE, true);
  await get("large", 100);
  await get("a");
  assertEquals(made, ["a", "large", "large"]);
});

test("the memory of a projection counts both directions, ids and weights", () => {
  const [from, to, weights] = [[1, 2], [2, 3], [1, 1]];
  const bytes = (more: object) => bytesOf(projectEdges({ from, to, ...more }).handle as ProjectionHandle);
  const nodes = 3 * 8;
  const links = 4 * 4 + 2 * 4;
  assertEquals(bytes({}), nodes + 2 * links);
  assertEquals(bytes({ weights, edgeIds: true }), nodes + 2 * (links + 2 * 16));
  assertEquals(bytes({ undirected: true }), nodes + 4 * 4 + 4 * 4);
});

test("those who need a projection that is being made get the same one", async () => {
  const { promise, resolve } = Promise.withResolvers<ProjectionHandle>();
  const cache = new ProjectionCache(0);
  let made = 0;
  const get = () =>
    cache.get("a", NEVER, () => {
      made++;
      return promise;
    });
  const all = [get(), get(), get()];
  const handle = chain();
  resolve(handle);
  assertEquals(await Promise.all(all), [handle, handle, handle]);
  assertEquals(made, 1);
});

test("when a projection cannot be made, one of those who waited tries again", async () => {
  const cache = new ProjectionCache();
  const { promise, reject } = Promise.withResolvers<ProjectionHandle>();
  const first = assertRejects(() => cache.get("a", NEVER, () => promise), RangeError, "no luck");
  let tries = 0;
  const again = () => cache.get("a", NEVER, () => Promise.resolve((tries++, chain())));
  const waiting = [again(), again()];
  reject(new RangeError("no luck"));
  await first;
  const [one, other] = await Promise.all(waiting);
  assertEquals([one === other, tries], [true, 1]);
});

test("who waits for a projection is told when he is cancelled, and the one who makes it goes on", async () => {
  const { promise, resolve } = Promise.withResolvers<ProjectionHandle>();
  const cache = new ProjectionCache();
  const maker = cache.get("a", NEVER, () => promise);
  const cancel = new AbortController();
  const waiting = assertRejects(() => cache.get("a", cancel.signal, () => promise), RangeError, "enough");
  cancel.abort(new RangeError("enough"));
  await waiting;
  const handle = chain();
  resolve(handle);
  assertEquals(await maker, handle);
});

test("a closed cache keeps nothing, also of what was being made", async () => {
  const { cache, made, get } = watched(9 * SIZE);
  await get("a");
  const { promise, resolve } = Promise.withResolvers<ProjectionHandle>();
  const late = cache.get("late", NEVER, () => promise);
  cache.close();
  resolve(chain());
  await late;
  await get("late");
  await get("a");
  assertEquals(made, ["a", "late", "a"]);
});
