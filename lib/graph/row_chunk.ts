/**
 * Rows of an ingest as bytes, on their way to the thread that writes: 32-bit words, little-endian as memory is.
 *
 *   chunk   words in use, rows, then rows in order
 *   row     head: code in bits 0 to 3, flags in bits 4 to 7, a number in bits 8 to 31; then
 *
 *     edge 1      number: type; flags: `from` is a ref, `to` is a ref, has data.  from, to, [data]
 *     node 2      number: kind; flags: has ref, path, labels, data.               name, [ref], [path], [labels], [data]
 *     value 3     number: type of the value (`lib/kv`); flags: has ttl.           key, value, [ttl in ms: an id]
 *     bad 4       flags: `from` is a ref, `to` is a ref, has ref.                 [from], [to], [ref]
 *     term 5      no row: a kind, type or label; they are numbered from 0 within the chunk.   text
 *
 *   id      two words, the low one first           text    bytes, then the bytes, up to the next word
 *   end     an id or, as its flag says, a ref      labels  their number, then the number of each term
 *
 * A row that the caller's side refused is `bad`: it still counts, takes its ref, and an unknown ref of its ends comes first.
 * A ref with lone surrogates is a byte 255 and its UTF-16 units, other refs are UTF-8.
 */

/** What a row is. */
export const ROW = { edge: 1, node: 2, value: 3, bad: 4, term: 5 } as const;

/** Flags of edges; `fromRef` and `toRef` of bad rows as well. */
export const EDGE_FLAG = { fromRef: 16, toRef: 32, data: 64 } as const;

/** Flags of nodes. */
export const NODE_FLAG = { ref: 16, path: 32, labels: 64, data: 128 } as const;

/** Flag of a value that expires. */
export const TTL_FLAG = 16;

/** Flag of a bad row that takes a ref. */
export const BAD_REF_FLAG = 64;

/** Words before the first row. */
export const CHUNK_HEAD_WORDS = 2;

/** Bits of a head below its number. */
export const HEAD_BITS = 8;

/** What the high word of an id counts. */
export const HIGH_WORD = 0x1_0000_0000;

/** Data that is not written. */
export const NO_DATA = "{}";

/** First byte of a ref that UTF-8 cannot hold. */
export const UTF16_MARK = 255;
