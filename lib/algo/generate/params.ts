/** Parameters of generators, described and checked as those of algorithms. */

import { projectIndexes } from "../../projection/mod.ts";
import { type CheckedParams, checkParams, type NumberParam, type ParamSpecs } from "../params.ts";

/** Most nodes of a generated graph: what a projection holds. */
export const MAX_NODES: number = 2 ** 29 - 1;

/** Most edges of a generated graph. */
export const MAX_EDGES: number = 2 ** 30 - 1;

/** Starts the sequence of random numbers. */
export const SEED: NumberParam = { kind: "integer", default: 1, doc: "start of the random numbers" };

/** A number of nodes. */
export function nodeCountParam(min = 0): NumberParam {
  return { kind: "integer", min, max: MAX_NODES, doc: "number of nodes" };
}

/** A probability. */
export function chanceParam(doc: string): NumberParam {
  return { kind: "number", min: 0, max: 1, doc };
}

/** A generator reads no graph, so that none of its parameters can be a node. */
const NO_NODES = projectIndexes({ nodeCount: 0, sources: new Uint32Array(0), targets: new Uint32Array(0) });

/** Fills in defaults. @throws {InvalidArgumentError} for unknown, missing and bad parameters */
export function checkGeneratorParams<P extends object, Optional extends keyof P = never>(
  specs: ParamSpecs<P>,
  params: P,
  call: string,
): CheckedParams<P, Optional> {
  return checkParams<P, Optional>(specs, params, NO_NODES, call);
}
