/** The worked example of the format: three nodes, two edges, as 3.2.5 writes them. */

const HEADER = `
53 51 4c 54 47 46 00 03 00 00 00 04 00 00 00 07
00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 02
00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 08 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 09 00 00 10 00 00 00 00 01`;

const NODES = `
00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00
00 03 00 41 00 00 00 00 00 00 00 01 5a 5a 5a 04
00 00 00 00 00 00 00 07 00 00 00 00 02 46 6e 01 61 7b 7d
01 00 00 00 00 00 00 0c 00 00 00 00 02 46 6e 01 62 7b 22 6b 22 3a 31 7d
02 00 00 00 00 00 00 d6 80 02 00 00 00 00 00 00 00 00 00 00 30 70`;

const NODE_LEAF = `
00 00 00 00 00 00 00 03 01 01 00 03 5a 5a 5a 58
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 02
00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 02
00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 02`;

const OUT_OF_1 = `
03 00 00 00 00 00 00 00 01 00 00 00 00 02 01 00 00 00 02 04 02
00 00 00 06 05 63 61 6c 6c 73 00 00 00 00`;
const INTO_2 = "03 00 00 00 00 00 00 00 02 01 00 00 00 01 01 00 00 00 01 02 00 00 00 06 05 63 61 6c 6c 73";
const INTO_3 = "03 00 00 00 00 00 00 00 03 01 00 00 00 01 01 00 00 00 01 02 00 00 00 00";

const EDGE_LEAF = `
00 00 00 00 00 00 00 08 01 01 00 03 5a 5a 5a 55
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 05
40 00 00 00 00 00 00 04 00 00 00 00 00 00 00 06
40 00 00 00 00 00 00 06 00 00 00 00 00 00 00 07`;

/** Bytes that are written as pairs of hexadecimal digits. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.trim().split(/\s+/), (pair) => Number.parseInt(pair, 16));
}

/** The whole main file. */
export function workedExample(): Uint8Array {
  const file = new Uint8Array(112 + 8 * 4096);
  file.set(bytesOf(HEADER));
  const put = (page: number, bytes: Uint8Array) => file.set(bytes, 112 + (page - 1) * 4096);
  put(2, bytesOf(NODES));
  put(3, bytesOf(NODE_LEAF));
  put(4, new TextEncoder().encode(`\x03Doc\x03big{"t":"${"x".repeat(70)}"}`));
  put(5, bytesOf(OUT_OF_1));
  put(6, bytesOf(INTO_2));
  put(7, bytesOf(INTO_3));
  put(8, bytesOf(EDGE_LEAF));
  return file;
}

/** A page of it. */
export function pageOf(file: Uint8Array, page: number): Uint8Array {
  return file.slice(112 + (page - 1) * 4096, 112 + page * 4096);
}
