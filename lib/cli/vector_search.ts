/** `vector search DB NAME`: the nearest vectors of an index. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { command, option } from "@optique/core/primitives";
import { float, integer, string } from "@optique/core/valueparser";
import { NotFoundError } from "../backend/errors.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import { MAX_VECTOR_K } from "../backend/limits.ts";
import type { NodeId } from "../backend/schema.ts";
import type { VectorInput, VectorMatch, VectorSearchOptions } from "../backend/vector.ts";
import type { Direction } from "../backend/query.ts";
import { isVector } from "../backend/vector_input.ts";
import { searchNear } from "../vector/hybrid.ts";
import {
  type CommandParser,
  databaseArgument,
  directionOption,
  EXIT_OK,
  invocation,
  jsonOption,
  typesOption,
  UsageError,
} from "./command.ts";
import { openForReading } from "./database.ts";
import { findNode, nodeHeader, nodeSummary } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { printable, writeTable } from "./table.ts";
import { indexArgument } from "./vector_argument.ts";

/** Arguments of `vector search`. */
interface SearchArguments {
  readonly database: string;
  readonly name: string;
  readonly query: string | undefined;
  readonly like: string | undefined;
  readonly k: number;
  readonly ef: number | undefined;
  readonly kinds: readonly string[] | undefined;
  readonly labels: readonly string[] | undefined;
  readonly maxDistance: number | undefined;
  readonly exact: boolean;
  readonly near: readonly string[];
  readonly hops: number | undefined;
  readonly direction: Direction;
  readonly types: readonly string[] | undefined;
  readonly json: boolean;
}

/** `vector search DB NAME` */
export const vectorSearchCommand: CommandParser = command(
  "search",
  invocation(
    object({
      database: databaseArgument,
      name: indexArgument,
      query: optional(option("--query", string({ metavar: "JSON" }), {
        description: message`Near this vector: an array of numbers.`,
      })),
      like: optional(option("--like", string({ metavar: "NODE" }), {
        description:
          message`Near the vector of this node, which is left out: its id, its name, or KIND:NAME when several have that name.`,
      })),
      k: withDefault(
        option("-k", "--k", integer({ metavar: "N", min: 1, max: MAX_VECTOR_K }), {
          description: message`At most so many.`,
        }),
        10,
      ),
      ef: optional(option("--ef", integer({ metavar: "N", min: 1, max: MAX_VECTOR_K }), {
        description: message`Candidates that are weighed; default as in the index. More is slower and finds better.`,
      })),
      kinds: namesOption("--kind", "KIND", "kind"),
      labels: namesOption("--label", "LABEL", "label"),
      maxDistance: optional(option("--max-distance", float({ metavar: "DISTANCE" }), {
        description: message`Only vectors that are not farther away.`,
      })),
      exact: option("--exact", { description: message`Compare every vector: slower, and misses nothing.` }),
      near: multiple(option("--near", string({ metavar: "NODE" }), {
        description: message`Only nodes around this one, which is among them; given several times, around one of them.`,
      })),
      hops: optional(option("--hops", integer({ metavar: "N", min: 0 }), {
        description: message`Most edges between --near and a result; default 1.`,
      })),
      direction: directionOption,
      types: typesOption,
      json: jsonOption,
    }),
    search,
  ),
  {
    brief: message`List the nearest vectors.`,
    description: message`List the nodes with the nearest vectors, nearest first. With --json: one node a line.`,
  },
);

function namesOption(
  flag: "--kind" | "--label",
  metavar: "KIND" | "LABEL",
  what: string,
): Parser<"sync", readonly string[] | undefined, unknown> {
  return map(
    multiple(option(flag, string({ metavar }), {
      description: message`Only nodes with this ${what}; given several times, with one of them.`,
    })),
    (names) => names.length === 0 ? undefined : names,
  );
}

function search(args: SearchArguments, output: Output): number {
  if ((args.query === undefined) === (args.like === undefined)) throw new UsageError("give one of --query and --like");
  const given = args.query === undefined ? undefined : parseQuery(args.query);
  if (args.near.length === 0 && (args.hops ?? args.types) !== undefined) {
    throw new UsageError("--hops and --types are for --near NODE");
  }
  using database = openForReading(args.database);
  // Nodes, edges and vectors of one state.
  using db = database.snapshot();
  const { query, self } = given === undefined ? vectorOf(db, args) : { query: given, self: undefined };
  const { k, ef, kinds, labels, maxDistance, exact } = args;
  const filter = kinds === undefined && labels === undefined ? undefined : { kinds, labels };
  // One more, as the node itself is among them.
  const most = self === undefined ? k : Math.min(k + 1, MAX_VECTOR_K);
  const options = { k: most, ef, filter, maxDistance, exact };
  const found = searchIn(db, args, query, options)
    .filter(({ nodeId }) => nodeId !== self).slice(0, k);
  if (args.json) {
    for (const match of found) output.json(matchJson(db, match));
    return EXIT_OK;
  }
  const columns = [
    { title: "id", align: "right" as const },
    { title: "kind" },
    { title: "name" },
    { title: "distance", align: "right" as const },
  ];
  writeTable(output, columns, found.map((match) => matchCells(db, match)));
  return EXIT_OK;
}

function searchIn(
  db: GraphReader,
  { name, near, hops, direction, types }: SearchArguments,
  query: VectorInput,
  options: VectorSearchOptions,
): VectorMatch[] {
  if (near.length === 0) return db.searchVectors(name, query, options);
  const from = near.map((text) => findNode(db, text).id);
  return searchNear(db, name, query, { ...options, from, hops, direction, types });
}

/** The vector of the node that the user means, and the node. */
function vectorOf(db: GraphReader, { name, like = "" }: SearchArguments): { query: VectorInput; self: NodeId } {
  const { id } = findNode(db, like);
  const vector = db.getVector(name, id);
  if (vector !== undefined) return { query: vector, self: id };
  throw new NotFoundError(`node ${id} has no vector in index ${JSON.stringify(name)}`, {
    code: "vector-not-found",
    field: "like",
    value: like,
  });
}

function parseQuery(text: string): VectorInput {
  let vector: unknown;
  try {
    vector = JSON.parse(text);
  } catch { /* refused below */ }
  // No numbers would be no queries.
  if (isVector(vector) && vector.length > 0) return vector;
  throw new UsageError(`--query is no JSON array of numbers; write it as --query "[0.1, 0.2]"`);
}

/** A vector that the Rust system wrote belongs to no node. */
function matchJson(db: GraphReader, { nodeId, vectorId, distance }: VectorMatch): object {
  return vectorId === undefined ? { ...nodeSummary(nodeHeader(db, nodeId)), distance } : { vectorId, distance };
}

function matchCells(db: GraphReader, { nodeId, vectorId, distance }: VectorMatch): string[] {
  const shown = distance.toPrecision(6);
  if (vectorId !== undefined) return ["", "", `vector ${vectorId}`, shown];
  const { kind, name } = nodeHeader(db, nodeId);
  return [String(nodeId), printable(kind), printable(name), shown];
}
