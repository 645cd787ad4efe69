/** `algo NAME DB`: runs an algorithm of the catalogue. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import type { CatalogueEntry } from "../algo/catalogue_entry.ts";
import type { LongCallOptions } from "../backend/care.ts";
import type { Projection, ProjectOptions } from "../backend/projection.ts";
import { openGraph } from "../graph/open_graph.ts";
import { algorithmParams } from "./algo_params.ts";
import { describeAlgorithm, listAlgorithms } from "./algo_list.ts";
import { writeResult } from "./algo_result.ts";
import {
  type CommandParser,
  databaseArgument,
  EXIT_OK,
  invocation,
  jsonOption,
  kindsOption,
  typesOption,
  UsageError,
} from "./command.ts";
import { openForReading } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";

const MAX_WORKERS = 256;

/** Arguments of `algo`. */
interface AlgoArguments {
  readonly name: string | undefined;
  readonly database: string | undefined;
  readonly list: boolean;
  readonly params: readonly string[];
  readonly types: readonly string[] | undefined;
  readonly kinds: readonly string[] | undefined;
  readonly weight: string | undefined;
  readonly undirected: boolean;
  readonly workers: number;
  readonly limit: number | undefined;
  readonly json: boolean;
}

/** `algo NAME DB` */
export const algoCommand: CommandParser = command(
  "algo",
  invocation(
    object({
      name: optional(argument(string({ metavar: "NAME" }), { description: message`The algorithm: ${"pagerank"}.` })),
      database: optional(databaseArgument),
      list: option("--list", { description: message`List the algorithms.` }),
      params: multiple(option("--param", string({ metavar: "KEY=VALUE" }), {
        description:
          message`A parameter. A node is written as its id, its name or KIND:NAME; several are separated by commas (a comma in a name: \\,).`,
      })),
      types: typesOption,
      kinds: kindsOption,
      weight: optional(option("--weight", string({ metavar: "FIELD" }), {
        description: message`Weights of edges: this member of their data; 1 for edges without it.`,
      })),
      undirected: option("--undirected", { description: message`Follow edges both ways.` }),
      workers: optional(option("--workers", integer({ metavar: "N", min: 1, max: MAX_WORKERS }), {
        description: message`Threads, for algorithms that are parallel; default 1. The result is the same.`,
      })),
      limit: optional(option("--limit", integer({ metavar: "N", min: 0 }), {
        description: message`At most so many rows; default 20, with --json all.`,
      })),
      json: jsonOption,
    }),
    (args, output) => algo({ ...args, workers: args.workers ?? 1 }, output),
  ),
  {
    brief: message`Run an algorithm on the graph.`,
    description:
      message`Run an algorithm on the graph, or on a part of it. With --list: the algorithms. Without DB: what NAME finds, and its parameters. With --json: first a line with the algorithm and facts about its result, then one row a line, lists of nodes as ids.`,
  },
);

async function algo(args: AlgoArguments, output: Output): Promise<number> {
  // The catalogue is loaded here, so that other commands start without it.
  const { entryNamed, FAMILIES } = await import("../algo/catalogue.ts");
  const { name, database, list, json } = args;
  if (list) {
    if (name !== undefined) throw new UsageError("--list is for all algorithms; algo NAME explains one");
    listAlgorithms(FAMILIES, json, output);
    return EXIT_OK;
  }
  if (name === undefined) throw new UsageError("give the name of an algorithm; algo --list shows them");
  const entry = entryNamed(name);
  if (entry === undefined) throw new UsageError(unknownName(name, FAMILIES.flatMap(({ entries }) => entries)));
  if (database === undefined) {
    if (args.params.length > 0) throw new UsageError("give a database; algo NAME alone explains the algorithm");
    describeAlgorithm(entry, json, output);
    return EXIT_OK;
  }
  return await run(entry, database, args, output);
}

function unknownName(name: string, entries: readonly CatalogueEntry[]): string {
  const words = name.toLowerCase().split(/[-_ ]/).filter((word) => word.length > 2);
  const isLike = (one: CatalogueEntry) =>
    words.some((word) => one.name.includes(word)) || one.replaces?.includes(name) === true;
  const similar = entries.filter(isLike).map((one) => one.name).slice(0, 5);
  const hint = similar.length === 0 ? "" : ` similar names: ${similar.join(", ")};`;
  return `there is no algorithm ${JSON.stringify(name)};${hint} algo --list shows all`;
}

async function run(entry: CatalogueEntry, database: string, args: AlgoArguments, output: Output): Promise<number> {
  using db = openForReading(database);
  const project = projectOptions(entry, args);
  const params = algorithmParams(entry, args.params, db, (path) => {
    using other = openForReading(path);
    return other.project(project).handle;
  });
  const projection = db.project(project);
  using bar = startProgress(!args.json);
  const result = await find(entry, projection, params, args.workers, { onProgress: bar.update });
  bar[Symbol.dispose]();
  writeResult(entry, entry.table(result, projection), db, args, output);
  return EXIT_OK;
}

function projectOptions(entry: CatalogueEntry, { types, kinds, weight, undirected }: AlgoArguments): ProjectOptions {
  return {
    ...entry.project,
    types,
    kinds,
    ...(weight === undefined ? undefined : { weight: { field: weight, default: 1 } }),
    ...(undirected ? { undirected } : undefined),
  };
}

async function find(
  entry: CatalogueEntry,
  projection: Projection,
  params: Readonly<Record<string, unknown>>,
  workers: number,
  options: LongCallOptions,
): Promise<unknown> {
  if (workers === 1 || !entry.isParallel) return entry.algorithm(projection, params, options);
  // Threads belong to an open graph, which is open for writing: this one is empty, so that the database needs no lock.
  await using graph = await openGraph(":memory:", { threads: workers });
  return await graph.run(entry.algorithm, params, { ...options, projection, workers });
}
