/** Everything that a database holds, vectors too, as one value. */

import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { type Content, contentOf as graphContentOf } from "../contract/graph_of.ts";

/** A vector of a node. */
export interface VectorEntry {
  /** Index and node: `bio 7`. */
  readonly key: string;
  /** Its numbers. */
  readonly vector: readonly number[];
}

/** A vector index. */
export interface IndexEntry {
  /** Its name. */
  readonly key: string;
  readonly dimension: number;
  /** Number of vectors, as the index says. */
  readonly count: number;
}

/** What a database holds. */
export interface FullContent extends Content {
  readonly vectorIndexes: readonly IndexEntry[];
  readonly vectors: readonly VectorEntry[];
}

/** Reads everything that a database holds. */
export function contentOf(graph: GraphReader): FullContent {
  const indexes = graph.vectorIndexes();
  return {
    ...graphContentOf(graph),
    vectorIndexes: indexes.map(({ name, dimension, count }) => ({ key: name, dimension, count })),
    vectors: indexes.flatMap(({ name }) =>
      Array.from(
        graph.vectorIndex(name).vectors(),
        ({ nodeId, vector }) => ({ key: `${name} ${nodeId}`, vector: [...vector] }),
      )
    ),
  };
}
