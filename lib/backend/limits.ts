/** Every limit that a user can meet, in one place. The contract tests check each at its edge. */

/** Largest id: ids are positive safe integers. */
export const MAX_ID: number = Number.MAX_SAFE_INTEGER;

/** Largest kind, name, type, label or file path, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 65_536;

/** Largest key of the key-value store, in bytes. */
export const MAX_KEY_BYTES = 65_536;

/** Largest `data` or key-value value, in bytes of its stored JSON (bytes values: in bytes). */
export const MAX_VALUE_BYTES: number = 256 * 1024 * 1024;

/** Deepest nesting of arrays and objects in `data` and in JSON values (deeper ones cannot be read by other programs). */
export const MAX_JSON_DEPTH = 127;

/** Longest glob pattern, in UTF-16 code units. */
export const MAX_GLOB_LENGTH = 65_536;

/** Most steps of a chain query, and most legs of a pattern. */
export const MAX_STEPS = 1_000;

/** Deepest nesting of transactions (savepoints). */
export const MAX_TRANSACTION_DEPTH = 1_000;

/** Longest time to live of a key, in seconds (about 285,000 years; every expiry is a safe integer of milliseconds). */
export const MAX_TTL_SECONDS = 9_000_000_000_000;

/** Changes that a change stream may hold for a slow reader, unless told otherwise: more than one commit can bring. */
export const DEFAULT_CHANGE_QUEUE = 131_072;

/** A commit with more changes than this is delivered as one `bulk` change. */
export const MAX_COMMIT_CHANGES = 65_536;

/** How long a writer waits for another process by default, in milliseconds. */
export const DEFAULT_BUSY_TIMEOUT_MS = 5_000;

/** Most numbers in a vector. */
export const MAX_VECTOR_DIMENSION = 4_096;

/** Most links of a vector on a layer of its index (twice as many on the lowest). */
export const MAX_VECTOR_M = 64;

/** Links of a vector on a layer, unless an index says otherwise. */
export const DEFAULT_VECTOR_M = 16;

/** Most candidates that are weighed when a vector is linked. */
export const MAX_VECTOR_EF_CONSTRUCTION = 2_000;

/** Candidates that are weighed when a vector is linked, unless an index says otherwise. */
export const DEFAULT_VECTOR_EF_CONSTRUCTION = 200;

/** Most results and most candidates of a vector search. */
export const MAX_VECTOR_K = 10_000;

/** Most results of many vector searches at once: the number of queries times that of results of each. */
export const MAX_VECTOR_MATCHES: number = 2 ** 26;

/** Results of a vector search, unless it says otherwise. */
export const DEFAULT_VECTOR_K = 10;

/** Candidates of a vector search, unless it or the index says otherwise. */
export const DEFAULT_VECTOR_EF_SEARCH = 64;

/** Largest number in a vector: sums of squares of 4,096 differences stay finite 32-bit floats. */
export const MAX_VECTOR_NUMBER = 1e17;

/** Largest number in a vector of an index with storage `f16`. */
export const MAX_HALF_FLOAT = 65_504;
