/** The cheapest path between two nodes, with a guess of what is left. */

import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { show } from "../../backend/validate.ts";
import { type Algorithm, filled, type TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, invalid, type ParamSpecs } from "../params.ts";
import { HEAP_WORK } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { NodeHeap } from "./node_heap.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type Path, pathOf } from "./path.ts";
import { PAIR_PARAMS, type PairParams } from "./starts.ts";

/** Where nodes lie. */
export interface Coordinates {
  /** First coordinate of each node by dense index (in ascending ids); of `haversine` the longitude in degrees. */
  readonly x: ArrayLike<number>;
  /** Second coordinate; of `haversine` the latitude in degrees. */
  readonly y: ArrayLike<number>;
  /** How far two places are apart; default `euclidean`. `haversine` gives metres on a sphere with the earth's mean radius. */
  readonly metric?: "euclidean" | "manhattan" | "haversine" | undefined;
  /** Least cost of a unit of distance; default 1. */
  readonly costPerUnit?: number | undefined;
}

/** Parameters of `aStar`. */
export interface AStarParams extends PairParams, CostParams {
  /**
   * A guess of the cost from a node to `to`, a finite number that is never too large: otherwise the path may not be the cheapest.
   * A function is for calls on this thread.
   */
  readonly heuristic?: ((nodeId: NodeId) => number) | undefined;
  /** Where nodes lie, in place of `heuristic`: the guess is the distance. */
  readonly coordinates?: Coordinates | undefined;
}

/** What `aStar` takes. */
export const A_STAR_PARAMS: ParamSpecs<AStarParams> = {
  ...PAIR_PARAMS,
  heuristic: { kind: "value", doc: "guess of the cost from a node to the last one (a function)", optional: true },
  coordinates: {
    kind: "value",
    doc: "where nodes lie, in ascending ids",
    example: '{"x":[0,1],"y":[0,0]}',
    optional: true,
  },
  ...COST_PARAMS,
};

/**
 * The cheapest path from one node to another; undefined when there is none. It follows first what looks cheapest in all: the cost so
 * far plus a guess, from a function or from coordinates. The path is a cheapest one if no guess is larger than the true cost. Guesses
 * need not be consistent: a node that is reached cheaper later is followed again. Costs are weights, or what `cost` says, and must not
 * be negative. Edges are followed in their direction. Ties by smaller id.
 *
 * One thread. Progress counts links that were followed. O((n + m) log n) with consistent guesses. Hart, Nilsson and Raphael, A formal
 * basis for the heuristic determination of minimum cost paths, 1968.
 *
 * @throws {InvalidArgumentError} for bad parameters and guesses, for negative costs that it meets, and without weights and cost
 * function
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const aStar: Algorithm<AStarParams, Path | undefined> = defineForOneThread(
  import.meta.url,
  "aStar",
  (projection, params: AStarParams, context) => {
    const checked = checkParams<AStarParams, "heuristic" | "coordinates" | keyof CostParams>(
      A_STAR_PARAMS,
      params,
      projection,
      "aStar",
    );
    const from = projection.indexOf(checked.from);
    const to = projection.indexOf(checked.to);
    const guess = guessOf(projection, to, checked.heuristic, checked.coordinates);
    return guided(projection, from, to, new LinkCosts(projection, checked, { call: "aStar" }), guess, context);
  },
);

function guided(
  projection: Projection,
  from: number,
  to: number,
  linkCosts: LinkCosts,
  guess: (node: number) => number,
  context: TaskContext,
): Path | undefined {
  const { offsets, targets } = projection.out;
  const { nodeCount } = projection;
  const pace = new Pace(context);
  const costs = filled(new Float64Array(nodeCount), Infinity);
  // Each node is asked for once.
  const guesses = filled(new Float64Array(nodeCount), NaN);
  const parents = filled(new Int32Array(nodeCount), -1);
  const places = new Int32Array(nodeCount);
  const heap = new NodeHeap(nodeCount);
  costs[from] = 0;
  heap.put(from, 0);
  for (let node = heap.take(); node >= 0 && node !== to; node = heap.take()) {
    const cost = costs[node] as number;
    const start = offsets[node] as number;
    const stop = offsets[node + 1] as number;
    let work = HEAP_WORK;
    for (let place = start; place < stop; place++) {
      const target = targets[place] as number;
      const next = cost + linkCosts.of(place, node, target);
      if (!(next < (costs[target] as number))) continue;
      let left = guesses[target] as number;
      if (left !== left) {
        left = guess(target);
        guesses[target] = left;
      }
      costs[target] = next;
      parents[target] = node;
      places[target] = place;
      heap.put(target, next + left);
      work += HEAP_WORK;
    }
    pace.step(stop - start + 1, work);
  }
  pace.end();
  if (costs[to] === Infinity) return undefined;
  const nodes = [to];
  const taken: number[] = [];
  for (let node = to; node !== from; node = parents[node] as number) {
    taken.push(places[node] as number);
    nodes.push(parents[node] as number);
  }
  return pathOf(projection, projection.out, nodes.reverse(), taken.reverse(), costs[to] as number);
}

function guessOf(
  projection: Projection,
  to: number,
  heuristic: AStarParams["heuristic"],
  coordinates: Coordinates | undefined,
): (node: number) => number {
  if ((heuristic === undefined) === (coordinates === undefined)) {
    throw invalid("aStar", "heuristic", heuristic, "and `coordinates`: give one of them");
  }
  if (coordinates !== undefined) return distanceTo(projection, to, coordinates);
  if (typeof heuristic !== "function") {
    throw invalid("aStar", "heuristic", heuristic, `is ${show(heuristic)}; give a function of a node id`);
  }
  return (node) => {
    const nodeId = projection.nodeIds[node] as number;
    const guess: unknown = heuristic(nodeId);
    if (Number.isFinite(guess)) return guess as number;
    throw invalid("aStar", "heuristic", guess, `gave ${show(guess)} for node ${nodeId}; return a finite number`);
  };
}

function distanceTo(projection: Projection, to: number, coordinates: Coordinates): (node: number) => number {
  const { x, y, metric = "euclidean", costPerUnit = 1 } = coordinates;
  for (const [field, list] of Object.entries({ x, y })) {
    if (list?.length !== projection.nodeCount) {
      throw invalid(
        "aStar",
        `coordinates.${field}`,
        list,
        `has ${show(list?.length)} numbers; give one for each of ${projection.nodeCount} nodes, in ascending ids`,
      );
    }
    for (let at = 0; at < list.length; at++) {
      if (!Number.isFinite(list[at])) {
        throw invalid("aStar", `coordinates.${field}[${at}]`, list[at], `is ${show(list[at])}; give finite numbers`);
      }
    }
  }
  if (!Number.isFinite(costPerUnit) || costPerUnit < 0) {
    throw invalid("aStar", "coordinates.costPerUnit", costPerUnit, `is ${show(costPerUnit)}; give a number from 0`);
  }
  const toX = x[to] as number;
  const toY = y[to] as number;
  switch (metric) {
    case "euclidean":
      return (node) => costPerUnit * Math.hypot((x[node] as number) - toX, (y[node] as number) - toY);
    case "manhattan":
      return (node) => costPerUnit * (Math.abs((x[node] as number) - toX) + Math.abs((y[node] as number) - toY));
    case "haversine":
      return (node) => costPerUnit * haversine(x[node] as number, y[node] as number, toX, toY);
  }
  throw invalid(
    "aStar",
    "coordinates.metric",
    metric,
    `is ${show(metric)}; give "euclidean" or "manhattan" or "haversine"`,
  );
}

/** Mean radius of the earth in metres. */
const EARTH_RADIUS = 6_371_008.8;

function haversine(longitude: number, latitude: number, toLongitude: number, toLatitude: number): number {
  const radians = Math.PI / 180;
  const high = Math.sin((toLatitude - latitude) * radians / 2);
  const wide = Math.sin((toLongitude - longitude) * radians / 2);
  const square = high * high + Math.cos(latitude * radians) * Math.cos(toLatitude * radians) * wide * wide;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(square)));
}
