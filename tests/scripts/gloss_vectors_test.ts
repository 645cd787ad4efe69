import { assert, assertEquals } from "@std/assert";
import { GLOSS_DIMENSION, GlossVectors } from "../../scripts/gloss_vectors.ts";
import { test } from "../support/test.ts";

const TEXTS = [
  "a small animal with soft fur",
  "an animal that lives in water",
  "a machine that makes ice",
  "a machine that makes bread",
];

function cosine(one: Float32Array, other: Float32Array): number {
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, number, at) => sum + number * (b[at] as number), 0);
  return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

test("texts that share rare words have vectors that are near each other", () => {
  const glosses = new GlossVectors(TEXTS);
  const query = glosses.vectorOf("small furry animals") ?? new Float32Array(GLOSS_DIMENSION);
  const similar = TEXTS.map((text) => cosine(query, glosses.vectorOf(text) ?? new Float32Array(GLOSS_DIMENSION)));
  const [first = 0, ...others] = similar;
  assert(first > 0.5 && others.every((other) => Math.abs(other) < 0.3), String(similar));
});

test("vectors of glosses are the same every time, and a text without words has none", () => {
  assertEquals(new GlossVectors(TEXTS).vectorOf("ice bread"), new GlossVectors(TEXTS).vectorOf("ice bread"));
  assertEquals(new GlossVectors(TEXTS).vectorOf("... 12"), undefined);
});
