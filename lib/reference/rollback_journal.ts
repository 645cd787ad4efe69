/**
 * Undoes an interrupted transaction of a SQLite file in memory, as SQLite itself would do in the file: the journal beside it has
 * the pages of before. Big-endian, each head padded to a whole sector, each followed by its records:
 *
 *   0  magic               12 u32 nonce                                  record: u32 page number, page, u32 checksum
 *   8  u32 records         16 u32 pages of the file before               checksum: nonce, and every 200th byte of the page
 *      (all ones: all)     20 u32 sector size   24 u32 page size           from page size - 200 downwards
 *
 * Format: "Database File Format", section 3, sqlite.org.
 */

const MAGIC = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const HEAD_BYTES = 28;
const ALL_RECORDS = 0xffff_ffff;
const MIN_PAGE_BYTES = 512;
const MAX_PAGE_BYTES = 65_536;
const CHECKSUM_STEP = 200;

interface Head {
  readonly recordCount: number;
  readonly nonce: number;
  readonly pageCount: number;
  readonly sectorBytes: number;
  readonly pageBytes: number;
}

/** Whether a journal asks for a rollback: one that is over is removed, emptied, or begins with zeros. */
export function isHotJournal(journal: Uint8Array): boolean {
  return journal.length >= HEAD_BYTES && MAGIC.every((byte, at) => journal[at] === byte);
}

/**
 * The file of before the interrupted transaction. Records from the first wrong one on are not applied: the pages that they
 * describe had not been changed yet.
 *
 * @param file the database file's bytes, which are changed
 * @param journal a hot journal
 * @returns `file`, or a longer or shorter array over the same or copied bytes
 */
export function rollBack(file: Uint8Array, journal: Uint8Array): Uint8Array {
  const view = new DataView(journal.buffer, journal.byteOffset, journal.length);
  const first = readHead(journal, view, 0);
  if (first === undefined) return file;
  const restored = resized(file, first.pageCount * first.pageBytes, journal.length);
  let head: Head | undefined = first;
  for (let at = 0; head !== undefined; head = readHead(journal, view, at)) {
    const { pageBytes, nonce, sectorBytes } = head;
    at += sectorBytes;
    const recordBytes = 4 + pageBytes + 4;
    const fitting = Math.floor((journal.length - at) / recordBytes);
    const count = head.recordCount === ALL_RECORDS ? fitting : Math.min(head.recordCount, fitting);
    for (let index = 0; index < count; index++, at += recordBytes) {
      const page = journal.subarray(at + 4, at + 4 + pageBytes);
      if (view.getUint32(at + 4 + pageBytes) !== checksumOf(page, nonce)) return restored;
      const start = (view.getUint32(at) - 1) * pageBytes;
      if (start >= 0 && start + pageBytes <= restored.length) restored.set(page, start);
    }
    if (count < head.recordCount) return restored;
    at = Math.ceil(at / sectorBytes) * sectorBytes;
  }
  return restored;
}

/** The head at `at`; undefined when there is none, which is the end. */
function readHead(journal: Uint8Array, view: DataView, at: number): Head | undefined {
  if (at + HEAD_BYTES > journal.length || MAGIC.some((byte, index) => journal[at + index] !== byte)) return undefined;
  const sectorBytes = view.getUint32(at + 20);
  const pageBytes = view.getUint32(at + 24);
  if (!isPowerOfTwo(sectorBytes) || !isPowerOfTwo(pageBytes)) return undefined;
  if (sectorBytes < HEAD_BYTES || pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES) return undefined;
  return {
    recordCount: view.getUint32(at + 8),
    nonce: view.getUint32(at + 12),
    pageCount: view.getUint32(at + 16),
    sectorBytes,
    pageBytes,
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

/** The file with its size of before. It grows at most by what the journal can have taken from it. */
function resized(file: Uint8Array, sizeBytes: number, journalBytes: number): Uint8Array {
  if (sizeBytes <= file.length) return file.subarray(0, sizeBytes);
  const longer = new Uint8Array(Math.min(sizeBytes, file.length + journalBytes));
  longer.set(file);
  return longer;
}

function checksumOf(page: Uint8Array, nonce: number): number {
  let sum = nonce;
  for (let at = page.length - CHECKSUM_STEP; at > 0; at -= CHECKSUM_STEP) sum += page[at] as number;
  return sum >>> 0;
}
