/** Several paths between two nodes, the cheapest first. */

import type { Projection } from "../../backend/projection.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { CostSearch } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type Path, pathOf } from "./path.ts";
import { PAIR_PARAMS, type PairParams } from "./starts.ts";

/** Parameters of `kShortestPaths`. */
export interface KShortestPathsParams extends PairParams, CostParams {
  /** How many paths at most. */
  readonly k: number;
}

/** What `kShortestPaths` takes. */
export const K_SHORTEST_PATHS_PARAMS: ParamSpecs<KShortestPathsParams> = {
  ...PAIR_PARAMS,
  k: { kind: "integer", doc: "how many paths at most", min: 1, max: 100_000 },
  ...COST_PARAMS,
};

/**
 * The cheapest paths from one node to another that visit no node twice: by cost, then number of nodes, then the ids of the nodes one
 * after the other; fewer than k when there are no more. Paths differ in their nodes: of parallel edges the cheapest counts. When more
 * paths than there is room for cost the same, which of them are kept is always the same. Costs are weights (1 without), or what `cost`
 * says, and must not be negative. Edges are followed in their direction.
 *
 * One thread. Progress counts links that were followed. O(k n (n + m) log n). Yen, Finding the k shortest loopless paths in a network,
 * 1971, and Lawler, A procedure for computing the k best solutions, 1972: no path is found twice.
 *
 * @throws {InvalidArgumentError} for bad parameters, and for negative costs that it meets
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const kShortestPaths: Algorithm<KShortestPathsParams, Path[]> = defineForOneThread(
  import.meta.url,
  "kShortestPaths",
  (projection, params: KShortestPathsParams, context) => {
    const checked = checkParams<KShortestPathsParams, keyof CostParams>(
      K_SHORTEST_PATHS_PARAMS,
      params,
      projection,
      "kShortestPaths",
    );
    const linkCosts = new LinkCosts(projection, checked, { call: "kShortestPaths", isUnweightedFine: true });
    const from = projection.indexOf(checked.from);
    const to = projection.indexOf(checked.to);
    return new Yen(projection, linkCosts, to, context).find(from, checked.k).map((route) =>
      routePath(projection, route)
    );
  },
);

/** A path, as dense indexes and places of links. */
interface Route {
  readonly nodes: readonly number[];
  readonly places: readonly number[];
  /** Cost up to each of its nodes. */
  readonly costs: readonly number[];
  /** Where it leaves the path that it was made of. */
  readonly leaves: number;
}

class Yen {
  readonly #projection: Projection;
  readonly #linkCosts: LinkCosts;
  readonly #to: number;
  readonly #pace: Pace;
  readonly #search: CostSearch;
  readonly #blocked: Uint8Array;

  constructor(projection: Projection, linkCosts: LinkCosts, to: number, context: TaskContext) {
    this.#projection = projection;
    this.#linkCosts = linkCosts;
    this.#to = to;
    this.#pace = new Pace(context);
    this.#search = new CostSearch(projection.out, linkCosts, this.#pace);
    this.#blocked = new Uint8Array(projection.nodeCount);
    this.#search.blocked = this.#blocked;
  }

  find(from: number, k: number): Route[] {
    if (from === this.#to) return [{ nodes: [from], places: [], costs: [0], leaves: 0 }];
    const found: Route[] = [];
    const candidates = new RouteHeap();
    const first = this.#spur({ nodes: [from], places: [], costs: [0], leaves: 0 }, 0, []);
    if (first !== undefined) candidates.push(first);
    while (found.length < k) {
      const best = candidates.pop();
      if (best === undefined) break;
      found.push(best);
      if (found.length === k) break;
      for (let at = best.leaves; at + 1 < best.nodes.length; at++) {
        const banned = nextNodes(found, best, at);
        const route = this.#spur(best, at, banned);
        if (route !== undefined) candidates.push(route);
      }
    }
    this.#pace.end();
    // A path that was found later may be as cheap as those before it.
    return found.sort(compare);
  }

  /** The cheapest way on from a node of a route that goes to none of some nodes next, and to none before on the route. */
  #spur(route: Route, at: number, banned: readonly number[]): Route | undefined {
    const { offsets, targets } = this.#projection.out;
    const search = this.#search;
    const blocked = this.#blocked;
    const spur = route.nodes[at] as number;
    const cost = route.costs[at] as number;
    for (let place = 0; place <= at; place++) blocked[route.nodes[place] as number] = 1;
    for (const node of banned) blocked[node] = (blocked[node] as number) | 2;
    search.reset();
    for (let place = offsets[spur] as number; place < (offsets[spur + 1] as number); place++) {
      const target = targets[place] as number;
      if (blocked[target] !== 0) continue;
      const there = cost + this.#linkCosts.of(place, spur, target);
      if (there < (search.costs[target] as number)) search.put(target, there, -1, place);
    }
    for (const node of banned) blocked[node] = (blocked[node] as number) & 1;
    let node = search.settle();
    while (node >= 0 && node !== this.#to) node = search.settle();
    for (let place = 0; place <= at; place++) blocked[route.nodes[place] as number] = 0;
    if (node < 0) return undefined;
    const { nodes, places } = search.trace(this.#to);
    const first = search.places[nodes[0] as number] as number;
    return {
      nodes: [...route.nodes.slice(0, at + 1), ...nodes],
      places: [...route.places.slice(0, at), first, ...places],
      costs: [...route.costs.slice(0, at + 1), ...nodes.map((each) => search.costs[each] as number)],
      leaves: at,
    };
  }
}

/** Where the found routes that begin as one does go from there. */
function nextNodes(found: readonly Route[], route: Route, at: number): number[] {
  const next: number[] = [];
  for (const other of found) {
    if (at + 1 >= other.nodes.length) continue;
    let same = 0;
    while (same <= at && other.nodes[same] === route.nodes[same]) same++;
    if (same > at) next.push(other.nodes[at + 1] as number);
  }
  return next;
}

/** Routes, the best first. */
class RouteHeap {
  readonly #routes: Route[] = [];

  push(route: Route): void {
    const routes = this.#routes;
    let at = routes.length;
    while (at > 0) {
      const parent = at - 1 >> 1;
      if (compare(routes[parent] as Route, route) <= 0) break;
      routes[at] = routes[parent] as Route;
      at = parent;
    }
    routes[at] = route;
  }

  pop(): Route | undefined {
    const routes = this.#routes;
    const [first] = routes;
    const last = routes.pop();
    if (first === last || last === undefined) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= routes.length) break;
      if (child + 1 < routes.length && compare(routes[child + 1] as Route, routes[child] as Route) < 0) child++;
      if (compare(last, routes[child] as Route) <= 0) break;
      routes[at] = routes[child] as Route;
      at = child;
    }
    routes[at] = last;
    return first;
  }
}

function compare(a: Route, b: Route): number {
  const cost = (a.costs.at(-1) as number) - (b.costs.at(-1) as number);
  if (cost !== 0) return cost;
  if (a.nodes.length !== b.nodes.length) return a.nodes.length - b.nodes.length;
  for (let at = 0; at < a.nodes.length; at++) {
    const order = (a.nodes[at] as number) - (b.nodes[at] as number);
    if (order !== 0) return order;
  }
  return 0;
}

function routePath(projection: Projection, { nodes, places, costs }: Route): Path {
  return pathOf(projection, projection.out, nodes, places, costs.at(-1) as number);
}
