/**
 * The memory that the threads of one open graph share: allocated once, fixed in size.
 *
 *   control    Int32: dead, root index, table version, history epoch, pins in use, then the pin slots
 *   roots      f64: a ring of published states, the ring of kept commits that the file does not name yet, further facts
 *   metadata   four words for each frame (`FRAME`); the writer's hash table; hints for readers
 *   frames     4096 bytes each: first those of the writer, then, in segments, those that readers fill
 *
 * A buffer is at most 2 GiB, so that an offset in it is an integer of 32 bits for every JIT compiler.
 */

/** Bytes of a frame. */
export const FRAME_SIZE = 4096;
/** What is known of a frame: words, as integers of 32 bits. Together, so that a look at a frame is one line of a cache. */
export const FRAME = {
  /** Id of its page, or 0. */
  page: 0,
  /** Version of its content: odd while that changes. */
  version: 1,
  /** Low half of the birth of its page. */
  birth: 2,
  /** Of readers' frames: 1 when it was used since it was last looked at for eviction. */
  used: 3,
} as const;
/** A frame's words begin at its number shifted left by this. */
export const FRAME_SHIFT = 2;

/** Frames of a full segment of readers' frames (1 GiB), as a power of two. */
export const SEGMENT_SHIFT = 18;
/** Readers' frames that one page may be in: a set, as in the caches of processors. */
export const SET_FRAMES = 16;

/** Places in the control words. */
export const CONTROL = {
  /** Not 0: the writer has closed the graph (1) or died (2). */
  dead: 0,
  /** Number of states published so far. */
  rootIndex: 1,
  /** Odd while entries of the writer's hash table move. */
  tableVersion: 2,
  /** Odd while kept commits may be dropped. */
  historyEpoch: 3,
  /** One more than the highest pin slot that was ever used. */
  pinsUsed: 4,
  /** First pin slot. */
  pins: 16,
} as const;

/** Pin slots: so many different states can be held at once. */
export const MAX_PINS = 4096;
/** Words of a pin slot: low and high half of LSN + 1 (0: no pin), 1 while the slot belongs to a thread. */
export const PIN_WORDS = 4;

/** Published states that the ring remembers. */
export const ROOT_RING = 64;
/** Numbers of a published state. */
export const ROOT_NUMBERS = 64;
/** Kept commits that the second ring holds; when it is full a checkpoint puts them into the file. */
export const RECENT_RING = 16_384;
/** Numbers of such a commit. */
export const RECENT_NUMBERS = 6;

/** Places among the further facts. */
export const FACT = {
  /** The retention keeps no commit below this LSN, whatever the history in the file says. */
  retainedFrom: 0,
} as const;
const FACTS = 8;

/** The memory as it travels to other threads: cloneable by `postMessage`. */
export interface SharedMemoryHandle {
  readonly control: SharedArrayBuffer;
  readonly roots: SharedArrayBuffer;
  readonly metadata: SharedArrayBuffer;
  readonly writerFrames: SharedArrayBuffer;
  readonly readerFrames: readonly SharedArrayBuffer[];
}

/** Views of the memory in one thread. */
export class SharedMemory {
  /** What other threads make their views of. */
  readonly handle: SharedMemoryHandle;
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Published states. */
  readonly roots: Float64Array<SharedArrayBuffer>;
  /** Kept commits of after the last checkpoint. */
  readonly recent: Float64Array<SharedArrayBuffer>;
  /** Further numbers. */
  readonly facts: Float64Array<SharedArrayBuffer>;
  /** Frames of the writer; the others are the readers'. */
  readonly writerFrameCount: number;
  readonly frameCount: number;
  /** What is known of the frames: `FRAME`. */
  readonly frames: Int32Array<SharedArrayBuffer>;
  /** The writer's hash table: frame + 1 of the page that hashes here, or 0; linear probing. */
  readonly table: Int32Array<SharedArrayBuffer>;
  /** Where readers found a page last: a frame for each hash. */
  readonly hints: Int32Array<SharedArrayBuffer>;

  constructor(handle: SharedMemoryHandle) {
    this.handle = handle;
    this.control = new Int32Array(handle.control);
    this.roots = new Float64Array(handle.roots, 0, ROOT_RING * ROOT_NUMBERS);
    this.recent = new Float64Array(handle.roots, this.roots.byteLength, RECENT_RING * RECENT_NUMBERS);
    this.facts = new Float64Array(handle.roots, this.roots.byteLength + this.recent.byteLength, FACTS);
    this.writerFrameCount = handle.writerFrames.byteLength / FRAME_SIZE;
    let frames = this.writerFrameCount;
    for (const segment of handle.readerFrames) frames += segment.byteLength / FRAME_SIZE;
    this.frameCount = frames;
    const { metadata } = handle;
    const layout = metadataLayout(this.writerFrameCount, frames);
    this.frames = new Int32Array(metadata, 0, frames << FRAME_SHIFT);
    this.table = new Int32Array(metadata, layout.table, 2 ** tableBits(this.writerFrameCount));
    this.hints = new Int32Array(metadata, layout.hints, 2 ** tableBits(frames));
  }

  /**
   * Allocates the memory of a graph.
   *
   * @param writerBytes for frames of the writer
   * @param readerBytes for frames that readers fill; 0 when there is no file to fill them from
   */
  static allocate(writerBytes: number, readerBytes: number): SharedMemory {
    const writerFrames = Math.ceil(writerBytes / WASM_PAGE_BYTES) * (WASM_PAGE_BYTES / FRAME_SIZE);
    const sets = Math.ceil(readerBytes / (FRAME_SIZE * SET_FRAMES));
    const readerFrameCount = sets * SET_FRAMES;
    const readerFrames: SharedArrayBuffer[] = [];
    for (let left = readerFrameCount; left > 0; left -= 2 ** SEGMENT_SHIFT) {
      readerFrames.push(allocate(Math.min(left, 2 ** SEGMENT_SHIFT) * FRAME_SIZE));
    }
    const { sizeBytes } = metadataLayout(writerFrames, writerFrames + readerFrameCount);
    return new SharedMemory({
      control: allocate(4 * (CONTROL.pins + MAX_PINS * PIN_WORDS)),
      roots: allocate(8 * (ROOT_RING * ROOT_NUMBERS + RECENT_RING * RECENT_NUMBERS + FACTS)),
      metadata: allocate(sizeBytes),
      writerFrames: allocate(writerFrames * FRAME_SIZE),
      readerFrames,
    });
  }
}

/** Bits of a hash table for so many frames. */
export function tableBits(frames: number): number {
  return Math.ceil(Math.log2(frames * 2));
}

const WASM_PAGE_BYTES = 65_536;
/** From this size on a buffer comes from WebAssembly, which takes memory only where it is touched, on every runtime. */
const LAZY_BYTES = 4 * 1024 * 1024;

/** Zeroed memory. */
function allocate(sizeBytes: number): SharedArrayBuffer {
  if (sizeBytes < LAZY_BYTES) return new SharedArrayBuffer(Math.ceil(sizeBytes / FRAME_SIZE) * FRAME_SIZE);
  const pages = Math.ceil(sizeBytes / WASM_PAGE_BYTES);
  // The type of the buffer of a shared memory does not say that it is shared.
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    .buffer as unknown as SharedArrayBuffer;
}

/** Byte offsets in the metadata. */
function metadataLayout(writerFrames: number, frames: number) {
  const table = 4 * 2 ** FRAME_SHIFT * frames;
  const hints = table + 4 * 2 ** tableBits(writerFrames);
  return { table, hints, sizeBytes: hints + 4 * 2 ** tableBits(frames) };
}
