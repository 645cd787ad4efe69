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
