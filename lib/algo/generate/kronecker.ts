/** Kronecker graphs, as the Graph500 benchmark has them. */

import { Random } from "../random.ts";
import { invalid } from "../params.ts";
import { GeneratedGraph } from "./generated_graph.ts";
import { checkGeneratorParams, MAX_EDGES, SEED } from "./params.ts";

/** Parameters of `kronecker`. */
export interface KroneckerParams {
  /** The graph has 2^scale nodes. From 0 to 28. */
  readonly scale: number;
  /** Edges for each node. Default 16. */
  readonly edgeFactor?: number | undefined;
  /** Chance that both ends of an edge are in the first half, at each level. Default 0.57. */
  readonly a?: number | undefined;
  /** Chance that it leads from the first half to the second. Default 0.19. */
  readonly b?: number | undefined;
  /** Chance that it leads from the second half to the first. Default 0.19; what is left is for both ends in the second. */
  readonly c?: number | undefined;
  /** Whether nodes are numbered at random, so that their index says nothing of their degree. Default true. */
  readonly permuted?: boolean | undefined;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/** Levels that one random number decides: there are 4^4 outcomes. */
const LEVELS = 4;
const OUTCOMES = 4 ** LEVELS;
/** Bits of a random number that choose between an outcome and its alias. */
const COIN_BITS = 24;
/** Random numbers made at once. */
const BLOCK = 8_192;

/**
 * A stochastic Kronecker graph (R-MAT: Chakrabarti, Zhan, Faloutsos, R-MAT: A Recursive Model for Graph Mining, 2004), whose
 * degrees follow a power law: 2^scale nodes and edgeFactor × 2^scale edges, with self-loops and parallel edges. By default the
 * parameters are those of Graph500. O(m · scale).
 *
 * Project it with `{ undirected: true, simple: true }` for the graph that Graph500 and the GAP benchmark search.
 *
 * @throws {InvalidArgumentError} for bad parameters
 */
export function kronecker(params: KroneckerParams): GeneratedGraph {
  const { scale, edgeFactor, a, b, c, permuted, seed } = checkGeneratorParams(
    {
      scale: { kind: "integer", min: 0, max: 28, doc: "logarithm of the number of nodes" },
      edgeFactor: { kind: "integer", default: 16, min: 0, max: MAX_EDGES, doc: "edges for each node" },
      a: { kind: "number", default: 0.57, min: 0, max: 1, doc: "chance of both ends in the first half" },
      b: { kind: "number", default: 0.19, min: 0, max: 1, doc: "chance of an edge from the first half to the second" },
      c: { kind: "number", default: 0.19, min: 0, max: 1, doc: "chance of an edge from the second half to the first" },
      permuted: { kind: "flag", default: true, doc: "nodes are numbered at random" },
      seed: SEED,
    },
    params,
    "kronecker",
  );
  const nodeCount = 2 ** scale;
  const edgeCount = edgeFactor * nodeCount;
  if (edgeCount > MAX_EDGES) throw invalid("kronecker", "edgeFactor", edgeFactor, `makes more than ${MAX_EDGES} edges`);
  const d = 1 - a - b - c;
  if (d < -1e-9) throw invalid("kronecker", "c", c, `is too much: a + b + c is ${a + b + c}, and at most 1`);
  const random = new Random(seed);
  const from = new Uint32Array(edgeCount);
  const to = new Uint32Array(edgeCount);
  const chances = [a, b, c, Math.max(d, 0)];
  for (let level = 0; level < scale; level += LEVELS) {
    addLevels(from, to, Math.min(LEVELS, scale - level), chances, random);
  }
  if (permuted) renumber(nodeCount, [from, to], random);
  return new GeneratedGraph(nodeCount, from, to);
}

/** Appends bits to the ends of all edges. Hot: measured 2.5 ns for each edge and four levels. */
function addLevels(
  from: Uint32Array,
  to: Uint32Array,
  levels: number,
  chances: readonly number[],
  random: Random,
): void {
  const { limits, aliases } = aliasTable(chances, levels);
  const sourceBits = Uint8Array.from({ length: OUTCOMES }, (_, outcome) => bitsOf(outcome, 1));
  const targetBits = Uint8Array.from({ length: OUTCOMES }, (_, outcome) => bitsOf(outcome, 0));
  const mask = 4 ** levels - 1;
  const block = new Uint32Array(BLOCK);
  for (let start = 0; start < from.length; start += BLOCK) {
    random.fill(block);
    const end = Math.min(start + BLOCK, from.length);
    for (let edge = start; edge < end; edge++) {
      const drawn = block[edge - start] as number;
      const column = (drawn >>> COIN_BITS) & mask;
      const coin = drawn & (2 ** COIN_BITS - 1);
      const outcome = coin < (limits[column] as number) ? column : aliases[column] as number;
      from[edge] = (from[edge] as number) << levels | (sourceBits[outcome] as number);
      to[edge] = (to[edge] as number) << levels | (targetBits[outcome] as number);
    }
  }
}

/** Every second bit of an outcome. */
function bitsOf(outcome: number, first: number): number {
  let bits = 0;
  for (let level = LEVELS - 1; level >= 0; level--) bits = bits << 1 | (outcome >>> (2 * level + first) & 1);
  return bits;
}

/**
 * Draws an outcome of several levels with one random number: a column, and by a coin either that outcome or its alias (Walker
 * 1977; Vose 1991).
 */
function aliasTable(
  chances: readonly number[],
  levels: number,
): { readonly limits: Uint32Array; readonly aliases: Uint8Array } {
  const count = 4 ** levels;
  const left = new Float64Array(count);
  for (let outcome = 0; outcome < count; outcome++) {
    let chance = count;
    for (let level = 0; level < levels; level++) chance *= chances[outcome >>> (2 * level) & 3] as number;
    left[outcome] = chance;
  }
  const limits = new Uint32Array(count).fill(2 ** COIN_BITS);
  const aliases = Uint8Array.from({ length: count }, (_, outcome) => outcome);
  const poor: number[] = [];
  const rich: number[] = [];
  for (let outcome = 0; outcome < count; outcome++) ((left[outcome] as number) < 1 ? poor : rich).push(outcome);
  for (let small = poor.pop(); small !== undefined; small = poor.pop()) {
    const large = rich.at(-1);
    // What is left then is 1 but for rounding.
    if (large === undefined) break;
    limits[small] = Math.round((left[small] as number) * 2 ** COIN_BITS);
    aliases[small] = large;
    left[large] = (left[large] as number) - (1 - (left[small] as number));
    if ((left[large] as number) < 1) {
      rich.pop();
      poor.push(large);
    }
  }
  return { limits, aliases };
}

function renumber(nodeCount: number, lists: readonly Uint32Array[], random: Random): void {
  const numbers = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) numbers[node] = node;
  random.shuffle(numbers);
  for (const list of lists) {
    for (let at = 0; at < list.length; at++) list[at] = numbers[list[at] as number] as number;
  }
}
