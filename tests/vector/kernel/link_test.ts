import { assert, assertEquals } from "@std/assert";
import { test } from "../../support/test.ts";
import { bruteForce, indexOf, numbered, randomOf, reachable } from "./support.ts";

const M = 4;

/** What the kernel does, said plainly: every slot is compared with every other, and every list is chosen from the start. */
function linksOf(vectors: readonly Float32Array[]): number[][] {
  const distance = (a: number, b: number): number =>
    (vectors[a] as Float32Array).reduce(
      (sum, value, at) => sum + (value - ((vectors[b] as Float32Array)[at] as number)) ** 2,
      0,
    );
  const choose = (centre: number, from: readonly number[], most: number): number[] => {
    const chosen: number[] = [];
    for (const slot of from.toSorted((a, b) => distance(a, centre) - distance(b, centre))) {
      if (chosen.length === most) break;
      const limit = Math.fround(distance(slot, centre) * Math.fround(0.83));
      if (!chosen.some((other) => distance(slot, other) < limit)) chosen.push(slot);
    }
    return chosen;
  };
  const lists: number[][] = [];
  for (let slot = 0; slot < vectors.length; slot++) {
    const own = choose(slot, lists.map((_, other) => other), M);
    lists.push(own);
    for (const other of own) {
      const list = lists[other] as number[];
      lists[other] = list.length < 2 * M ? [...list, slot] : choose(other, [...list, slot], 2 * M);
    }
  }
  return lists;
}

test("the links of small indexes are those of comparing everything with everything", () => {
  const random = randomOf(7);
  // Whole numbers: no distance is rounded.
  const vectors = Array.from(
    { length: 400 },
    () => Float32Array.from({ length: 8 }, () => Math.floor(random() * 1000)),
  );
  const memory = indexOf(vectors, { m: M, efConstruction: 400 });
  assertEquals(vectors.map((_, slot) => [...(memory.links(slot)[0] as Uint32Array)]), linksOf(vectors));
});

for (const metric of ["euclidean", "cosine", "dot", "manhattan"] as const) {
  test(`ways lead to all of many equal vectors: ${metric}`, () => {
    for (const seed of [1, 2, 3]) {
      const random = randomOf(seed);
      const vector = Float32Array.from({ length: 8 }, random);
      const memory = indexOf(Array.from({ length: 3000 }, () => vector), { metric, m: 8, efConstruction: 50 });
      assertEquals(reachable(memory).size, 3000);
    }
  });
}

for (const metric of ["euclidean", "cosine", "manhattan"] as const) {
  for (
    const [order, isOther] of Object.entries({
      before: (at: number) => at < 300,
      among: (at: number) => at % 10 === 0,
      after: (at: number) => at >= 2700,
    })
  ) {
    test(`many equal vectors do not hide what came ${order} them: ${metric}`, () => {
      const random = randomOf(5);
      const one = (): Float32Array => Float32Array.from({ length: 8 }, () => random() - 0.5);
      const equal = one();
      const vectors = Array.from({ length: 3000 }, (_, at) => isOther(at) ? one() : equal);
      const memory = indexOf(vectors, { metric, m: 8, efConstruction: 50 });
      using reader = memory.reader();
      let found = 0;
      for (let round = 0; round < 100; round++) {
        const query = one();
        const limit = bruteForce(numbered(vectors), metric, query)[4]?.distance as number;
        const { distances } = reader.search({ query, k: 5, ef: 48, lsn: 1 });
        found += distances.filter((distance) => distance <= limit + 1e-5).length;
      }
      assert(found >= 0.95 * 500, `${found} of 500`);
      const wanted = vectors.filter((vector) => vector === equal).length;
      assertEquals(reader.range({ query: equal, ef: 48, lsn: 1, maxDistance: 1e-3 }).slots.length, wanted);
    });
  }
}
