/** The structure of a page, checked once when it is read from the file: what passes cannot lead a reader out of the page. */

import { CorruptionError } from "../backend/errors.ts";
import { checkByteBranch, checkByteLeaf } from "./byte_check.ts";
import { checkLinkLeaf } from "./link_leaf.ts";
import { checkNumberBranch } from "./number_branch.ts";
import { checkOverflowPage } from "./overflow.ts";
import { PAGE_TYPE, PAGE_TYPE_AT } from "./page.ts";
import type { Pages } from "./pages.ts";
import { checkRecordLeaf } from "./record_leaf.ts";

/**
 * Checks the page at an address.
 *
 * @throws {CorruptionError} when its structure is not sound
 */
export function checkPage(pages: Pages, address: number, pageId: number): void {
  const type = pages.bytes[address + PAGE_TYPE_AT] as number;
  switch (type) {
    case PAGE_TYPE.recordLeaf:
      return checkRecordLeaf(pages, address);
    case PAGE_TYPE.recordBranch:
    case PAGE_TYPE.linkBranch:
      return checkNumberBranch(pages, address);
    case PAGE_TYPE.linkLeaf:
      return checkLinkLeaf(pages, address);
    case PAGE_TYPE.byteLeaf:
      return checkByteLeaf(pages, address);
    case PAGE_TYPE.byteBranch:
      return checkByteBranch(pages, address);
    case PAGE_TYPE.overflow:
      return checkOverflowPage(pages, address);
    case PAGE_TYPE.freeList:
      return;
    default:
      throw new CorruptionError(`page ${pageId} is damaged: its type is ${type}`, {
        code: "page-corrupt",
        value: pageId,
      });
  }
}
