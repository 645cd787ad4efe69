import { assert, assertEquals } from "@std/assert";
import { instantiateVariant } from "../../../lib/vector/kernel.ts";
import { KERNEL, RELAXED_KERNEL } from "../../../lib/vector/kernel_code.ts";
import { layoutOf } from "../../../lib/vector/layout.ts";
import { test } from "../../support/test.ts";
import { bruteForce, clusteredVectors, numbered, optionsOf } from "./support.ts";

for (const [name, code] of [["relaxed", RELAXED_KERNEL], ["plain", KERNEL]] as const) {
  for (const storage of ["f32", "f16", "i8"] as const) {
    test(`the ${name} kernel finds the nearest vectors: ${storage}`, () => {
      const vectors = clusteredVectors(600, 20, 71);
      const { words, initialPages, maxPages } = layoutOf(optionsOf({ dimension: 20, storage }));
      const memory = new WebAssembly.Memory({ initial: initialPages, maximum: maxPages, shared: true });
      new Uint32Array(memory.buffer).set(words);
      const kernel = instantiateVariant(code, memory);
      kernel.attach();
      kernel.create();
      const place = kernel.takePlace(4);
      const write = (vector: Float32Array) =>
        new Float32Array(memory.buffer).set(vector, kernel.queryAddress(place) / 4);
      vectors.forEach((vector, at) => {
        write(vector);
        assertEquals(kernel.addPending(place, at + 1, 1, 1), at);
      });
      assertEquals(kernel.linkPending(place, 1000), 600);
      let found = 0;
      for (const query of vectors.slice(0, 20)) {
        write(query);
        kernel.prepareQuery(place);
        const count = kernel.search(place, 10, 60, 1);
        const at = kernel.resultAddress(place) / 4;
        const slots = new Uint32Array(memory.buffer).slice(at, at + count);
        const nearest = bruteForce(numbered(vectors), "euclidean", query).slice(0, 10).map(({ id }) => id - 1);
        found += nearest.filter((slot) => slots.includes(slot)).length;
      }
      assert(found >= 190, `${found} of 200`);
    });
  }
}
