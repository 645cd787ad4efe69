/** `vector create|import|search|stats|drop`: vector indexes. */

import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { command, option } from "@optique/core/primitives";
import { choice, integer } from "@optique/core/valueparser";
import { NotFoundError } from "../backend/errors.ts";
import { MAX_VECTOR_DIMENSION, MAX_VECTOR_EF_CONSTRUCTION, MAX_VECTOR_K, MAX_VECTOR_M } from "../backend/limits.ts";
import type { VectorIndexStats, VectorMetric, VectorStorage } from "../backend/vector.ts";
import {
  type CommandParser,
  databaseArgument,
  EXIT_OK,
  type Invocation,
  invocation,
  jsonOption,
  UsageError,
} from "./command.ts";
import { openForReading, openForWriting } from "./database.ts";
import type { Output } from "./output.ts";
import { countOf, formatBytes, formatCount, printable, writeTable } from "./table.ts";
import { indexArgument } from "./vector_argument.ts";
import { vectorImportCommand } from "./vector_import.ts";
import { vectorSearchCommand } from "./vector_search.ts";

const createCommand = command(
  "create",
  invocation(
    object({
      database: databaseArgument,
      name: indexArgument,
      dimension: option("--dimension", integer({ metavar: "N", min: 1, max: MAX_VECTOR_DIMENSION }), {
        description: message`Numbers in each vector.`,
      }),
      metric: optional(
        option("--metric", choice(["cosine", "euclidean", "dot", "manhattan"], { metavar: "METRIC" }), {
          description: message`How distances are measured; default cosine.`,
        }),
      ),
      m: optional(option("--m", integer({ metavar: "N", min: 2, max: MAX_VECTOR_M }), {
        description: message`Links of a vector on each layer; default 16.`,
      })),
      efConstruction: optional(
        option("--ef-construction", integer({ metavar: "N", min: 2, max: MAX_VECTOR_EF_CONSTRUCTION }), {
          description: message`Candidates that are weighed when a vector is linked; default 200.`,
        }),
      ),
      efSearch: optional(option("--ef-search", integer({ metavar: "N", min: 1, max: MAX_VECTOR_K }), {
        description: message`Candidates that a search weighs unless it says otherwise; default 64.`,
      })),
      storage: optional(option("--storage", choice(["f32", "f16", "i8"], { metavar: "STORAGE" }), {
        description: message`What is kept in memory; default f32, the vectors as they are.`,
      })),
      seed: optional(option("--seed", integer({ metavar: "N", min: 0, max: 2 ** 32 - 1 }), {
        description: message`Chooses the layers of vectors; default 0.`,
      })),
      json: jsonOption,
    }),
    create,
  ),
  {
    brief: message`Make an index.`,
    description: message`Make an index for vectors of nodes in a database that exists.`,
  },
);

const statsCommand = command(
  "stats",
  invocation(object({ database: databaseArgument, name: optional(indexArgument), json: jsonOption }), stats),
  {
    brief: message`Show what the indexes are like.`,
    description:
      message`Show an index, or all of them by name. With --json: one index a line. "memory" searches go through the index in memory, "stored" ones compare every stored vector.`,
  },
);

const dropCommand = command(
  "drop",
  invocation(
    object({
      database: databaseArgument,
      name: indexArgument,
      yes: option("--yes", { description: message`Needed for an index that holds vectors.` }),
      json: jsonOption,
    }),
    drop,
  ),
  {
    brief: message`Remove an index and its vectors.`,
    description: message`Remove an index and its vectors; their nodes stay. Exit code 1 when there is no such index.`,
  },
);

/** `vector create|import|search|stats|drop` */
export const vectorCommand: CommandParser = command(
  "vector",
  or(createCommand, vectorImportCommand, vectorSearchCommand, statsCommand, dropCommand) as unknown as Parser<
    "sync",
    Invocation,
    unknown
  >,
  {
    brief: message`Search vectors of nodes.`,
    description: message`Make indexes for vectors of nodes, fill them from files and search them.`,
  },
);

interface CreateArguments {
  readonly database: string;
  readonly name: string;
  readonly dimension: number;
  readonly metric: VectorMetric | undefined;
  readonly m: number | undefined;
  readonly efConstruction: number | undefined;
  readonly efSearch: number | undefined;
  readonly storage: VectorStorage | undefined;
  readonly seed: number | undefined;
  readonly json: boolean;
}

function create({ database, name, json, ...options }: CreateArguments, output: Output): number {
  using db = openForWriting(database);
  const index = db.createVectorIndex(name, options);
  if (json) output.json(index);
  else output.line(`made index ${printable(name)}: dimension ${index.dimension}, ${index.metric}, ${index.storage}`);
  return EXIT_OK;
}

interface StatsArguments {
  readonly database: string;
  readonly name: string | undefined;
  readonly json: boolean;
}

function stats({ database, name, json }: StatsArguments, output: Output): number {
  using db = openForReading(database);
  const names = name === undefined ? db.vectorIndexes().map((index) => index.name) : [name];
  const all = names.map((each) => db.vectorIndex(each).stats());
  if (json) { for (const index of all) output.json(index); }
  else if (name === undefined) writeIndexes(all, output);
  else for (const index of all) writeIndex(index, output);
  return EXIT_OK;
}

function writeIndexes(all: readonly VectorIndexStats[], output: Output): void {
  if (all.length === 0) return output.line("no vector indexes");
  const rows = all.map(({ name, count, dimension, metric, storage, searches, memoryBytes }) => [
    printable(name),
    formatCount(count),
    String(dimension),
    metric,
    storage,
    searches,
    formatBytes(memoryBytes),
  ]);
  const columns = [
    { title: "index" },
    { title: "vectors", align: "right" as const },
    { title: "dimension", align: "right" as const },
    { title: "metric" },
    { title: "storage" },
    { title: "searches" },
    { title: "memory", align: "right" as const },
  ];
  writeTable(output, columns, rows);
}

function writeIndex(index: VectorIndexStats, output: Output): void {
  const { linked, pending, deleted, layers } = index;
  output.line(`index     ${printable(index.name)}`);
  output.line(`vectors   ${formatCount(index.count)} of dimension ${index.dimension}, ${index.metric}`);
  output.line(
    `options   m ${index.m}, efConstruction ${index.efConstruction}, efSearch ${index.efSearch}, storage ${index.storage}, seed ${index.seed}, engine ${index.engine}`,
  );
  output.line(`searches  ${index.searches}`);
  output.line(
    `memory    ${formatBytes(index.memoryBytes)}: ${formatCount(linked)} linked, ${formatCount(pending)} pending, ${
      formatCount(deleted)
    } deleted, ${countOf(layers, "layer")}`,
  );
}

interface DropArguments {
  readonly database: string;
  readonly name: string;
  readonly yes: boolean;
  readonly json: boolean;
}

function drop({ database, name, yes, json }: DropArguments, output: Output): number {
  using db = openForWriting(database);
  const index = db.vectorIndexes().find((each) => each.name === name);
  if (index === undefined) {
    throw new NotFoundError(
      `there is no vector index ${JSON.stringify(name)}; vector stats shows those that there are`,
      {
        code: "vector-index-not-found",
        field: "name",
        value: name,
      },
    );
  }
  if (index.count > 0 && !yes) {
    throw new UsageError(`index ${JSON.stringify(name)} holds ${countOf(index.count, "vector")}; add --yes to drop it`);
  }
  db.dropVectorIndex(name);
  if (json) output.json({ name, vectors: index.count, dropped: true });
  else output.line(`dropped index ${printable(name)} with ${countOf(index.count, "vector")}`);
  return EXIT_OK;
}
