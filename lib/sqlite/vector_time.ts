/**
 * The time of vectors: how many changes of vectors a file has seen. Triggers count, so those of other programs are counted too,
 * which the commit counter misses. States with the same time have the same vectors. It is the clock of indexes in memory.
 */

import type { Connection } from "./connection.ts";
import type { SqlStatement } from "./driver.ts";

/** Time in files that do not count. No index in memory knows it. */
export const NO_VECTOR_TIME = -1;

class TimeStatement {
  readonly time: SqlStatement;

  constructor({ driver }: Connection) {
    this.time = driver.prepare("SELECT vector_time FROM sqlitegraph_state");
  }
}

/** The time of the state that a connection reads, the running transaction's changes included. Hot. */
export function readVectorTime(connection: Connection): number {
  if (!connection.schema.hasVectorTime) return NO_VECTOR_TIME;
  return Number(connection.prepared(TimeStatement).time.get()?.[0] ?? NO_VECTOR_TIME);
}
