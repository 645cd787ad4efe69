/** Counts and sizes. */

import type { DatabaseStats, Durability, NamedCount } from "../backend/care.ts";
import { readLsn } from "./commit_counter.ts";
import type { Connection } from "./connection.ts";
import { countEdges } from "./edge_rows.ts";
import { countValues } from "./kv_rows.ts";
import { decodeText } from "./node_rows.ts";
import { sizeOf } from "./file_size.ts";
import type { Session } from "./session.ts";
import { readVectorIndexes } from "./vector_rows.ts";

/** Number of nodes. */
export function countAllNodes(connection: Connection): number {
  return Number(connection.statement("SELECT count(*) FROM graph_entities").get()?.[0]);
}

/** Counts and sizes of a database, from one state. */
export function readStats(session: Session, durability: Durability): DatabaseStats {
  const connection = session.connection("stats");
  return session.consistently(() => {
    const vectorIndexes = readVectorIndexes(connection);
    const pragma = (name: string): number => Number(connection.statement(`PRAGMA ${name}`).get()?.[0]);
    const pageBytes = pragma("page_size");
    const isMemory = session.path === ":memory:";
    return {
      backend: "sqlite",
      path: session.name,
      lsn: readLsn(connection),
      nodes: countAllNodes(connection),
      edges: countEdges(connection, undefined),
      keyValues: countValues(connection, session.now()),
      vectorIndexes: vectorIndexes.length,
      vectors: vectorIndexes.reduce((sum, { count }) => sum + count, 0),
      kinds: counts(connection, "kind", "graph_entities"),
      edgeTypes: counts(connection, "edge_type", "graph_edges"),
      labels: counts(
        connection,
        "label",
        "graph_labels JOIN graph_entities AS node ON node.id = entity_id AND label <> node.kind",
        "DISTINCT entity_id",
      ),
      fileBytes: isMemory ? pragma("page_count") * pageBytes : sizeOf(session.path) ?? 0,
      logBytes: isMemory ? 0 : sizeOf(`${session.path}-wal`) ?? 0,
      freeBytes: pragma("freelist_count") * pageBytes,
      durability,
      formatVersion: connection.schema.version,
    };
  });
}

function counts(connection: Connection, column: string, from: string, counted = "*"): NamedCount[] {
  const text = connection.driver.text(column);
  return connection.statement(
    `SELECT ${text} AS name, count(${counted}) AS count FROM ${from} GROUP BY ${column} ORDER BY ${column}`,
  ).all().map(([name, count]) => ({ name: decodeText(name), count: Number(count) }));
}
