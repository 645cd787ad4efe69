/** Walk through a tree of a damaged file: the leaves that it still leads to, and the ranges that it no longer does. */

import { CorruptionError } from "../backend/errors.ts";
import type { PageSet } from "./check_page_set.ts";
import { MAX_TREE_LEVEL } from "./number_branch.ts";
import { PAGE_LEVEL_AT, PAGE_TYPE_AT } from "./page.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { reasonOf } from "./salvage_losses.ts";
import type { Range } from "./salvage_range.ts";
import type { TreeShape } from "./salvage_shape.ts";

/** A leaf that a tree names, or a page that cannot be read with everything below it. In the order of the keys. */
export interface TreePart<K> extends Range<K> {
  readonly pageId: number;
  readonly birth: number;
  readonly level: number;
  /** Why a branch cannot be read; undefined for leaves, which nobody has looked at yet. */
  readonly problem: string | undefined;
}

/**
 * Walks down to the leaves, which are not read.
 *
 * @param reached gets every page that is met; one that is in it already is not believed a second time
 */
export function* treeParts<K>(
  pages: Pages,
  shape: TreeShape<K>,
  { pageId, birth, level }: TreeRoot,
  reached: PageSet,
  pageCount: number,
): Generator<TreePart<K>> {
  if (pageId === 0) return;
  const whole = { pageId, birth, level, from: undefined, to: undefined };
  if (level > MAX_TREE_LEVEL) yield { ...whole, problem: `a tree has ${level} levels` };
  else yield* partsBelow(pages, shape, whole, reached, pageCount);
}

type Place<K> = Omit<TreePart<K>, "problem">;

function* partsBelow<K>(
  pages: Pages,
  shape: TreeShape<K>,
  place: Place<K>,
  reached: PageSet,
  pageCount: number,
): Generator<TreePart<K>> {
  const { pageId, level, from, to } = place;
  if (pageId > pageCount) {
    yield { ...place, problem: `page ${pageId} is behind the end of the file` };
    return;
  }
  if (!reached.add(pageId)) {
    yield { ...place, problem: `page ${pageId} is named twice` };
    return;
  }
  if (level === 0) {
    yield { ...place, problem: undefined };
    return;
  }
  let children: ReturnType<typeof shape.children>;
  try {
    const address = fetchTyped(pages, place, shape.branchType);
    children = shape.children(pages, address);
  } catch (error) {
    yield { ...place, problem: reasonOf(error) };
    return;
  }
  for (let index = 0; index < children.length; index++) {
    const { pageId: childId, birth: childBirth, low } = children[index] as typeof children[number];
    const high = children[index + 1]?.low;
    const child = {
      pageId: childId,
      birth: childBirth,
      level: level - 1,
      from: low === undefined ? from : { key: low, isBehind: false },
      to: high === undefined ? to : { key: high, isBehind: false },
    };
    yield* partsBelow(pages, shape, child, reached, pageCount);
  }
}

/**
 * Address of a page that must be of a type and level.
 *
 * @throws {CorruptionError} when it cannot be read, or is another page
 */
export function fetchTyped(
  pages: Pages,
  { pageId, birth, level }: { readonly pageId: number; readonly birth: number; readonly level: number },
  type: number,
): number {
  const address = pages.fetch(pageId, birth);
  if (pages.bytes[address + PAGE_TYPE_AT] === type && pages.bytes[address + PAGE_LEVEL_AT] === level) return address;
  throw new CorruptionError(`page ${pageId} is of another type or level than its parent needs`, {
    code: "page-corrupt",
    value: pageId,
  });
}
