/** Searches that may find some of the vectors only. */

import type { VectorFilter } from "../lib/backend/vector.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import type { Harness } from "./harness.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";
import { judged, measuredSet } from "./vector_build_options.ts";
import { CLUSTERS, nearestPlaces, type VectorSet } from "./vector_data.ts";
import { kindOf, searchIn, vectorDatabase } from "./vector_database.ts";
import { recallOf, searchAll } from "./vector_recall.ts";

/** As an index has it, unless it is told otherwise. */
const EF = 64;
const ROUNDS = 7;
/** Share at which the speed is measured. */
const TIMED = 0.1;
const SHARES = [1, 0.5, TIMED, 0.01, 0.001, 0.0001];

/** A filter with the places that it lets pass. */
interface Filter {
  readonly name: string;
  readonly share: number;
  readonly filter: VectorFilter;
  readonly places: readonly number[];
}

/** By nodes that have nothing to do with the vectors, and by kinds that clusters have: most queries are far from what passes. */
export async function measureFilters(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const set = measuredSet(options, "clustered");
  using db = V3Backend.open(vectorDatabase(files, options, "f32").path, { readonly: true });
  using snapshot = db.snapshot();
  const kinds = set.vectors.map((_, place) => snapshot.getNode(place + 1)?.kind ?? "");
  const filters = SHARES.flatMap((share) => [randomNodes(set, share), clusterKinds(kinds, share)]);
  const queries = set.queries.slice(0, sized(options, 200, 50));
  for (const { name, filter, places } of filters) {
    const truth = queries.map((query) => new Set(nearestPlaces(query, set.vectors, places)));
    const value = recallOf({ queries, truth }, searchIn(snapshot, filter), EF);
    bench.value({ name: `recall of ${name}`, unit: "", value, ...judged(options, { atLeast: 0.95 }) });
  }
  for (const { name, share, filter } of filters) {
    if (share !== TIMED) continue;
    await bench.job({
      name: `${set.queries.length.toLocaleString("en-US")} queries: all / ${name}`,
      measured: () => searchAll(set, searchIn(snapshot), EF),
      reference: () => searchAll(set, searchIn(snapshot, filter), EF),
      rounds: ROUNDS,
      ...judged(options, { atLeast: 0.4 }),
    });
  }
}

function randomNodes({ vectors }: VectorSet, share: number): Filter {
  const next = randomNumbers(3);
  const places = [...vectors.keys()];
  const count = Math.max(1, Math.round(vectors.length * share));
  for (let at = 0; at < count; at++) {
    const other = at + next(places.length - at);
    [places[at], places[other]] = [places[other] as number, places[at] as number];
  }
  places.length = count;
  return { name: `${percent(share)} by node`, share, filter: { nodeIds: places.map((place) => place + 1) }, places };
}

function clusterKinds(kindOfPlace: readonly string[], share: number): Filter {
  const clusters = Array.from({ length: Math.max(1, Math.round(CLUSTERS * share)) }, (_, cluster) => cluster);
  const rarities = share >= 0.01
    ? ["rarest", "rare", "common"] as const
    : share >= 0.001
    ? ["rarest", "rare"] as const
    : ["rarest"] as const;
  const kinds = clusters.flatMap((cluster) => rarities.map((rarity) => kindOf(cluster, rarity)));
  const passing = new Set(kinds);
  const places = [...kindOfPlace.keys()].filter((place) => passing.has(kindOfPlace[place] as string));
  return { name: `${percent(share)} by kind`, share, filter: { kinds }, places };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
