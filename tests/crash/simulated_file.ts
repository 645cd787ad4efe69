/** A file of the simulated disk: what programs see, and what a power cut may leave of it.
 *
 * The medium writes sectors of 512 bytes in any order. A sector that was written several times since the last sync is on the
 * medium as it was after any of these writes, or before all of them; so writes are lost, torn between sectors and reordered.
 * The size is metadata: it is any of the sizes since the last sync, or, within a write that made the file longer, any
 * sector's end; what lies inside the size and was not written is zero. What a cut (truncate to less) removed never comes back
 * once the cut itself is on the medium.
 */

/** The medium writes this many bytes as a whole. */
export const SECTOR_SIZE = 512;

/** Space is taken in blocks of this many bytes. */
export const BLOCK_SIZE = 4096;

const SECTORS_PER_BLOCK = BLOCK_SIZE / SECTOR_SIZE;
const ZERO_BLOCK = new Uint8Array(BLOCK_SIZE);

/** A state of a sector, made by the operation with this number. Of a list, the first is what is on the medium. */
interface SectorVersion {
  readonly operation: number;
  readonly bytes: Uint8Array;
}

interface SizeChange {
  readonly operation: number;
  readonly sizeBytes: number;
  readonly isCut: boolean;
}

/** What a power cut decides. `operations` ascend; the answer is one of their indexes, from `low` to `high`. */
export interface PowerCut {
  /** Which state of several is on the medium. */
  version(operations: readonly number[], low: number, high: number): number;
  /** How much of something that grows step by step got there: a whole number from 0 to `high`. */
  part(high: number): number;
}

/** Content of one file. `operation` numbers are given by the disk and ascend. */
export class SimulatedFile {
  /** What programs see; a missing block was never written and reads as zero. */
  readonly #blocks: (Uint8Array | undefined)[] = [];
  #sizeBytes = 0;
  #durableSizeBytes = 0;
  /** Sectors that were written since the last sync. */
  #unsynced = new Map<number, SectorVersion[]>();
  #sizeChanges: SizeChange[] = [];
  #wasSynced = false;
  /** Sectors that a failed sync left different on the medium from what programs see, and that no sync will write. */
  readonly #dropped = new Map<number, Uint8Array>();

  /** Size in bytes, as programs see it. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Blocks that take space. */
  get blockCount(): number {
    return this.#blocks.reduce((count) => count + 1, 0);
  }

  /** Whether there is anything that a power cut could take. */
  get isDurable(): boolean {
    return this.#unsynced.size === 0 && this.#sizeChanges.length === 0 && this.#dropped.size === 0;
  }

  /** Whether anything of it was ever promised to be on the medium. */
  get wasSynced(): boolean {
    return this.#wasSynced;
  }

  /** Fills the buffer from a position; returns how many bytes there were. */
  read(buffer: Uint8Array, position: number): number {
    const end = Math.min(position + buffer.length, this.#sizeBytes);
    for (let at = position; at < end;) {
      const index = Math.floor(at / BLOCK_SIZE);
      const next = Math.min(end, (index + 1) * BLOCK_SIZE);
      const block = this.#blocks[index] ?? ZERO_BLOCK;
      buffer.set(block.subarray(at - index * BLOCK_SIZE, next - index * BLOCK_SIZE), at - position);
      at = next;
    }
    return Math.max(0, end - position);
  }

  /** Bytes of this range that a write could store with no more than so many new blocks. */
  writableBytes(position: number, length: number, newBlocks: number): number {
    let left = newBlocks;
    for (let index = Math.floor(position / BLOCK_SIZE); index * BLOCK_SIZE < position + length; index++) {
      if (this.#blocks[index] === undefined && left-- === 0) return Math.max(0, index * BLOCK_SIZE - position);
    }
    return length;
  }

  /** Writes without a sync. */
  write(bytes: Uint8Array, position: number, operation: number): void {
    const end = position + bytes.length;
    for (let at = position; at < end;) {
      const index = Math.floor(at / BLOCK_SIZE);
      const next = Math.min(end, (index + 1) * BLOCK_SIZE);
      this.#writeInBlock(index, bytes.subarray(at - position, next - position), at - index * BLOCK_SIZE, operation);
      at = next;
    }
    if (end > this.#sizeBytes) this.#resize(end, operation);
  }

  /** Cuts or extends the file without a sync. */
  truncate(sizeBytes: number, operation: number): void {
    if (sizeBytes === this.#sizeBytes) return;
    const firstBlock = Math.floor(sizeBytes / BLOCK_SIZE);
    for (let index = firstBlock; index < this.#blocks.length; index++) {
      if (this.#blocks[index] === undefined) continue;
      const start = Math.max(0, sizeBytes - index * BLOCK_SIZE);
      this.#writeInBlock(index, ZERO_BLOCK.subarray(start), start, operation);
    }
    this.#blocks.length = Math.min(this.#blocks.length, Math.ceil(sizeBytes / BLOCK_SIZE));
    this.#resize(sizeBytes, operation);
  }

  /** Everything is on the medium now. */
  sync(): void {
    this.#wasSynced = true;
    this.#unsynced = new Map();
    this.#sizeChanges = [];
    this.#durableSizeBytes = this.#sizeBytes;
  }

  /**
   * A sync that fails, as on Linux: unsynced sectors count as written from now on although only some of them are, programs
   * go on seeing them, and no later sync writes them.
   */
  failSync(cut: PowerCut): void {
    for (const [sector, versions] of this.#unsynced) {
      const found = versionOf(versions, cut, 0, versions.length - 1);
      if (found === (versions.at(-1) as SectorVersion).bytes) this.#dropped.delete(sector);
      else this.#dropped.set(sector, found);
    }
    this.#unsynced = new Map();
  }

  /** What programs see once the system has thrown its memory of failed writes away and read them from the medium again. */
  evictDropped(): void {
    for (const [sector, bytes] of this.#dropped) this.#putSector(sector, bytes);
    this.#dropped.clear();
  }

  /** The file as a machine finds it after a power cut; this one stays as it is. */
  afterPowerCut(cut: PowerCut): SimulatedFile {
    const { operation, sizeBytes } = this.#sizeAfter(cut);
    const file = new SimulatedFile();
    this.#blocks.forEach((block, index) => file.#blocks[index] = block === ZERO_BLOCK ? block : block?.slice());
    for (const [sector, bytes] of this.#dropped) file.#putSector(sector, bytes);
    for (const [sector, versions] of this.#unsynced) {
      const [low, high] = this.#possibleVersions(sector, versions, operation);
      file.#putSector(sector, versionOf(versions, cut, low, high));
    }
    file.#sizeBytes = Number.MAX_SAFE_INTEGER;
    file.truncate(sizeBytes, 0);
    file.sync();
    return file;
  }

  #sizeAfter(cut: PowerCut): { readonly operation: number; readonly sizeBytes: number } {
    const sizes = [{ operation: -1, sizeBytes: this.#durableSizeBytes, isCut: false }, ...this.#sizeChanges];
    const at = cut.version(sizes.map((size) => size.operation), 0, sizes.length - 1);
    const { operation, sizeBytes } = sizes[at] as SizeChange;
    const next = sizes[at + 1];
    if (next === undefined || next.isCut) return { operation, sizeBytes };
    const firstEnd = (Math.floor(sizeBytes / SECTOR_SIZE) + 1) * SECTOR_SIZE;
    const ends = Math.max(0, Math.ceil((next.sizeBytes - firstEnd) / SECTOR_SIZE));
    const grown = cut.part(ends);
    return { operation, sizeBytes: grown === 0 ? sizeBytes : firstEnd + (grown - 1) * SECTOR_SIZE };
  }

  /** Between the last cut that is on the medium and the first one that is not. */
  #possibleVersions(sector: number, versions: readonly SectorVersion[], sizeOperation: number): [number, number] {
    let from = -1;
    let before = Infinity;
    for (const { operation, sizeBytes, isCut } of this.#sizeChanges) {
      if (!isCut || sizeBytes >= (sector + 1) * SECTOR_SIZE) continue;
      if (operation <= sizeOperation) from = operation;
      else before = Math.min(before, operation);
    }
    const low = versions.findLastIndex((version, at) => at === 0 || version.operation <= from);
    const high = versions.findLastIndex((version, at) => at === 0 || version.operation < before);
    return [low, Math.max(low, high)];
  }

  #resize(sizeBytes: number, operation: number): void {
    this.#sizeChanges.push({ operation, sizeBytes, isCut: sizeBytes < this.#sizeBytes });
    this.#sizeBytes = sizeBytes;
  }

  #writeInBlock(index: number, bytes: Uint8Array, start: number, operation: number): void {
    const old = this.#blocks[index] ?? ZERO_BLOCK;
    // Logs grow by megabytes of zeroes: these cost no memory, and a state that equals the one before is none of its own.
    if (old === ZERO_BLOCK && this.#dropped.size === 0 && isZero(bytes)) {
      this.#blocks[index] = ZERO_BLOCK;
      return;
    }
    const block = old === ZERO_BLOCK ? new Uint8Array(BLOCK_SIZE) : old;
    const firstSector = Math.floor(start / SECTOR_SIZE);
    const sectorsEnd = Math.ceil((start + bytes.length) / SECTOR_SIZE);
    for (let at = firstSector; at < sectorsEnd; at++) this.#keepOld(index * SECTORS_PER_BLOCK + at, block, at);
    block.set(bytes, start);
    this.#blocks[index] = block;
    for (let at = firstSector; at < sectorsEnd; at++) {
      const versions = this.#unsynced.get(index * SECTORS_PER_BLOCK + at) as SectorVersion[];
      versions.push({ operation, bytes: block.slice(at * SECTOR_SIZE, (at + 1) * SECTOR_SIZE) });
    }
  }

  /** Notes what is on the medium, before the first write to a sector. */
  #keepOld(sector: number, block: Uint8Array, sectorInBlock: number): void {
    if (this.#unsynced.has(sector)) return;
    const bytes = this.#dropped.get(sector) ??
      block.slice(sectorInBlock * SECTOR_SIZE, (sectorInBlock + 1) * SECTOR_SIZE);
    this.#dropped.delete(sector);
    this.#unsynced.set(sector, [{ operation: -1, bytes }]);
  }

  #putSector(sector: number, bytes: Uint8Array): void {
    const index = Math.floor(sector / SECTORS_PER_BLOCK);
    let block = this.#blocks[index] ?? ZERO_BLOCK;
    if (block === ZERO_BLOCK) this.#blocks[index] = block = new Uint8Array(BLOCK_SIZE);
    block.set(bytes, (sector % SECTORS_PER_BLOCK) * SECTOR_SIZE);
  }
}

function versionOf(versions: readonly SectorVersion[], cut: PowerCut, low: number, high: number): Uint8Array {
  const at = low === high ? low : cut.version(versions.map((version) => version.operation), low, high);
  return (versions[at] as SectorVersion).bytes;
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += SECTOR_SIZE) {
    const part = bytes.subarray(at, at + SECTOR_SIZE);
    for (let byte = 0; byte < part.length; byte++) if (part[byte] !== 0) return false;
  }
  return true;
}
