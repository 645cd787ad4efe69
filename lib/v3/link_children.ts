/** Children of branches of a link tree, in memory. */

import { childIndex, keyIndex, maxChildren } from "./number_branch.ts";
import { PAGE_COUNT_AT } from "./page.ts";
import type { MutablePages } from "./pages.ts";

/** Most children of a branch. */
export const MAX_LINK_CHILDREN: number = maxChildren(3);

/** Children, in ascending order: at most those of two branches. */
export class LinkChildren {
  /** First keys. */
  readonly a: Float64Array = new Float64Array(2 * MAX_LINK_CHILDREN);
  readonly b: Float64Array = new Float64Array(2 * MAX_LINK_CHILDREN);
  readonly c: Float64Array = new Float64Array(2 * MAX_LINK_CHILDREN);
  /** Pages and low 32 bits of their births. */
  readonly pageIds: Uint32Array = new Uint32Array(2 * MAX_LINK_CHILDREN);
  readonly births: Uint32Array = new Uint32Array(2 * MAX_LINK_CHILDREN);
  /** Their number. */
  count = 0;

  /** Adds a child behind all others. */
  push(a: number, b: number, c: number, pageId: number, birth: number): void {
    const at = this.count++;
    this.a[at] = a;
    this.b[at] = b;
    this.c[at] = c;
    this.pageIds[at] = pageId;
    this.births[at] = birth;
  }

  /** Forgets the first children. */
  drop(count: number): void {
    for (const column of [this.a, this.b, this.c, this.pageIds, this.births]) column.copyWithin(0, count, this.count);
    this.count -= count;
  }

  /** Takes the children of a branch instead of those so far. */
  load({ f64, u32 }: MutablePages, address: number, count: number): void {
    this.count = 0;
    for (let child = 0; child < Math.min(count, MAX_LINK_CHILDREN); child++) {
      const key = keyIndex(address, 3, child);
      const at = childIndex(address, 3, child);
      this.push(
        f64[key] as number,
        f64[key + 1] as number,
        f64[key + 2] as number,
        u32[at] as number,
        u32[at + 1] as number,
      );
    }
  }

  /** Makes the first children those of a branch. */
  write({ f64, u32, view }: MutablePages, address: number, count: number): void {
    view.setUint16(address + PAGE_COUNT_AT, count, true);
    for (let child = 0; child < count; child++) {
      const key = keyIndex(address, 3, child);
      const at = childIndex(address, 3, child);
      f64[key] = this.a[child] as number;
      f64[key + 1] = this.b[child] as number;
      f64[key + 2] = this.c[child] as number;
      u32[at] = this.pageIds[child] as number;
      u32[at + 1] = this.births[child] as number;
    }
  }
}
