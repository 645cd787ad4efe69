/** A page of the held state's records and a transaction's own ones, as one page in key order. */

import type { Page } from "../backend/store.ts";

/** Own records, beside a page of others. */
export interface OwnSide<K, T> {
  /** Keys of the records that may belong to the page, ascending. */
  readonly keys: readonly K[];
  /** Where the page begins in `keys`. */
  readonly start: number;
  /** Key of a result. */
  keyOf(item: T): K;
  /** Whether a record has an own state, so that the held state's one does not count. */
  isOwn(key: K): boolean;
  /** The result for an own record; undefined when it does not belong to the page. */
  itemOf(key: K): T | undefined;
}

/** The merged page. */
export interface MergedPage<K, T> {
  /** Results in order. */
  readonly items: readonly T[];
  /** Key of the last result when there may be more before the end of the other page. */
  readonly cutAt: K | undefined;
}

/**
 * Merges a page with own records.
 *
 * @param page of the held state
 * @param isWithin whether an own key belongs to the range that the page covers
 * @param size most results
 */
export function mergePage<K extends number | string, T>(
  page: Page<T, unknown>,
  isWithin: (key: K) => boolean,
  own: OwnSide<K, T>,
  size: number,
): MergedPage<K, T> {
  const { keys } = own;
  const others = page.items;
  const items: T[] = [];
  let at = own.start;
  let ownItem: T | undefined;
  let ownKey: K | undefined;
  for (let index = 0;;) {
    while (ownItem === undefined && at < keys.length && isWithin(keys[at] as K)) {
      ownKey = keys[at++] as K;
      ownItem = own.itemOf(ownKey);
    }
    while (index < others.length && own.isOwn(own.keyOf(others[index] as T))) index++;
    if (ownItem === undefined && index === others.length) return { items, cutAt: undefined };
    let key: K;
    if (ownItem !== undefined && (index === others.length || (ownKey as K) < own.keyOf(others[index] as T))) {
      key = ownKey as K;
      items.push(ownItem);
      ownItem = undefined;
    } else {
      key = own.keyOf(others[index] as T);
      items.push(others[index++] as T);
    }
    if (items.length === size) return { items, cutAt: key };
  }
}
