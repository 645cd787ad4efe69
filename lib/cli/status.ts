/** `status DB`: what a database holds and how large it is. */

import { realpathSync, statSync } from "node:fs";
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import type { NamedCount } from "../backend/care.ts";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading } from "./database.ts";
import type { Output } from "./output.ts";
import { formatBytes, formatCount, printable, writeTable } from "./table.ts";

/** `status DB` */
export const statusCommand: CommandParser = command(
  "status",
  invocation(object({ database: databaseArgument, json: jsonOption }), status),
  {
    brief: message`Show what a database holds.`,
    description:
      message`Show kinds, edge types, labels, tags and vector indexes, sizes of file and log, and the last commit.`,
  },
);

function status({ database, json }: { readonly database: string; readonly json: boolean }, output: Output): number {
  using db = openForReading(database);
  const stats = db.stats();
  const logBytes = stats.logBytes > 0 || db.backend !== "v3" ? stats.logBytes : logBytesBeside(database);
  const tags = db.backend === "v3" ? db.tags() : undefined;
  const vectorIndexes = db.vectorIndexes();
  if (json) {
    output.json({ ...stats, logBytes, tags, vectorIndexes });
    return EXIT_OK;
  }
  output.line(`file    ${printable(stats.path)}`);
  output.line(`engine  ${stats.backend}, format ${stats.formatVersion}, commit ${formatCount(stats.lsn)}`);
  const { fileBytes, freeBytes } = stats;
  output.line(`size    ${formatBytes(fileBytes)} (${formatBytes(freeBytes)} free), log ${formatBytes(logBytes)}`);
  output.line(`nodes   ${formatCount(stats.nodes)}`);
  output.line(`edges   ${formatCount(stats.edges)}`);
  output.line(`keys    ${formatCount(stats.keyValues)}`);
  writeCounts(output, "kind", "nodes", stats.kinds);
  writeCounts(output, "edge type", "edges", stats.edgeTypes);
  writeCounts(output, "label", "nodes", stats.labels);
  writeCounts(output, "tag", "commit", tags?.map(({ name, lsn }) => ({ name, count: lsn })) ?? []);
  writeCounts(output, "vector index", "vectors", vectorIndexes);
  return EXIT_OK;
}

/** The log of a V3 database belongs to its writer: who only reads does not have it open. */
function logBytesBeside(database: string): number {
  return statSync(`${realpathSync(database)}.v3wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function writeCounts(output: Output, title: string, unit: string, counts: readonly NamedCount[]): void {
  if (counts.length === 0) return;
  output.line("");
  const rows = counts.map(({ name, count }) => [printable(name), formatCount(count)]);
  writeTable(output, [{ title }, { title: unit, align: "right" }], rows);
}
