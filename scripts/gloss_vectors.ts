/** Vectors for short English texts, without a model: TF-IDF by hashed words, pressed into fewer dimensions.
 *
 * A text is a long, sparse vector: one dimension a word, as large as the word is rare among all texts (inverse document
 * frequency). A random matrix of signs presses it into 256 dimensions; angles stay nearly what they were (W. Johnson and J.
 * Lindenstrauss, *Extensions of Lipschitz mappings into a Hilbert space*, 1984; D. Achlioptas, *Database-friendly random
 * projections*, 2003). Words are hashed into buckets, so nothing but the counts of the buckets has to be kept.
 *
 * @module
 */

/** Numbers in a vector. */
export const GLOSS_DIMENSION = 256;

const BUCKETS = 1 << 16;
const SEED = 0x5eed;

/** Makes vectors of texts, weighing words by how rare they are among the texts that it was made with. */
export class GlossVectors {
  /** Inverse document frequency by bucket. */
  readonly #weights: Float32Array;
  /** The random matrix: a row of 1 and −1 for every bucket. */
  readonly #signs: Int8Array;

  /** @param texts all texts, which are looked at once */
  constructor(texts: Iterable<string>) {
    const counts = new Uint32Array(BUCKETS);
    let total = 0;
    for (const text of texts) {
      total++;
      for (const bucket of new Set(bucketsOf(text))) counts[bucket] = (counts[bucket] as number) + 1;
    }
    this.#weights = Float32Array.from(counts, (count) => Math.log((1 + total) / (1 + count)));
    this.#signs = randomSigns(BUCKETS * GLOSS_DIMENSION);
  }

  /** The vector of a text; undefined when no word of it weighs anything. */
  vectorOf(text: string): Float32Array | undefined {
    const weights = new Map<number, number>();
    for (const bucket of bucketsOf(text)) {
      weights.set(bucket, (weights.get(bucket) ?? 0) + (this.#weights[bucket] as number));
    }
    const vector = new Float32Array(GLOSS_DIMENSION);
    for (const [bucket, weight] of weights) {
      const row = bucket * GLOSS_DIMENSION;
      for (let at = 0; at < GLOSS_DIMENSION; at++) {
        vector[at] = (vector[at] as number) + weight * (this.#signs[row + at] as number);
      }
    }
    return vector.some((number) => number !== 0) ? vector : undefined;
  }
}

function randomSigns(length: number): Int8Array {
  const signs = new Int8Array(length);
  for (let at = 0; at < length; at += 32) {
    const bits = mix(SEED + at);
    for (let bit = 0; bit < 32; bit++) signs[at + bit] = bits >>> bit & 1 ? 1 : -1;
  }
  return signs;
}

/** Buckets of the words of a text. `purrs` and `purr`, `furry` and `fur` fall into one. */
function bucketsOf(text: string): number[] {
  return (text.toLowerCase().match(/[a-z]+/g) ?? []).map((word) => {
    let hash = 0x811c9dc5;
    const stem = stemOf(word);
    for (let at = 0; at < stem.length; at++) hash = Math.imul(hash ^ stem.charCodeAt(at), 0x01000193);
    return mix(hash) % BUCKETS;
  });
}

/** A word without the commonest endings; short ones as they are. */
function stemOf(word: string): string {
  const stem = word.replace(/(?:ies|ing|ed|es|s|y)$/, "");
  return stem.length < 3 ? word : stem.replace(/([bdfgmnprt])\1$/, "$1");
}

/** A number whose bits all depend on all bits of another one (finalizer of MurmurHash3). */
function mix(number: number): number {
  let hash = number;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}
