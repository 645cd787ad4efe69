/** Records of node pages by page and id, with their payloads from wherever they are. */

import type { ImportContext } from "./import_context.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";
import { NodePage } from "./node_page.ts";
import { jsonEnd, type NodePayload, readNodePayload } from "./node_payload.ts";
import { PAGE_USE, pageOffset } from "./page_file.ts";

/** A record, valid until the next one is asked for. */
export interface FoundNode {
  readonly isDeleted: boolean;
  /** Undefined when it is outside the file, or the record is deleted. */
  readonly payload: NodePayload | undefined;
  /** Where the payload begins in the file. */
  readonly payloadOffset: number;
  /** How the payload begins, for a message. */
  show(): string;
}

/** Pages are used again soon, or not for a long time. A power of two. */
const CACHED_PAGES = 64;
/** Bytes of a payload that a message shows. */
const SHOWN_BYTES = 60;
/** Lengths of payloads are stored modulo this. */
const LENGTH_MODULUS = 32_768;
/** Longest payload that is looked for behind a cut length. */
const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024;

/** Reads records. */
export class NodeRecords {
  readonly #context: ImportContext;
  readonly #pages: NodePage[] = [];
  readonly #pageIds = new Float64Array(CACHED_PAGES);
  /** The record after the one found last, in each cached page. */
  readonly #hints = new Int32Array(CACHED_PAGES);
  /** Bytes that may still be looked through for ends of payloads: damage must not cost more than the file is long. */
  #searchBudget: number;

  constructor(context: ImportContext) {
    this.#context = context;
    this.#searchBudget = 4 * context.pages.source.size;
    for (let slot = 0; slot < CACHED_PAGES; slot++) this.#pages.push(new NodePage());
  }

  /** The page, without records when it cannot be read; that is noted once. */
  page(pageId: number): NodePage {
    const slot = pageId % CACHED_PAGES;
    const page = this.#pages[slot] as NodePage;
    if (this.#pageIds[slot] === pageId) return page;
    this.#pageIds[slot] = pageId;
    this.#hints[slot] = 0;
    const { pages, losses, file } = this.#context;
    if (!pages.has(pageId)) {
      page.count = 0;
      return page;
    }
    const problem = page.open(pages.read(pageId), pageId);
    if (problem !== undefined && !pages.isUsed(pageId, PAGE_USE.nodes)) {
      losses.add({
        code: "page-unreadable",
        message: `page ${pageId} of nodes cannot be used: ${problem}`,
        file,
        page: pageId,
      });
    }
    pages.mark(pageId, PAGE_USE.nodes);
    return page;
  }

  /** The record with an id in a page. Hot. */
  find(pageId: number, high: number, low: number): FoundNode | undefined {
    const page = this.page(pageId);
    const slot = pageId % CACHED_PAGES;
    const record = page.find(high, low, this.#hints[slot] as number);
    if (record < 0) return undefined;
    this.#hints[slot] = record + 1;
    return this.#found(page, pageId, record);
  }

  /** A record by its position. */
  at(pageId: number, record: number): FoundNode {
    return this.#found(this.page(pageId), pageId, record);
  }

  /** Whether the record with an id is there, but its payload is not. */
  isPayloadOutside(pageId: number, high: number, low: number): boolean {
    const page = this.page(pageId);
    const record = page.find(high, low, 0);
    return record >= 0 && page.isDeleted[record] === 0;
  }

  #found(page: NodePage, pageId: number, record: number): FoundNode {
    const { source } = this.#context.pages;
    const length = page.length[record] as number;
    const isExternal = page.isExternal[record] === 1;
    const payloadOffset = (isExternal ? 0 : pageOffset(pageId, TREE_PAGE_BYTES)) + (page.payloadAt[record] as number);
    const isDeleted = page.isDeleted[record] === 1;
    const show = (): string => showBytes(source.read(payloadOffset, Math.min(length, SHOWN_BYTES)));
    if (isDeleted || payloadOffset + length > source.size) {
      return { isDeleted, payload: undefined, payloadOffset, show };
    }
    const bytes = source.read(payloadOffset, length);
    let payload = readNodePayload(bytes, 0, length);
    if (isExternal) {
      if (payload.form === "bad-data" || payload.form === "unreadable") {
        payload = this.#longPayload(payloadOffset, length) ?? payload;
      }
      if (payload.form !== "unreadable") this.#context.pages.markRange(payloadOffset, length, PAGE_USE.payload);
    }
    return { isDeleted, payload, payloadOffset, show };
  }

  /** The whole of a payload whose length was cut, when everything fits. */
  #longPayload(offset: number, length: number): NodePayload | undefined {
    const { source } = this.#context.pages;
    const head = source.read(offset, 2 + 2 * 255);
    const kindEnd = 1 + (head[0] ?? 0);
    const dataAt = kindEnd + 1 + (head[kindEnd] ?? 0);
    const most = Math.min(source.size - offset, MAX_PAYLOAD_BYTES, this.#searchBudget);
    // A step of the length at a time: most ends are near.
    for (let window = length + 2 * LENGTH_MODULUS; this.#searchBudget > 0; window *= 4) {
      const bytes = source.read(offset, Math.min(window, most));
      this.#searchBudget -= bytes.length;
      const end = endOfData(bytes, dataAt);
      if (end > 0) {
        if (end % LENGTH_MODULUS !== length % LENGTH_MODULUS) return undefined;
        const payload = readNodePayload(bytes, 0, end);
        if (payload.form !== "whole") return undefined;
        this.#context.pages.markRange(offset, end, PAGE_USE.payload);
        return payload;
      }
      if (end === NEVER || window >= most) return undefined;
    }
    return undefined;
  }
}

/** What `endOfData` gives where no more bytes would help. */
const NEVER = -2;

/** Where the JSON value ends that begins at `at`; -1 when the bytes end before. */
function endOfData(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === 0x22) {
    for (let end = at + 1; end < bytes.length; end++) {
      const byte = bytes[end] as number;
      if (byte < 0x20) return NEVER;
      if (byte === 0x5c) end++;
      else if (byte === 0x22) return end + 1;
    }
    return -1;
  }
  if (first !== 0x7b && first !== 0x5b) return NEVER;
  return jsonEnd(bytes, at, bytes.length);
}

function showBytes(bytes: Uint8Array): string {
  return `${JSON.stringify(new TextDecoder().decode(bytes))}`;
}
