/**
 * Where pages lie in the file, and the header that every 4096-byte page starts with (little-endian):
 *
 *   0  u32  checksum: crc32 of bytes 4 to 4095, seeded with page id and file
 *   4  u8   page type          5  u8  tree level (0: leaf)          6  u16  entry count
 *   8  f64  birth: LSN of the commit that the page was written for
 *   16 u32, 20 u32  for the page type
 */

/** Bytes of a page. */
export const PAGE_SIZE = 4096;

/** Bytes before page 1: two header slots. */
export const V3_HEADER_SIZE = 8192;

/** Bytes of the header of a page. */
export const PAGE_HEADER_SIZE = 24;

/** Largest page id: ids are 32-bit (16 TiB). 0 is no page. */
export const MAX_PAGE_ID = 0xffff_ffff;

/** Offsets within the header of a page. */
export const PAGE_CHECKSUM_AT = 0;
export const PAGE_TYPE_AT = 4;
export const PAGE_LEVEL_AT = 5;
export const PAGE_COUNT_AT = 6;
export const PAGE_BIRTH_AT = 8;
/** Two fields whose meaning the page type gives. */
export const PAGE_FIRST_AT = 16;
export const PAGE_SECOND_AT = 20;

/** What a page is. */
export const PAGE_TYPE = {
  /** Leaf of a record tree. */
  recordLeaf: 1,
  /** Branch of a record tree. */
  recordBranch: 2,
  /** Leaf of a link tree. */
  linkLeaf: 3,
  /** Branch of a link tree. */
  linkBranch: 4,
  /** Leaf of a byte tree. */
  byteLeaf: 5,
  /** Branch of a byte tree. */
  byteBranch: 6,
  /** Part of a record, key or value that does not fit into its leaf. */
  overflow: 7,
  /** Part of the list of free pages. */
  freeList: 8,
} as const;

/** One of the page types. */
export type PageType = typeof PAGE_TYPE[keyof typeof PAGE_TYPE];

/** Byte position of a page in the file. */
export function pageOffset(pageId: number): number {
  return V3_HEADER_SIZE + (pageId - 1) * PAGE_SIZE;
}
