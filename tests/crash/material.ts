/** What the random work writes: few kinds, types and keys, so that they meet, and data of many sizes, none like another. */

import type { JsonValue } from "../../lib/backend/json.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import type { NodeShape } from "../../lib/backend/schema.ts";
import type { Patch } from "./model.ts";
import type { Rng } from "./rng.ts";

const KINDS = ["Person", "Place", "Thing"] as const;
const LABELS = ["Person", "blue", "green", "red"] as const;
const TYPES = ["KNOWS", "OWNS", "NEAR"] as const;
const KEYS = Array.from({ length: 24 }, (_, at) => at % 8 === 7 ? `long:${"k".repeat(600 * at)}` : `key:${at}`);

/** Most bytes that one value takes: some pages. */
const MAX_DATA_BYTES = 14_000;

/** Vector indexes and the numbers of their vectors: of less than a part, of one part, of some parts. */
const INDEXES: readonly (readonly [string, number])[] = [["small", 3], ["middle", 200], ["large", 700]];

/** Draws values. */
export class Material {
  readonly #rng: Rng;
  #serial = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** A new node. */
  node(): NodeShape<string> & { readonly data: JsonValue } {
    const rng = this.#rng;
    return {
      kind: this.kind(),
      name: this.name(),
      ...(rng.chance(0.2) ? { filePath: `src/${rng.between(1, 9)}.ts` } : {}),
      ...(rng.chance(0.4) ? { labels: [this.label(), this.label()] } : {}),
      data: this.data(),
    };
  }

  /** A kind. */
  kind(): string {
    return this.#rng.pick(KINDS);
  }

  /** A name, now and then one that is longer than a page. */
  name(): string {
    return this.#rng.chance(0.02) ? this.#text(this.#rng.between(1_000, 6_000)) : `name ${this.#rng.between(1, 25)}`;
  }

  /** A label. */
  label(): string {
    return this.#rng.pick(LABELS);
  }

  /** An edge type. */
  type(): string {
    return this.#rng.pick(TYPES);
  }

  /** A key. */
  key(): string {
    return this.#rng.pick(KEYS);
  }

  /** Data of a node or an edge. */
  data(): JsonValue {
    const rng = this.#rng;
    switch (rng.weighted({ empty: 2, object: 8, list: 1, scalar: 1 })) {
      case "empty":
        return {};
      case "object":
        return { a: ++this.#serial, ...(rng.chance(0.5) ? { b: this.#text(this.#size()) } : {}) };
      case "list":
        return [++this.#serial, [null, -1.5, 2n ** 64n], this.#text(this.#size())];
      case "scalar":
        return this.#text(this.#size());
    }
  }

  /** A change of data. */
  patch(): Patch {
    const rng = this.#rng;
    const patch: Record<string, JsonValue | undefined> = { a: ++this.#serial };
    if (rng.chance(0.3)) patch["b"] = rng.chance(0.5) ? undefined : this.#text(this.#size());
    if (rng.chance(0.3)) patch["c"] = [this.#serial];
    return patch;
  }

  /** A value of the key-value store. */
  value(): KeyValue {
    const rng = this.#rng;
    switch (rng.weighted({ number: 3, text: 3, bytes: 2, json: 2, empty: 1 })) {
      case "number":
        return rng.chance(0.2) ? 2n ** 62n + BigInt(++this.#serial) : ++this.#serial;
      case "text":
        return this.#text(this.#size());
      case "bytes":
        return new TextEncoder().encode(this.#text(this.#size()));
      case "json":
        return { serial: ++this.#serial, list: [true, this.#text(this.#size())] };
      case "empty":
        return rng.pick<KeyValue>([null, "", false, new Uint8Array(0)]);
    }
  }

  /** A vector index and the numbers of its vectors. */
  vectorIndex(): readonly [string, number] {
    return this.#rng.pick(INDEXES);
  }

  /** A vector, none like another. */
  vector(dimension: number): number[] {
    const serial = ++this.#serial;
    return Array.from({ length: dimension }, (_, at) => at === 0 ? serial : serial % 1_000 - at / 4);
  }

  /** So many bytes, none of their pages like another. */
  bytes(length: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(length / 4)).fill(++this.#serial << 16);
    for (let at = 0; at < words.length; at += 256) words[at] = (words[at] as number) + at / 256;
    return new Uint8Array(words.buffer, 0, length);
  }

  #size(): number {
    const rng = this.#rng;
    return rng.chance(0.75) ? rng.between(0, 60) : rng.skewed(100, MAX_DATA_BYTES);
  }

  /** Text that says who wrote it in every part, so that a page in a wrong place shows. */
  #text(length: number): string {
    const unit = `${++this.#serial}.`;
    return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  }
}
