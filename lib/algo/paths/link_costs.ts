/** What it costs to follow a link. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import { InvalidArgumentError } from "../../backend/errors.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";
import { show } from "../../backend/validate.ts";
import { invalid, type ParamSpecs } from "../params.ts";
import { requireWeights } from "../require.ts";

/**
 * Cost of following an edge, from one of its ends to the other. `edgeId` is undefined when the projection does not know its edges,
 * `weight` is 1 when it has no weights. Infinity: the edge cannot be followed.
 */
export type CostFunction = (edgeId: EdgeId | undefined, from: NodeId, to: NodeId, weight: number) => number;

/** Which edges are followed, and what each costs. Functions are for calls on this thread: they cannot be sent to others. */
export interface CostParams {
  /** Cost of following an edge; default: its weight. */
  readonly cost?: CostFunction | undefined;
  /** Which nodes may be entered; default: all. The first one of a path is not asked for. */
  readonly where?: ((nodeId: NodeId) => boolean) | undefined;
  /** Which edges may be followed; default: all. Arguments are those of `cost`. */
  readonly whereEdge?:
    | ((edgeId: EdgeId | undefined, from: NodeId, to: NodeId, weight: number) => boolean)
    | undefined;
}

/** What `CostParams` takes. */
export const COST_PARAMS: ParamSpecs<CostParams> = {
  cost: { kind: "value", doc: "cost of following an edge (a function); by default its weight", optional: true },
  where: { kind: "value", doc: "which nodes may be entered (a function); by default all", optional: true },
  whereEdge: { kind: "value", doc: "which edges may be followed (a function); by default all", optional: true },
};

/** How costs are made. */
export interface LinkCostOptions {
  /** Name of the algorithm, for errors. */
  readonly call: string;
  /** True: without weights each link costs 1. Otherwise they are needed, unless there is a cost function. */
  readonly isUnweightedFine?: boolean;
  /** True: links may have negative costs. */
  readonly isNegativeFine?: boolean;
  /** True: links are those of `projection.in`, followed backwards. */
  readonly isReversed?: boolean;
}

/** Costs of links. */
export class LinkCosts {
  readonly #weights: Float64Array | undefined;
  readonly #isCustom: boolean;
  readonly #min: number;
  readonly #call: string;
  readonly #projection: Projection;
  readonly #links: Adjacency;
  readonly #params: CostParams;
  readonly #isReversed: boolean;

  /** @throws {InvalidArgumentError} when weights are missing, and for functions that are none */
  constructor(projection: Projection, params: CostParams, options: LinkCostOptions) {
    this.#call = options.call;
    for (const field of ["cost", "where", "whereEdge"] as const) {
      const value: unknown = params[field];
      if (value === undefined || typeof value === "function") continue;
      throw invalid(options.call, field, value, `is ${show(value)}; give a function`);
    }
    if (params.cost === undefined && options.isUnweightedFine !== true) requireWeights(projection, options.call);
    this.#projection = projection;
    this.#params = params;
    this.#isReversed = options.isReversed === true;
    this.#links = this.#isReversed ? projection.in : projection.out;
    this.#weights = this.#links.weights;
    this.#min = options.isNegativeFine === true ? -Infinity : 0;
    this.#isCustom = params.cost !== undefined || params.where !== undefined || params.whereEdge !== undefined;
  }

  /** The links. */
  get links(): Adjacency {
    return this.#links;
  }

  /** Cost of the link at a place of the arrays, between two dense indexes; Infinity when it cannot be followed. Hot. */
  of(place: number, node: number, target: number): number {
    if (this.#isCustom) return this.#custom(place, node, target);
    const weight = this.#weights === undefined ? 1 : this.#weights[place] as number;
    if (weight < this.#min) throw this.#negative(weight);
    return weight;
  }

  #custom(place: number, node: number, target: number): number {
    const { cost, where, whereEdge } = this.#params;
    const { nodeIds } = this.#projection;
    const from = nodeIds[this.#isReversed ? target : node] as number;
    const to = nodeIds[this.#isReversed ? node : target] as number;
    if (where !== undefined && !where(to)) return Infinity;
    const weight = this.#weights === undefined ? 1 : this.#weights[place] as number;
    const edgeId = this.#links.edgeIds?.[place];
    if (whereEdge !== undefined && !whereEdge(edgeId, from, to, weight)) return Infinity;
    const found: unknown = cost === undefined ? weight : cost(edgeId, from, to, weight);
    if (typeof found === "number" && found >= this.#min && found > -Infinity) return found;
    if (typeof found === "number" && found < this.#min && found > -Infinity) throw this.#negative(found);
    throw invalid(this.#call, "cost", found, `is ${show(found)} from ${from} to ${to}; return a number, or Infinity`);
  }

  #negative(cost: number): InvalidArgumentError {
    return new InvalidArgumentError(
      `${this.#call}: an edge costs ${cost}, and costs must not be negative here; use bellmanFord or johnson`,
      { code: "negative-weight", field: "projection", value: cost },
    );
  }
}
