/** Compares what a database says with what it must say, and names the first difference in a line that a person can read. */

import { equal } from "@std/assert";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { contentOf, type FullContent } from "./content.ts";
import { DIRECTIONS, TraversalModel } from "../contract/traversal_model.ts";
import type { Rng } from "./rng.ts";

/** Something is not as it must be. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

/** Throws `Mismatch` unless the values are equal. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!equal(actual, expected)) throw new Mismatch(`${what}: found ${brief(actual)}, expected ${brief(expected)}`);
}

/** Throws `Mismatch` unless it is true. */
export function expect(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Mismatch(what);
}

/** Throws `Mismatch` when `check()` found anything, or any error. */
export function expectSound(graph: GraphBackend, what: string, severities: "errors" | "all"): void {
  const found = graph.check().findings.filter(({ severity }) => severities === "all" || severity === "error");
  const lines = found.map(({ severity, code, message, count }) => `\n    ${severity} ${code} (${count}): ${message}`);
  if (lines.length > 0) throw new Mismatch(`check() ${what} found${lines.join("")}`);
}

/** The first difference of two contents, or undefined. */
export function difference(actual: FullContent, expected: FullContent): string | undefined {
  return firstDifference("node", actual.nodes, expected.nodes, ({ id }) => id) ??
    firstDifference("edge", actual.edges, expected.edges, ({ id }) => id) ??
    firstDifference("key", actual.keyValues, expected.keyValues, ({ key }) => key) ??
    firstDifference("vector index", actual.vectorIndexes, expected.vectorIndexes, ({ key }) => key) ??
    firstDifference("vector", actual.vectors, expected.vectors, ({ key }) => key);
}

/** Throws `Mismatch` unless a graph holds exactly this. */
export function expectContent(graph: GraphReader, expected: FullContent, what: string): void {
  const found = difference(contentOf(graph), expected);
  if (found !== undefined) throw new Mismatch(`${what}: ${found}`);
}

/** Asks through every index, for some of the values, what the whole content must answer. */
export function expectIndexes(graph: GraphReader, { nodes, edges, keyValues, vectors }: FullContent, rng: Rng): void {
  expectEqual([graph.countNodes(), graph.countEdges(), graph.kv.count()], [
    nodes.length,
    edges.length,
    keyValues.length,
  ], "counts");
  const idsOf = (records: readonly { readonly id: number }[]) => records.map(({ id }) => id);
  if (keyValues.length > 0) {
    const entry = rng.pick(keyValues);
    expectEqual(graph.kv.entry(entry.key), entry, `entry of key ${brief(entry.key)}`);
  }
  if (vectors.length > 0) {
    const { key, vector } = rng.pick(vectors);
    const [index, node] = key.split(" ") as [string, string];
    const [found] = graph.searchVectors(index, vector, { k: 1, exact: true });
    expectEqual(found?.distance, 0, `distance of the vector of ${key} and the nearest one`);
    expectEqual([...graph.getVector(index, Number(node)) ?? []], vector, `vector of ${key}`);
  }
  if (nodes.length === 0) return;
  const { id, kind, name, labels = [] } = rng.pick(nodes);
  expectEqual([...graph.nodeIds({ kind })], idsOf(nodes.filter((node) => node.kind === kind)), `nodes of kind ${kind}`);
  expectEqual(
    [...graph.nodeIds({ name })],
    idsOf(nodes.filter((node) => node.name === name)),
    `nodes named ${brief(name)}`,
  );
  for (const label of labels) {
    const having = nodes.filter((node) => node.kind === label || node.labels?.includes(label) === true);
    expectEqual([...graph.nodeIds({ label })], idsOf(having), `nodes with label ${label}`);
  }
  const model = new TraversalModel(nodes, edges);
  for (const direction of DIRECTIONS) {
    expectEqual(
      graph.neighbors(id, { direction }),
      model.neighbors(id, { direction }),
      `${direction} neighbours of ${id}`,
    );
    expectEqual(graph.edgesOf(id, { direction }), model.edgesOf(id, { direction }), `${direction} edges of ${id}`);
  }
  if (edges.length === 0) return;
  const { type } = rng.pick(edges);
  expectEqual([...graph.edges({ type })], edges.filter((edge) => edge.type === type), `edges of type ${type}`);
}

function firstDifference<T>(
  what: string,
  actual: readonly T[],
  expected: readonly T[],
  nameOf: (record: T) => number | string | Uint8Array,
): string | undefined {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    if (at < actual.length && at < expected.length && equal(actual[at], expected[at])) continue;
    const found = at < actual.length ? nameOf(actual[at] as T) : undefined;
    const wanted = at < expected.length ? nameOf(expected[at] as T) : undefined;
    const counts = `${actual.length} ${what}s, expected ${expected.length}`;
    if (found === wanted) return `${what} ${brief(found)} is ${brief(actual[at])}, expected ${brief(expected[at])}`;
    return `${what} at position ${at} is ${brief(found)}, expected ${brief(wanted)} (${counts})`;
  }
  return undefined;
}

const BRIEF_LENGTH = 200;

/** A value in one short line. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value, (_, member) => {
    if (typeof member === "bigint") return `${member}n`;
    if (member instanceof Uint8Array) return `${member.length} bytes`;
    if (typeof member === "string" && member.length > 40) return `${member.slice(0, 20)}... (${member.length})`;
    return member;
  }) ?? "nothing";
  return text.length <= BRIEF_LENGTH ? text : `${text.slice(0, BRIEF_LENGTH)}...`;
}
