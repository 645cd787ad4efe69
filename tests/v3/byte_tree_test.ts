import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteTreeWriter } from "../../lib/v3/byte_writer.ts";
import { PAGE_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "../../lib/v3/pages.ts";
import { test } from "../support/test.ts";
import { assertContent, batchOf, ByteModel, type Entry, filled, padded, shapeOf, textOf } from "./byte_model.ts";
import { ShortLivedPages } from "./short_lived_pages.ts";
import { TestPages } from "./test_pages.ts";

const NOTHING = new Uint8Array(0);

/** `size` equal bytes and a tail: short to read when a case fails. */
interface KeyShape {
  readonly size: number;
  readonly tail: Uint8Array;
}

/** `size` equal bytes. */
interface ValueShape {
  readonly size: number;
  readonly byte: number;
}

type EntryShape = readonly [key: KeyShape, value: ValueShape];

/** One step. `pick` chooses among all keys that were ever put. */
type Action =
  | { readonly do: "put"; readonly entry: EntryShape }
  | { readonly do: "putAgain"; readonly pick: number; readonly value: ValueShape }
  | { readonly do: "delete" | "deleteMany"; readonly pick: number }
  | { readonly do: "batch"; readonly entries: readonly EntryShape[] }
  | { readonly do: "commit" | "clear" };

function entryOf([key, value]: EntryShape): Entry {
  return [padded(key.size, key.tail), filled(value.size, value.byte)];
}

const tail = fc.uint8Array({ maxLength: 3, max: 3 });
const anyTail = fc.oneof(tail, fc.uint8Array({ maxLength: 20 }));

function keyWith(...sizes: readonly number[]): fc.Arbitrary<KeyShape> {
  return fc.record({ size: fc.constantFrom(...sizes), tail });
}

function valueWith(...sizes: readonly number[]): fc.Arbitrary<ValueShape> {
  return fc.record({ size: fc.constantFrom(...sizes), byte: fc.nat({ max: 255 }) });
}

const shortKey = fc.record({ size: fc.constant(0), tail: anyTail });
/** Keys that fill pages soon and agree in most of their bytes; some have chains, of one and of two pages. */
const longKey = keyWith(200, 300, 510, 511, 512, 513, 700, 5_000);
const value = valueWith(0, 1, 20, 64, 65, 300, 999, 1_000, 1_001, 6_000);

function actionsWith(
  key: fc.Arbitrary<KeyShape>,
  value: fc.Arbitrary<ValueShape>,
  maxBatch: number,
  maxLength: number,
): fc.Arbitrary<Action[]> {
  const pick = fc.nat({ max: 200 });
  const entry = fc.tuple(key, value);
  const entries = fc.uniqueArray(entry, {
    selector: ([key]) => textOf(padded(key.size, key.tail)),
    maxLength: maxBatch,
  });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), entry }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("putAgain" as const), pick, value }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("delete" as const), pick }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteMany" as const), pick }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("batch" as const), entries }) },
      { weight: 2, arbitrary: fc.constant<Action>({ do: "commit" }) },
      { weight: 1, arbitrary: fc.constant<Action>({ do: "clear" }) },
    ),
    { minLength: maxLength / 2, maxLength },
  );
}

/** A tree, the model, and what old roots must still hold. */
class Run {
  readonly tree: ByteTreeWriter;
  readonly model: ByteModel = new ByteModel();
  readonly #pages: MutablePages & { readonly live: ReadonlySet<number>; commit(): void };
  readonly #keys: Uint8Array[] = [];
  readonly #commits: { readonly root: TreeRoot; readonly model: ByteModel }[] = [];

  constructor(pages: MutablePages & { readonly live: ReadonlySet<number>; commit(): void }) {
    this.#pages = pages;
    this.tree = new ByteTreeWriter(pages, EMPTY_ROOT);
  }

  step(action: Action): void {
    this.#apply(action);
    this.assertNothingLost();
  }

  #apply(action: Action): void {
    const { tree, model } = this;
    switch (action.do) {
      case "put":
        return this.#put(...entryOf(action.entry));
      case "putAgain":
        return this.#put(this.#pick(action.pick), filled(action.value.size, action.value.byte));
      case "delete": {
        const key = this.#pick(action.pick);
        return assertEquals(tree.delete(key), model.delete(key));
      }
      case "deleteMany":
        for (const key of this.#keys.slice(action.pick, action.pick + 30)) {
          assertEquals(tree.delete(key), model.delete(key));
        }
        return;
      case "batch": {
        const entries = action.entries.map(entryOf);
        const added = entries.filter(([key, value]) => model.put(key, value)).length;
        assertEquals(tree.putSorted(batchOf(entries)), added);
        this.#keys.push(...entries.map(([key]) => key));
        return;
      }
      case "commit":
        this.#commits.push({ root: tree.root, model: model.copy() });
        return this.#pages.commit();
      case "clear":
        tree.clear();
        return model.clear();
    }
  }

  #put(key: Uint8Array, value: Uint8Array): void {
    this.#keys.push(key);
    assertEquals(this.tree.put(key, value), this.model.put(key, value));
  }

  #pick(pick: number): Uint8Array {
    return this.#keys[pick % Math.max(1, this.#keys.length)] ?? NOTHING;
  }

  /** No page is lost, and none is in use that was freed. */
  assertNothingLost(): void {
    const { reached } = shapeOf(this.#pages, this.tree.root);
    assertEquals(ascending(this.#pages.live), ascending(reached));
  }

  assertContent(): void {
    assertContent(this.#pages, this.tree.root, this.model);
    for (const { root, model } of this.#commits) assertContent(this.#pages, root, model);
  }

  /** Deletes what is left, key by key. */
  empty(): void {
    this.#keys.forEach((key, at) => {
      assertEquals(this.tree.delete(key), this.model.delete(key));
      if (at % 16 === 0) this.assertNothingLost();
    });
    assertEquals(this.tree.root, EMPTY_ROOT);
    assertEquals(this.#pages.live.size, 0);
  }
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}

function runOf(pages: TestPages | ShortLivedPages, actions: readonly Action[]): void {
  const run = new Run(pages);
  for (const action of actions) run.step(action);
  run.assertContent();
  run.empty();
  if (pages instanceof TestPages) pages.verify();
}

test("a tree of short keys agrees with a sorted map, and old roots keep their content", () => {
  fc.assert(
    fc.property(actionsWith(shortKey, value, 40, 60), (actions) => runOf(new TestPages(4_000), actions)),
    { numRuns: 40 },
  );
});

test("a tree of long keys with long common prefixes agrees with a sorted map, and no chain is lost", () => {
  fc.assert(
    fc.property(actionsWith(longKey, value, 40, 50), (actions) => runOf(new TestPages(6_000), actions)),
    { numRuns: 40 },
  );
});

test("no address is used long after it was asked for, even when keys and values have long chains", () => {
  // Twelve pages are more than addresses live here, and less than the 64 that are promised: mistakes show with short keys.
  const key = keyWith(0, 300, 700, 12 * PAGE_SIZE);
  const long = valueWith(0, 5, 700, 12 * PAGE_SIZE);
  fc.assert(
    fc.property(actionsWith(key, long, 6, 14), (actions) => runOf(new ShortLivedPages(10), actions)),
    { numRuns: 12 },
  );
});
