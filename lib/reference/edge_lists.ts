/**
 * Where the list of a node's edges is, by what its page begins with:
 *
 *   0 to 3   the list itself (3.2.5 and before); it may have run over into the next pages
 *   "V3EP"   shared page: 4 u16 slots, 8 slots: i64 node, u8 1: incoming, 0, u16 offset, u16 length, 0; then the lists
 *   "V3EC"   part of a long list: 4 u32 length of the part, 8 u64 next page (0: last), 16 the part
 */

import type { EdgeCluster } from "./edge_cluster.ts";
import { HEADER_BYTES, readUint64 } from "./header.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";
import { idOfHalves } from "./id64.ts";
import type { ImportContext } from "./import_context.ts";
import { PAGE_USE, pageOffset } from "./page_file.ts";
import type { ReferenceId } from "./report.ts";

/** What is at the place that the tree names. */
export type ListState =
  /** All of the list. */
  | "whole"
  /** A part of it. */
  | "cut"
  /** A list that contradicts itself. */
  | "damaged"
  /** The list of another node. */
  | "foreign"
  /** No list. */
  | "absent";

/** Bytes of a slot. */
export const SLOT_BYTES = 16;
/** Where the slots of a shared page begin. */
export const SLOTS_AT = 8;
const PART_AT = 16;
const PACKED = 0x5633_4550;
const CHAINED = 0x5633_4543;
/** Longest list that is looked for behind the end of its page. */
const MAX_WINDOW = 64 * 1024 * 1024;
/** Uses that leave no room for a list. */
const OTHER_USES = PAGE_USE.nodeTree | PAGE_USE.edgeTree | PAGE_USE.nodes | PAGE_USE.payload;
const STATES: readonly ListState[] = ["absent", "foreign", "damaged", "cut", "whole"];

/** Whether a page is one that several lists share. */
export function isPackedPage(bytes: Uint8Array): boolean {
  return magicOf(bytes) === PACKED;
}

/** Whether a page holds a part of a long list. */
export function isChainedPage(bytes: Uint8Array): boolean {
  return magicOf(bytes) === CHAINED;
}

function magicOf(bytes: Uint8Array): number {
  if (bytes.length < PART_AT) return 0;
  return ((bytes[0] as number) << 24 | (bytes[1] as number) << 16 | (bytes[2] as number) << 8 |
    (bytes[3] as number)) >>> 0;
}

/** Finds lists. */
export class EdgeLists {
  /** Whether a page of 3.9.0 was found. */
  hasPacked = false;
  /** Highest version of a list at the start of a page. */
  plainVersion: number | undefined = undefined;
  readonly #context: ImportContext;
  /** Whether everything that a list says fits the nodes. */
  readonly #isSound: (list: EdgeCluster) => boolean;
  /** Bytes that may still be read behind ends of pages: damage must not cost more than the file is long. */
  #budget: number;

  constructor(context: ImportContext, isSound: (list: EdgeCluster) => boolean) {
    this.#context = context;
    this.#isSound = isSound;
    this.#budget = 4 * context.pages.source.size;
  }

  /** Reads the list of a node from the page that the tree names. Hot. */
  open(list: EdgeCluster, pageId: number, node: ReferenceId, isIncoming: boolean): ListState {
    const sizes = this.#context.pages.edgePageSizes;
    let best = -1;
    let bestSize = 0;
    for (const size of sizes) {
      const state = this.#openAt(list, pageId, size, node, isIncoming);
      if (state === "whole" || sizes.length === 1) return state;
      const rank = STATES.indexOf(state);
      if (rank <= best) continue;
      best = rank;
      bestSize = size;
    }
    return this.#openAt(list, pageId, bestSize, node, isIncoming);
  }

  #openAt(list: EdgeCluster, pageId: number, size: number, node: ReferenceId, isIncoming: boolean): ListState {
    const { source } = this.#context.pages;
    if (pageId < 2) return "absent";
    const offset = pageOffset(pageId, size);
    const bytes = source.read(offset, size);
    if (bytes.length === 0) return "absent";
    switch (magicOf(bytes)) {
      case PACKED:
        this.hasPacked = true;
        return this.#openPacked(list, bytes, offset, node, isIncoming);
      case CHAINED:
        this.hasPacked = true;
        return this.#openChain(list, pageId, size, node, isIncoming);
      default:
        return this.#openPlain(list, bytes, offset, node, isIncoming);
    }
  }

  #openPacked(list: EdgeCluster, bytes: Uint8Array, offset: number, node: ReferenceId, isIncoming: boolean): ListState {
    this.#context.pages.markRange(offset, bytes.length, PAGE_USE.packedEdges);
    const slot = findSlot(bytes, node, isIncoming);
    if (slot < 0) return "absent";
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const start = view.getUint16(slot + 10);
    const end = start + view.getUint16(slot + 12);
    list.open(bytes.subarray(start, end));
    if (list.end === "cut" && end <= bytes.length) return "damaged";
    return stateOf(list, node, isIncoming);
  }

  #openChain(list: EdgeCluster, pageId: number, size: number, node: ReferenceId, isIncoming: boolean): ListState {
    const bytes = this.readChain(pageId, size);
    if (bytes === undefined) return "damaged";
    list.open(bytes);
    const state = stateOf(list, node, isIncoming);
    if (state !== "foreign") this.#markChain(pageId, size);
    return state;
  }

  /** The parts of a long list, up to where they cannot be read on; undefined without any. */
  readChain(pageId: number, size: number): Uint8Array | undefined {
    const { source } = this.#context.pages;
    const parts: Uint8Array[] = [];
    const seen = new Set<number>();
    let length = 0;
    for (let id = pageId; id >= 2 && !seen.has(id) && Number.isFinite(id);) {
      seen.add(id);
      const bytes = source.read(pageOffset(id, size), size);
      if (magicOf(bytes) !== CHAINED) break;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const part = bytes.slice(PART_AT, PART_AT + Math.min(view.getUint32(4), bytes.length - PART_AT));
      parts.push(part);
      length += part.length;
      id = readUint64(view, 8);
    }
    if (parts.length === 0) return undefined;
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #markChain(pageId: number, size: number): void {
    const { pages } = this.#context;
    const seen = new Set<number>();
    for (let id = pageId; id >= 2 && !seen.has(id) && Number.isFinite(id);) {
      seen.add(id);
      const bytes = pages.source.read(pageOffset(id, size), size);
      if (magicOf(bytes) !== CHAINED) return;
      pages.markRange(pageOffset(id, size), size, PAGE_USE.edges);
      id = readUint64(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 8);
    }
  }

  #openPlain(list: EdgeCluster, bytes: Uint8Array, offset: number, node: ReferenceId, isIncoming: boolean): ListState {
    const { pages } = this.#context;
    list.open(bytes);
    // The versions without a node are never written; what begins with zeros is mostly something else.
    if (list.version > 3 || (list.node === undefined && list.count === 0)) return "absent";
    if (list.end === "whole") this.plainVersion = Math.max(this.plainVersion ?? 0, list.version);
    const state = stateOf(list, node, isIncoming);
    if (state === "cut" && list.statedCount > 0 && this.#widen(list, offset, bytes.length)) {
      pages.markRange(offset, list.length, PAGE_USE.edges);
      return "whole";
    }
    if (state === "cut" || state === "whole") {
      pages.markRange(offset, Math.min(Math.max(list.length, 1), bytes.length), PAGE_USE.edges);
    }
    return state;
  }

  /** Whether the pages behind a list's first one are as the list left them, as far as can be told. */
  #isFree(offset: number, length: number): boolean {
    const { pages } = this.#context;
    for (let at = offset + TREE_PAGE_BYTES; at < offset + length; at += TREE_PAGE_BYTES) {
      const pageId = Math.floor((at - HEADER_BYTES) / TREE_PAGE_BYTES) + 1;
      if (pages.isUsed(pageId, OTHER_USES)) return false;
      if (pages.isUsed(pageId, PAGE_USE.listStart) && mayBeginList(pages.read(pageId))) return false;
    }
    return true;
  }

  /** Reads a list on behind its page; false, with the list as its page has it, unless all of it fits together. */
  #widen(list: EdgeCluster, offset: number, pageBytes: number): boolean {
    const { source } = this.#context.pages;
    const most = Math.min(MAX_WINDOW, source.size - offset);
    for (let window = pageBytes * 4; window < most * 4 && this.#budget > 0; window *= 4) {
      const bytes = source.read(offset, Math.min(window, most));
      if (bytes.length <= pageBytes) break;
      this.#budget -= bytes.length;
      list.open(bytes);
      if (list.end === "whole" && list.isPlausible && this.#isSound(list) && this.#isFree(offset, list.length)) {
        return true;
      }
      if (list.end !== "cut" || !list.isPlausible) break;
    }
    list.open(source.read(offset, pageBytes));
    return false;
  }
}

function mayBeginList(bytes: Uint8Array): boolean {
  const version = bytes[0] as number;
  if (bytes.length < PART_AT || (bytes[9] as number) > 1) return false;
  return version === 2 || (version === 3 && bytes[14] === 1);
}

function stateOf(list: EdgeCluster, node: ReferenceId, isIncoming: boolean): ListState {
  if (list.node !== undefined && (list.node !== node || list.isIncoming !== isIncoming)) return "foreign";
  return list.end;
}

/** Position of the first slot of a node's list in a shared page, or -1. Hot. */
function findSlot(bytes: Uint8Array, node: ReferenceId, isIncoming: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bits = typeof node === "bigint" ? BigInt.asUintN(64, node) : undefined;
  const high = bits === undefined ? Math.floor(node as number / 0x1_0000_0000) >>> 0 : Number(bits >> 32n);
  const low = bits === undefined ? (node as number) >>> 0 : Number(bits & 0xffff_ffffn);
  const end = Math.min(SLOTS_AT + SLOT_BYTES * view.getUint16(4), bytes.length - SLOT_BYTES + 1);
  for (let at = SLOTS_AT; at < end; at += SLOT_BYTES) {
    if (view.getUint32(at + 4) === low && view.getUint32(at) === high && (bytes[at + 8] === 1) === isIncoming) {
      return at;
    }
  }
  return -1;
}

/** Node of a slot. */
export function nodeOfSlot(bytes: Uint8Array, slot: number): ReferenceId {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return idOfHalves(view.getUint32(slot), view.getUint32(slot + 4));
}
